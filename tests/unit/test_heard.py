from __future__ import annotations

from bot.policy import State
from bot.services.draft import Draft
from bot.services.heard import CauseHeard, Heard, are_kindred, causes_heard


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
