"""A second reading of what happened to a product, for English.

People tell causes in terms of ordinary life, and what matters then is knowledge of the world. This
component reads the parts of a message that may tell such a story with an encoder for English and
says which of the incidents' labels each is, given that it is one (`stories`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression

from bot.services import patterns
from bot.understanding.components import READING, _Component, base, language_of_example
from bot.understanding.minilm import MiniLM, shared_minilm

#: Parts of a message that are read; the first one is the whole.
_MOST_PARTS = 7
#: A story is looked for where this much hints at one, or where nothing else is sure.
_HINT, _SURE = 0.05, 0.9
_WORTH_TELLING = 0.01
#: How little the weights are held back; embeddings want more freedom than scikit-learn's default.
_FREEDOM = 10
Array = np.ndarray


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class StoryReader(_Component):
    """Sets `stories`: for the whole message and each clause the labels of incidents."""

    labels: tuple[str, ...] = ()
    weights: Array | None = None
    bias: Array | None = None

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from the English examples that tell an incident."""
        examples = [(m.get("text"), m.get("intent_response_key"))
                    for m in training_data.intent_examples
                    if m.get("intent") == "incident" and language_of_example(m) == "en"]
        rows = MiniLM(threads=0).matrix(
            [patterns.without_codes(text) or text for text, _ in examples])
        model = LogisticRegression(C=_FREEDOM, max_iter=150).fit(rows, [k for _, k in examples])
        with self._storage.write_to(self._resource) as folder:
            (folder / "labels.json").write_text(json.dumps([str(c) for c in model.classes_]),
                                                encoding="utf-8")
            np.savez(folder / "weights.npz", weights=model.coef_.T.astype(np.float32),
                     bias=model.intercept_.astype(np.float32))
        return self._resource

    @classmethod
    def load(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
             execution_context: ExecutionContext, **kwargs: Any) -> StoryReader:
        """Reads what was learnt."""
        component = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._read(folder)
        return component

    def _read(self, folder: Path) -> None:
        self.labels = tuple(json.loads((folder / "labels.json").read_text(encoding="utf-8")))
        with np.load(folder / "weights.npz", allow_pickle=False) as stored:
            self.weights, self.bias = stored["weights"], stored["bias"]

    def process(self, messages: list[Message]) -> list[Message]:
        """Reads the English messages among them that may tell a story."""
        for message in messages:
            reading = message.get(READING)
            language = (message.get("language") or {}).get("code")
            if self.weights is None or not reading or language != "en" or not _may_tell(reading):
                continue
            rows = shared_minilm().matrix([text for text, _ in reading[:_MOST_PARTS]])
            logits = rows @ self.weights + self.bias
            exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
            likely = exponents / exponents.sum(axis=1, keepdims=True)
            message.set("stories", [
                {label: round(float(p), 4) for label, p in zip(self.labels, row, strict=True)
                 if p >= _WORTH_TELLING} for row in likely], add_to_output=True)
        return messages


def _may_tell(reading: list[tuple[str, dict[str, float]]]) -> bool:
    for _, labels in reading:
        if sum(p for label, p in labels.items() if base(label) == "incident") >= _HINT:
            return True
    return max(reading[0][1].values()) < _SURE
