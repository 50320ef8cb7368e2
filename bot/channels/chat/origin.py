"""Which page a request comes from. Browsers say so themselves, and pages cannot make it up."""

from __future__ import annotations

from sanic.request import Request

from bot.channels.chat.refusals import Refused


def own_origin(request: Request) -> str:
    """This server's origin, as the browser sees it: a proxy tells how it was reached."""
    return f"{scheme_of(request)}://{request.host}".lower()


def scheme_of(request: Request) -> str:
    """`http` or `https`, as the browser spoke it.

    No page can set this header without being asked for permission first, which it never gets.
    """
    told = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    scheme = told or str(request.scheme)
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def same_origin(request: Request) -> None:
    """Raises Refused unless the request comes from a page of this server.

    Everything that changes something, and every WebSocket, names its origin. A plain read may
    not: another site's page could start it and still never sees the answer.
    """
    origin = request.headers.get("origin")
    if origin is not None:
        allowed = origin.lower() == own_origin(request) and request.host != ""
    elif request.headers.get("sec-fetch-site") is not None:
        allowed = request.headers["sec-fetch-site"] == "same-origin"
    else:
        allowed = request.method == "GET" and "upgrade" not in request.headers
    if not allowed:
        raise Refused("origin", 403)
