"""Two server processes on one PostgreSQL database: for customers and agents they are one."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from bot.engine.model import current_model
from bot.errors import ModelError
from bot.services.mail_out import Letter, OutgoingMails
from bot.settings import ROOT
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.store.tables import (
    Inbox,
    MailOut,
    Message,
    Outbox,
    OwnerChange,
    ReplyClock,
    Ticket,
    TicketEntry,
    TrackerEvent,
    utcnow,
)
from tests.browser.colleague import all_gone
from tests.conftest import new_postgres_database
from tests.conversation.server import TOKEN, Server, free_port
from tests.integration.pair import (
    PATIENCE,
    SCRIPT,
    Page,
    Pair,
    arrives,
    at_the_desk,
    employ,
    server,
)

pytestmark = [pytest.mark.services, pytest.mark.slow]

PERSON = "I want to talk to a person."
_calls = itertools.count(1)


class Postbox:
    """An SMTP server that keeps the Message-ID of what it takes."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802
        self.ids += [line.split(b":", 1)[1].strip().decode()
                     for line in envelope.content.splitlines()
                     if line.lower().startswith(b"message-id:")]
        return "250 OK"


@pytest.fixture(scope="module")
def postbox() -> Iterator[tuple[Postbox, int]]:
    box, port = Postbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture(scope="module")
def pair(postgres_server: sa.engine.Engine, postbox: tuple[Postbox, int],
         tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    try:
        current_model(ROOT / "models")
    except ModelError as error:
        pytest.fail(f"conversations need a trained model: {error}", pytrace=False)
    folder: Path = tmp_path_factory.mktemp("pair")
    (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
    for url in new_postgres_database(postgres_server):
        database = Database(url)
        migrate(database)
        settings = {"DATABASE_URL": url, "ATTACHMENTS_DIR": str(folder / "files"),
                    "SMTP_URL": f"smtp://127.0.0.1:{postbox[1]}", "MAIL_DIR": str(folder / "mails")}
        one, two = server(folder, "one", settings), server(folder, "two", settings)
        try:
            one.launch()
            two.launch()
            one.wait_until_ready()
            two.wait_until_ready()
            yield Pair(one, two, database, folder, settings)
        finally:
            one.stop()
            two.stop()
            database.dispose()
        for log in (one.log, two.log):
            said = log.read_text(encoding="utf-8")
            assert "Traceback" not in said, said[-4000:]


@pytest.fixture(scope="module")
def tokens(pair: Pair) -> dict[str, str]:
    return employ(pair.database, "mai@shop.example", "jo@shop.example")


@pytest.fixture(autouse=True)
def nobody_there(pair: Pair) -> None:
    all_gone(pair.database)


@pytest.fixture
def mai(tokens: dict[str, str]) -> str:
    return tokens["mai@shop.example"]


@pytest.fixture
def jo(tokens: dict[str, str]) -> str:
    return tokens["jo@shop.example"]


def conversation_of(pair: Pair, text: str) -> str:
    """The conversation in which somebody said exactly that."""
    with pair.database.unit_of_work() as session:
        return str(session.scalars(
            sa.select(Message.conversation_id).where(Message.text == text)).one())


def said_in(pair: Pair, conversation_id: str) -> list[tuple[str, str]]:
    with pair.database.unit_of_work() as session:
        return [tuple(row) for row in session.execute(
            sa.select(Message.author, Message.text)
            .where(Message.conversation_id == conversation_id).order_by(Message.seq))]


def rows(pair: Pair, query: Any) -> Any:
    with pair.database.unit_of_work() as session:
        return session.execute(query).all()


async def until(done: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    for _ in range(int(seconds / 0.1)):
        if done():
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"waited too long: {what}")


async def writes(page: Page, text: str) -> None:
    answer = await page.ask("user_uttered", {"message": text, "client_msg_id": uuid.uuid4().hex})
    assert "seq" in answer, answer


async def asks_for_a_person(page: Page) -> str:
    """Writes it in words that nobody else uses, and returns them."""
    said = f"{PERSON} This is call {next(_calls)}."
    await writes(page, said)
    return said


# ---------------------------------------------------------------- people


async def test_a_customer_and_an_agent_at_different_servers(pair: Pair, mai: str, jo: str) -> None:
    customer = await arrives(pair.one)
    async with at_the_desk(pair.two, mai) as agent, at_the_desk(pair.one, jo) as colleague, \
            customer.at(pair.one) as page:
        said = await asks_for_a_person(page)
        # The queue's notice, and the alert on the other server.
        waiting = await page.hears("owner", lambda now: now["owner"] == "queued")
        assert waiting["position"] == 1
        await agent.page.hears("alert", lambda alert: alert["kind"] == "waiting")
        id_ = conversation_of(pair, said)
        await agent.page.hears("changed", lambda news: id_ in [row["id"] for row in news["rows"]])

        # Claimed, looked at, typed on both sides.
        await agent.does("POST", f"/conversations/{id_}/claim")
        assert (await page.hears("owner", lambda now: now["owner"] == "agent"))["agent"] == "Mai"
        await agent.looks_at(id_)
        await colleague.looks_at(id_)
        await agent.page.ask("typing", {"conversation_id": id_, "on": True})
        assert (await page.hears("typing", lambda typing: typing["author"] == "agent"
                                 ))["name"] == "Mai"
        await page.ask("user_typing", {"on": True})
        await agent.page.hears("user_typing", lambda typing: typing["conversation_id"] == id_)

        # Answered and answered back.
        await agent.does("POST", f"/conversations/{id_}/reply", client_msg_id="r-1",
                         text="Good day, this is Mai.")
        assert (await page.reads("this is Mai"))["author"] == "agent"
        await writes(page, "Good day Mai, my screen is black.")
        for each in (agent, colleague):
            await each.page.hears("message", lambda told: "is black" in told["message"]["text"])
        await agent.does("POST", f"/conversations/{id_}/notes", body="Has called before.")
        await colleague.page.hears("note", lambda note: note["body"] == "Has called before.")

        # And handed back: the assistant says so, and goes on.
        await agent.does("POST", f"/conversations/{id_}/hand-back")
        await page.hears("owner", lambda now: now["owner"] == "bot")
        await colleague.page.hears("happening", lambda told: told["owner"] == "bot")
        await writes(page, "My radio does not turn on.")
        await page.reads("order number")
        seqs = [told["seq"] for event, told in page.told if event == "bot_uttered"]
        assert seqs == list(range(1, len(seqs) + 1))


async def test_an_agent_who_comes_and_goes_is_known_at_both(pair: Pair, mai: str, jo: str) -> None:
    async with at_the_desk(pair.two, mai) as agent, at_the_desk(pair.one, jo) as colleague:
        def status(team: list[dict[str, Any]]) -> str:
            return str(next(each["status"] for each in team if each["name"] == "Mai"))

        assert status(await colleague.does("GET", "/team")) == "online"
        await agent.does("PUT", "/presence", status="away")
        assert status(await colleague.does("GET", "/team")) == "away"


async def test_who_waits_at_one_server_moves_up_when_somebody_is_taken_at_the_other(
        pair: Pair, mai: str) -> None:
    first, second = await arrives(pair.two), await arrives(pair.one)
    async with at_the_desk(pair.two, mai) as agent, first.at(pair.two) as before, \
            second.at(pair.one) as behind:
        await asks_for_a_person(before)
        await before.hears("owner", lambda now: now["owner"] == "queued")
        await asks_for_a_person(behind)
        await behind.hears("owner", lambda now: now.get("position") == 2)
        await agent.does("POST", "/queue/next")
        await behind.hears("owner", lambda now: now.get("position") == 1)


async def test_what_was_missed_at_one_server_is_read_at_the_other(pair: Pair, mai: str) -> None:
    customer = await arrives(pair.one)
    async with at_the_desk(pair.two, mai) as agent:
        async with customer.at(pair.one) as page:
            said = await asks_for_a_person(page)
            await page.hears("owner", lambda now: now["owner"] == "queued")
            seen = max(told["seq"] for event, told in page.told if event == "bot_uttered")
        id_ = conversation_of(pair, said)
        for number in range(3):
            await agent.does("POST", f"/conversations/{id_}/reply", client_msg_id=f"m-{number}",
                             text=f"Reply {number}")
        async with customer.at(pair.two) as page:
            found = await page.ask("resume", {"last_seq": seen})
            assert [m["text"] for m in found["messages"]][-3:] == ["Reply 0", "Reply 1", "Reply 2"]
            assert (found["owner"], found["agent"]) == ("agent", "Mai")
            await writes(page, "I am back.")
            await agent.does("POST", f"/conversations/{id_}/reply", client_msg_id="m-3",
                             text="Welcome back.")
            await page.reads("Welcome back")


# ---------------------------------------------------------------- once and in order


async def test_the_same_message_at_both_servers_is_one(pair: Pair) -> None:
    async with httpx.AsyncClient(timeout=60, headers={"Authorization": f"Bearer {TOKEN}"}) as http:
        async def post(where: Server, sender: str) -> Any:
            answer = await http.post(
                f"{where.url}/webhooks/rest/webhook",
                json={"sender": sender, "message": PERSON, "message_id": "m-1"})
            assert answer.status_code == 200, answer.text
            return answer.json()

        for number in range(8):
            sender = f"twice-{number}"
            here, there = await asyncio.gather(post(pair.one, sender), post(pair.two, sender))
            assert here == there != []
            assert said_in(pair, sender) == [
                ("customer", PERSON), *(("assistant", each["text"]) for each in here)]
            assert len(rows(pair, sa.select(Ticket.id).where(
                Ticket.conversation_id == sender))) == 1


async def test_messages_to_both_servers_are_answered_once_each_and_in_order(pair: Pair) -> None:
    customer = await arrives(pair.one)
    async with customer.at(pair.one) as here, customer.at(pair.two) as there:
        words = [f"Hello, this is number {number}." for number in range(10)]
        for number, text in enumerate(words):
            await writes((here, there)[number % 2], text)
        id_ = conversation_of(pair, words[0])
        await until(lambda: not rows(pair, sa.select(Inbox.id).where(
            Inbox.conversation_id == id_, Inbox.state != "answered")), "all are answered")
        assert [text for author, text in said_in(pair, id_) if author == "customer"] == words
        heard = [json.loads(event)["text"] for event, in rows(pair, sa.select(
            TrackerEvent.data).where(TrackerEvent.conversation_id == id_,
                                     TrackerEvent.type_name == "user").order_by(TrackerEvent.seq))]
        assert heard == words
        await until(lambda: not rows(pair, sa.select(Outbox.id).where(
            Outbox.conversation_id == id_, Outbox.delivered_at.is_(None))), "all are delivered")
        replies = rows(pair, sa.select(Message.seq, Outbox.delivered_at).join(Outbox)
                       .where(Message.conversation_id == id_).order_by(Message.seq))
        assert [at for _, at in replies] == sorted(at for _, at in replies)
        for page in (here, there):
            # The server that is nearer may be quicker; the page sorts by number.
            for number, _ in replies:
                def this(message: Any, number: int = number) -> bool:
                    return bool(message["seq"] == number)

                await page.hears("bot_uttered", this)
                assert page.count("bot_uttered", this) == 1


async def test_what_is_written_to_a_person_at_both_servers_is_on_the_ticket_once(
        pair: Pair, mai: str) -> None:
    customer = await arrives(pair.one)
    async with customer.at(pair.one) as here, customer.at(pair.two) as there:
        said = await asks_for_a_person(here)
        await here.reads("T-")  # nobody is there, so it is a ticket
        id_ = conversation_of(pair, said)
        async with at_the_desk(pair.two, mai) as agent:
            await agent.does("POST", f"/conversations/{id_}/claim")
            words = [f"And another thing, number {number}." for number in range(10)]
            for number in range(0, 10, 2):
                await asyncio.gather(writes(here, words[number]), writes(there, words[number + 1]))
            await until(lambda: not rows(pair, sa.select(Inbox.id).where(
                Inbox.conversation_id == id_, Inbox.state == "waiting")), "all are there")
            entries = Counter(body for body, in rows(pair, sa.select(TicketEntry.body).join(Ticket)
                              .where(Ticket.conversation_id == id_)))
            assert [entries[each] for each in words] == [1] * 10


async def test_a_turn_at_one_server_that_an_agent_overtakes_at_the_other_says_nothing(
        pair: Pair, mai: str) -> None:
    customer = await arrives(pair.one)
    async with at_the_desk(pair.two, mai) as agent, customer.at(pair.one) as page:
        await writes(page, "My radio does not turn on.")
        await page.reads("order number")
        said = "SLOWLY: I have to look for it."
        await writes(page, said)
        id_ = conversation_of(pair, said)
        await asyncio.sleep(0.5)  # it is in the middle of its turn
        await agent.does("POST", f"/conversations/{id_}/reply", client_msg_id="r-1",
                         text="Let me have a look.")
        await page.reads("Let me have a look")
        await until(lambda: not rows(pair, sa.select(Inbox.id).where(
            Inbox.conversation_id == id_, Inbox.state == "waiting")), "the turn is over")
        assert said_in(pair, id_)[-2:] == [("customer", said), ("agent", "Let me have a look.")]


async def test_who_is_claimed_at_both_servers_at_once_has_one_agent(
        pair: Pair, mai: str, jo: str) -> None:
    customer = await arrives(pair.one)
    async with at_the_desk(pair.one, mai) as here, at_the_desk(pair.two, jo) as there, \
            customer.at(pair.one) as page:
        said = await asks_for_a_person(page)
        await page.hears("owner", lambda now: now["owner"] == "queued")
        id_ = conversation_of(pair, said)
        answers = await asyncio.gather(*(each.tries("POST", f"/conversations/{id_}/claim")
                                         for each in (here, there)))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert len(rows(pair, sa.select(OwnerChange.epoch).where(
            OwnerChange.conversation_id == id_, OwnerChange.owner == "agent"))) == 1


# ---------------------------------------------------------------- work beside the conversations


async def test_a_late_reply_is_warned_of_once(pair: Pair, mai: str, jo: str) -> None:
    customer = await arrives(pair.one)
    async with at_the_desk(pair.one, mai) as here, at_the_desk(pair.two, jo) as there, \
            customer.at(pair.one) as page:
        said = await asks_for_a_person(page)
        await page.hears("owner", lambda now: now["owner"] == "queued")
        id_ = conversation_of(pair, said)
        subject = f"conversation:{id_}"
        await until(lambda: bool(rows(pair, sa.select(ReplyClock.kind).where(
            ReplyClock.subject == subject))), "its clock runs")
        with pair.database.unit_of_work() as session:
            clock = session.scalars(sa.select(ReplyClock).where(
                ReplyClock.subject == subject)).one()
            clock.warn_at = clock.due_at = utcnow() - dt.timedelta(minutes=1)

        def late(alert: Any) -> bool:
            return alert["kind"] == "sla" and alert["conversation_id"] == id_

        for each in (here, there):
            await each.page.hears("alert", late)
        await asyncio.sleep(1.5)  # several looks of both
        assert (here.page.count("alert", late), there.page.count("alert", late)) == (1, 1)


async def test_every_mail_is_sent_once(pair: Pair, postbox: tuple[Postbox, int]) -> None:
    mails = OutgoingMails(pair.database, "shop.example")
    letters = [Letter(key=f"test-{number}", to=f"c{number}@customer.example", subject="Hello",
                      text="A reply.") for number in range(60)]
    ids = [f"<{mails.write(letter)}>" for letter in letters]
    await until(lambda: not rows(pair, sa.select(MailOut.id).where(MailOut.state != "sent")),
                "all are sent", 60)
    sent = Counter(id_ for id_ in postbox[0].ids if id_ in ids)
    assert sent == Counter(dict.fromkeys(ids, 1))


# ---------------------------------------------------------------- one dies


async def test_what_a_server_was_answering_when_it_was_killed_is_answered_by_another(
        pair: Pair) -> None:
    doomed = pair.third(MORTAL="1").start()
    try:
        customer = await arrives(pair.one)
        said = "My radio does not turn on and I wish it would DIE."
        message = {"message": said, "client_msg_id": "d-1"}
        async with customer.at(pair.two) as page:
            async with customer.at(doomed) as dying:
                await dying.tells("user_uttered", message)
                assert await asyncio.to_thread(doomed.wait_until_dead) == -9
            await page.reads("order number")
            # It may have died before or after it said that it has the message.
            assert await page.ask("user_uttered", message) == {"seq": 1}
            id_ = conversation_of(pair, said)
            assert [author for author, _ in said_in(pair, id_)] == ["customer", "assistant"]
    finally:
        doomed.kill()
