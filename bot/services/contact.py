"""Ways to reach the shop, with whether the phone is answered now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.services.hours import WorkingHours


@dataclass(frozen=True)
class ContactWays:
    """E-mail, phone and hours as they stand at a moment."""

    support_email: str
    presale_email: str
    support_phone: str
    working_hours: str
    timezone: str
    open_now: bool
    opens_at: dt.datetime | None
    closes_at: dt.datetime | None


class Contact:
    """Tells the contact ways."""

    def __init__(self, hours: WorkingHours, support_phone: str, support_email: str,
                 presale_email: str) -> None:
        self.hours = hours
        self._phone, self._email, self._presale = support_phone, support_email, presale_email

    def ways(self, now: dt.datetime) -> ContactWays:
        """The contact ways at `now` (an aware moment)."""
        open_now = self.hours.is_open(now)
        return ContactWays(
            support_email=self._email, presale_email=self._presale, support_phone=self._phone,
            working_hours=self.hours.text, timezone=self.hours.timezone.key, open_now=open_now,
            opens_at=None if open_now else self.hours.next_opening(now),
            closes_at=self.hours.closes_at(now) if open_now else None)
