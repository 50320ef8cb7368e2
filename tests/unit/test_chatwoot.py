"""Conversations in Chatwoot: what waits goes there, replies come back, resolved is handed back."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.bootstrap import Services
from bot.errors import SettingError
from bot.services.messages import next_seq
from bot.settings import Settings
from bot.store.database import Database
from bot.store.tables import Conversation, Job, Message, Outbox, new_id, utcnow
from tests.unit.chat_site import can_start_again
from tests.unit.chatwoot_stand_in import SECRET, ChatwootStandIn, chatwoot, signed
from tests.unit.desk_site import DeskSite, put_on, running, services_on

C = "c1"


@pytest.fixture
def there() -> Iterator[ChatwootStandIn]:
    with chatwoot() as stand_in:
        yield stand_in


@pytest_asyncio.fixture
async def site(database: Database, tmp_path: Path, there: ChatwootStandIn,
               monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DeskSite]:
    can_start_again(monkeypatch)
    services = services_on(database, tmp_path, **there.environment)
    async with running(services, put_on) as started:
        yield started


@pytest.fixture
def services(site: DeskSite) -> Services:
    return site.services


def write(services: Services, author: str, text: str) -> None:
    with services.database.unit_of_work() as session:
        if session.get(Conversation, C) is None:
            session.add(Conversation(id=C, channel="chat", language="de"))
            session.flush()
        session.add(Message(id=new_id(), conversation_id=C, author=author, text=text,
                            seq=next_seq(session, C)))


def waiting(services: Services, reason: str = "requested") -> None:
    write(services, "customer", "My radio is dead")
    write(services, "assistant", "I get you a person")
    services.ownership.queue(C, reason)


def run(services: Services) -> None:
    """Runs the jobs, those that failed too."""
    with services.database.unit_of_work() as session:
        session.execute(sa.update(Job).where(Job.done_at.is_(None)).values(
            run_at=utcnow() - dt.timedelta(seconds=1)))
    services.jobs.run_due()


def agents_said(services: Services) -> list[tuple[str, str]]:
    with services.database.unit_of_work() as session:
        return [(m.text, m.payload["name"]) for m in session.scalars(
            sa.select(Message).where(Message.author == "agent").order_by(Message.seq))]


async def hook(site: DeskSite, event: dict, path: str = "/", **changes: Any) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(f"{site.url}/desk/chatwoot{path}", **{**signed(event), **changes})


async def test_what_waits_is_there_with_its_history_and_as_urgent_as_it_is(
        services: Services, there: ChatwootStandIn) -> None:
    waiting(services, "emergency")
    run(services)
    assert there.said() == [("incoming", False, "My radio is dead"),
                            ("outgoing", True, "Assistant: I get you a person")]
    assert (there.only["status"], there.only["priority"]) == ("open", "urgent")
    assert there.only["custom_attributes"]["language"] == "de"
    assert C not in str(there.contacts)


async def test_what_the_customer_writes_later_follows_and_nothing_is_told_twice(
        services: Services, there: ChatwootStandIn) -> None:
    waiting(services)
    run(services)
    write(services, "customer", "Hello?")
    run(services)
    run(services)
    assert [text for _, _, text in there.said()][2:] == ["Hello?"]


@pytest.mark.services
def test_two_processes_tell_nothing_twice(
        postgres_database: Database, tmp_path: Path, there: ChatwootStandIn) -> None:
    one, two = (services_on(Database(postgres_database.url.render_as_string(hide_password=False)),
                            tmp_path, **there.environment) for _ in range(2))
    write(one, "customer", "My radio is dead")
    write(one, "customer", "And my screen is black")
    with ThreadPoolExecutor() as pool:
        told = [pool.submit(each.chatwoot.tell, {"conversation_id": C})
                for each in (one, two) if each.chatwoot]
    assert [each.result() for each in told] == [None, None]
    assert [text for _, _, text in there.said()] == ["My radio is dead", "And my screen is black"]
    for each in (one, two):
        each.database.dispose()


@pytest.mark.parametrize("lost", ["POST contacts", "POST conversations", "POST messages"])
async def test_an_answer_that_got_lost_doubles_nothing(
        services: Services, there: ChatwootStandIn, lost: str) -> None:
    there.lose.add(lost)
    waiting(services)
    run(services)
    assert not there.lose
    run(services)
    assert len(there.contacts) == len(there.conversations) == 1
    assert len(there.said()) == 2


async def test_while_chatwoot_is_away_nothing_gets_lost(
        services: Services, there: ChatwootStandIn) -> None:
    there.down = True
    waiting(services)
    run(services)
    write(services, "customer", "Hello?")
    there.down = False
    run(services)
    assert len(there.said()) == 3


async def test_a_reply_there_is_an_agents_reply_here_and_takes_the_conversation(
        site: DeskSite, services: Services, there: ChatwootStandIn) -> None:
    waiting(services)
    run(services)
    for _ in range(2):  # told twice is one
        answer = await hook(site, there.reply_event("Hello, I am Mai"))
        assert answer.status_code == 200, answer.text
    assert agents_said(services) == [("Hello, I am Mai", "Mai")]
    owner = services.ownership.of(C)
    assert (owner.owner, owner.agent) == ("agent", "Mai")
    with services.database.unit_of_work() as session:
        assert len(session.scalars(sa.select(Outbox)).all()) == 1
    run(services)
    # What was said there is not told there.
    assert len(there.said()) == 2


async def test_a_colleague_there_goes_on_where_another_one_began(
        site: DeskSite, services: Services, there: ChatwootStandIn) -> None:
    waiting(services)
    run(services)
    await hook(site, there.reply_event("Hello"))
    joe = {"id": 12, "name": "Joe", "type": "user"}
    await hook(site, there.reply_event("I take over", 901, sender=joe))
    assert agents_said(services) == [("Hello", "Mai"), ("I take over", "Joe")]
    assert services.ownership.of(C).agent == "Joe"


async def test_what_an_agent_of_our_own_desk_has_stays_theirs_and_a_note_says_so(
        site: DeskSite, services: Services, there: ChatwootStandIn) -> None:
    waiting(services)
    run(services)
    ann, _ = services.staff.add("ann@example.com", name="Ann")
    services.ownership.claim(C, ann.id)
    for _ in range(2):
        await hook(site, there.reply_event("Hello"))
    run(services)
    assert agents_said(services) == []
    assert there.said()[-1] == ("outgoing", True, "Not delivered: Ann has this conversation.")
    assert len(there.said()) == 3
    await hook(site, there.resolved_event())
    assert services.ownership.of(C).agent == "Ann"


async def test_resolved_there_is_handed_back_here(
        site: DeskSite, services: Services, there: ChatwootStandIn) -> None:
    waiting(services)
    run(services)
    await hook(site, there.reply_event("Done"))
    for _ in range(2):
        assert (await hook(site, there.resolved_event())).status_code == 200
    assert services.ownership.of(C).owner == "bot"
    # It waits again: the same conversation there, opened again.
    there.only["status"] = "resolved"
    services.ownership.queue(C, "requested")
    run(services)
    assert len(there.conversations) == 1 and there.only["status"] == "open"


@pytest.mark.parametrize("changes", [
    {"private": True}, {"message_type": "incoming"}, {"message_type": "template"},
    {"sender": {"id": 1, "type": "agent_bot"}}, {"sender": None}, {"account": {"id": 99}},
    {"conversation": {"id": 424242, "inbox_id": 7}}, {"conversation": {"id": 1, "inbox_id": 8}},
    {"content": "  "}, {"content": None}])
async def test_notes_bots_and_others_conversations_are_not_replies(
        site: DeskSite, services: Services, there: ChatwootStandIn, changes: dict) -> None:
    waiting(services)
    run(services)
    assert (await hook(site, there.reply_event("Hi", **changes))).status_code == 200
    assert agents_said(services) == [] and services.ownership.of(C).owner == "queued"


async def test_only_chatwoot_is_believed(
        site: DeskSite, services: Services, there: ChatwootStandIn) -> None:
    waiting(services)
    run(services)
    event = there.reply_event("Hi")
    changes: dict[str, Any]
    for changes in (signed(event, "another secret of somebody"),
                    signed(event, at=time.time() - 400), {"headers": {}},
                    {"headers": {"X-Chatwoot-Signature": "sha256=é".encode()}}):
        assert (await hook(site, event, **changes)).status_code == 401
    assert (await hook(site, event, f"/{SECRET}x", headers={})).status_code == 401
    assert agents_said(services) == []
    # Versions that do not sign name the secret in the path.
    assert (await hook(site, event, f"/{SECRET}", headers={})).status_code == 200
    assert len(agents_said(services)) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"event": "message_created"}'])
async def test_what_cannot_be_read_is_refused_and_changes_nothing(
        site: DeskSite, services: Services, body: bytes) -> None:
    answer = await hook(site, {}, f"/{SECRET}", content=body, headers={})
    assert answer.status_code in (200, 400)


async def test_whoever_is_online_there_is_at_the_desk_here(
        services: Services, there: ChatwootStandIn) -> None:
    assert services.chatwoot is not None
    services.chatwoot.beat()
    assert services.presences.agents_online() == 1
    # They cannot sign in, and the first real person is still the admin.
    assert services.staff.add("ann@example.com")[0].role == "admin"
    there.online = ["offline", "busy"]
    services.chatwoot.beat()
    assert len(services.staff.all()) == 2
    there.down = True
    services.chatwoot.beat()


def test_half_a_setting_is_refused() -> None:
    with pytest.raises(SettingError, match="CHATWOOT_TOKEN"):
        Settings.load({"CHATWOOT_URL": "https://chatwoot.example"})
    with pytest.raises(SettingError, match="CHATWOOT_URL"):
        Settings.load({"CHATWOOT_URL": "chatwoot.example"})
    assert Settings.load({}).chatwoot is None
