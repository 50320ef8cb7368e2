"""What a customer says of a fault's cause: what is kept of it, and which cause is read back next.

A cause counts only once the customer confirmed it. So a cause that was merely heard costs one
question, and one that was missed may cost the claim: what is plausible is read back, the likeliest
first. One story has one cause, though, unless a part of the message tells another one by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.policy import Source, State
from bot.services.both import says_both
from bot.services.draft import Draft
from bot.services.heard import (
    LOSS,
    TOLD_BY_A_NOT,
    CauseHeard,
    Heard,
    Meaning,
    are_kindred,
    causes_heard,
)
from bot.services.negation import negates

#: Below this a spoken-of cause is not even read back.
CAUSE_HEARD = 0.4
#: As the answer to what happened it is read back already from here on.
CAUSE_ANSWERED = 0.22
#: A second cause in the same message has to be told in a part of its own, this plainly.
ANOTHER_CAUSE_HEARD = 0.5
#: So has one that is told in much the same words as the first: a blow in anger and an accident.
KINDRED_CAUSE_HEARD = 0.6
#: "No water, no knock": what is denied beside the plainest has to be said this plainly.
DENIED_TOO = 0.6
#: What was said the other way round before is in dispute from here on.
OTHERWISE_BEFORE = 0.2
#: A wish for compensation is no cause, and is never read back.
LOSS_HEARD = 0.6
#: Told this plainly in passing, a cause is read back at once; else what happened is asked first.
PLAINLY_TOLD = 0.85
#: What a fault may sound like without anything having happened: that is always asked first.
LIKE_A_FAULT = ("wear", "outer_covering", "battery_exhaustion")
#: Told less plainly than this, a cause is forgotten when what happened turns out to be another.
FAINT = 0.7
#: Said this plainly, another cause than the one read back is what the customer means.
PLAINLY_ANOTHER = 0.6
#: From here on a cause is tried when the likeliest one was denied.
PERHAPS = 0.2
#: From here on a story counts as sounding like a cause at all, for what a yes goes on to name.
HARDLY = 0.03
#: "Nothing happened, a shop fitted it" is a no to whatever was read back.
PLAINLY_NOTHING = 0.7
#: A floor under what story and answer say of a cause, and how much likelier another one has to be.
UNTOLD, MUCH_LIKELIER = 0.03, 3.0
#: Causes that are read back one after the other, at most.
MOST_READ_BACKS = 3
#: A flood is water (contract, "Finer points"): where a force of nature was confirmed, so little of
#: it in the story is read back too.
WATER, PERHAPS_WATER = "F", 0.1


def take_in(draft: Draft, heard: Heard, asked: str | None) -> None:
    """Keeps the causes that a message tells or denies."""
    told = causes_heard(heard, asked)
    first = next((c for c in told if c.state == "yes" and c.name != LOSS), None)
    for cause in told:
        # At the read-back the answer itself settles that cause.
        if asked == "cause_confirmed" and cause.name == draft.reading_back:
            continue
        before = draft.facts.get(cause.name)
        needed = _needed(cause, told[0], first, asked)
        if before and before["state"] != cause.state and before["source"] == Source.WORDS.value:
            needed = min(needed, OTHERWISE_BEFORE)
        if cause.confidence >= needed:
            draft.note_cause(cause, heard.message_id)
            if cause.name == "B" and cause.state == "yes" and "B" not in draft.contradictions:
                # Misuse is for a person to decide, but whether it was meant is asked first.
                draft.contradictions.append("B")
    if asked == "incident":
        draft.perhaps = {c.name: c.confidence for c in told
                         if c.state == "yes" and c.name != LOSS and c.confidence >= HARDLY}


def _needed(cause: CauseHeard, plainest: CauseHeard, first: CauseHeard | None,
            asked: str | None) -> float:
    """How plainly a cause has to be said to be kept."""
    if cause.name == LOSS:
        return LOSS_HEARD
    if first is None or cause.name == first.name or cause.state != "yes":
        alone = cause.name == plainest.name or (first is not None and cause.name == first.name)
        if not alone:
            return DENIED_TOO
        return CAUSE_ANSWERED if asked == "incident" else CAUSE_HEARD
    if not cause.apart:
        return 2.0
    if are_kindred(cause.name, first.name):
        return KINDRED_CAUSE_HEARD
    return ANOTHER_CAUSE_HEARD if asked == "incident" else CAUSE_HEARD


def answer_incident(draft: Draft, heard: Heard, means: Meaning) -> None:
    """The answer to what happened. "I don't know" excludes nothing, and neither does silence."""
    told = {c.name for c in causes_heard(heard, "incident")
            if c.state == "yes" and c.confidence >= CAUSE_ANSWERED}
    if told:
        draft.forget_faint_causes(told, PLAINLY_TOLD)
    elif means.act == "deny" or heard.most("incident/none_yes") >= FAINT:
        draft.forget_faint_causes(told, FAINT)
    draft.incident = "" if heard.pressed else heard.text


def answer_read_back(draft: Draft, heard: Heard, means: Meaning) -> bool:
    """The answer to a cause read back. False if it says neither yes, no nor don't know."""
    cause = draft.reading_back
    assert cause is not None
    state = {"affirm": State.YES, "deny": State.NO, "dont_know": State.UNKNOWN}.get(means.act or "")
    heard_now = causes_heard(heard, "cause_confirmed")
    told = {c.name: c for c in reversed(heard_now)
            if c.state in ("yes", "no") and c.confidence >= CAUSE_HEARD}
    if state is None and cause in told:
        state = State(told[cause].state)
    if state is None and heard.most("incident/none_yes") >= PLAINLY_NOTHING and negates(heard.text):
        state = State.NO
    if state is State.YES and not says_both(heard.text):
        meant = _meant_instead(draft, cause, heard, told)
        if meant in draft.agreed_to:
            # Both got a yes, and this one was named at each.
            draft.forget_cause(cause)
            draft.reading_back = cause = meant
        elif meant:
            draft.forget_cause(cause)
            draft.reading_back = None
            draft.read_backs += 1
            draft.agreed_to.append(cause)
            draft.note_cause(CauseHeard(meant, "yes", PLAINLY_TOLD), heard.message_id)
            return True
        if heard.doubts_its_yes() or _denied_as_well(cause, heard_now):
            state = State.UNKNOWN
    if state is None:
        return False
    spoken_of = [name for name, c in told.items() if c.state == "yes"]
    settle(draft, cause, state, heard.message_id, spoken_of, both=says_both(heard.text))
    return True


def _meant_instead(draft: Draft, cause: str, heard: Heard,
                   told: Mapping[str, CauseHeard]) -> str | None:
    """The cause that a yes goes on to name, if it is another than the one read back.

    "Yes, the cellar is wet" says no more about batteries than that wetness is meant. How the story
    sounded counts as much as the answer, for that may be told in few words.
    """
    plainly = [c for c in told.values() if c.state == "yes" and c.confidence >= PLAINLY_ANOTHER
               and c.name not in (cause, LOSS) and not are_kindred(c.name, cause)]
    if cause not in told and plainly:
        return plainly[-1].name
    named = heard.meant_by_yes()
    if not named or draft.read_backs >= MOST_READ_BACKS - 1:
        return None

    def likely(name: str) -> float:
        story = max(draft.perhaps.get(name, 0.0),
                    draft.plainness.get(name, 0.0) if name in draft.facts else 0.0)
        return (story + UNTOLD) * (named.get(name, 0.0) + UNTOLD)

    best = max((name for name in named if name != LOSS), key=likely, default=cause)
    return best if likely(best) >= MUCH_LIKELIER * likely(cause) else None


def _denied_as_well(cause: str, heard: Iterable[CauseHeard]) -> bool:
    """Whether an answer says yes in one part and no in another: "yes it got in, but it was dry"."""
    if cause in TOLD_BY_A_NOT:
        return False
    mine = {c.state: c for c in heard if c.name == cause}
    return ("no" in mine and mine["no"].apart and mine["no"].confidence >= DENIED_TOO
            and "yes" in mine and mine["yes"].confidence >= CAUSE_HEARD)


def settle(draft: Draft, cause: str, state: State, said_in: str | None,
           told: Iterable[str] = (), *, both: bool = False) -> None:
    """Keeps what the read-back came to.

    `told`: causes that the answer itself speaks of; `both`: it says that several hold.
    """
    draft.settle_cause(cause, state, said_in)
    draft.reading_back = None
    draft.read_backs += 1
    draft.misses.pop("cause_confirmed", None)
    draft.perhaps.pop(cause, None)
    if state is State.YES and both:
        if not draft.told_in_words():
            _try_the_next(draft, said_in)
    elif state is State.YES:
        _explained(draft, cause, set(told), said_in)
    elif state is State.NO and not draft.told_in_words() and draft.read_backs < MOST_READ_BACKS:
        _try_the_next(draft, said_in)


def _explained(draft: Draft, cause: str, told: set[str], said_in: str | None) -> None:
    """One confirmed cause explains the story; others stay if they were told by themselves."""
    wet = max(draft.perhaps.get(WATER, 0.0), draft.plainness.get(WATER, 0.0))
    if cause == "act_of_god" and WATER not in draft.facts and (
            WATER in told or wet >= PERHAPS_WATER):
        # A storm's water is water: the policy has a clause of its own for it.
        told = told | {WATER}
        draft.note_cause(CauseHeard(WATER, "yes", max(wet, PERHAPS)), said_in)
    draft.perhaps = {}
    for other in draft.told_in_words():
        by_itself = other in told or other in draft.apart
        if other == WATER and cause == "act_of_god" and by_itself:
            continue
        if are_kindred(cause, other) or not by_itself:
            draft.forget_cause(other)


def _try_the_next(draft: Draft, said_in: str | None) -> None:
    """The likeliest cause was denied, or is not the only one: what the story may mean as well."""
    open_ones = {name: p for name, p in draft.perhaps.items()
                 if name not in draft.facts and p >= PERHAPS}
    if open_ones:
        name = max(open_ones, key=lambda n: open_ones[n])
        draft.note_cause(CauseHeard(name, "yes", draft.perhaps.pop(name)), said_in)
        if name == "B" and "B" not in draft.contradictions:
            draft.contradictions.append("B")


def to_read_back(draft: Draft, open_causes: Iterable[str]) -> str | None:
    """The cause that is read back next. `open_causes`: those that the policy still asks about."""
    disputed = [c for c in draft.contradictions if c == "B"
                and draft.facts.get("B", {}).get("source") == Source.WORDS.value]
    causes = sorted({*open_causes, *disputed}, key=lambda c: (-draft.plainness.get(c, 0.0), c))
    if draft.read_backs >= MOST_READ_BACKS:
        # Enough was asked: what is left was never plain, and nobody is refused on a guess.
        for name in causes:
            draft.forget_cause(name)
        return None
    return next(iter(causes), None)
