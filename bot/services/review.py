"""Messages that were not understood, kept without personal data until a person has looked at them.

`bot review` shows them one by one and turns them into training examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.services.patterns import without_codes
from bot.store.database import Database
from bot.store.tables import ReviewItem, utcnow

#: Why a message is worth a look.
FALLBACK = "fallback"  # nothing was understood
ASKED_AGAIN = "asked again"  # it did not answer the question
CORRECTED = "corrected"  # the customer denied what had been understood
OVERRIDDEN = "overridden"  # an agent decided otherwise
#: Longer messages tell too much of a person, and are no training example.
_LONGEST = 400
_TELLING = 3
_NAME = 3


@dataclass(frozen=True)
class Reviewed:
    """A message to look at. `guess` is the label that the assistant took it for, if any."""

    id: str
    kind: str
    text: str
    language: str
    asked: str | None
    guess: str | None


class Review:
    """Collects messages and hands them out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, kind: str, text: str, language: str, *, asked: str | None = None,
             guess: str | None = None, names: Iterable[str] = ()) -> None:
        """Keeps a message: numbers, addresses and the given `names` are taken out first.

        A message that says nothing without them, and one that waits already, is not kept.
        """
        plain = anonymous(text, names)
        if len(plain) > _LONGEST or sum(c.isalpha() for c in plain) < _TELLING:
            return
        with self._database.unit_of_work() as session:
            if session.scalar(sa.select(ReviewItem.id).where(
                    ReviewItem.text == plain, ReviewItem.settled_at.is_(None))) is None:
                session.add(ReviewItem(kind=kind, text=plain, language=language, asked=asked,
                                       guess=guess))

    def waiting(self, limit: int = 100) -> list[Reviewed]:
        """What nobody has looked at yet, oldest first."""
        with self._database.unit_of_work() as session:
            rows = session.scalars(sa.select(ReviewItem).where(ReviewItem.settled_at.is_(None))
                                   .order_by(ReviewItem.created_at, ReviewItem.id).limit(limit))
            return [Reviewed(r.id, r.kind, r.text, r.language, r.asked, r.guess) for r in rows]

    def settle(self, item_id: str, label: str | None) -> None:
        """Ends the wait of a message: `label` is what it became an example of, None for nothing."""
        with self._database.unit_of_work() as session:
            row = session.get(ReviewItem, item_id)
            if row is not None:
                row.settled_at, row.label = utcnow(), label


def anonymous(text: str, names: Iterable[str] = ()) -> str:
    """The text without numbers, codes, addresses and the parts of `names`."""
    plain = without_codes(re.sub(r"https?://\S+", " ", text))
    parts = {part for name in names for part in re.split(r"[\s,.]+", name) if len(part) >= _NAME}
    for part in sorted(parts, key=len, reverse=True):
        plain = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", " ", plain, flags=re.IGNORECASE)
    return re.sub(r"\s{2,}", " ", re.sub(r"\d{4,}", " ", plain)).strip()
