"""Rasa graph components of ours, in the order of `config.yml`.

They share one reading of a message: the whole and its clauses are encoded and labelled once, and
what follows (topic, causes, emergencies, numbers, language) is read from there.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.services import patterns
from bot.services.heard import ALARM
from bot.understanding import net
from bot.understanding.calm import calm
from bot.understanding.clauses import clauses
from bot.understanding.encoder import all_cores, parallel_matrix, shared_encoder
from bot.understanding.language import LANGUAGES, LanguageNet
from bot.understanding.net import LabelNet
from bot.understanding.ngrams import NgramModel
from bot.understanding.openings import act_at_start, after_acknowledging, split_opening

logger = logging.getLogger(__name__)

#: Labels less likely than this are not passed on.
_WORTH_TELLING = 0.01
#: After a yes or no even a trace of a label tells which of the causes is meant.
_TRACE = 0.001
#: Letters that make what follows a yes or no worth reading.
_A_WORD = 2
#: A typed command such as `/restart` arrives with this mark instead of its slash (see the door).
COMMAND_MARK = "⁄"
_COMMAND = re.compile(rf"{COMMAND_MARK}\w+\s*(?:\{{[^}}]*\}})?")
READING, HAZARDS = "reading", "hazards"
#: A clause that tells a hazard lifts the whole message's score at most by this factor.
_CLAUSE_LIFTS = 1.5
#: A cause less likely than this is not even a candidate.
_WORTH_A_LOOK = 0.3
#: Intents that all tell of a broken product.
_OF_A_CLAIM = ("claim", "incident", "fixed", "remedy")
#: Topics that are often only the frame of a claim, and how much a part that tells a fault counts
#: against them, if the whole message hints at one.
_BESIDE_A_CLAIM = ("order_status", "warranty_check", "ticket_status", "contact", "smalltalk",
                   "presale", "out_of_scope")
_CLAUSE_COUNTS, _HINT_OF_A_CLAIM = 0.9, 0.05
#: A topic that the whole message suggests and none of its parts tells this plainly is doubtful.
_TOLD_IN_A_PART = 0.5
#: Most examples tell of claims, so a claim is expected too readily; measured on tests/development.
_CLAIM_WEIGHS = 0.85
#: Whoever names an order has bought: what strangers ask counts this much less then.
_OF_STRANGERS, _STRANGER_WITH_ORDER = ("presale", "out_of_scope"), 0.3
#: A screen that fails "while driving" sounds like any screen that fails; other hazards are plainer.
_DRIVING_WEIGHS = 0.6
#: A floor under what net and letters say before they are multiplied.
_NEVER_NEVER = 1e-5
Array = np.ndarray
ComponentType = DefaultV1Recipe.ComponentType


def base(label: str) -> str:
    """The intent of a label: `claim` of `claim/no_power`."""
    return label.split("/", 1)[0]


class _Component(GraphComponent):
    """What all of them share: where they are stored."""

    def __init__(self, storage: ModelStorage, resource: Resource) -> None:
        self._storage, self._resource = storage, resource

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
               execution_context: ExecutionContext) -> _Component:
        """Makes it for training, or for use where nothing was trained."""
        return cls(model_storage, resource)


@DefaultV1Recipe.register(ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class MessageClassifier(_Component):
    """Labels a message and each of its clauses; the message's intent is the sum of its labels.

    Learns from every NLU example, its finer label included (`policy/water`, `incident/F_yes`).
    """

    net: LabelNet | None = None
    ngrams: NgramModel | None = None

    def train(self, training_data: TrainingData) -> Resource:
        """Learns the labels and stores the net."""
        # One language after the other, for the encoder remembers words.
        examples = sorted((m for m in training_data.intent_examples if m.get("text")),
                          key=language_of_example)
        labels = [m.get("intent_response_key") or m.get("intent") for m in examples]
        texts = [calm(patterns.without_codes(m.get("text"))) or m.get("text") for m in examples]
        with all_cores() as pool:
            letters = pool.submit(NgramModel.train, texts, labels)
            features = parallel_matrix(pool, texts, lambda done: net.on_progress(
                0.1 + 0.5 * done, "reading the examples"))
            self.ngrams = letters.result()
        self.net = LabelNet.train(features, labels)
        with self._storage.write_to(self._resource) as folder:
            self.net.save(folder)
            self.ngrams.save(folder)
        return self._resource

    @classmethod
    def load(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
             execution_context: ExecutionContext, **kwargs: Any) -> MessageClassifier:
        """Reads the trained net."""
        component = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component.net = LabelNet.load(folder)
            component.ngrams = NgramModel.load(folder)
        return component

    def read(self, texts: list[str]) -> tuple[Array, list[float]]:
        """Rows of label probabilities, meaning and letters together, and each text's hazard.

        Together they are surer than either should be. A hazard counts also where only one of them
        sees it, so its score is the mean of both and (twice) what they say together.
        """
        assert self.net is not None and self.ngrams is not None
        by_meaning = self.net.probabilities(shared_encoder().rows(texts))
        by_letters = self.ngrams.probabilities(texts)
        joined = (by_meaning + _NEVER_NEVER) * (by_letters + _NEVER_NEVER)
        joined = np.asarray(joined / joined.sum(axis=1, keepdims=True))
        weights = np.array([_hazard_weight(label) for label in self.net.labels])
        hazards = (2 * joined + by_meaning + by_letters) @ weights / 4
        return joined, [float(h) for h in hazards]

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets intent, ranking, `labels`, `opening` and the reading for what follows."""
        for message in messages:
            text = message.get("text") or ""
            if self.net is None or not text.strip() or text.startswith("/"):
                # A button, which Rasa reads by itself; what follows expects an intent all the same.
                message.set("intent", {"name": None, "confidence": 0.0}, add_to_output=True)
                message.set("intent_ranking", [], add_to_output=True)
                continue
            said = _without_command(text)
            if text.startswith(COMMAND_MARK) and not any(map(str.isalpha, said)):
                _set_intent(message, {"out_of_scope": 1.0})
                continue
            plain = calm(patterns.without_codes(said))
            # One letter says nothing, unless it is a yes or a no: 对, 네.
            if sum(c.isalpha() for c in plain) < 2 and act_at_start(plain) is None:
                _set_intent(message, {"nlu_fallback": 1.0})
                continue
            parts = clauses(plain)
            texts = [plain, *parts]
            opening, rest = split_opening(plain)
            acknowledged = after_acknowledging(plain)
            if opening is None and acknowledged is not None:
                rest = acknowledged
            begins = opening is not None or acknowledged is not None
            more = [rest] if begins and sum(c.isalpha() for c in rest) >= _A_WORD else []
            rows, hazards = self.read([*texts, *more])
            message.set(HAZARDS, hazards[:len(texts)])
            read = [dict(zip(self.net.labels, map(float, row), strict=True)) for row in rows]
            message.set("after_opening", _worth_telling(read[len(texts)] if more else {}, _TRACE),
                        add_to_output=True)
            read = read[:len(texts)]
            message.set(READING, list(zip(texts, read, strict=True)))
            intents = _by_intent(read[0])
            if any(map(patterns.likely_order_number, patterns.find(text).order_numbers)):
                intents = {name: p * _STRANGER_WITH_ORDER if name in _OF_STRANGERS else p
                           for name, p in intents.items()}
            _set_intent(message, intents, [_by_intent(labels) for labels in read[1:]])
            message.set("labels", _worth_telling(read[0]), add_to_output=True)
            message.set("opening", opening, add_to_output=True)
            message.set("acknowledges", acknowledged is not None, add_to_output=True)
            message.set("clauses", [_worth_telling(labels) for labels in read[1:]],
                        add_to_output=True)
        return messages


def _without_command(text: str) -> str:
    """What else was typed beside something that looks like a command."""
    return _COMMAND.sub(" ", text) if text.startswith(COMMAND_MARK) else text


def _by_intent(labels: dict[str, float]) -> dict[str, float]:
    intents: dict[str, float] = {}
    for label, probability in labels.items():
        intents[base(label)] = intents.get(base(label), 0.0) + probability
    return intents


def _worth_telling(probabilities: dict[str, float],
                   least: float = _WORTH_TELLING) -> dict[str, float]:
    return {k: round(p, 4) for k, p in probabilities.items() if p >= least}


def _told(intents: dict[str, float]) -> float:
    return sum(intents.get(name, 0.0) for name in _OF_A_CLAIM)


def _set_intent(message: Message, intents: dict[str, float],
                clauses: Sequence[dict[str, float]] = ()) -> None:
    """The likeliest intent; what is told about a broken product counts together first.

    Whoever tells of a fault in one part of a message and of an order in another has a claim.
    """
    told = _told(intents)
    weighed = told * _CLAIM_WEIGHS
    rival = max((name for name in intents if name not in _OF_A_CLAIM), default=None,
                key=lambda name: intents[name])
    untold = bool(clauses) and all(clause.get(rival or "", 0.0) < _TOLD_IN_A_PART
                                   for clause in clauses)
    if (rival in _BESIDE_A_CLAIM or untold) and told >= _HINT_OF_A_CLAIM:
        weighed = max([weighed, *(_told(clause) * _CLAUSE_COUNTS for clause in clauses)])
    # Hazards have a judge of their own; here one has to outweigh what is told without a handicap.
    others = max((p * (_CLAIM_WEIGHS if name == "emergency" else 1.0)
                  for name, p in intents.items() if name not in _OF_A_CLAIM), default=0.0)
    of_claim = {name: p for name, p in intents.items() if name in _OF_A_CLAIM}
    ranking = [{"name": name, "confidence": round(p, 4)}
               for name, p in sorted(intents.items(), key=lambda item: -item[1])]
    top = ranking[0]
    if of_claim and weighed > others:
        name = max(of_claim, key=lambda n: of_claim[n])
        top = {"name": name, "confidence": round(max(told, weighed), 4)}
    elif top["name"] in of_claim:
        top = next(entry for entry in ranking if entry["name"] not in of_claim)
    message.set("intent", top, add_to_output=True)
    message.set("intent_ranking", ranking, add_to_output=True)


@DefaultV1Recipe.register(ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class EmergencyDetector(_Component):
    """Makes a message an emergency when it, or a clause of it, tells a hazard, and only then.

    Tuned for recall: a false alarm costs a sentence, a missed one may cost a car.
    """

    def process(self, messages: list[Message]) -> list[Message]:
        """Replaces the intent where a hazard was found."""
        for message in messages:
            hazards = message.get(HAZARDS)
            if not hazards:
                continue
            texts = [text for text, _ in message.get(READING)]
            whole, parts = hazards[0], sorted(zip(hazards[1:], texts[1:], strict=True))
            most = parts[-1][0] if parts else 0.0
            # Two parts that tell a hazard need no third; a part of a part is no second one.
            second = max((h for h, text in parts[:-1] if not _overlap(text, parts[-1][1])),
                         default=0.0)
            score = max(whole, min(most, _CLAUSE_LIFTS * whole), second)
            message.set("hazard", round(float(score), 4), add_to_output=True)
            intent = message.get("intent") or {}
            if score >= ALARM:
                message.set("intent", {"name": "emergency", "confidence": round(score, 4)},
                            add_to_output=True)
            elif intent.get("name") == "emergency":
                rest = [one for one in message.get("intent_ranking") if one["name"] != "emergency"]
                message.set("intent", rest[0], add_to_output=True)
        return messages


def _overlap(one: str, other: str) -> bool:
    """Whether one part of a message stands within the other."""
    a, b = ("".join(filter(str.isalnum, text)) for text in (one, other))
    return a in b or b in a


def _hazard_weight(label: str) -> float:
    if base(label) != "emergency":
        return 0.0
    return _DRIVING_WEIGHS if label == "emergency/driving" else 1.0


@DefaultV1Recipe.register(ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class CauseExtractor(_Component):
    """Causes that a message speaks of, by clause: entity `cause` with role yes, no or other."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities; of several clauses on one cause the surest of each role counts."""
        for message in messages:
            reading = message.get(READING)
            if not reading:
                continue
            found: dict[tuple[str, str], float] = {}
            for _, labels in reading:
                for label, probability in labels.items():
                    if base(label) != "incident":
                        continue
                    cause, _, role = label.split("/", 1)[1].rpartition("_")
                    if cause and cause != "none" and probability >= _WORTH_A_LOOK:
                        found[cause, role] = max(found.get((cause, role), 0.0), probability)
            entities = [
                {"entity": "cause", "role": role, "value": cause, "start": 0, "end": 0,
                 "confidence_entity": round(p, 4), "extractor": "CauseExtractor"}
                for (cause, role), p in found.items()]
            message.set("entities", message.get("entities", []) + entities, add_to_output=True)
        return messages


@DefaultV1Recipe.register(ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternExtractor(_Component):
    """Order numbers, e-mails, phones, postal codes and dates, as entities."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities."""
        for message in messages:
            text = _without_command(message.get("text") or "")
            if text.startswith("/"):
                continue
            found = patterns.find(text)
            values = (("order_number", found.order_numbers), ("email", found.emails),
                      ("phone", found.phones), ("postal_code", found.postal_codes),
                      ("date", found.dates))
            entities = [
                {"entity": name, "value": value, "start": max(text.find(value), 0),
                 "end": max(text.find(value), 0) + len(value), "extractor": "PatternExtractor"}
                for name, several in values for value in several]
            message.set("entities", message.get("entities", []) + entities, add_to_output=True)
        return messages


@DefaultV1Recipe.register(ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LanguageDetector(_Component):
    """The message's language, from examples whose metadata name one (English where none does)."""

    net: LanguageNet | None = None

    def train(self, training_data: TrainingData) -> Resource:
        """Learns the languages and stores what was learnt."""
        examples = [m for m in training_data.intent_examples if m.get("text")]
        self.net = LanguageNet.train([m.get("text") for m in examples],
                                     [language_of_example(m) for m in examples])
        with self._storage.write_to(self._resource) as folder:
            self.net.save(folder)
        return self._resource

    @classmethod
    def load(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
             execution_context: ExecutionContext, **kwargs: Any) -> LanguageDetector:
        """Reads what was learnt."""
        component = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component.net = LanguageNet.load(folder)
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets `language`: a code and how sure it is."""
        for message in messages:
            code, sure = self.net.detect(message.get("text") or "") if self.net else (None, 0.0)
            message.set("language", {"code": code, "confidence": round(sure, 4)},
                        add_to_output=True)
        return messages


def language_of_example(message: Message) -> str:
    """The language that an example's metadata name; English where none does."""
    metadata = message.get("metadata") or {}
    code = (metadata.get("intent") or {}).get("language", "en")
    return code if code in LANGUAGES else "en"
