"""Parts of a report as CSV (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from typing import Any

#: A cell that begins so would be taken for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
PARTS = ("volume", "decisions", "overrides", "waiting", "sla", "csat", "agents")


def as_csv(report: dict[str, Any], part: str) -> str:
    """One of PARTS, with a byte order mark so that spreadsheets read it as UTF-8."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    for row in _rows(report, part):
        writer.writerow([_safe(cell) for cell in row])
    return "\ufeff" + written.getvalue()


def _rows(report: dict[str, Any], part: str) -> Iterable[Iterable[Any]]:
    value = report[part]
    if part in ("volume", "decisions"):
        yield "group", "name", "count"
        for group, counts in value.items():
            for each in counts:
                yield group, each.get("day") or each["name"], each["count"]
    elif part == "waiting":
        yield "what", "p50_seconds", "p95_seconds", "count"
        for name in ("waiting", "handling"):
            yield name, report[name]["p50"], report[name]["p95"], report[name]["count"]
    elif part == "sla":
        yield "what", "kept", "count", "share"
        for name, kept in value.items():
            yield name, kept["kept"], kept["count"], kept["share"]
    elif part == "csat":
        yield "stars", "count"
        yield from value["by_stars"].items()
    else:
        names = {"overrides": ("claim", "from", "to", "reason", "at", "by"),
                 "agents": ("id", "name", "conversations", "replies", "handling")}[part]
        yield names
        for row in value:
            yield [row[name] for name in names]


def _safe(cell: Any) -> Any:
    if isinstance(cell, dt.datetime):
        return cell.isoformat()
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return cell
