"""Webhooks: what is told, signed, to whom, and how often."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from bot.bootstrap import Services
from bot.errors import AftersaleError
from bot.services.outgoing import Unreachable, _public, check_url, send
from bot.store.database import Database
from bot.store.tables import Conversation, Job, Webhook
from tests.unit.desk_site import services_on
from tests.unit.listening import Listening, listening

NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.timezone.utc)
ALL = ["conversation.waiting", "conversation.claimed", "ticket.opened", "claim.decided",
       "emergency"]


@pytest.fixture
def server() -> Iterator[Listening]:
    with listening() as started:
        yield started


@pytest.fixture
def services(database: Database, tmp_path: Path) -> Services:
    return services_on(database, tmp_path, WEBHOOK_PRIVATE="1")


def conversation(services: Services) -> str:
    with services.database.unit_of_work() as session:
        session.add(Conversation(id="c1", channel="chat", language="de"))
    return "c1"


def bodies(server: Listening) -> list[dict]:
    return [json.loads(each.body) for each in server.told]


def test_a_waiting_conversation_is_told_with_a_signature_that_can_be_checked(
        services: Services, server: Listening) -> None:
    view, secret = services.webhooks.add(server.url + "/hook?a=1", ALL)
    services.ownership.queue(conversation(services), "requested")
    services.jobs.run_due()
    [told] = server.told
    assert told.path == "/hook?a=1"
    payload = Verifier(secret).verify(told.body, told.headers)
    assert payload["type"] == "conversation.waiting"
    assert payload["data"] == {
        "conversation_id": "c1", "epoch": 1, "channel": "chat", "language": "de",
        "topic": None, "reason": "requested"}
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_AAAA").verify(told.body, told.headers)
    [delivery] = services.webhooks.deliveries(view.id)
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 204, 1)
    assert delivery.id == told.headers["webhook-id"]


def test_each_event_is_told_once_to_those_who_asked_for_it(
        services: Services, server: Listening) -> None:
    services.webhooks.add(server.url, ["conversation.claimed", "ticket.opened", "emergency"])
    off, _ = services.webhooks.add(server.url, ALL)
    services.webhooks.change(off.id, active=False)
    ann, _ = services.staff.add("ann@example.com", name="Ann")
    services.ownership.queue(conversation(services), "emergency")
    services.ownership.claim("c1", ann.id)
    ticket = services.tickets.open("request", "Help", "my secret story", conversation_id="c1")
    services.jobs.run_due()
    told = {each["type"]: each["data"] for each in bodies(server)}
    assert len(server.told) == 3
    assert told["emergency"] == {"conversation_id": "c1", "ticket_number": None}
    assert told["conversation.claimed"]["agent"] == {"id": ann.id, "name": "Ann"}
    assert told["ticket.opened"]["number"] == ticket.number
    assert b"secret story" not in b"".join(each.body for each in server.told)


def test_what_is_undone_is_not_told(services: Services, server: Listening) -> None:
    services.webhooks.add(server.url, ALL)
    conversation(services)
    with pytest.raises(RuntimeError), services.database.unit_of_work() as session:
        services.ownership.queue("c1", "requested")
        session.flush()
        raise RuntimeError
    services.jobs.run_due()
    assert server.told == []


def test_what_was_not_taken_is_told_again_with_the_same_id(
        services: Services, server: Listening) -> None:
    view, _ = services.webhooks.add(server.url, ALL)
    server.answers = [(500, {}), (302, {"Location": "http://127.0.0.1:1/"})]
    with time_machine.travel(NOON, tick=False) as clock:
        services.ownership.queue(conversation(services), "requested")
        for _ in range(3):
            services.jobs.run_due()
            clock.shift(dt.timedelta(minutes=5))
    assert len(server.told) == 3
    assert len({each.headers["webhook-id"] for each in server.told}) == 1
    [delivery] = services.webhooks.deliveries(view.id)
    assert (delivery.state, delivery.attempts, delivery.error) == ("delivered", 3, None)


def test_whoever_says_that_they_are_gone_is_told_nothing_more(
        services: Services, server: Listening) -> None:
    view, _ = services.webhooks.add(server.url, ALL)
    server.answers = [(410, {})]
    services.ownership.queue(conversation(services), "requested")
    services.jobs.run_due()
    assert services.webhooks.all()[0].active is False
    assert services.webhooks.deliveries(view.id)[0].state == "failed"


def test_a_removed_webhook_leaves_nothing_behind(services: Services, server: Listening) -> None:
    view, _ = services.webhooks.add(server.url, ALL)
    services.ownership.queue(conversation(services), "requested")
    services.webhooks.remove(view.id)
    services.jobs.run_due()
    assert server.told == []
    with services.database.unit_of_work() as session:
        assert not session.scalars(sa.select(Webhook)).all()
        assert session.scalars(sa.select(Job)).one().dead_at is not None


@pytest.mark.parametrize("url", [
    "http://shop.example/hook", "ftp://shop.example/", "https://", "https:///x", "javascript:1",
    "https://user:pw@shop.example/", "https://shop.example/#x", "https://shop.example:99999/",
    "https://shop.example/a b", "https://shop.example/\r\nX: y", "https://[::1"])
def test_addresses_that_cannot_be_used_are_refused(url: str) -> None:
    with pytest.raises(AftersaleError):
        check_url(url)


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[fd00::1]", "[fe80::1]", "2130706433", "0x7f.1",
    "[2002:7f00:1::]"])
def test_private_addresses_are_never_spoken_to(host: str) -> None:
    with pytest.raises(Unreachable):
        send("POST", f"https://{host}/", b"{}")


def test_public_addresses_are() -> None:
    assert _public("93.184.215.14") and _public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


def test_an_unknown_event_is_refused(services: Services, server: Listening) -> None:
    for events in ([], ["nothing"]):
        with pytest.raises(AftersaleError):
            services.webhooks.add(server.url, events)
