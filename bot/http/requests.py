"""Where a request comes from, as its browser or a proxy says."""

from __future__ import annotations

import ipaddress

from sanic.request import Request


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


def same_origin(request: Request) -> bool:
    """Whether a request comes from a page of this server.

    Everything that changes something, and every WebSocket, names its origin. A plain read may
    not: another site's page could start it and still never sees the answer.
    """
    origin = request.headers.get("origin")
    if origin is not None:
        return bool(origin.lower() == own_origin(request) and request.host != "")
    if request.headers.get("sec-fetch-site") is not None:
        return bool(request.headers["sec-fetch-site"] == "same-origin")
    return request.method == "GET" and "upgrade" not in request.headers


def address_of(request: Request) -> str:
    """The client's address; of IPv6 the part that a provider gives to one household."""
    written = request.remote_addr or request.ip
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return str(written)
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
