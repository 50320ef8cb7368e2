"""The widget's pages: the loader for the shop, the chat for its frame, and a page without scripts.

Everything comes from our own origin, nothing is written inline, and only the shop's own pages may
put the chat into a frame.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from urllib.parse import quote

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.chat.refusals import Refused, refuse
from bot.channels.chat.texts import DEFAULT, accepted, direction, page_texts, say, supported
from bot.http.assets import BUILD, Asset, Assets, asset, send, send_named, sockets_of
from bot.services.contact import Contact
from bot.store.tables import utcnow

_LOADER = {"Cache-Control": "public, max-age=300, stale-while-revalidate=86400",
           # Other sites' pages load it, also those that embed nothing without being asked.
           "Cross-Origin-Resource-Policy": "cross-origin"}
_OURS = {"Cache-Control": "no-cache", "Referrer-Policy": "no-referrer"}


def pages_blueprint(contact: Contact, origins: Sequence[str], assets: Assets | None = None
                    ) -> Blueprint:
    """The routes of `/widget…`. `origins` are those of the shop's pages (`WIDGET_ORIGINS`)."""
    assets = assets or Assets(BUILD / "widget")
    blueprint = Blueprint("widget")

    def built(request: Request, name: str, headers: dict[str, str]) -> HTTPResponse:
        return send_named(request, assets, name, headers)

    @blueprint.route("/widget.js", methods=["GET", "HEAD"])
    async def loader(request: Request) -> HTTPResponse:
        return built(request, "loader.js", _LOADER)

    @blueprint.route("/widget/", methods=["GET", "HEAD"], strict_slashes=True)
    async def frame(request: Request) -> HTTPResponse:
        return built(request, "index.html", _page_headers(request, origins))

    @blueprint.route("/widget/<name:str>", methods=["GET", "HEAD"])
    async def file(request: Request, name: str) -> HTTPResponse:
        if name.endswith(".html"):
            return HTTPResponse("not found", 404)
        return built(request, name, _OURS)

    @blueprint.route("/widget/texts/<name:str>", methods=["GET", "HEAD"])
    async def wording(request: Request, name: str) -> HTTPResponse:
        language = supported(name.removesuffix(".json"))
        if language is None or name != f"{language}.json":
            return refuse(Refused("unreadable", 404), DEFAULT)
        body = json.dumps(dict(page_texts(language)), ensure_ascii=False).encode()
        return send(request, asset(body, ".json"), _OURS)

    @blueprint.route("/widget/no-script", methods=["GET", "HEAD"])
    async def no_script(request: Request) -> HTTPResponse:
        language = (supported(request.args.get("language"))
                    or accepted(request.headers.get("accept-language")) or DEFAULT)
        return send(request, _no_script(contact, language), _page_headers(request, origins))

    return blueprint


def _page_headers(request: Request, origins: Sequence[str]) -> dict[str, str]:
    sockets = sockets_of(request)
    return {**_OURS, "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        f"img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'{sockets}; "
        "base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {' '.join((chr(39) + 'self' + chr(39), *origins))}"),
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cross-Origin-Resource-Policy": "cross-origin"}


def _no_script(contact: Contact, language: str) -> Asset:
    ways = contact.ways(utcnow())

    def t(key: str, **values: object) -> str:
        return html.escape(say(language, f"no_script_{key}", **values))

    def mail(address: str, subject: str = "") -> str:
        query = f"?subject={quote(say(language, subject))}" if subject else ""
        return f'<a href="mailto:{quote(address, safe="@+")}{query}">{html.escape(address)}</a>'

    number = re.sub(r"[^\d+]", "", ways.support_phone)
    phone = "+" + number[2:] if number.startswith("00") else number
    page = f"""<!doctype html>
<html lang="{language}" dir="{direction(language)}">
<head>
  <meta charset="utf-8">
  <title>{t("title")}</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <link rel="stylesheet" href="/widget/chat.css">
</head>
<body class="no-script-page">
<main>
  <h1>{t("title")}</h1>
  <p>{t("why")}</p>
  <h2>{t("ticket")}</h2>
  <p>{t("ticket_what")}</p>
  <p>{mail(ways.support_email, "no_script_ticket_subject")}</p>
  <p><a href="/support?language={language}" target="_blank" rel="noopener">{
      t("ticket_form")}</a></p>
  <h2>{t("phone")}</h2>
  <p>{t("phone_what")} {t("hours", hours=ways.working_hours, timezone=ways.timezone)}
    {t("open" if ways.open_now else "closed")}</p>
  <p><a href="tel:{phone}">{html.escape(ways.support_phone)}</a></p>
  <h2>{t("presale")}</h2>
  <p>{mail(ways.presale_email)}</p>
</main>
</body>
</html>
"""
    return asset(page.encode(), ".html")
