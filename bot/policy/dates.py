"""Calendar dates of the guarantee.

Every date is a calendar date in the shop's time zone; nothing here reads a clock.
Source: "guaranteed up to 1 year from the date of original purchase on invoice".
"""

from __future__ import annotations

from datetime import date


def guarantee_ends(invoice_date: date, years: int = 1) -> date:
    """The last day of the guarantee, inclusive: the invoice date plus `years` calendar years.

    29 February becomes 28 February where the year has none. A year beyond the calendar gives
    `date.max`, so that a mistyped invoice year cannot break a conversation.
    """
    year = invoice_date.year + years
    if year > date.max.year:
        return date.max
    try:
        return date(year, invoice_date.month, invoice_date.day)
    except ValueError:
        return date(year, 2, 28)


def guarantee_has_ended(invoice_date: date, today: date, years: int = 1) -> bool:
    """Whether `today` is after the last day; on the last day itself the guarantee still holds."""
    return today > guarantee_ends(invoice_date, years)


def appeared_in_time(fault_date: date, last_day: date) -> bool:
    """Whether a fault first appeared on or before the guarantee's last day."""
    return fault_date <= last_day


def to_iso(day: date | None) -> str | None:
    """`2026-03-01` for a date, None for none."""
    return None if day is None else day.isoformat()


def from_iso(text: str | None) -> date | None:
    """The date that `to_iso` wrote; ValueError for anything else."""
    return None if text is None else date.fromisoformat(text)
