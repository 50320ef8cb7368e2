"""A shop's page on another origin than the chat, as strict as a page can be."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_PAGE = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><title>A strict shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body>
<header><h1>A strict shop</h1>
<nav aria-label="Main"><a href="/?{query}">Home</a> <a href="/other?{query}" id="next">Next page</a>
<a href="#aftersale-chat" id="link">Chat</a> <button type="button" id="contact">Contact Us</button>
</nav></header>
<main><p>Words of {path}</p></main>
<script src="{widget}/widget.js" async {data}></script>
</body></html>
"""


class ShopPage:
    """Serves the page at every path. Each argument `x=y` becomes the script's `data-x="y"`."""

    def __init__(self) -> None:
        self.widget = ""
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                given = {name: values[0] for name, values in parse_qs(address.query).items()}
                language = given.pop("lang", "en")
                page = _PAGE.format(
                    widget=shop.widget, path=address.path, query=address.query, language=language,
                    data=" ".join(f'data-{name}="{value}"' for name, value in given.items()))
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", shop.policy)
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def policy(self) -> str:
        """What docs/widget.md asks for, and nothing else."""
        return (f"default-src 'none'; script-src {self.widget}; frame-src {self.widget}; "
                "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
                "trusted-types 'none'")

    @property
    def url(self) -> str:
        """An address of the same site as the chat, so that cookies work in its frame."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def foreign_url(self) -> str:
        """An address of another site, so that browsers keep the chat's cookie away."""
        return f"http://localhost:{self._server.server_port}"

    @property
    def origins(self) -> tuple[str, str]:
        return self.url, self.foreign_url

    def stop(self) -> None:
        self._server.shutdown()
