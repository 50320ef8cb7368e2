"""The desk's page and its built files. Nothing on it is inline, and nobody may frame it."""

from __future__ import annotations

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, redirect

from bot.http.assets import BUILD, Assets, send_named, sockets_of

_OURS = {"Cache-Control": "no-cache", "Referrer-Policy": "no-referrer",
         "Cross-Origin-Resource-Policy": "same-origin"}
_PAGE = "index.html"


def pages_blueprint(assets: Assets | None = None) -> Blueprint:
    """The routes `/desk` and `/desk/<file>`. `assets` are the built files (default: those of
    `make web`)."""
    assets = assets or Assets(BUILD / "desk")
    blueprint = Blueprint("desk-pages")

    # The page's files and its cookie live below /desk/, so that is where the page has to be.
    @blueprint.route("/desk", methods=["GET", "HEAD"], strict_slashes=True, name="door")
    async def door(_: Request) -> HTTPResponse:
        return redirect("/desk/", headers={"Cache-Control": "no-cache"})

    @blueprint.route("/desk/", methods=["GET", "HEAD"], strict_slashes=True, name="page")
    async def page(request: Request) -> HTTPResponse:
        return send_named(request, assets, _PAGE, _page_headers(request))

    @blueprint.route("/desk/<name:str>", methods=["GET", "HEAD"], name="file")
    async def file(request: Request, name: str) -> HTTPResponse:
        if name == _PAGE:
            return redirect("/desk/")
        return send_named(request, assets, name, _OURS)

    return blueprint


def _page_headers(request: Request) -> dict[str, str]:
    return {**_OURS, "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        f"img-src 'self' blob: data:; media-src 'self'; connect-src 'self'{sockets_of(request)}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
        "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()"}
