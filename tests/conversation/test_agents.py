"""A person takes over, on the real server: the assistant is silent, then knows what was settled."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conversation.customer import Customer, Shop
from tests.conversation.orders import Order
from tests.conversation.server import Server, run_bot

EMAIL = "mai@shop.example"
HOUR_AND_A_BIT = 61 * 60


class Agent:
    """An agent's script, whose browser is at the desk too."""

    def __init__(self, server: Server) -> None:
        done = run_bot("staff", "add", EMAIL, "--name", "Mai", database=server.database)
        assert done.returncode == 0, done.stderr
        token = run_bot("staff", "token", EMAIL, database=server.database).stdout.split()[-1]
        self._database = server.database
        self.http = httpx.Client(base_url=f"{server.url}/desk/api", timeout=30,
                                 headers={"Authorization": f"Bearer {token}"})

    def comes(self) -> None:
        """Is at the desk; there is no browser whose signs of life would end."""
        assert self.http.put("/presence", json={"status": "online"}).status_code == 204
        with sqlite3.connect(self._database, timeout=10) as store:
            store.execute("UPDATE presence SET seen_at = datetime('now', '+1 hour')")

    def goes(self) -> None:
        """The browser was killed some minutes ago."""
        with sqlite3.connect(self._database, timeout=10) as store:
            store.execute("UPDATE presence SET seen_at = datetime('now', '-5 minutes')")
            store.execute("UPDATE owner_changes SET created_at = datetime('now', '-6 minutes')")

    def does(self, path: str, **body: Any) -> Any:
        """Asks for something that must be done."""
        response = self.http.post(path, json=body)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    def sees(self, path: str, **query: Any) -> Any:
        """Reads something."""
        response = self.http.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture(scope="module")
def staffed(stocked_database: Path, placed: dict[str, list[Order]],
            tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, Agent]]:
    """A shop with an agent."""
    folder = tmp_path_factory.mktemp("staffed")
    with sqlite3.connect(stocked_database) as source, sqlite3.connect(folder / "shop.db") as copy:
        source.backup(copy)
    server = Server(folder / "shop.db", settings={"WORKING_HOURS": "24/7"})
    try:
        server.start()
        shop = Shop(server, placed)
        yield shop, Agent(server)
        shop.http.close()
    finally:
        server.stop()


@pytest.fixture
def shop(staffed: tuple[Shop, Agent]) -> Shop:
    return staffed[0]


@pytest.fixture
def mai(staffed: tuple[Shop, Agent]) -> Agent:
    staffed[1].comes()
    return staffed[1]


def test_the_assistant_is_silent_while_a_person_has_it(shop: Shop, mai: Agent) -> None:
    customer = shop.customer().says("Can I talk to a human please?")
    assert customer.payload("handoff")["route"] == "live_chat"
    assert "You are number" in customer.text
    assert customer.sends("My radio is dead") == []
    row = mai.does("/queue/next")
    assert row["id"] == customer.sender
    mai.does(f"/conversations/{customer.sender}/reply", client_msg_id="1", text="I am Mai.")
    _an_hour_later(shop, customer)
    assert [each["text"] for each in customer.sends("/restart")] == ["I am Mai."]
    assert customer.sends("Hello? Is water damage covered?") == []
    assert mai.does(f"/conversations/{customer.sender}/hand-back")["owner"] == "bot"
    replies = customer.sends("Is water damage covered?")
    assert "automated assistant again" in replies[0]["text"]
    assert len(replies) > 1
    assert customer["handoff"] is None


def test_an_emergency_is_first_and_says_so(shop: Shop, mai: Agent) -> None:
    waiting = shop.customer().says("Let me talk to a person")
    urgent = shop.customer().says("There is smoke coming out of the radio")
    assert urgent.has_payload("safety")
    assert "You come first" in urgent.text
    rows = mai.sees("/inbox", view="waiting")["rows"]
    assert [row["id"] for row in rows][:1] == [urgent.sender]
    for customer in (waiting, urgent):
        mai.does(f"/conversations/{customer.sender}/claim")
        mai.does(f"/conversations/{customer.sender}/close")


def test_a_claim_is_decided_by_a_person_and_not_asked_about_again(shop: Shop, mai: Agent) -> None:
    order = shop.order()
    customer = shop.customer().proves(order)
    customer.tells_what_happened("I opened it and tried to solder it myself.")
    customer.answers(cause_confirmed="Yes, that is right.")
    assert customer.outcome == "needs_review", customer.text
    shown = mai.sees(f"/conversations/{customer.sender}")
    assert shown["order"]["order_number"] == order.number
    [claim] = shown["claims"]
    assert any(rule["result"] == "yes" for rule in claim["decisions"][0]["rules"])
    mai.does(f"/conversations/{customer.sender}/claim")
    decided = mai.does(f"/claims/{claim['number']}/decide", outcome="covered",
                       reason="The photos show a production fault")
    assert [each["outcome"] for each in decided["decisions"]] == ["needs_review", "covered"]
    mai.does(f"/conversations/{customer.sender}/hand-back")
    customer.says("Thank you")
    assert f"claim {claim['number']} and approved it" in customer.text
    assert customer.outcome == "covered"
    assert customer.asked is None


def test_a_lost_agent_gives_back_and_an_empty_desk_names_the_phone(shop: Shop, mai: Agent) -> None:
    customer = shop.customer().says("I want to speak with a person")
    mai.does(f"/conversations/{customer.sender}/claim")
    mai.goes()
    _until(lambda: _owner(shop, customer) == "queued")
    with sqlite3.connect(shop.server.database, timeout=10) as store:
        store.execute("UPDATE owner_changes SET created_at = datetime('now', '-6 minutes')")
    _until(lambda: _owner(shop, customer) == "bot")
    replies = customer.sends("Are you there?")
    assert "back in the queue" in replies[0]["text"]
    assert replies[1]["custom"]["route"] == "phone"
    assert customer["handoff"] == {"reason": "requested", "route": "phone"}


def _owner(shop: Shop, customer: Customer) -> str:
    with sqlite3.connect(shop.server.database, timeout=10) as store:
        return str(store.execute("SELECT owner FROM conversations WHERE id = ?",
                                 (customer.sender,)).fetchone()[0])


def _an_hour_later(shop: Shop, customer: Customer) -> None:
    """Rasa begins a new session, and ends its own pauses, after an hour of silence."""
    with sqlite3.connect(shop.server.database, timeout=10) as store:
        store.execute("UPDATE tracker_events SET timestamp = timestamp - ? "
                      "WHERE conversation_id = ?", (HOUR_AND_A_BIT, customer.sender))


def _until(happened: Any) -> None:
    ends = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < ends
        time.sleep(0.2)
