"""The peer: a stock Rasa project with our English training data and Rasa's default pipeline.

What `rasa init` sets up: default components and policies, plain responses instead of actions, the
stock REST channel and the tracker store in memory. Trained once and kept under `build/bench/`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from bot.settings import ROOT

FOLDER = ROOT / "build" / "bench"
FULL_EPOCHS = 100
#: What the peer says; as long as ours on average, so that neither saves on the wire.
_ANSWER = "This is the answer of a stock assistant to a message about: {intent}. " * 3
_STORIES = (
    ("smalltalk", "claim", "fixed", "incident", "remedy", "affirm", "smalltalk"),
    ("claim", "no_order_number", "affirm"),
    ("claim", "policy", "fixed", "deny", "incident", "remedy", "affirm"),
    ("warranty_check", "order_status", "ticket_status"),
    ("contact", "human"),
    ("emergency", "human"),
    ("return_refund", "privacy", "presale", "out_of_scope"),
)


def training_files() -> list[Path]:
    """Our English NLU data, all of it."""
    return sorted((ROOT / "data").glob("*/nlu.yml"))


def stock_model(epochs: int) -> tuple[Path, Path, bool]:
    """The peer's project, its model, and whether it had to be trained now."""
    files = _project(epochs)
    key = hashlib.sha256(json.dumps([files, version("rasa")]).encode()).hexdigest()[:16]
    project = FOLDER / key
    model = project / "models" / "stock.tar.gz"
    if model.is_file():
        return project, model, False
    shutil.rmtree(project, ignore_errors=True)
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    log = project / "train.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "rasa", "train", "--fixed-model-name", "stock"], cwd=project,
            env=environment(), stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode or not model.is_file():
        last = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise SystemExit(f"the stock model could not be trained:\n{last}")
    return project, model, True


def environment() -> dict[str, str]:
    """The environment of the peer's processes."""
    return {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3",
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "PYTHONWARNINGS": "ignore"}


def _project(epochs: int) -> dict[str, str]:
    """All files of the project, by their names."""
    nlu = {f"data/{path.parent.name}.yml": path.read_text(encoding="utf-8")
           for path in training_files()}
    labels = [item["intent"] for text in nlu.values() for item in yaml.safe_load(text)["nlu"]
              if "intent" in item]
    intents = sorted({label.split("/", 1)[0] for label in labels})
    responses = {f"utter_{label}": [{"text": _ANSWER.format(intent=label).strip()}]
                 for label in labels}
    rules = [{"rule": intent, "steps": [{"intent": intent}, {"action": f"utter_{intent}"}]}
             for intent in intents]
    stories = [{"story": " ".join(names),
                "steps": [step for name in names if name in intents
                          for step in ({"intent": name}, {"action": f"utter_{name}"})]}
               for names in _STORIES]
    return {
        **nlu,
        "config.yml": _yaml(_config(epochs)),
        "domain.yml": _yaml({"version": "3.1", "intents": intents, "responses": responses}),
        "data/dialogue.yml": _yaml({"version": "3.1", "rules": rules, "stories": stories}),
        "credentials.yml": "rest:\n",
        "endpoints.yml": "# none: the tracker store is in memory\n",
    }


def _config(epochs: int) -> dict[str, Any]:
    """Rasa's default `config.yml`."""
    return {
        "recipe": "default.v1", "assistant_id": "stock", "language": "en",
        "pipeline": [
            {"name": "WhitespaceTokenizer"}, {"name": "RegexFeaturizer"},
            {"name": "LexicalSyntacticFeaturizer"}, {"name": "CountVectorsFeaturizer"},
            {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1,
             "max_ngram": 4},
            {"name": "DIETClassifier", "epochs": epochs, "constrain_similarities": True},
            {"name": "EntitySynonymMapper"},
            {"name": "ResponseSelector", "epochs": epochs, "constrain_similarities": True},
            {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1}],
        "policies": [
            {"name": "MemoizationPolicy"}, {"name": "RulePolicy"},
            {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": epochs},
            {"name": "TEDPolicy", "max_history": 5, "epochs": epochs,
             "constrain_similarities": True}],
    }


def _yaml(value: Any) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)
    return text
