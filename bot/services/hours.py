"""Working hours of the phone, with public holidays and make-up working days."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass

import holidays

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ALLOWED = (
    "write it like 'Mon-Fri 09:00-18:00', several parts separated by commas "
    "('Mon-Fri 09:00-12:00, Sat 10:00-14:00'), or '24/7', or 'closed'"
)
_PART = re.compile(
    r"^([A-Za-z]{3})(?:\s*-\s*([A-Za-z]{3}))?\s+(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$"
)
#: How far ahead the next opening is looked for; longer than any run of holidays.
_HORIZON_DAYS = 30
#: How far ahead working time is counted.
_LONGEST_WAIT_DAYS = 400


@dataclass(frozen=True)
class WorkingHours:
    """When the phone is answered. `text` is the setting as it was written."""

    text: str
    timezone: zoneinfo.ZoneInfo
    spans: tuple[tuple[int, dt.time, dt.time], ...]
    always: bool = False
    country: str | None = None

    @classmethod
    def parse(cls, text: str, timezone: zoneinfo.ZoneInfo, country: str = "") -> WorkingHours:
        """Reads the setting. `country` is an ISO code whose public holidays are days off.

        Raises ValueError that says what is allowed.
        """
        written = text.strip()
        if country and country.lower() != "none":
            if country not in holidays.list_supported_countries():
                raise ValueError(f"holidays of {country!r} are not known; use an ISO code or none")
        else:
            country = ""
        if written == "24/7":
            return cls(written, timezone, (), always=True)
        if written.lower() == "closed":
            return cls(written, timezone, ())
        spans = tuple(span for part in written.split(",") for span in _spans(part.strip(), text))
        return cls(written, timezone, spans, country=country or None)

    def is_open(self, now: dt.datetime) -> bool:
        """Whether the phone is answered at `now` (an aware moment)."""
        if self.always:
            return True
        local = now.astimezone(self.timezone)
        return any(start <= local < end for start, end in self._spans_of(local.date()))

    def next_opening(self, now: dt.datetime) -> dt.datetime | None:
        """The next moment at which it opens, in the shop's zone; None if it never does."""
        if self.always:
            return now.astimezone(self.timezone)
        local = now.astimezone(self.timezone)
        for ahead in range(_HORIZON_DAYS):
            for start, _ in self._spans_of(local.date() + dt.timedelta(days=ahead)):
                if start > local:
                    return start
        return None

    def closes_at(self, now: dt.datetime) -> dt.datetime | None:
        """When it closes, if it is open now and ever closes."""
        local = now.astimezone(self.timezone)
        return next((end for start, end in self._spans_of(local.date()) if start <= local < end),
                    None)

    def after(self, start: dt.datetime, time: dt.timedelta) -> dt.datetime:
        """The moment at which so much working time has passed since `start`, in UTC.

        Where it never opens, all time counts.
        """
        opened = start if self.is_open(start) else self.next_opening(start)
        if self.always or opened is None:
            return (start + time).astimezone(dt.timezone.utc)
        day, left = opened.astimezone(self.timezone).date(), time
        for ahead in range(_LONGEST_WAIT_DAYS):
            for begins, ends in self._spans_of(day + dt.timedelta(days=ahead)):
                # In UTC, since clocks are changed at night too.
                since = max(begins.astimezone(dt.timezone.utc), start)
                there = ends.astimezone(dt.timezone.utc) - since
                if there >= left:
                    return (since + left).astimezone(dt.timezone.utc)
                left -= max(there, dt.timedelta(0))
        return (start + time).astimezone(dt.timezone.utc)

    def _spans_of(self, day: dt.date) -> list[tuple[dt.datetime, dt.datetime]]:
        weekday = day.weekday()
        if self.country:
            calendar = holidays.country_holidays(self.country, years=day.year)
            if day in calendar:
                return []
            if weekday >= 5 and calendar.is_working_day(day):
                weekday = 0  # a make-up working day is worked like a Monday
        return sorted(
            (dt.datetime.combine(day, start, self.timezone),
             dt.datetime.combine(day, end, self.timezone) if end != dt.time.max
             else dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, self.timezone))
            for which, start, end in self.spans if which == weekday
        )


def _spans(part: str, whole: str) -> list[tuple[int, dt.time, dt.time]]:
    match = _PART.match(part)
    if not match:
        raise ValueError(f"{whole!r} is not understood; {ALLOWED}")
    first, last = match[1].title(), (match[2] or match[1]).title()
    if first not in DAYS or last not in DAYS:
        raise ValueError(f"{whole!r} names an unknown day; days are {', '.join(DAYS)}")
    start, end = _time(match[3], match[4], whole), _time(match[5], match[6], whole)
    if start >= end:
        raise ValueError(f"{whole!r} ends before it starts; {ALLOWED}")
    a, b = DAYS.index(first), DAYS.index(last)
    days = range(a, b + 1) if a <= b else [*range(a, 7), *range(0, b + 1)]
    return [(day, start, end) for day in days]


def _time(hour: str, minute: str, whole: str) -> dt.time:
    if (int(hour), int(minute)) == (24, 0):
        return dt.time.max
    try:
        return dt.time(int(hour), int(minute))
    except ValueError:
        raise ValueError(f"{whole!r} has an impossible time; {ALLOWED}") from None
