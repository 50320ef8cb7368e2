"""Reads the training data once.

Rasa's own importer merges the files of `data/` one by one, comparing every example with every other
each time, and does so again for the domain; with forty thousand examples that takes a minute.
"""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.core.domain import InvalidDomain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import get_text_hash


class _Example(Message):
    """An example that is copied and compared quickly: Rasa does either a dozen times to each."""

    def fingerprint(self) -> str:
        """A hash of what it says; no component of ours adds features to an example."""
        return get_text_hash(json.dumps(self.data, sort_keys=True))

    def __hash__(self) -> int:
        return hash(self.data["text"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.data == other.data

    def __deepcopy__(self, memo: dict[int, Any]) -> _Example:
        return _Example(data=dict(self.data))


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NluImporter(RasaFileImporter):
    """Rasa's file importer with a quicker way for NLU examples in YAML."""

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """All examples of the NLU files."""
        return _read(tuple(self._nlu_files))


@functools.lru_cache(maxsize=2)
def _read(files: tuple[str, ...]) -> TrainingData:
    messages: list[Message] = []
    responses: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(files):
        content = yaml.load(Path(file).read_text(encoding="utf-8"), Loader=_Loader) or {}
        messages += _messages(content)
        for name, variants in (content.get("responses") or {}).items():
            if name in responses:
                raise InvalidDomain(f"{file}: the response {name} stands in two files")
            # Anchors make several responses share one list; Rasa writes into them.
            responses[name] = copy.deepcopy(variants)
    return TrainingData(messages, responses=responses)


def _messages(content: dict[str, Any]) -> list[Message]:
    found = []
    for block in content.get("nlu") or []:
        label = block["intent"]
        metadata = {"metadata": {"intent": block["metadata"]}} if "metadata" in block else {}
        for line in block["examples"].splitlines():
            text = line.strip().removeprefix("-").strip()
            if text:
                found.append(_Example(data={**_labels(label), "text": text, **metadata}))
    return found


def _labels(label: str) -> dict[str, str]:
    intent, _, finer = label.partition("/")
    return {"intent": intent, **({"intent_response_key": label} if finer else {})}
