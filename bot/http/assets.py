"""Built files of the pages: kept in memory, compressed once, and not sent twice."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from sanic.request import Request
from sanic.response import HTTPResponse

from bot.settings import ROOT

BUILD = ROOT / "build"
_TYPES = {
    ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8", ".json": "application/json",
    ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2",
    ".map": "application/json",
}
_HOST = re.compile(r"[A-Za-z0-9.\-_]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_COMPRESSED = {".js", ".css", ".html", ".json", ".svg", ".map"}


@dataclass(frozen=True)
class Asset:
    """A file as it is sent. `packed` is empty where compressing gains nothing."""

    body: bytes
    packed: bytes
    tag: str
    media_type: str


def asset(body: bytes, ending: str) -> Asset:
    """Prepares a body; the ending (`.js`) tells its type."""
    packed = gzip.compress(body, 9, mtime=0) if ending in _COMPRESSED else b""
    return Asset(body, packed, f'"{hashlib.sha256(body).hexdigest()[:20]}"', _TYPES[ending])


class Assets:
    """Finds built files by name; a new build is noticed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[tuple[int, int], Asset]] = {}

    def find(self, name: str) -> Asset | None:
        """A file directly in the folder; None if there is none of a type that is served."""
        path = self._folder / name
        if "/" in name or "\\" in name or name.startswith(".") or path.suffix not in _TYPES:
            return None
        try:
            stat = path.stat()
            state = (stat.st_mtime_ns, stat.st_size)
            if name not in self._known or self._known[name][0] != state:
                self._known[name] = state, asset(path.read_bytes(), path.suffix)
        except OSError:
            return None
        return self._known[name][1]


def send_named(request: Request, assets: Assets, name: str,
               headers: dict[str, str]) -> HTTPResponse:
    """The file of that name, or 404."""
    found = assets.find(name)
    if found is None:
        return HTTPResponse("not found", 404, headers={"Cache-Control": "no-store"})
    return send(request, found, headers)


def sockets_of(request: Request) -> str:
    """This host's own WebSocket addresses, for a policy's `connect-src`, with a space before each.

    Safari before 15.4 does not count a WebSocket to the page's own host as 'self'.
    """
    host = request.host if _HOST.fullmatch(request.host) else ""
    return f" ws://{host} wss://{host}" if host else ""


def send(request: Request, found: Asset, headers: dict[str, str]) -> HTTPResponse:
    """The file, or that the browser has it already."""
    headers = {"Vary": "Accept-Encoding", "ETag": found.tag, "X-Content-Type-Options": "nosniff",
               **headers}
    if found.tag in request.headers.get("if-none-match", ""):
        return HTTPResponse(status=304, headers=headers)
    packed = found.packed and "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers["Content-Encoding"] = "gzip"
    return HTTPResponse(b"" if request.method == "HEAD" else found.packed if packed else found.body,
                        headers=headers, content_type=found.media_type)
