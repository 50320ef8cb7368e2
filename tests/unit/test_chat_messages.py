"""Messages over the socket: committed before the acknowledgement, told in order, never lost."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.chat import Limits
from bot.channels.chat.transcript import PAGE
from bot.errors import StoreError
from bot.store.tables import Conversation, Rating
from tests.unit.chat_site import Site, can_start_again, running


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_message_is_committed_and_acknowledged_before_it_is_answered(
        site: Site, transport: str) -> None:
    site.turns.go_on.clear()
    page = await site.page(transport=transport)
    assert await page.say("hello", "m-1") == {"seq": 1}
    seen = await page.ask("resume", {"last_seq": 0})
    assert [(m["author"], m["text"], m["client_msg_id"]) for m in seen["messages"]] == [
        ("customer", "hello", "m-1")]
    assert seen["typing"] is True and (await page.until("typing", 1))[0]["on"] is True
    site.turns.go_on.set()
    reply = (await page.until("bot_uttered", 2))[1]
    assert (reply["author"], reply["seq"]) == ("assistant", 2)
    assert dt.datetime.fromisoformat(reply["sent_at"]).tzinfo is not None
    assert (await page.until("typing", 2))[-1] == {"on": False, "author": "assistant"}


async def test_the_same_message_sent_twice_is_one(site: Site) -> None:
    page = await site.page()
    answers = [await page.say("hello", "m-1") for _ in range(3)]
    assert {answer["seq"] for answer in answers} == {1}
    await page.until("bot_uttered", 2)
    await asyncio.sleep(0.1)
    assert [message["seq"] for message in page.messages] == [1, 2]
    assert len(await page.everything()) == 2


async def test_two_tabs_that_send_the_same_message_at_once(site: Site) -> None:
    client = await site.visitor()
    tabs = [await site.page(client) for _ in range(4)]
    answers = await asyncio.gather(*(tab.say("hello", "m-1") for tab in tabs))
    assert {answer["seq"] for answer in answers} == {1}
    for tab in tabs:
        await tab.until("bot_uttered", 2)
    await asyncio.sleep(0.1)
    assert [len(await tab.everything()) for tab in tabs] == [2, 2, 2, 2]


async def test_every_tab_hears_of_every_message_in_order(site: Site) -> None:
    client = await site.visitor()
    tabs = [await site.page(client, transport=t) for t in ("websocket", "polling", "websocket")]
    for number in range(3):
        await tabs[number].say(f"message {number}")
        for tab in tabs:
            await tab.until("bot_uttered", 2 * number + 2)
    for tab in tabs:
        assert [message["seq"] for message in tab.messages] == [1, 2, 3, 4, 5, 6]


async def test_a_visitor_only_ever_sees_their_own_conversation(site: Site) -> None:
    ann, bob = await site.page(), await site.page()
    await ann.say("ann's order", "same-id")
    await bob.say("bob's order", "same-id")
    for page, name in ((ann, "ann"), (bob, "bob")):
        said = [f"{name}'s order", f"You said: {name}'s order"]
        assert [m["text"] for m in await page.until("bot_uttered", 2)] == said
        assert [m["text"] for m in await page.everything()] == said


async def test_a_button_is_sent_by_its_payload_and_shown_by_its_title(site: Site) -> None:
    page = await site.page()
    await page.say("hello")
    button = (await page.until("bot_uttered", 2))[1]["buttons"][0]
    assert button == {"title": "Yes", "payload": "button:abc"}
    await page.say(button["payload"])
    shown = (await page.until("bot_uttered", 4))[2:]
    assert [m["text"] for m in shown] == ["Yes", "You said: /affirm"]


async def test_somebody_elses_button_means_nothing(site: Site) -> None:
    ann, bob = await site.page(), await site.page()
    await ann.say("hello")
    await ann.until("bot_uttered", 2)
    await bob.say("button:abc")
    assert (await bob.until("bot_uttered", 2))[1]["text"] == "You said: button:abc"


async def test_what_buttons_mean_to_the_assistant_never_leaves(site: Site) -> None:
    page = await site.page()
    await page.say("hello")
    told = repr([await page.until("bot_uttered", 2), await page.everything()])
    assert "commands" not in told and "/affirm" not in told
    assert "'outcome': 'covered'" in told


async def test_a_note_between_agents_is_not_for_the_customer(site: Site) -> None:
    page = await site.page()
    await page.say("hello")
    await page.until("bot_uttered", 2)
    [conversation_id] = site.conversations()
    await site.turns.say(conversation_id, "difficult customer", author="note")
    await site.turns.say(conversation_id, "It is Mia here.")
    assert (await page.until("bot_uttered", 3))[-1]["text"] == "It is Mia here."
    assert "difficult" not in repr([page.told, await page.everything()])


@pytest.mark.parametrize(("payload", "code"), [
    (None, "unreadable"), ("hello", "unreadable"), ([1], "unreadable"), ({}, "unreadable"),
    ({"message": "hi"}, "unreadable"),
    ({"message": "hi", "client_msg_id": ""}, "unreadable"),
    ({"message": "hi", "client_msg_id": {"a": 1}}, "unreadable"),
    ({"message": "hi", "client_msg_id": "\ud800"}, "unreadable"),
    ({"message": "   ", "client_msg_id": "1"}, "empty"),
    ({"message": "\u200b\u202e", "client_msg_id": "1"}, "empty"),
    ({"message": 7, "client_msg_id": "1"}, "unreadable"),
    ({"client_msg_id": "1"}, "unreadable"),
    ({"message": "a" * 4001, "client_msg_id": "1"}, "too_long"),
    ({"message": "hi", "client_msg_id": "1", "attachments": "x"}, "unreadable"),
    ({"message": "hi", "client_msg_id": "1", "attachments": ["x"]}, "attachment"),
    ({"message": "hi", "client_msg_id": "1", "attachments": ["0" * 32]}, "attachment"),
    ({"message": "hi", "client_msg_id": "1", "attachments": ["0" * 32] * 11}, "unreadable"),
])
async def test_bad_input_is_refused_with_a_sentence(site: Site, payload: Any, code: str) -> None:
    page = await site.page()
    refused = (await page.ask("user_uttered", payload))["error"]
    assert refused["code"] == code
    assert refused["text"][0].isupper() and refused["text"].endswith(".")
    assert site.conversations() == []
    assert page.connected


async def test_the_longest_message_gets_through(site: Site) -> None:
    page = await site.page()
    assert await page.say("\U0001f600" * 4000) == {"seq": 1}


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_packet_that_is_far_too_large_ends_that_connection_only(
        site: Site, transport: str) -> None:
    ann, bob = await site.page(transport=transport), await site.page()
    with pytest.raises(Exception):  # noqa: B017 (what the client makes of it is its business)
        await asyncio.wait_for(ann.say("a" * 400_000), 3)
    assert await bob.say("hello") == {"seq": 1}
    assert len(site.conversations()) == 1


@pytest.mark.parametrize("last_seq", [-1, "x", 1.5, True, None, 2**31, [], {}])
async def test_a_bad_number_is_refused(site: Site, last_seq: Any) -> None:
    page = await site.page()
    for event, name in (("resume", "last_seq"), ("read", "seq")):
        assert (await page.ask(event, {name: last_seq}))["error"]["code"] == "unreadable"


async def test_an_event_nobody_knows_is_ignored(site: Site) -> None:
    page = await site.page()
    await page._client.emit("restart", {"a": 1})
    await page._client.emit("connect", {"token": "x"})
    assert await page.say("hello") == {"seq": 1}


# ---------------------------------------------------------------- limits


async def test_flooding_a_conversation_is_refused_in_plain_words(start: Any) -> None:
    site = await start(Limits(per_conversation=3))
    ann, bob = await site.page(), await site.page()
    answers = [await ann.say(f"message {n}") for n in range(4)]
    assert [answer.get("seq") is not None for answer in answers] == [True, True, True, False]
    refused = answers[-1]["error"]
    assert refused["code"] == "rate" and 0 < refused["retry_after"] <= 60
    assert refused["text"] == "That was a lot at once. Please wait a moment and try again."
    assert "seq" in await bob.say("hello")


async def test_flooding_from_an_address(start: Any) -> None:
    site = await start(Limits(per_address=2))
    answers = [await (await site.page()).say("hello") for _ in range(3)]
    assert ["error" in answer for answer in answers] == [False, False, True]


async def test_flooding_with_other_events(start: Any) -> None:
    site = await start(Limits(events=5))
    page = await site.page()
    answers = [await page.ask("resume", {"last_seq": 0}) for _ in range(6)]
    assert ["error" in answer for answer in answers] == [False] * 5 + [True]


async def test_too_many_tabs_and_too_many_connections(start: Any) -> None:
    site = await start(Limits(sockets=2, connects_per_address=4))
    client = await site.visitor()
    tabs = [await site.page(client) for _ in range(2)]
    with pytest.raises(Exception, match="namespaces failed"):
        await site.page(client)
    await tabs[0].close()
    await asyncio.sleep(0.1)
    await site.page(client)
    with pytest.raises(Exception, match="Connection error"):
        await site.page(await site.visitor())


# ---------------------------------------------------------------- coming back


async def test_a_long_conversation_comes_in_pages_without_gap_or_double(site: Site) -> None:
    page = await site.page()
    await page.say("hello")
    await page.until("bot_uttered", 2)
    [conversation_id] = site.conversations()
    with site.service.database.unit_of_work() as session:
        for number in range(PAGE + 20):
            site.turns.write(session, conversation_id, f"line {number}", author="agent")
    first = await page.ask("resume", {"last_seq": 0})
    assert (len(first["messages"]), first["more"]) == (PAGE, True)
    assert [m["seq"] for m in await page.everything()] == list(range(1, PAGE + 23))


async def test_a_gap_is_filled_by_resume(site: Site) -> None:
    client = await site.visitor()
    page = await site.page(client)
    await page.say("hello")
    await page.until("bot_uttered", 2)
    await page.close()
    [conversation_id] = site.conversations()
    await site.turns.say(conversation_id, "while you were away")
    page = await site.page(client)
    await site.turns.say(conversation_id, "and now")
    [told] = await page.until("bot_uttered", 1)
    assert told["seq"] == 4  # the page has 2, so 3 is missing
    assert [m["text"] for m in await page.everything(2)] == ["while you were away", "and now"]


async def test_after_a_restart_everything_is_there_and_waiting_messages_are_kept(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    can_start_again(monkeypatch)
    async with running(tmp_path) as site:
        client = await site.visitor()
        page = await site.page(client)
        await page.say("hello")
        await page.until("bot_uttered", 2)
        site.turns.fails = True
        assert await page.say("are you there?", "m-2") == {"seq": 3}
        port, cookies = int(site.url.rpartition(":")[2]), client.cookies
        before = await page.everything()
    can_start_again(monkeypatch)
    async with running(tmp_path, port=port) as site:
        client = await site.visitor(session=False)
        client.cookies = cookies
        page = await site.page(client)
        assert (await page.ask("session_request"))["last_seq"] == 3
        again = await page.ask("resume", {"last_seq": 0})
        assert again["messages"] == before and again["typing"] is True
        # The page did not hear the acknowledgement, and sends it once more.
        assert await page.say("are you there?", "m-2") == {"seq": 3}
        await page.until("bot_uttered", 1)
        assert [m["seq"] for m in await page.everything()] == [1, 2, 3, 4]


async def test_a_reply_that_the_sweep_delivers_ends_typing(site: Site) -> None:
    site.turns.fails = True
    page = await site.page()
    await page.say("hello")
    await page.until("typing", 2)
    site.turns.fails = False
    await site.turns.answer(site.conversations()[0])
    assert (await page.until("bot_uttered", 2))[1]["text"] == "You said: hello"
    assert (await page.until("typing", 3))[-1]["on"] is False


async def test_a_turn_that_fails_is_logged_and_the_message_kept(
        site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.turns.fails = True
    page = await site.page()
    assert await page.say("hello") == {"seq": 1}
    await asyncio.sleep(0.1)
    assert "was not answered" in caplog.text
    assert [m["text"] for m in await page.everything()] == ["hello"]


async def test_a_database_that_cannot_be_written_is_said_plainly(
        site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise StoreError("disk full at /var/secret")
    page = await site.page()
    monkeypatch.setattr(site.service.inbox, "accept", full)
    refused = (await page.say("hello"))["error"]
    assert refused["code"] == "unavailable"
    assert "secret" not in refused["text"] and refused["text"].endswith("try again.")


# ---------------------------------------------------------------- who answers, and what was told


async def test_the_page_hears_when_a_person_takes_over(site: Site) -> None:
    page = await site.page()
    await page.say("a person, please")
    assert await page.until("owner", 1) == [{"owner": "queued", "agent": None, "position": 1,
                                             "expected_minutes": 6}]
    assert (await page.ask("session_request"))["owner"] == "queued"


async def test_nobody_types_while_a_person_has_the_conversation(site: Site) -> None:
    site.turns.go_on.clear()
    page = await site.page()
    await page.say("hello")
    with site.service.database.unit_of_work() as session:
        session.execute(sa.update(Conversation).values(owner="agent"))
    seen = await page.ask("resume", {"last_seq": 0})
    assert (seen["typing"], seen["owner"]) == (False, "agent")


async def test_a_rating_is_stored_and_may_be_changed(site: Site) -> None:
    page = await site.page()
    assert (await page.ask("rate", {"stars": 5}))["error"]["code"] == "empty"
    await page.say("hello")
    assert await page.ask("rate", {"stars": 2, "comment": "slow\u202e \ud800"}) == {"ok": True}
    assert await page.ask("rate", {"stars": 4}) == {"ok": True}
    with site.service.database.unit_of_work() as session:
        rating = session.scalars(sa.select(Rating)).one()
        assert (rating.stars, rating.comment) == (4, "")


@pytest.mark.parametrize("payload", [
    {}, {"stars": 0}, {"stars": 6}, {"stars": "5"}, {"stars": True}, {"stars": 4.5},
    {"stars": 3, "comment": 7}, {"stars": 3, "comment": "x" * 1001}])
async def test_a_bad_rating_is_refused(site: Site, payload: dict[str, Any]) -> None:
    page = await site.page()
    await page.say("hello")
    assert (await page.ask("rate", payload))["error"]["code"] in ("unreadable", "too_long")


async def test_what_was_read_is_kept_and_never_goes_back(site: Site) -> None:
    page = await site.page()
    await page.say("hello")
    await page.until("bot_uttered", 2)
    for seq in (2, 1, 99):
        await page.ask("read", {"seq": seq})
    with site.service.database.unit_of_work() as session:
        assert session.scalars(sa.select(Conversation.read_seq)).one() == 2


async def test_typing_of_the_customer_is_not_told_to_the_customer(site: Site) -> None:
    client = await site.visitor()
    page, tab = await site.page(client), await site.page(client)
    assert await page.ask("user_typing", {"on": True}) == {"ok": True}
    await asyncio.sleep(0.05)
    assert tab.told["typing"] == []


# ---------------------------------------------------------------- several processes


@pytest.mark.services
async def test_two_processes_tell_each_others_pages(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_url: str) -> None:
    can_start_again(monkeypatch)
    async with running(tmp_path, redis_url=redis_url) as here:
        can_start_again(monkeypatch)
        async with running(tmp_path, redis_url=redis_url,
                           database=here.service.database) as there:
            client = await here.visitor()
            near = await here.page(client)
            elsewhere = await there.visitor(session=False)
            elsewhere.cookies = client.cookies
            far = await there.page(elsewhere)
            await asyncio.sleep(0.5)  # both listen to Redis
            await near.say("hello")
            assert [m["seq"] for m in await far.until("bot_uttered", 2)] == [1, 2]
            await far.say("and back")
            assert [m["seq"] for m in await near.until("bot_uttered", 4)] == [1, 2, 3, 4]
