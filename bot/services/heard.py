"""What was understood of one message, as plain data, and what it means as an answer.

A message is read with the question that it answers in mind: "no" after "did that fix it?" is not
the "no" after "is that right?". The weights here only shift close calls; a clear message keeps its
meaning whatever was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.services.negation import negates

TOPICS = ("emergency", "human", "claim", "warranty_check", "ticket_status", "policy", "contact",
          "presale", "order_status", "return_refund", "privacy", "smalltalk", "out_of_scope")

#: A wish for compensation: told like a cause, and none.
LOSS = "consequential_loss"
#: Questions on the policy that sound like the cause they ask about.
ASKED_ABOUT = {"policy/water": "F", "policy/charger": "D", "policy/battery": "E",
                "policy/modified": "C", "policy/misuse": "B", "policy/wear": "wear",
                "policy/accident": "accident"}
_A_FAULT, _HINT = 0.5, 0.1
#: Causes that are told by a "not" themselves: "not meant for that", "I did not look after it".
TOLD_BY_A_NOT = ("negligence", "misapplication", "against_manual", "faulty_installation", "B")
#: From this mass on what follows a yes names a cause at all.
_NAMES_A_CAUSE = 0.08
#: Who tells a fault this plainly beside a question on the policy wants it mended.
PLAINLY_A_FAULT = 0.9
#: From this probability on a part of a message says whether it works again.
_PLAIN_PART = 0.6


@dataclass(frozen=True)
class CauseHeard:
    """A cause that the message speaks of. `state`: yes, no or other (somebody else, a question).

    `apart`: a part of the message tells this cause and no other one.
    """

    name: str
    state: str
    confidence: float
    apart: bool = False


@dataclass(frozen=True)
class Heard:
    """One message as understood.

    `intents` gives the probability of each intent, `labels` of the finer ones ("claim/no_power").
    `opening` is affirm, deny or dont_know where the message begins so; it `acknowledges` where it
    begins with an "ok" or "fine". `after_opening` gives the labels of what follows either, and
    `clauses` those of each part of a longer message. `stories` says
    of the message and each of its parts which incident it tells if it tells one, as a second reader
    sees it (English only).
    """

    text: str
    message_id: str | None = None
    intents: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, float] = field(default_factory=dict)
    opening: str | None = None
    acknowledges: bool = False
    after_opening: Mapping[str, float] = field(default_factory=dict)
    clauses: tuple[Mapping[str, float], ...] = ()
    stories: tuple[Mapping[str, float], ...] = ()
    order_numbers: tuple[str, ...] = ()
    likely_numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    postal_codes: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    hazard: float = 0.0
    language: str = "en"

    @property
    def pressed(self) -> bool:
        """Whether a button was pressed, so that the text is a command and nobody's words."""
        return self.text.startswith("/")

    @property
    def proofs(self) -> tuple[str, ...]:
        """Everything that may verify who is asking."""
        return self.emails + self.phones + self.postal_codes

    def best_label(self, topic: str) -> str | None:
        """The finer label of a topic that fits best in the message or a clause, without prefix."""
        mine = {k: max(v, *(c.get(k, 0.0) for c in self.clauses), 0.0)
                for k, v in self._all_labels().items() if k.startswith(f"{topic}/")}
        return max(mine, key=lambda k: mine[k]).split("/", 1)[1] if mine else None

    def most(self, label: str) -> float:
        """The highest probability of a finer label, in the message or a part of it."""
        return max(labels.get(label, 0.0) for labels in (self.labels, *self.clauses))

    def works_again(self) -> tuple[float, float]:
        """How plainly it says that it works again, and that it is still broken.

        Where parts say one and the other, the last one is the result.
        """
        plain = [(c.get("fixed/yes", 0.0), c.get("fixed/no", 0.0)) for c in self.clauses]
        plain = [pair for pair in plain if max(pair) >= _PLAIN_PART]
        if plain:
            return plain[-1]
        return self.most("fixed/yes"), self.most("fixed/no")

    def meant_by_yes(self) -> dict[str, float]:
        """The causes that a yes goes on to name ("yes, it was the rain"), by their share."""
        told: dict[str, float] = {}
        for label, p in self.after_opening.items():
            topic, _, finer = label.partition("/")
            cause, _, state = finer.rpartition("_")
            # "Yes, it was not made for that" owns up to it.
            if topic == "incident" and cause != "none" and (
                    state == "yes" or (state == "no" and cause in TOLD_BY_A_NOT)):
                told[cause] = told.get(cause, 0.0) + p
        mass = sum(told.values())
        return {cause: p / mass for cause, p in told.items()} if mass >= _NAMES_A_CAUSE else {}

    def topic_behind_opening(self) -> str | None:
        """The topic of its own that follows a yes, no or ok, if it is told very plainly."""
        for name, p in _by_intent(self.after_opening).items():
            if name in TOPICS and name not in _PASSING and p >= _ASIDE_OF_WEIGHT:
                return name
        return None

    def doubts_its_yes(self) -> bool:
        """Whether a yes is only how a shrug begins: "yeah I don't know, maybe, maybe not"."""
        return self.after_opening.get("dont_know", 0.0) >= _DOUBTS

    def tells_a_fault(self) -> float:
        """How plainly the message, or a part of it, tells of something broken."""
        return max(sum(p for label, p in labels.items() if label.startswith("claim/"))
                   for labels in (self.labels, *self.clauses))

    def _all_labels(self) -> dict[str, float]:
        merged = {k: 0.0 for clause in self.clauses for k in clause}
        return {**merged, **self.labels}


#: What is offered at the end of a claim, and waits for a yes or no (`Draft.offer`).
OFFERS = ("review", "person")
#: By the question asked: how much likelier each kind of answer is than in an open conversation.
_EXPECTED: dict[str, dict[str, float]] = {
    "order_number": {"no_order_number": 4, "dont_know": 3, "cancel": 2},
    "verification": {"no_order_number": 3, "dont_know": 3, "deny": 2, "cancel": 2},
    "claim_item": {"dont_know": 2, "cancel": 2},
    "symptom": {"claim": 4, "incident": 2, "dont_know": 2, "cancel": 2},
    "fixed": {"fixed": 6, "affirm": 3, "deny": 3, "claim": 1.5, "dont_know": 2, "cancel": 2},
    "incident": {"incident": 6, "deny": 3, "affirm": 2, "dont_know": 3, "cancel": 1},
    "cause_confirmed": {"affirm": 5, "deny": 5, "dont_know": 4, "incident": 3, "cancel": 1},
    "fault_date": {"incident": 3, "dont_know": 4, "claim": 2, "cancel": 1},
    "remedy": {"remedy": 6, "affirm": 2, "deny": 2, "dont_know": 3, "cancel": 2},
    "claim_confirmed": {"affirm": 5, "deny": 4, "dont_know": 2, "remedy": 2, "cancel": 2},
    **{offer: {"affirm": 4, "deny": 4, "cancel": 3, "human": 2} for offer in OFFERS},
}
#: How much likelier a question back is where something was asked.
_ASKED_BACK = 3.0
#: From this mass on a part of the answer tells an incident at all.
_AN_INCIDENT = 0.15
#: The second reader takes everything for a story; this much the first one has to see of it.
_A_STORY = 0.02
#: From which share on a part of a message tells one cause and no other.
_PLAINLY_APART = 0.9
#: How much the second reading of a story counts, and a floor under what either says.
_SECOND_COUNTS, _UNHEARD = 0.6, 1e-3
#: How much of "somebody else's" counts as perhaps the customer's own; it is read back anyway.
_PERHAPS_OWN = 0.7
#: From which hazard score on a message is an emergency: alone, and as an answer to a question.
ALARM, ALARM_IN_ANSWER = 0.4, 0.5
#: A topic of its own in the middle of a question has to be this likely.
_ASIDE = 0.5
#: Where any text is an answer, an aside has to be plainer.
_ASIDE_IN_FREE_TEXT = 0.65
_FREE_TEXT = ("symptom", "incident")
#: Whoever is asked for a number and gives one talks of orders and e-mails without asking anything.
_ASIDE_BESIDE_NUMBERS = 0.9
_NUMBERS = ("order_number", "verification")
_ABOUT_NUMBERS = ("contact", "order_status", "ticket_status", "privacy", "warranty_check")
#: What opens a ticket of its own is not done on a guess.
_ASIDE_OF_WEIGHT = 0.95
#: "Thanks" and the like hardly ever stand instead of an answer.
_PASSING, _ASIDE_IN_PASSING = ("smalltalk", "out_of_scope"), 0.85
#: What is answered beside an answer; anything else in the same breath belongs to it.
_BESIDE_AN_ANSWER = ("human", "policy", "contact", "emergency")


#: What answers each question for certain; a clause that says it counts whatever else is said.
_ANSWERED_BY: dict[str, tuple[str, ...]] = {
    "order_number": ("no_order_number",),
    "verification": ("no_order_number",),
    "fixed": ("fixed", "affirm", "deny"),
    "cause_confirmed": ("affirm", "deny", "dont_know"),
    "fault_date": ("dont_know",),
    "remedy": ("remedy",),
    "claim_confirmed": ("affirm", "deny"),
    **dict.fromkeys(OFFERS, ("affirm", "deny")),
}
#: What an offer is taken by, and turned down by, behind an "ok".
_TAKES, _TURNS_DOWN = ("affirm", "human"), ("deny", "cancel")
#: From this mass on what follows the "ok" says which, and from this probability on a yes without
#: the word is one.
_SAYS_WHICH, PLAINLY_WANTED = 0.4, 0.6
_CLAUSE_ANSWERS = 0.6
#: From this probability on a part of an answer calls the whole claim off.
_PLAINLY_CALLED_OFF = 0.95
#: "No, forget that" there only turns down what was put to the customer.
_NOT_CALLED_OFF = (*OFFERS, "cause_confirmed")
#: From this probability on, what follows a yes says that nobody knows.
_DOUBTS = 0.5
_CLAUSE_ASIDE = 0.85


@dataclass(frozen=True)
class Meaning:
    """What a message means as an answer: `act` is an intent name, `aside` a topic of its own.

    A message may hold both: the answer, and a question beside it.
    """

    act: str | None
    aside: str | None
    confidence: float


def meaning(heard: Heard, asked: str | None) -> Meaning:
    """Reads a message as the answer to `asked` (a slot's name, "review", or None)."""
    expected = {"explain": _ASKED_BACK, **_EXPECTED.get(asked, {})} if asked else {}
    weighted = _weighted(heard.intents, expected)
    if asked in OFFERS and heard.acknowledges:
        return Meaning(_behind_an_ok(heard), None, 1.0)
    # "Yes, and ..." and "no, ..." count as such whatever follows them.
    if heard.opening in _ANSWERED_BY.get(asked or "", ()):
        if asked not in _NOT_CALLED_OFF and _calls_off(heard):
            return Meaning("cancel", None, 1.0)
        aside = _aside_in_a_clause(heard)
        if aside is None and heard.topic_behind_opening() == "human":
            aside = "human"  # "não há aí uma pessoa": some languages ask with a no
        return Meaning(heard.opening, aside, 1.0)
    if asked and asked not in _NOT_CALLED_OFF and _calls_off(heard):
        return Meaning("cancel", None, 1.0)
    total = sum(weighted.values()) or 1.0
    best = max(weighted, key=lambda name: weighted[name], default=None)
    if best is None:
        return Meaning(None, None, 0.0)
    confidence = weighted[best] / total
    if asked is None and best == "policy" and heard.tells_a_fault() >= PLAINLY_A_FAULT:
        return Meaning("claim", "policy", confidence)  # the question is answered beside the claim
    if best in TOPICS and best != "claim":
        needed = _ASIDE_IN_FREE_TEXT if asked in _FREE_TEXT else _ASIDE
        if asked and best == "privacy":
            needed = _ASIDE_OF_WEIGHT
        if asked in _NUMBERS and (heard.order_numbers or heard.proofs):
            needed = 1.1 if best in _ABOUT_NUMBERS else _ASIDE_BESIDE_NUMBERS
        if asked and best in _PASSING:
            needed = _ASIDE_IN_PASSING
        answer = _answer_in_a_clause(heard, asked, expected)
        if answer and best not in _BESIDE_AN_ANSWER:
            return Meaning(answer, None, confidence)
        if asked is None or confidence >= needed:
            return Meaning(answer, best, confidence)
        answers = {n: w for n, w in weighted.items() if n not in TOPICS or n == "claim"}
        best = answer or max(answers, key=lambda name: answers[name], default=None)
        confidence = weighted.get(best or "", 0.0) / total
    elif asked and best not in _ANSWERED_BY.get(asked, (best,)):
        best = _answer_in_a_clause(heard, asked, expected) or best
    if asked is None and best == "claim" and _aside_in_a_clause(heard) == "policy":
        return Meaning(best, "policy", confidence)
    return Meaning(best, None, confidence)


def _calls_off(heard: Heard) -> bool:
    """Whether a part of the message, or what follows a no, plainly calls everything off."""
    return max((labels.get("cancel", 0.0) for labels in (heard.after_opening, *heard.clauses)),
               default=0.0) >= _PLAINLY_CALLED_OFF


def _behind_an_ok(heard: Heard) -> str | None:
    """Whether an "ok" takes an offer: on its own it does, before "no need" it does not."""
    if not heard.after_opening:
        return "affirm"
    intents = _by_intent(heard.after_opening)
    takes, turns_down = (sum(intents.get(name, 0.0) for name in names)
                         for names in (_TAKES, _TURNS_DOWN))
    if max(takes, turns_down) < _SAYS_WHICH:
        return None
    return "affirm" if takes > turns_down else "deny"


def is_emergency(heard: Heard, asked: str | None) -> bool:
    """Whether a message tells a hazard. Who is in the middle of answering has told it before."""
    return heard.hazard >= (ALARM_IN_ANSWER if asked else ALARM)


def causes_heard(heard: Heard, asked: str | None) -> tuple[CauseHeard, ...]:
    """The causes that a message speaks of, surest first.

    Asked what happened, a customer tells what happened: then only the labels of incidents count
    against each other, and what sounds like somebody else's story may still be their own. The
    whole message and its plainest part count alike.
    """
    parts = [_causes_in(heard, i, asked) for i in range(1 + len(heard.clauses))]
    found: dict[tuple[str, str], float] = {}
    for key in {key for part in parts for key in part}:
        most = max(part.get(key, 0.0) for part in parts)
        of_the_whole = asked == "incident" and key[0] != LOSS
        found[key] = (most + parts[0].get(key, 0.0)) / 2 if of_the_whole else most
    apart: set[tuple[str, str]] = set()
    for part, labels in zip(parts[1:], heard.clauses, strict=True):
        mass = sum(p for label, p in labels.items() if label.startswith("incident/"))
        apart |= {key for key, share in part.items() if share * mass >= _PLAINLY_APART}
    causes = (CauseHeard(cause, state, p, (cause, state) in apart)
              for (cause, state), p in found.items())
    return tuple(sorted(causes, key=lambda c: -c.confidence))


def _causes_in(heard: Heard, part: int, asked: str | None) -> dict[tuple[str, str], float]:
    """How plainly the message (part 0) or one of its clauses tells each cause, by its state."""
    labels = (heard.labels, *heard.clauses)[part]
    if heard.tells_a_fault() >= _A_FAULT:
        labels = _as_told(labels)
    told = {k: p for k, p in labels.items() if k.startswith("incident/")}
    mass = sum(told.values())
    told = {k: p / mass for k, p in told.items()} if mass else {}
    if part < len(heard.stories):
        told = _both_readings(told, heard.stories[part])
    needed = _AN_INCIDENT if part >= len(heard.stories) else _A_STORY
    asked_for = asked == "incident" and mass >= needed
    weight = 1.0 if asked_for else mass
    found: dict[tuple[str, str], float] = {}
    for label, share in told.items():
        cause, _, state = label.split("/", 1)[1].rpartition("_")
        if cause == "none":
            continue
        if state == "no" and not negates(heard.text):
            # Short messages are easily read the wrong way round; what denies says a "no".
            state = "yes"
        if asked_for and state == "yes":
            share += _PERHAPS_OWN * told.get(f"incident/{cause}_other", 0.0)
        # What was asked is what happened: a wish for money has to be as plain as ever.
        counts = mass if cause == LOSS else weight
        found[cause, state] = max(found.get((cause, state), 0.0), counts * share)
    return found


def _both_readings(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """What two readers say together; the second one knows more of the world."""
    joined = {k: (one.get(k, 0.0) + _UNHEARD) ** (1 - _SECOND_COUNTS)
              * (other.get(k, 0.0) + _UNHEARD) ** _SECOND_COUNTS for k in {*one, *other}}
    total = sum(joined.values()) or 1.0
    return {k: p / total for k, p in joined.items()}


#: Causes that are told in much the same words, so that one story sounds like several of them.
_KINDRED = ({"B", "accident"}, {"wear", "battery_exhaustion", "outer_covering"},
            {"E", "battery_exhaustion"}, {"C", "misapplication", "against_manual"},
            {"negligence", "against_manual", "misapplication"}, {"accident", "outer_covering"},
            {"E", "F"}, {"C", "B"}, {"accident", "act_of_god"}, {"wear", "B"},
            {"B", "faulty_installation"}, {"act_of_god", "F"}, {"accident", "D"},
            {"B", "against_manual"}, {"outer_covering", "faulty_installation"})


def are_kindred(one: str, other: str) -> bool:
    """Whether two causes are easily taken for each other."""
    return one != other and any({one, other} <= group for group in _KINDRED)


def _as_told(labels: Mapping[str, float]) -> Mapping[str, float]:
    """"Water got in" beside a fault tells what happened, and asks nothing about the policy."""
    moved = dict(labels)
    for question, cause in ASKED_ABOUT.items():
        told = f"incident/{cause}_yes"
        if moved.get(told, 0.0) >= _HINT:
            moved[told] += moved.pop(question, 0.0)
    return moved


def _weighted(intents: Mapping[str, float], expected: Mapping[str, float]) -> dict[str, float]:
    # Emergencies have a judge of their own.
    return {name: p * expected.get(name, 1.0) for name, p in intents.items()
            if name != "emergency"}


def _aside_in_a_clause(heard: Heard) -> str | None:
    """A question of its own that a part of the message asks."""
    for labels in heard.clauses:
        intents = _by_intent(labels)
        for topic, needed in (("policy", _CLAUSE_ASIDE), ("contact", _CLAUSE_ASIDE),
                              ("human", _ASIDE_OF_WEIGHT)):
            # "I told you so" is annoyed, and no wish for a person.
            if intents.get(topic, 0.0) - labels.get("human/frustration", 0.0) > needed:
                return topic
    return None


def _answer_in_a_clause(heard: Heard, asked: str | None,
                        expected: Mapping[str, float]) -> str | None:
    """The plainest answer to the question among the parts of a longer message."""
    best, most = None, _CLAUSE_ANSWERS
    for labels in heard.clauses:
        weighted = _weighted(_by_intent(labels), expected)
        total = sum(weighted.values()) or 1.0
        for name in _ANSWERED_BY.get(asked or "", ()):
            if weighted.get(name, 0.0) / total > most:
                best, most = name, weighted[name] / total
    return best


def _by_intent(labels: Mapping[str, float]) -> dict[str, float]:
    intents: dict[str, float] = {}
    for label, probability in labels.items():
        name = label.split("/", 1)[0]
        intents[name] = intents.get(name, 0.0) + probability
    return intents
