from __future__ import annotations

import pytest

from bot.policy import State
from bot.services.answers import postal_codes_named
from bot.services.both import says_both
from bot.services.causes import answer_read_back
from bot.services.draft import Draft
from bot.services.heard import CauseHeard, Heard, are_kindred, causes_heard, meaning


def test_water_beside_a_fault_is_told_and_not_asked_about() -> None:
    clause = {"policy/water": 0.48, "incident/F_yes": 0.47}
    told = Heard("Water got in and it is dead", labels={"claim/no_power": 0.95}, clauses=(clause,))
    asked = Heard("Is water covered?", labels={"policy/water": 0.8}, clauses=(clause,))
    assert {c.name: c.confidence for c in causes_heard(told, None)}["F"] > 0.9
    assert {c.name: c.confidence for c in causes_heard(asked, None)}["F"] < 0.5


def test_the_last_part_says_whether_it_works_again() -> None:
    works, broken = {"fixed/yes": 0.9}, {"fixed/no": 0.9}
    assert Heard("", clauses=(broken, works)).works_again() == (0.9, 0.0)
    assert Heard("", clauses=(works, broken)).works_again() == (0.0, 0.9)
    assert Heard("", labels={"fixed/yes": 0.4}).works_again() == (0.4, 0.0)


def test_a_wish_for_costs_is_never_in_dispute() -> None:
    draft = Draft()
    for state in ("yes", "no", "yes"):
        draft.note_cause(CauseHeard("consequential_loss", state, 0.9), None)
    assert draft.contradictions == []
    draft.account()


def test_faint_causes_are_forgotten_and_plain_or_disputed_ones_stay() -> None:
    draft = Draft()
    for name, plain in (("F", 0.5), ("D", 0.9), ("E", 0.5)):
        draft.note_cause(CauseHeard(name, "yes", plain), None)
    draft.note_cause(CauseHeard("E", "no", 0.8), None)
    draft.forget_faint_causes(set(), 0.7)
    assert {name for name in draft.facts if draft.facts[name]["state"] == State.YES.value} == {
        "D", "E"}


def test_kindred_causes_are_so_both_ways() -> None:
    assert are_kindred("B", "accident") and are_kindred("accident", "B")
    assert not are_kindred("B", "B") and not are_kindred("D", "F")


def _read_back(cause: str, answer: Heard, perhaps: dict[str, float]) -> Draft:
    draft = Draft(reading_back=cause, perhaps=perhaps)
    draft.note_cause(CauseHeard(cause, "yes", 0.7), None)
    assert answer_read_back(draft, answer, meaning(answer, "cause_confirmed"))
    return draft


def test_a_yes_that_names_another_cause_means_that_one() -> None:
    wet = Heard("yes, the cellar is wet", opening="affirm",
                after_opening={"incident/F_yes": 0.4, "incident/E_yes": 0.02})
    draft = _read_back("E", wet, {"E": 0.6, "F": 0.3})
    assert draft.told_in_words() == ["F"]


def test_a_yes_that_names_nothing_settles_what_was_read_back() -> None:
    yes = Heard("yes, that's right", opening="affirm", after_opening={"affirm": 0.9})
    draft = _read_back("E", yes, {"E": 0.6, "F": 0.3})
    assert draft.facts["E"]["source"] == "confirmation" and draft.told_in_words() == []


def test_both_confirms_one_and_keeps_the_other() -> None:
    draft = _read_back("B", Heard("yes, both", opening="affirm"), {"B": 0.6, "C": 0.3})
    assert draft.facts["B"]["state"] == State.YES.value and draft.told_in_words() == ["C"]


def test_a_shrug_that_begins_with_a_yes_settles_nothing() -> None:
    shrug = Heard("yeah I don't know, maybe it did, maybe not", opening="affirm",
                  after_opening={"dont_know": 0.8, "incident/F_other": 0.1})
    draft = _read_back("F", shrug, {"F": 0.7})
    assert draft.facts["F"]["state"] == State.UNKNOWN.value


def test_a_yes_and_a_no_in_one_answer_settle_nothing() -> None:
    parts = ({"incident/F_yes": 0.9}, {"incident/F_no": 0.95})
    draft = _read_back("F", Heard("yes it got in, but no, it never got wet", opening="affirm",
                                  clauses=parts), {})
    assert draft.facts["F"]["state"] == State.UNKNOWN.value


@pytest.mark.parametrize(("text", "both"), [
    ("yes, both", True), ("beides stimmt", True), ("sí, las dos cosas", True), ("都对", True),
    ("yes, the water", False), ("Botha did it", False),
])
def test_both_is_understood(text: str, both: bool) -> None:
    assert says_both(text) is both


@pytest.mark.parametrize(("text", "codes"), [
    ("order CG2026-700001, PLZ 10115. It is dead", ["10115"]), ("order SO-210005, 4319", ["4319"]),
    ("nr 100799541, kod 81-350.", ["81-350"]), ("订单100213386，邮编310003", ["310003"]),
    ("order 100234567, 2024", []), ("order 100234567, 1080 pixels", []),
])
def test_a_postal_code_is_known_by_its_name_or_place(text: str, codes: list[str]) -> None:
    assert postal_codes_named(text) == codes


def test_a_yes_may_own_up_with_a_not() -> None:
    told = Heard("yes, it was not made for that", opening="affirm", after_opening={
        "incident/misapplication_no": 0.8, "incident/F_no": 0.1, "incident/none_yes": 0.1})
    assert told.meant_by_yes() == {"misapplication": 1.0}
