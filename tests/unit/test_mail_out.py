"""Mails that wait to be sent belong to one process at a time."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.services.mail_out import Letter, OutgoingMails, Waiting
from bot.store.database import Database
from bot.store.tables import utcnow


@pytest.fixture
def mails(database: Database) -> OutgoingMails:
    found = OutgoingMails(database, "shop.example")
    for number in range(3):
        found.write(Letter(f"k-{number}", f"c{number}@customer.example", "Hello", "A reply."))
    return found


def later(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    now = utcnow() + dt.timedelta(minutes=minutes)
    monkeypatch.setattr("bot.services.mail_out.utcnow", lambda: now)


def names(some: list[Waiting]) -> list[str]:
    return sorted(mail.recipient for mail in some)


def test_what_one_process_takes_too_long_for_is_not_sent_by_both(
        mails: OutgoingMails, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = slow = mails.take_due()
    assert mails.take_due() == []
    assert mails.hold(first)
    later(monkeypatch, 4)  # the server needed that long for the first one
    assert names(mails.take_due()) == names(slow)
    assert not mails.hold(second) and not mails.hold(third)
    # What it gives back is not its own any more.
    mails.give_back({mail.id: mail.leased_until for mail in (second, third)})
    assert mails.take_due() == []


def test_what_was_taken_and_not_tried_is_due_again_at_once(mails: OutgoingMails) -> None:
    taken = mails.take_due()
    held = mails.hold(taken[0])
    assert held is not None
    mails.give_back({taken[0].id: held, taken[1].id: taken[1].leased_until})
    assert names(mails.take_due()) == names(taken[:2])
