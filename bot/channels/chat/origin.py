"""Which page a request comes from. Browsers say so themselves, and pages cannot make it up."""

from __future__ import annotations

from sanic.request import Request

from bot.channels.chat.refusals import Refused
from bot.http import requests


def same_origin(request: Request) -> None:
    """Raises Refused unless the request comes from a page of this server."""
    if not requests.same_origin(request):
        raise Refused("origin", 403)
