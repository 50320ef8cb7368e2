"""What the desk reads, on both databases: views with counts, search, news since the last look."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from bot.desk.news import Watcher
from bot.store.changes import Changed
from bot.store.database import Database
from bot.store.tables import Message, utcnow
from tests.unit.desk_people import begin, hire, write
from tests.unit.desk_site import services_on


def test_views_and_counts(database: Database, tmp_path: Path) -> None:
    services = services_on(database, tmp_path)
    hire(database, "mai", "tom", languages=["de"])
    begin(database, "waits", "smoke", "mine", "toms", "later", "bots", language="en")
    for id_ in ("waits", "smoke", "mine", "toms", "later", "bots"):
        write(database, id_, f"hello from {id_}")
    for id_ in ("waits", "mine", "toms", "later"):
        services.ownership.queue(id_, "requested")
    services.ownership.queue("smoke", "emergency")
    services.ownership.claim("mine", "mai")
    services.ownership.claim("toms", "tom")
    services.desk.handling.snooze("later", "mai", utcnow() + dt.timedelta(hours=1))
    seen = {view: [row["id"] for row in services.desk.inbox.page(view, "mai")["rows"]]
            for view in ("waiting", "mine", "emergencies", "snoozed")}
    assert seen == {"waiting": ["smoke", "waits"], "mine": ["mine"], "emergencies": ["smoke"],
                    "snoozed": ["later"]}
    page = services.desk.inbox.page("all", "mai")
    assert {row["id"] for row in page["rows"]} == {
        "waits", "smoke", "mine", "toms", "later", "bots"}
    assert page["counts"] == {"waiting": 2, "mine": 1, "emergencies": 1, "all": 6, "snoozed": 1}
    fits = {row["id"]: row["fits"] for row in page["rows"]}
    assert (fits["smoke"], fits["waits"]) == (True, False)


def test_words_are_found_in_any_order_of_letters_and_language(database: Database, tmp_path: Path
                                                              ) -> None:
    services = services_on(database, tmp_path)
    hire(database, "mai")
    begin(database, "en", "zh", "gone")
    write(database, "en", "The DISPLAY flickers at night")
    write(database, "zh", "屏幕晚上闪烁")
    write(database, "gone", "display", author="withdrawn")

    def found(text: str) -> list[str]:
        return [each["row"]["id"] for each in services.desk.search.find(text, "mai")[
            "conversations"]]

    assert found("display") == found("Flickers") == ["en"]
    assert found("晚上") == ["zh"]
    assert found("'); drop table") == found("%") == []
    ticket = services.tickets.open("request", "Help", "a rattling fan", conversation_id="en")
    assert services.desk.search.find("rattling", "mai")["tickets"][0]["number"] == ticket.number


def test_a_commit_rings_once_it_is_done_and_a_rollback_does_not(database: Database) -> None:
    heard: list[Changed] = []
    begin(database, "c")
    with database.changes.listening(heard.append):
        write(database, "c", "hello")
        try:
            with database.unit_of_work() as session:
                session.add(Message(conversation_id="c", author="customer", seq=2, payload={}))
                session.flush()
                raise KeyError
        except KeyError:
            pass
    assert [(each.conversations, each.messages) for each in heard] == [
        (frozenset({"c"}), frozenset({("c", 1)}))]


def test_what_nobody_rang_for_is_found_and_told_to_those_who_look(
        database: Database, tmp_path: Path) -> None:
    services = services_on(database, tmp_path)
    hire(database, "mai")
    begin(database, "c")
    write(database, "c", "hello")
    watcher = Watcher(database, services.queue)
    assert watcher.differing() == frozenset()
    watcher.looked("c")
    services.ownership.queue("c", "emergency")
    write(database, "c", "help")
    services.desk.handling.note("c", "mai", "@mai careful")
    changed = watcher.differing()
    assert changed == {"c"}
    news = watcher.news(Changed(changed), ["mai"], ["c"])
    assert [event for _, event, _ in news.viewed] == ["message", "happening", "note"]
    assert [row["id"] for row in news.arrived] == ["c"]
    assert news.changed["mai"]["counts"]["emergencies"] == 1
    again = watcher.news(Changed(changed), ["mai"], ["c"])
    assert (again.viewed, again.arrived) == ([], [])
    assert watcher.differing() == frozenset()
