from __future__ import annotations

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.tracker_store import KEPT, LONGEST, DatabaseTrackerStore
from bot.errors import ConcurrentTurn
from bot.store.database import Database

DOMAIN = Domain.from_dict({
    "slots": {name: {"type": "any", "mappings": [{"type": "custom"}]}
              for name in ("first", "often", "requested_slot")},
    "forms": {"claim_form": {"required_slots": []}}, "intents": ["claim"],
    "actions": ["action_say"]})


@pytest.fixture
def store(database: Database) -> DatabaseTrackerStore:
    return DatabaseTrackerStore(DOMAIN, database=database)


def _turn(tracker: DialogueStateTracker, number: int) -> None:
    for event in (UserUttered(f"message {number}", {"name": "claim"}),
                  SlotSet("often", number), ActionExecuted("action_say"),
                  BotUttered(f"answer {number}"), ActionExecuted("action_listen")):
        tracker.update(event, DOMAIN)


async def _talked(store: DatabaseTrackerStore, turns: int) -> None:
    tracker = await store.get_or_create_tracker("long")
    tracker.update(SlotSet("first", "kept"), DOMAIN)
    tracker.update(ActiveLoop("claim_form"), DOMAIN)
    await store.save(tracker)
    for number in range(turns):
        tracker = await store.retrieve("long")
        assert tracker is not None
        _turn(tracker, number)
        await store.save(tracker)


async def test_a_long_conversation_is_read_in_part_and_keeps_what_it_knew(
        store: DatabaseTrackerStore) -> None:
    turns = LONGEST // 5 + 20
    await _talked(store, turns)
    tracker = await store.retrieve("long")
    assert tracker is not None
    assert len(tracker.events) < KEPT + 30
    assert tracker.get_slot("first") == "kept"
    assert tracker.get_slot("often") == turns - 1
    assert tracker.active_loop_name == "claim_form"
    assert tracker.latest_action_name == "action_listen"


async def test_nothing_is_lost_or_doubled_in_the_table(store: DatabaseTrackerStore) -> None:
    turns = LONGEST // 5 + 20
    await _talked(store, turns)
    full = await store.retrieve_full_tracker("long")
    assert full is not None
    said = [e.text for e in full.events if isinstance(e, UserUttered)]
    assert said == [f"message {number}" for number in range(turns)]


async def test_two_savers_of_one_state_collide_in_a_long_conversation_too(
        store: DatabaseTrackerStore) -> None:
    await _talked(store, LONGEST // 5 + 5)
    one, two = await store.retrieve("long"), await store.retrieve("long")
    assert one is not None and two is not None
    _turn(one, 1001)
    _turn(two, 1002)
    await store.save(one)
    with pytest.raises(ConcurrentTurn):
        await store.save(two)
