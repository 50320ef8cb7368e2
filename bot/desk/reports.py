"""`/desk/api/reports`: for leads."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import msgspec
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.desk.access import Agent
from bot.desk.api import FILE, Api, Body
from bot.errors import Unknown
from bot.http.headers import API_HEADERS
from bot.services.report_csv import PARTS, as_csv
from bot.services.reports import Reports


class RangeQuery(Body):
    """A range of days, both included."""

    first: dt.date = msgspec.field(name="from")
    last: dt.date = msgspec.field(name="to")


def report_routes(api: Api, reports: Reports) -> None:
    """Adds the routes. What they compute is read in a thread of its own."""

    @api.route("GET", "/reports", permission="reports", body=RangeQuery, answer="Report",
               summary="Volume, decisions, waiting, service levels and ratings of some days")
    async def report(_: Request, __: Agent, body: RangeQuery) -> dict[str, Any]:
        return await asyncio.to_thread(reports.report, body.first, body.last)

    @api.route("GET", "/reports/<name>", permission="reports", body=RangeQuery, answer=FILE,
               summary=f"One part as CSV: {', '.join(f'{part}.csv' for part in PARTS)}",
               refuses=("unknown",))
    async def part(_: Request, __: Agent, body: RangeQuery, name: str) -> HTTPResponse:
        wanted = name.removesuffix(".csv")
        if wanted not in PARTS or not name.endswith(".csv"):
            raise Unknown("there is nothing here")
        found = await asyncio.to_thread(reports.report, body.first, body.last)
        shown = f"{wanted}-{body.first}-{body.last}.csv"
        return HTTPResponse(as_csv(found, wanted).encode(), 200, {
            **API_HEADERS, "Content-Disposition": f'attachment; filename="{shown}"'},
            "text/csv; charset=utf-8")
