"""Power cuts, failing and hanging actions, a locked and a read-only database.

Each server here is a process of its own whose start script breaks one thing on purpose.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import socketio

from bot.settings import ROOT
from tests.conversation.server import START_SECONDS, TOKEN, Server, environment, run_bot

pytestmark = pytest.mark.slow

WEBHOOK = "/webhooks/rest/webhook"
PERSON = "I want to talk to a person."
#: Breaks the server at CRASH_AT, then runs `bot` with the script's arguments.
CRASHING = '''
import os, signal, sys
from bot.channels import rest
from bot.engine.outbox import OutboxService
from bot.engine.replies import ReplyCollector
from bot.engine.turn import Turns

async def die_for_a_conversation(self, conversation_id=None):
    if conversation_id is not None:  # without one it is the sweep
        die()

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

place, name = {
    "accepted": (Turns, "answer"),
    "in the turn": (ReplyCollector, "replies"),
    "about to send": (rest, "_reply"),
    "chat committed": (OutboxService, "deliver"),
}[os.environ["CRASH_AT"]]
setattr(place, name, die_for_a_conversation if name == "deliver" else die)
from bot.cli import main
sys.exit(main())
'''
#: What goes wrong is told by a word in the customer's message.
FAILING = '''
import asyncio, os, sqlite3, sys, threading, time
from pathlib import Path
import actions.offers
import bot.engine.actions
from bot.services.handoff import Handoffs
from bot.services.orders import Orders

bot.engine.actions.ACTION_SECONDS = 1.0
hand_over, verify, run = Handoffs.hand_over, Orders.verify, actions.offers.ActionHuman.run
release = Path(os.environ["RELEASE"])

def lock_until_released():
    locked = threading.Event()
    def hold():
        path = os.environ["DATABASE_URL"].partition(":///")[2]
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            locked.set()
            while not release.exists():
                time.sleep(0.05)
            other.execute("ROLLBACK")
    threading.Thread(target=hold, daemon=True).start()
    locked.wait()

def patched_hand_over(self, reason, conversation_id, summary, *rest, **more):
    found = hand_over(self, reason, conversation_id, summary, *rest, **more)
    if "RAISE" in summary:
        raise RuntimeError("a service that fails after it wrote something")
    if "BLOCK" in summary:
        time.sleep(4)
    if "LOCK IT" in summary:
        lock_until_released()
    return found

def patched_verify(self, conversation_id, number, proofs):
    if "raise@example.com" in proofs:
        raise RuntimeError("a service that fails in a form")
    return verify(self, conversation_id, number, proofs)

async def patched_run(self, dispatcher, tracker, domain):
    if "HANG" in (tracker.latest_message or {}).get("text", ""):
        await asyncio.sleep(3600)
    return await run(self, dispatcher, tracker, domain)

Handoffs.hand_over, Orders.verify = patched_hand_over, patched_verify
actions.offers.ActionHuman.run = patched_run
from bot.cli import main
sys.exit(main())
'''


def _rows(database: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10) as connection:
        return connection.execute(query, values).fetchall()


def _messages(database: Path, sender: str, author: str) -> list[str]:
    return [row[0] for row in _rows(
        database, "SELECT text FROM messages WHERE conversation_id = ? AND author = ? "
        "ORDER BY seq", sender, author)]


def _events(database: Path, sender: str, kind: str) -> int:
    found: int = _rows(database, "SELECT count(*) FROM tracker_events WHERE conversation_id = ? "
                       "AND type_name = ?", sender, kind)[0][0]
    return found


def _tickets(database: Path, sender: str) -> int:
    found: int = _rows(database, "SELECT count(*) FROM tickets WHERE conversation_id = ?",
                       sender)[0][0]
    return found


def _until(is_so: Callable[[], bool], what: str, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, f"in vain: {what}"
        time.sleep(0.1)


def _post(server: Server, sender: str, message: str, message_id: str) -> httpx.Response:
    return httpx.post(f"{server.url}{WEBHOOK}", timeout=60,
                      headers={"Authorization": f"Bearer {TOKEN}"},
                      json={"sender": sender, "message": message, "message_id": message_id})


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The start script that breaks something."""
    path = tmp_path / "crashing.py"
    path.write_text(CRASHING, encoding="utf-8")
    return path


# ---------------------------------------------------------------- power cuts


@pytest.mark.parametrize("moment", ["accepted", "in the turn", "about to send"])
def test_a_power_cut_loses_and_doubles_nothing(
        script: Path, sqlite_template: Path, tmp_path: Path, moment: str) -> None:
    database = tmp_path / "test.db"
    database.write_bytes(sqlite_template.read_bytes())
    broken = Server(database, wrapper=script, settings={"CRASH_AT": moment},
                    preloaded=True).start()
    with pytest.raises(httpx.TransportError):
        _post(broken, "ada", PERSON, "m-1")
    assert broken.wait_until_dead() == -9
    assert _messages(database, "ada", "customer") == [PERSON]

    server = Server(database, preloaded=True).start()
    try:
        # Whoever restarts does not have to ask: the message is answered by itself.
        _until(lambda: _rows(database, "SELECT state FROM inbox") != [("waiting",)],
               "the message is answered after the restart")
        assert _rows(database, "SELECT state FROM inbox") == [("answered",)]
        first = _post(server, "ada", PERSON, "m-1")
        again = _post(server, "ada", PERSON, "m-1")
        assert first.status_code == again.status_code == 200
        assert first.json() == again.json() != []
        assert _messages(database, "ada", "customer") == [PERSON]
        assert _messages(database, "ada", "assistant") == [r["text"] for r in first.json()]
        assert _events(database, "ada", "user") == 1
        assert _tickets(database, "ada") == 1
        ticket = _rows(database, "SELECT number FROM tickets")[0][0]
        assert ticket in first.json()[0]["text"]
    finally:
        server.stop()


def test_a_chat_reply_that_was_committed_and_not_sent_is_there_once_after_a_power_cut(
        script: Path, sqlite_template: Path, tmp_path: Path) -> None:
    database = tmp_path / "test.db"
    database.write_bytes(sqlite_template.read_bytes())
    broken = Server(database, wrapper=script, settings={"CRASH_AT": "chat committed"},
                    preloaded=True).start()
    session = requests.Session()
    session.headers["Origin"] = broken.url
    token = session.post(f"{broken.url}/chat/session", timeout=60).json()["token"]
    # It may die before or after it said that it has the message.
    with contextlib.suppress(socketio.exceptions.SocketIOError):
        _told(broken, session, token, "user_uttered", {"message": PERSON, "client_msg_id": "c-1"})
    assert broken.wait_until_dead() == -9
    server = Server(database, preloaded=True)
    server.port, server.url = broken.port, broken.url
    server.start()
    try:
        # The page does not know whether its message arrived, so it sends it again.
        again = _told(server, session, token, "user_uttered",
                      {"message": PERSON, "client_msg_id": "c-1"})
        assert again == {"seq": 1}
        _until(lambda: _rows(database, "SELECT count(*) FROM outbox "
                             "WHERE delivered_at IS NULL") == [(0,)], "it is delivered")
        said = _told(server, session, token, "resume", {"last_seq": 0})["messages"]
        assert [m["author"] for m in said] == ["customer", "assistant"]
    finally:
        server.stop()


def _told(server: Server, session: requests.Session, token: str, event: str,
          payload: dict[str, Any]) -> Any:
    page = socketio.Client(http_session=session, reconnection=False)
    page.connect(server.url, auth={"token": token}, transports=["polling"],
                 headers={"Origin": server.url}, socketio_path="/chat/socket.io")
    try:
        return page.call(event, payload, timeout=20)
    finally:
        # Not as politely as it could: the library waits for a poll that nobody answers.
        page.eio.disconnect(abort=True)


# ---------------------------------------------------------------- actions that fail


@pytest.fixture(scope="module")
def failing(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose services fail at certain words, with one second for an action."""
    folder = tmp_path_factory.mktemp("failing")
    (folder / "failing.py").write_text(FAILING, encoding="utf-8")
    database = folder / "test.db"
    database.write_bytes(sqlite_template.read_bytes())
    server = Server(database, wrapper=folder / "failing.py",
                    settings={"RELEASE": str(folder / "release")}, preloaded=True)
    try:
        yield server.start()
    finally:
        server.stop()


def _is_an_apology(server: Server, sender: str, response: httpx.Response) -> None:
    assert response.status_code == 200, response.text
    replies = response.json()
    assert len(replies) == 1
    assert "sorry" in replies[0]["text"]
    ticket = replies[0]["custom"]["ticket_number"]
    assert ticket in replies[0]["text"]
    assert [ticket] == [row[0] for row in _rows(
        server.database, "SELECT number FROM tickets WHERE conversation_id = ?", sender)]


@pytest.mark.parametrize("word", ["RAISE", "HANG"])
def test_an_action_that_fails_is_an_apology_with_a_ticket_and_nothing_else_of_it_stays(
        failing: Server, word: str) -> None:
    sender = f"customer-{word}"
    response = _post(failing, sender, f"{PERSON} {word}", "m-1")
    _is_an_apology(failing, sender, response)
    assert _post(failing, sender, f"{PERSON} {word}", "m-1").json() == response.json()
    # The conversation goes on.
    assert "order number" in _post(failing, sender, "My radio does not turn on.", "m-2").text


def test_a_service_that_blocks_is_an_apology_too_and_blocks_nobody_else(failing: Server) -> None:
    with ThreadPoolExecutor() as pool:
        blocked = pool.submit(_post, failing, "customer-BLOCK", f"{PERSON} BLOCK", "m-1")
        time.sleep(0.3)  # until the first one is in its action
        assert "order number" in _post(failing, "somebody-else", "My radio is dead.", "m-1").text
        assert not blocked.done()
    _is_an_apology(failing, "customer-BLOCK", blocked.result())
    time.sleep(4)  # until the service wakes up: what it wants to write then is not written
    assert _tickets(failing.database, "customer-BLOCK") == 1


def test_a_failure_in_a_form_keeps_the_question(failing: Server) -> None:
    for number, message in enumerate(("My radio does not turn on.", "CG2026-000001")):
        _post(failing, "in-a-form", message, f"m-{number}")
    _is_an_apology(failing, "in-a-form",
                   _post(failing, "in-a-form", "raise@example.com", "m-3"))
    slots = httpx.get(f"{failing.url}/conversations/in-a-form/tracker", timeout=30,
                      params={"token": TOKEN}).json()["slots"]
    assert (slots["requested_slot"], slots["order_number"]) == ("verification", "CG2026-000001")


# ---------------------------------------------------------------- the database in the way


def test_a_locked_database_is_a_clear_error_and_nothing_is_lost(failing: Server) -> None:
    with sqlite3.connect(failing.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = _post(failing, "locked-out", PERSON, "m-1")
        other.execute("ROLLBACK")
    assert refused.status_code == 503
    assert "try again" in refused.json()["error"]
    assert _messages(failing.database, "locked-out", "customer") == []
    answered = _post(failing, "locked-out", PERSON, "m-1")
    assert answered.status_code == 200
    assert _messages(failing.database, "locked-out", "customer") == [PERSON]
    assert _events(failing.database, "locked-out", "user") == 1
    assert _tickets(failing.database, "locked-out") == 1


def test_a_database_that_is_locked_during_a_turn_is_a_clear_error_and_nothing_is_lost(
        failing: Server) -> None:
    refused = _post(failing, "locked-in", f"{PERSON} LOCK IT", "m-1")
    (failing.database.parent / "release").touch()
    assert refused.status_code == 503
    assert "try again" in refused.json()["error"]
    assert _messages(failing.database, "locked-in", "customer") == [f"{PERSON} LOCK IT"]
    answered = _post(failing, "locked-in", f"{PERSON} LOCK IT", "m-1")
    assert answered.status_code == 200, answered.text
    assert answered.json()[0]["custom"]["type"] == "handoff"
    assert _events(failing.database, "locked-in", "user") == 1
    assert _tickets(failing.database, "locked-in") == 1


# ---------------------------------------------------------------- servers that cannot start


def _one_clear_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode not in (0, None), done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("bot: ")
    return lines[0]


def test_a_busy_port_is_one_clear_line(sqlite_template: Path, tmp_path: Path) -> None:
    database = tmp_path / "test.db"
    database.write_bytes(sqlite_template.read_bytes())
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        line = _one_clear_line(run_bot("serve", "--port", str(port), database=database))
    assert str(port) in line


@pytest.mark.parametrize("seed", ["0", "1"])
@pytest.mark.parametrize("state", ["migrated", "empty"])
def test_a_read_only_database_is_one_clear_line(
        sqlite_template: Path, tmp_path: Path, state: str, seed: str) -> None:
    database = tmp_path / "test.db"
    database.write_bytes(sqlite_template.read_bytes() if state == "migrated" else b"")
    database.chmod(0o444)
    command = [sys.executable, "-m", "bot.cli", "serve", "--port", "5299"]
    if os.geteuid() == 0:  # root may write anything, unless it gives that up
        command = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", *command]
    tmp_path.chmod(0o555)
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment(database, SEED_DEMO=seed), text=True,
            capture_output=True, timeout=START_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.fail("`bot serve` serves on a database that it cannot write")
    finally:
        tmp_path.chmod(0o755)
    assert "database" in _one_clear_line(done)


def test_a_database_in_a_folder_that_is_a_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("I am no folder.", encoding="utf-8")
    _one_clear_line(run_bot("serve", "--port", "5299", database=tmp_path / "file" / "test.db"))
