"""Rasa's default pipeline on our examples, in the place of our understanding.

The comparison is generous to the peer: its intents are our finest labels, so that it knows as much
of a message as ours does, and numbers and proofs are found for it by our own patterns.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.assistant import Assistant
from bot.engine.model import DATA
from bot.errors import ModelError
from bot.services import patterns
from bot.settings import ROOT

_FOLDER = ROOT / "build" / "evaluation"
#: A slash in an intent's name means something to Rasa.
_SLASH = "__"
#: Examples that a block keeps in a sample, if it has as many.
_LEAST = 3


@dataclasses.dataclass
class Peer:
    """The peer's trained NLU model."""

    agent: Agent

    def instead_of_ours(self, assistant: Assistant) -> Assistant:
        """The same assistant, understanding with the peer's model. Ours is not touched."""
        agent = assistant.agent
        ours = agent.processor.parse_message

        async def parse(message: UserMessage, tracker: DialogueStateTracker | None = None,
                        only_output_properties: bool = True) -> dict[str, Any]:
            if (message.text or "").startswith("/"):
                return dict(await ours(message, tracker, only_output_properties))
            theirs = await self.agent.parse_message(message.text or "")
            return _as_ours(theirs)

        agent.processor.parse_message = parse
        return assistant


def sample(share: float) -> Path:
    """A folder with the project's training data and of the examples only that share.

    Spread evenly over labels and languages: each block of examples keeps as much of itself.
    """
    all_of_it = _digest(*(path.read_text(encoding="utf-8") for path in _nlu_files(DATA)))
    folder = _FOLDER / f"data-{share:g}-{all_of_it}"
    if not folder.is_dir():
        making = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(DATA, making)
        for path in _nlu_files(making):
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            for block in content["nlu"]:
                lines = _examples(block)
                wanted = max(_LEAST, round(share * len(lines)))
                kept = random.Random(path.name + block["intent"]).sample(
                    lines, min(wanted, len(lines)))
                block["examples"] = "".join(f"- {text}\n" for text in kept)
            path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        making.rename(folder)
    return folder


def trained(epochs: int, data: Path = DATA) -> Peer:
    """The peer, trained now if it was not before. Raises ModelError if Rasa does not."""
    examples: dict[str, list[str]] = defaultdict(list)
    for path in _nlu_files(data):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            examples[block["intent"].replace("/", _SLASH)] += _examples(block)
    nlu = yaml.safe_dump({"version": "3.1", "nlu": [
        {"intent": name, "examples": "".join(f"- {text}\n" for text in texts)}
        for name, texts in sorted(examples.items())]}, allow_unicode=True)
    config = yaml.safe_dump({"recipe": "default.v1", "language": "en", "pipeline": [
        {"name": "WhitespaceTokenizer"}, {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"}, {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", "epochs": epochs, "constrain_similarities": True},
    ]})
    project = _FOLDER / f"peer-{_digest(nlu, config)}"
    model = project / "models" / "peer.tar.gz"
    if not model.is_file():
        (project / "data").mkdir(parents=True, exist_ok=True)
        (project / "data" / "nlu.yml").write_text(nlu, encoding="utf-8")
        (project / "config.yml").write_text(config, encoding="utf-8")
        _train(project)
    return Peer(Agent.load(str(model)))


def _nlu_files(data: Path) -> list[Path]:
    return sorted(data.rglob("nlu*.yml"))


def _examples(block: dict[str, Any]) -> list[str]:
    lines = (line.strip().removeprefix("-").strip() for line in block["examples"].splitlines())
    return [line for line in lines if line]


def _digest(*texts: str) -> str:
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:16]


def _train(project: Path) -> None:
    print("training Rasa's default pipeline on the same examples …", file=sys.stderr, flush=True)
    with (project / "train.log").open("wb") as log:
        done = subprocess.run(
            [sys.executable, "-m", "rasa", "train", "nlu", "--fixed-model-name", "peer"],
            cwd=project, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise ModelError(f"the peer was not trained; see {project / 'train.log'}")


def _as_ours(parse: dict[str, Any]) -> dict[str, Any]:
    """The peer's parse with the keys that our actions read."""
    labels = {r["name"].replace(_SLASH, "/"): float(r["confidence"])
              for r in parse.get("intent_ranking") or ()}
    intents: dict[str, float] = defaultdict(float)
    for label, confidence in labels.items():
        intents[label.split("/", 1)[0]] += confidence
    ranking = [{"name": name, "confidence": confidence}
               for name, confidence in sorted(intents.items(), key=lambda item: -item[1])]
    text = parse.get("text") or ""
    found = patterns.find(text)
    entities = [{"entity": name, "value": value, "start": 0, "end": 0}
                for name, values in (("order_number", found.order_numbers),
                                     ("email", found.emails), ("phone", found.phones),
                                     ("postal_code", found.postal_codes), ("date", found.dates))
                for value in values]
    return {**parse, "intent": ranking[0] if ranking else {"name": None, "confidence": 0.0},
            "intent_ranking": ranking, "labels": labels, "clauses": [], "opening": None,
            "entities": entities, "hazard": intents.get("emergency", 0.0),
            "language": {"code": "en", "confidence": 0.0}}

