"""A ticket's life: allowed steps only, each written down, and one ticket for one fault."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.errors import NotAllowed, Unknown
from bot.policy import load_terms
from bot.policy.facts import Account
from bot.services.claims import Claims, Statement
from bot.services.messages import send
from bot.services.order_import import import_orders
from bot.services.orders import Orders
from bot.services.ticket_life import TicketLife
from bot.services.ticket_states import DONE, PRIORITIES, TRANSITIONS
from bot.services.tickets import REPLY_WITHIN, URGENT_REPLY_WITHIN, Tickets, TicketView
from bot.store.database import Database
from bot.store.tables import Claim, Conversation, Ticket, utcnow
from tests.unit.desk_people import begin, hire
from tests.unit.test_orders_import import file

STATES = sorted(state for state in TRANSITIONS if state)


def _open(database: Database, **more: Any) -> str:
    more = {"conversation_id": "web-1", "customer_email": "Ann@example.com", **more}
    subject = more.pop("subject", "No sound")
    return Tickets(database).open("question", subject, "It has no sound.", **more).number


def _row(database: Database, number: str) -> Ticket:
    with database.unit_of_work() as session:
        return session.scalars(sa.select(Ticket).where(Ticket.number == number)
                               .options(sa.orm.selectinload(Ticket.entries))).one()


def test_a_ticket_goes_only_where_the_table_lets_it(database: Database) -> None:
    life = TicketLife(database)

    class Life(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.number, self.state, self.steps = _open(database), "open", 1
            self.priority = "normal"

        @rule(state=st.sampled_from(STATES))
        def move(self, state: str) -> None:
            allowed = state in TRANSITIONS[self.state] or state == self.state
            try:
                life.set_state(self.number, state, "agent@example.com")
            except NotAllowed:
                assert not allowed
            else:
                assert allowed
                self.steps += state != self.state
                self.state = state

        @rule()
        def customer_writes(self) -> None:
            assert Tickets(database).add(self.number, "Still the same.").number == self.number
            self.steps += self.state != "open"
            self.state = "open"

        @rule()
        def shop_answers(self) -> None:
            life.replied(self.number, "Please try this.", "agent@example.com")
            self.steps += {"closed": 2, "waiting": 0}.get(self.state, 1)
            self.state = "waiting"

        @rule(priority=st.sampled_from(PRIORITIES))
        def prioritise(self, priority: str) -> None:
            life.set_priority(self.number, priority, "agent@example.com")
            self.steps += priority != self.priority
            self.priority = priority

        @invariant()
        def row_and_history_agree(self) -> None:
            row = _row(database, self.number)
            assert (row.state, row.priority) == (self.state, self.priority)
            assert row.urgent == (self.priority == "urgent")
            assert (row.closed_at is not None) == (self.state in DONE)
            history = life.history(self.number)
            assert len(history) == self.steps
            states = [step["after"] for step in history if step["what"] == "state"]
            assert states[-1] == self.state

    run_state_machine_as_test(
        Life, settings=settings(max_examples=15, stateful_step_count=12, deadline=None,
                                suppress_health_check=list(HealthCheck)))


def test_urgent_is_the_highest_priority_and_due_within_the_hour(database: Database) -> None:
    row = _row(database, _open(database, urgent=True))
    assert row.priority == "urgent" and row.due_at - utcnow() < URGENT_REPLY_WITHIN
    row = _row(database, _open(database, conversation_id="web-2", priority="urgent"))
    assert row.urgent
    with pytest.raises(NotAllowed):
        _open(database, priority="dire")
    with pytest.raises(NotAllowed):
        _open(database, queue="elsewhere")


def test_a_raised_priority_is_due_sooner_and_a_lowered_one_not_later(database: Database) -> None:
    number, life = _open(database), TicketLife(database)
    life.set_priority(number, "urgent", "lead@example.com")
    due = _row(database, number).due_at
    assert due - utcnow() < URGENT_REPLY_WITHIN
    life.set_priority(number, "low", "lead@example.com")
    assert _row(database, number).due_at == due and not _row(database, number).urgent


def test_the_customers_answer_opens_a_closed_ticket_again_and_it_is_due_anew(
        database: Database) -> None:
    number, life = _open(database), TicketLife(database)
    life.set_state(number, "closed", "customer")
    with time_machine.travel(utcnow() + dt.timedelta(days=29)):
        again = Tickets(database).add(number, "It is back.")
        assert again.number == number and again.state == "open"
        assert again.due_at > utcnow() + REPLY_WITHIN - dt.timedelta(minutes=1)


def test_an_answer_long_after_the_end_becomes_a_ticket_that_follows(database: Database) -> None:
    number = _open(database, queue="presale", language="de")
    TicketLife(database).set_state(number, "closed", "agent@example.com")
    with time_machine.travel(utcnow() + dt.timedelta(days=31)):
        new = Tickets(database).add(number, "Another question.")
    old, follower = _row(database, number), _row(database, new.number)
    assert new.number != number and old.state == "closed"
    assert follower.follows_id == old.id and follower.customer_email == "ann@example.com"
    assert (follower.queue, follower.language) == ("presale", "de")


def test_a_merged_ticket_leads_to_the_other_and_stays_closed(database: Database) -> None:
    life, tickets = TicketLife(database), Tickets(database)
    one, other = _open(database), _open(database, conversation_id="mail-1")
    assert life.merge(one, other, "lead@example.com").number == other
    assert tickets.add(one, "One more thing.").number == other
    row = _row(database, one)
    assert row.state == "closed" and row.entries == []
    assert [e.body for e in _row(database, other).entries][-1] == "One more thing."
    with pytest.raises(NotAllowed):
        life.set_state(one, "open", "agent@example.com")
    with pytest.raises(NotAllowed):
        life.merge(one, other, "lead@example.com")
    with pytest.raises(NotAllowed):
        life.merge(other, one, "lead@example.com")


def test_tickets_of_two_customers_are_never_merged(database: Database) -> None:
    one = _open(database)
    stranger = _open(database, conversation_id="mail-2", customer_email="bob@example.com")
    with pytest.raises(NotAllowed):
        TicketLife(database).merge(one, stranger, "lead@example.com")


def test_a_merged_ticket_is_not_changed_any_more(database: Database) -> None:
    hire(database, "mai")
    life = TicketLife(database)
    one, other = _open(database), _open(database, conversation_id="mail-1")
    life.merge(one, other, "lead@example.com")
    for change in (lambda: life.set_priority(one, "high", "lead@example.com"),
                   lambda: life.set_queue(one, "presale", "lead@example.com"),
                   lambda: life.assign(one, "mai", "lead@example.com")):
        with pytest.raises(NotAllowed):
            change()


def test_a_ticket_is_given_to_agents_who_are_there_and_to_nobody(database: Database) -> None:
    hire(database, "mai")
    hire(database, "gone", active=False)
    life, number = TicketLife(database), _open(database)
    for stranger in ("gone", "whoever"):
        with pytest.raises(Unknown):
            life.assign(number, stranger, "lead@example.com")
    life.assign(number, "mai", "lead@example.com")
    life.assign(number, "mai", "lead@example.com")
    life.assign(number, None, "mai@shop.example")
    assert [(step["before"], step["after"], step["actor"]) for step in life.history(number)
            if step["what"] == "assignee"] == [
        (None, "mai", "lead@example.com"), ("mai", "nobody", "mai@shop.example")]


def test_what_is_said_in_a_conversation_goes_to_its_tickets_where_they_were_merged_to(
        database: Database) -> None:
    begin(database, "web-1", "mail-1")
    life = TicketLife(database)
    merged, kept = _open(database), _open(database, conversation_id="mail-1")
    done = _open(database, subject="Old")
    life.set_state(done, "solved", "agent@example.com")
    life.merge(merged, kept, "lead@example.com")
    with database.unit_of_work() as session:
        conversation = session.get(Conversation, "web-1")
        life.agent_wrote("web-1", send(session, conversation, "agent", "Try this."),
                         "mai@shop.example")
    assert _row(database, kept).state == "waiting"
    with database.unit_of_work() as session:
        conversation = session.get(Conversation, "web-1")
        life.customer_wrote("web-1", send(session, conversation, "customer", "Still dead."))
    row = _row(database, kept)
    assert [(entry.author, entry.body) for entry in row.entries][-2:] == [
        ("agent", "Try this."), ("customer", "Still dead.")]
    assert row.state == "open" and row.replied_at is not None
    assert [(step["after"], step["actor"]) for step in life.history(kept)][-2:] == [
        ("waiting", "mai@shop.example"), ("open", "customer")]
    assert _row(database, done).state == "solved"


def test_a_rating_is_one_to_five_stars_and_the_last_one_counts(database: Database) -> None:
    number, life = _open(database), TicketLife(database)
    life.rate(number, 2, "slow")
    life.rate(number, 5)
    row = _row(database, number)
    assert (row.stars, row.rating_comment) == (5, "")
    for stars in (0, 6):
        with pytest.raises(ValueError):
            life.rate(number, stars)


def test_an_unknown_number_is_refused(database: Database) -> None:
    with pytest.raises(Unknown):
        TicketLife(database).set_state("T-NOTHERE", "closed", "customer")
    assert Tickets(database).find("T-NOTHERE") is None
    number = _open(database)
    found = Tickets(database).find(f" {number.lower()} ")
    assert found is not None and found.number == number


def _claim(database: Database, conversation_id: str) -> TicketView:
    """A claim on the only item of CG-1, filed from a conversation."""
    claims = Claims(database, Tickets(database), tuple(load_terms()))
    order = Orders(database).verify(conversation_id, "CG-1", ["ann@example.com"])
    assert order is not None
    judged = claims.assess(conversation_id, order, order.items[0], Account(),
                           Statement("No sound", "Nothing happened"), dt.date.today())
    return claims.file(judged.claim_id, "repair", "", f"Told in {conversation_id}")


def test_the_same_fault_told_again_is_no_second_claim(database: Database) -> None:
    import_orders(database, file({"order_number": "CG-1", "email": "ann@example.com"}))
    first, again = _claim(database, "web-1"), _claim(database, "web-2")
    assert not first.joined and again.joined and again.number == first.number
    assert [entry.body for entry in _row(database, first.number).entries] == [
        "Told in web-1", "Told in web-2"]
    with database.unit_of_work() as session:
        states = session.scalars(sa.select(Claim.state).order_by(Claim.created_at)).all()
    assert states == ["in_review", "cancelled"]
    TicketLife(database).set_state(first.number, "closed", "agent@example.com")
    with time_machine.travel(utcnow() + dt.timedelta(days=31)):
        assert not _claim(database, "web-3").joined, "after a month it is a new fault"
