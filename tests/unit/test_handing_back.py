"""Back to the assistant, to the queue, or to the phone: nobody waits for somebody who is gone."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, SlotSet, UserUttered

from bot.bootstrap import Services
from bot.engine.handing_back import HandingBack
from bot.engine.tracker_store import DatabaseTrackerStore
from bot.engine.watch import Watch
from bot.errors import AftersaleError
from bot.policy import Account, Fact, Source, State
from bot.services.claims import Statement
from bot.services.desk.claims import Decider, MayNotOverride
from bot.services.order_import import import_orders
from bot.services.ownership import BOT, QUEUED, Taken
from bot.settings import ROOT
from bot.store.database import Database
from bot.store.tables import (
    Conversation,
    Job,
    Message,
    OwnerChange,
    Presence,
    Ticket,
    TicketEntry,
)
from tests.unit.desk_people import begin, hire, said, seen, write
from tests.unit.desk_site import services_on
from tests.unit.test_orders_import import file

LONG_AGO = dt.timedelta(minutes=3)
DOMAIN = Domain.load(str(ROOT / "domain.yml"))


class Desk:
    """The services, the handing back and the watch on one database."""

    def __init__(self, database: Database, folder: Path, **environment: str) -> None:
        self.database = database
        self.services: Services = services_on(database, folder, **environment)
        self.store = DatabaseTrackerStore(DOMAIN, database=database)
        services = self.services
        self.handing_back = HandingBack(database, services.ownership, self.store)
        self.watch = Watch(database, services.ownership, services.desk.attendance, services.queue,
                           services.tickets, services.contact, self.handing_back)

    async def talked(self, conversation_id: str, **slots: Any) -> None:
        """What Rasa knows: the customer said something and a form asks."""
        tracker = await self.store.get_or_create_tracker(conversation_id)
        for event in (UserUttered("my radio is dead", {"name": "claim"}),
                      ActiveLoop("claim_form"),
                      *(SlotSet(name, value) for name, value in slots.items())):
            tracker.update(event)
        await self.store.save(tracker)

    async def slots(self, conversation_id: str) -> dict[str, Any]:
        tracker = await self.store.get_or_create_tracker(conversation_id)
        return {**tracker.current_slot_values(), "form": tracker.active_loop_name}

    def waits(self, conversation_id: str, reason: str = "requested") -> None:
        self.services.ownership.queue(conversation_id, reason)

    def claimed(self, conversation_id: str) -> str:
        """A claim in review; returns its number."""
        import_orders(self.database, file({}))
        orders, claims = self.services.orders, self.services.claims
        order = orders.verify(conversation_id, "CG2026-004512", ["ann@example.com"])
        assert order is not None
        fact = Fact("B", State.YES, Source.CONFIRMATION, "message-7")
        assessed = claims.assess(conversation_id, order, order.items[0],
                                 Account().with_facts([fact]), Statement("dead", "I opened it"),
                                 dt.date(2026, 6, 1))
        claims.file(assessed.claim_id, None, "", "summary")
        self.claim_id = assessed.claim_id
        return assessed.number


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    hire(database, "mai", "tom")
    begin(database, "c", language="de")
    yield Desk(database, tmp_path, WORKING_HOURS="closed")


async def test_an_open_question_stays_open_and_the_customer_is_told(desk: Desk) -> None:
    await desk.talked("c", requested_slot="order_number",
                      handoff={"reason": "requested", "route": "live_chat"})
    desk.waits("c")
    desk.services.ownership.claim("c", "mai")
    owner = await desk.handing_back.hand_back("c", "mai")
    assert (owner.owner, owner.agent_id) == (BOT, None)
    slots = await desk.slots("c")
    assert (slots["form"], slots["requested_slot"], slots["handoff"]) == (
        "claim_form", "order_number", None)
    [(author, text)] = said(desk.database, "c")
    assert author == "assistant"
    assert text == ("Sie sprechen wieder mit dem automatischen Assistenten. "
                    "Wir können dort weitermachen, wo wir aufgehört haben.")


async def test_what_a_person_decided_is_known_and_not_asked_again(desk: Desk) -> None:
    number = desk.claimed("c")
    await desk.talked("c", requested_slot="claim_confirmed", draft={"claim_id": desk.claim_id})
    desk.waits("c", "review")
    desk.services.ownership.claim("c", "mai")
    desk.services.claims.override(number, "covered", "the photos show a fault", "mai@shop.example")
    await desk.handing_back.hand_back("c", "mai")
    slots = await desk.slots("c")
    assert (slots["form"], slots["requested_slot"]) == (None, None)
    assert slots["decision"]["outcome"] == "covered"
    assert slots["ticket_number"].startswith("T")
    assert slots["draft"]["finished"] == "settled"
    assert number in said(desk.database, "c")[-1][1]


async def test_only_who_has_it_hands_it_back_and_twice_is_once(desk: Desk) -> None:
    desk.services.ownership.claim("c", "mai")
    with pytest.raises(Taken):
        await desk.handing_back.hand_back("c", "tom")
    await desk.handing_back.hand_back("c", "mai")
    with pytest.raises(Taken):
        desk.services.ownership.requeue("c", "mai", "requeued")
    assert (await desk.handing_back.hand_back("c", "mai")).owner == BOT
    assert len(said(desk.database, "c")) == 1


async def test_closing_says_nothing_and_solves_the_request(desk: Desk) -> None:
    await desk.talked("c", requested_slot="order_number")
    desk.services.tickets.open("request", "A person", "please", conversation_id="c")
    desk.services.ownership.claim("c", "mai")
    await desk.handing_back.close("c", "mai")
    assert said(desk.database, "c") == []
    assert (await desk.slots("c"))["form"] is None
    with desk.database.unit_of_work() as session:
        assert session.query(Ticket).one().state == "solved"


async def test_an_agent_whose_browser_is_gone_gives_back_to_the_queue(desk: Desk) -> None:
    desk.waits("c")
    desk.services.ownership.claim("c", "mai")
    assert await desk.watch.look() == []
    seen(desk.database, "mai", dt.timedelta(seconds=44))
    assert await desk.watch.look() == []
    seen(desk.database, "mai", dt.timedelta(seconds=46))
    backdate_claim(desk, dt.timedelta(minutes=5))
    assert await desk.watch.look() == ["c"]
    assert desk.services.ownership.of("c").owner == QUEUED
    [(author, text)] = said(desk.database, "c")
    assert (author, "Warteschlange" in text) == ("assistant", True)
    assert await desk.watch.look() == []


async def test_an_agent_who_does_nothing_while_the_customer_waits_loses_it(desk: Desk) -> None:
    desk.services.ownership.claim("c", "mai")
    backdate_claim(desk, dt.timedelta(minutes=30))
    seen(desk.database, "mai", dt.timedelta(), active_ago=dt.timedelta(minutes=11))
    assert await desk.watch.look() == []  # nothing is unanswered
    write(desk.database, "c", "hello?", ago=dt.timedelta(minutes=9))
    assert await desk.watch.look() == []
    with desk.database.unit_of_work() as session:
        session.query(Message).one().created_at -= dt.timedelta(minutes=2)
    assert await desk.watch.look() == ["c"]


@pytest.mark.parametrize("channel", ["email", "ticket"])
async def test_whoever_answered_a_letter_may_go_home_and_its_writer_hears_nothing(
        desk: Desk, channel: str) -> None:
    with desk.database.unit_of_work() as session:
        session.get(Conversation, "c").channel = channel
    write(desk.database, "c", "My radio is dead", ago=dt.timedelta(hours=8))
    desk.services.desk.replies.reply("c", "mai", "Please send it in.", "r-1")
    backdate_claim(desk, LONG_AGO)
    seen(desk.database, "mai", LONG_AGO)
    assert await desk.watch.look() == []
    assert desk.services.ownership.of("c").agent_id == "mai"
    write(desk.database, "c", "Where to?")
    await desk.watch.look()
    assert desk.services.ownership.of("c").owner == QUEUED  # the next shift takes it
    backdate_claim(desk, LONG_AGO)
    assert await desk.watch.look() == []
    assert [author for author, _ in said(desk.database, "c")] == ["customer", "agent", "customer"]


async def test_a_script_that_answers_has_no_browser_to_lose(desk: Desk) -> None:
    hire(desk.database, "bot", at_the_desk=False)
    desk.services.ownership.claim("c", "bot")
    backdate_claim(desk, dt.timedelta(hours=5))
    assert await desk.watch.look() == []


@pytest.mark.parametrize(("hours", "reason", "route", "tickets"), [
    ("24/7", "requested", "phone", 0), ("closed", "requested", "ticket", 1),
    ("24/7", "emergency", "phone", 1), ("closed", "emergency", "ticket", 1)])
async def test_with_nobody_at_the_desk_the_customer_is_sent_where_help_is(
        database: Database, tmp_path: Path, hours: str, reason: str, route: str, tickets: int
        ) -> None:
    hire(database, "mai")
    begin(database, "c")
    write(database, "c", "My radio is dead")
    desk = Desk(database, tmp_path, WORKING_HOURS=hours)
    await desk.talked("c")
    desk.waits("c", reason)
    backdate_claim(desk, LONG_AGO)
    assert await desk.watch.look() == []
    seen(database, "mai", LONG_AGO)
    assert await desk.watch.look() == ["c"]
    assert desk.services.ownership.of("c").owner == BOT
    assert (await desk.slots("c"))["handoff"] == {"reason": reason, "route": route}
    text = said(database, "c")[-1][1]
    assert desk.services.settings.support_email in text
    assert desk.services.settings.support_phone in text or route == "ticket"
    with database.unit_of_work() as session:
        opened = session.query(Ticket).all()
        assert len(opened) == tickets
        assert all(ticket.number in text and ticket.urgent == (reason == "emergency")
                   for ticket in opened)
    assert await desk.watch.look() == []


async def test_an_agent_who_is_away_is_not_there(desk: Desk) -> None:
    desk.services.presences.choose("mai", "away")
    desk.services.presences.choose("tom", "away")
    assert desk.services.presences.agents_online() == 0
    desk.waits("c")
    backdate_claim(desk, LONG_AGO)
    assert await desk.watch.look() == ["c"]


def test_a_reply_is_written_once_and_counts_on_the_tickets(desk: Desk) -> None:
    desk.services.tickets.open("request", "A person", "please", conversation_id="c")
    replies = desk.services.desk.replies
    first = replies.reply("c", "mai", "Hello, I am Mai.", "a-1")
    again = replies.reply("c", "mai", "Hello, I am Mai.", "a-1")
    assert (again.seq, again.repeated, first.repeated) == (first.seq, True, False)
    assert desk.services.ownership.of("c").agent_id == "mai"
    with pytest.raises(Taken) as taken:
        replies.reply("c", "tom", "Hello, I am Tom.", "b-1")
    assert taken.value.by == "Mai"
    assert said(desk.database, "c") == [("agent", "Hello, I am Mai.")]
    with desk.database.unit_of_work() as session:
        ticket = session.query(Ticket).one()
        assert (ticket.state, ticket.replied_at is not None) == ("waiting", True)
        assert session.query(TicketEntry).filter_by(author="agent").one().message_id == (
            first.message_id)


def test_a_decision_of_a_person_stays_beside_the_old_one_and_the_customer_is_told(
        desk: Desk) -> None:
    number = desk.claimed("c")
    claims = desk.services.desk.claims
    agent, lead = Decider("mai", "mai@shop.example", False), Decider("tom", "tom@x", True)
    shown = claims.decide(number, "not_covered", "It was opened", agent)
    assert [each["outcome"] for each in shown["decisions"]] == ["needs_review", "not_covered"]
    assert shown["decisions"][1]["supersedes"] == shown["decisions"][0]["id"]
    assert (shown["state"], shown["decisions"][1]["reason"]) == ("declined", "It was opened")
    assert "It was opened. Ihre gesetzlichen" in said(desk.database, "c")[-1][1]
    with pytest.raises(MayNotOverride):
        claims.decide(number, "covered", "It was not", agent)
    shown = claims.decide(number, "covered", "The photos show that it was not", lead)
    assert (shown["state"], len(shown["decisions"])) == ("approved", 3)
    assert shown["next_states"] == ["parts_shipped", "return_authorised", "in_review", "cancelled"]
    assert said(desk.database, "c")[-1][1].endswith(
        "\nBegründung: The photos show that it was not")
    claims.step(number, "return_authorised", agent)
    shown = claims.step(number, "received", agent, tracking="")
    assert [step["to"] for step in shown["log"]][-2:] == ["return_authorised", "received"]
    with desk.database.unit_of_work() as session:
        jobs = session.query(Job).filter_by(kind="mail_customer").all()
        assert len(jobs) == len(said(desk.database, "c")) == 4
        assert all(job.payload["conversation_id"] == "c" for job in jobs)
    rules = {rule["rule"]: rule for rule in shown["decisions"][0]["rules"]}
    assert (rules["B"]["result"], rules["B"]["facts"][0]["source"]) == ("yes", "confirmation")


def test_a_clause_is_told_in_the_customers_language_and_the_decision_rests_on_it(
        desk: Desk) -> None:
    number, agent = desk.claimed("c"), Decider("mai", "mai@shop.example", False)
    claims = desk.services.desk.claims
    for outcome, clause in (("not_covered", ""), ("not_covered", "guarantee"),
                            ("covered", "F"), ("not_covered", "nothing")):
        with pytest.raises(AftersaleError):
            claims.decide(number, outcome, "", agent, clause)
    assert said(desk.database, "c") == []
    shown = claims.decide(number, "not_covered", "", agent, "F")
    decision = shown["decisions"][-1]
    assert decision["reasons"] == ["F"] and "water" in decision["reason"]
    [(_, text)] = said(desk.database, "c")
    assert "Wasser" in text and "water" not in text
    with desk.database.unit_of_work() as session:
        custom = session.query(Message).one().payload["custom"]
    assert custom["reasons"] == ["F"] and "water" in custom["clauses"][0]


def test_own_words_follow_the_clause(desk: Desk) -> None:
    number, lead = desk.claimed("c"), Decider("tom", "tom@x", True)
    shown = desk.services.desk.claims.decide(
        number, "not_covered", "Innen ist Rost", lead, "F")
    [(_, text)] = said(desk.database, "c")
    assert "Innen ist Rost. Ihre gesetzlichen" in text
    assert text.index("Wasser") < text.index("Innen ist Rost")
    assert shown["decisions"][-1]["reason"] == "Innen ist Rost"


def test_evidence_is_asked_for_and_what_comes_puts_the_claim_back(desk: Desk) -> None:
    number = desk.claimed("c")
    claims = desk.services.desk.claims
    shown = claims.ask_for_evidence(number, "Bitte ein Foto", Decider("mai", "mai@x", False))
    assert shown["state"] == "needs_evidence"
    assert said(desk.database, "c")[-1] == ("agent", "Bitte ein Foto")
    claims.evidence_came("c")
    assert claims.shown(number)["state"] == "in_review"


def backdate_claim(desk: Desk, by: dt.timedelta) -> None:
    with desk.database.unit_of_work() as session:
        for change in session.query(OwnerChange):
            change.created_at -= by


def test_presence_is_made_by_the_first_beat(database: Database, tmp_path: Path) -> None:
    hire(database, "mai", at_the_desk=False)
    presences = services_on(database, tmp_path).presences
    assert presences.agents_online() == 0
    presences.beat("mai", active=True)
    assert (presences.agents_online(), presences.statuses()) == (1, {"mai": "online"})
    presences.left("mai")
    assert presences.agents_online() == 0
    with database.unit_of_work() as session:
        assert session.query(Presence).count() == 1


def test_signs_of_life_from_many_pages_meet_and_nobody_minds_that_the_agent_is_let_go(
        database: Database, tmp_path: Path) -> None:
    """Pages say good-bye while an admin takes their agent off the staff."""
    hire(database, "mai", at_the_desk=False)
    services = services_on(database, tmp_path)
    presences, start = services.presences, threading.Barrier(6)

    def page(number: int) -> None:
        start.wait()
        for turn in range(20):
            if number == 0:
                with database.unit_of_work() as session:
                    session.execute(sa.delete(Presence))
            elif number == 1:
                presences.choose("mai", "away")
            else:
                presences.beat("mai", active=True)
                presences.views("mai", f"c-{number}-{turn}")
                presences.views_no_more("mai", f"c-{number}-{turn}", None)

    with ThreadPoolExecutor(6) as pages:
        list(pages.map(page, range(6)))  # raises what any of them raised
    services.staff.change("mai", active=False)
    presences.views_no_more("mai", "c", None)
    presences.left("mai")
    assert presences.statuses() == {}
