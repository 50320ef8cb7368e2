"""The queue: emergencies first, then who waited longest; nobody is handed out twice."""

from __future__ import annotations

import datetime as dt
import threading

from hypothesis import given
from hypothesis import strategies as st

from bot.services.ownership import Ownership
from bot.services.waiting import ANYBODY_AFTER, Profile, Queue, Waiting, ranked
from bot.store.database import Database
from tests.unit.desk_people import begin, hire

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.timezone.utc)
waitings = st.lists(st.builds(
    Waiting, id=st.uuids().map(str),
    reason=st.sampled_from(["emergency", "requested", "review", None]),
    since=st.integers(0, 3600).map(lambda s: NOW - dt.timedelta(seconds=s)),
    language=st.sampled_from(["en", "de", None]), topic=st.sampled_from(["claim", "policy"])),
    unique_by=lambda each: each.id, max_size=12)
profiles = st.builds(
    Profile, id=st.just("mai"), languages=st.sampled_from([(), ("en",), ("de", "en")]),
    skills=st.sampled_from([(), ("claim",)]), capacity=st.integers(1, 3), open=st.integers(0, 4))


@given(waitings, profiles)
def test_emergencies_come_first_whatever_an_agent_knows_and_has(
        waiting: list[Waiting], profile: Profile) -> None:
    order = ranked(waiting, profile, NOW)
    urgent = [each for each in waiting if each.reason == "emergency"]
    assert set(order[:len(urgent)]) == set(urgent)
    assert [each.since for each in order[:len(urgent)]] == sorted(each.since for each in urgent)


@given(waitings, profiles)
def test_who_fits_or_waited_long_comes_before_the_rest_and_earlier_before_later(
        waiting: list[Waiting], profile: Profile) -> None:
    rest = [each for each in ranked(waiting, profile, NOW) if each.reason != "emergency"]
    if not profile.has_room:
        assert rest == []
        return
    fits = [profile.knows(each.language, each.topic) or NOW - each.since >= ANYBODY_AFTER
            for each in rest]
    assert fits == sorted(fits, reverse=True)
    for group in (True, False):
        since = [each.since for each, fit in zip(rest, fits, strict=True) if fit is group]
        assert since == sorted(since)
    assert len(rest) == sum(each.reason != "emergency" for each in waiting)


def test_agents_who_ask_at_once_get_different_conversations_and_none_is_lost(
        database: Database) -> None:
    agents = [f"agent{number}" for number in range(4)]
    hire(database, *agents, capacity=50)
    ids = [f"c{number:02}" for number in range(20)]
    begin(database, *ids)
    ownership = Ownership(database)
    for id_ in ids:
        ownership.queue(id_, "requested")
    taken: list[str] = []

    def work(name: str) -> None:
        queue = Queue(database, ownership)
        while owner := queue.next_for(name):
            taken.append(owner.conversation_id)

    threads = [threading.Thread(target=work, args=(name,)) for name in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == ids


def test_whoever_only_asked_for_a_person_is_every_specialists() -> None:
    profile = Profile("mai", languages=("de",), skills=("claim",))
    assert profile.knows("de", "human") and profile.knows("de", None)
    assert not profile.knows("de", "return_refund") and not profile.knows("en", "human")


def test_the_place_counts_from_one_and_an_emergency_is_first(database: Database) -> None:
    hire(database, "mai", capacity=1)
    begin(database, "first", "second", "smoke")
    ownership = Ownership(database)
    for id_, reason in (("first", "requested"), ("second", "review"), ("smoke", "emergency")):
        ownership.queue(id_, reason)
    places = Queue(database, ownership).places()
    assert {id_: place.position for id_, place in places.items()} == {
        "smoke": 1, "first": 2, "second": 3}
    assert places["second"].expected_minutes > places["smoke"].expected_minutes > 0
    hire(database, "tom", capacity=20)
    assert Queue(database, ownership).places()["smoke"].expected_minutes == 1
    ownership.claim("smoke", "mai")
    assert Queue(database, ownership).place("first") == Queue(database, ownership).places()["first"]
    assert Queue(database, ownership).place("smoke") is None
