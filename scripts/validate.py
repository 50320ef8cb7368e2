"""`rasa data validate --fail-on-warnings` with every warning an error.

Rasa fails on few of its own warnings, and two kinds are no fault here. They are checked another
way, so that nothing slips through:

- "The utterance is not used in any story or rule": custom actions say responses by name. Here a
  response must be named in the code, a story or a rule, and what the code names must exist.
- What Rasa says of every retrieval intent (`policy/duration`) when it merges the domain with the
  training data. See KNOWN.

Beyond Rasa's check, the domain's custom actions must be those that `actions/` has.
"""

from __future__ import annotations

import ast
import logging
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rasa.shared.core.domain import Domain
    from rasa.shared.importers.importer import TrainingDataImporter

ROOT = Path(__file__).resolve().parent.parent

#: A warning that is no fault, and why.
KNOWN = {
    r"The utterance '(?P<response>utter_\w+)' is not used in any story or rule\.":
        "said by a custom action; `unused_responses` looks into the code instead",
    r"Slot auto-fill has been removed in 3\.0 .*":
        "Rasa says it to every project that has slots, and lists it as expected itself",
    r"The following duplicated intents have been found across multiple domain files: "
    r"(?P<intents>[\w, ]+)":
        "there is one domain file: Rasa merges it with the retrieval intents of the training "
        "data, so it says this in every project that has some",
    r"Action 'utter_(?P<intent>\w+)' is listed as a response action in the domain file, but there "
    r"is no matching response defined\. Please check your domain\.":
        "Rasa lists one for each retrieval intent; ours are labels for the actions, which answer",
}


def main() -> int:
    """Prints what is wrong. Returns 1 if anything is."""
    wrong = list(problems())
    for line in wrong:
        print(f"validate: {line}", file=sys.stderr)
    if wrong:
        print(f"{len(wrong)} problem(s) in the domain or the training data", file=sys.stderr)
        return 1
    print("The domain and the training data are valid.")
    return 0


def problems() -> Iterator[str]:
    """Everything that is wrong with the domain and the training data, a line each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Some packages put filters of their own on while they are imported.
        from rasa.shared.importers.importer import TrainingDataImporter
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        importer = TrainingDataImporter.load_from_config(
            str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")])
        if not _rasa_is_content(importer):
            yield "Rasa says that the project is not valid"
        domain = importer.get_domain()
        retrieval = set(importer.get_nlu_data().retrieval_intents)
    for text in dict.fromkeys(_texts(caught)):
        if not _is_known(text, retrieval):
            yield text
    yield from unused_responses(domain, importer)
    yield from actions_that_differ(domain)


def _rasa_is_content(importer: TrainingDataImporter) -> bool:
    from rasa.cli.utils import validate_files

    logging.disable(logging.INFO)
    try:
        validate_files(fail_on_warnings=True, max_history=None, importer=importer)
    except SystemExit:
        return False
    finally:
        logging.disable(logging.NOTSET)
    return True


def _texts(caught: list[warnings.WarningMessage]) -> Iterator[str]:
    for warning in caught:
        # Deprecations are the packages' own business; Rasa's are about our files.
        ours = issubclass(warning.category, (UserWarning, FutureWarning))
        if ours and "/rasa/" in warning.filename.replace("\\", "/"):
            yield str(warning.message).split("\n")[0].strip()


def _is_known(text: str, retrieval: set[str]) -> bool:
    for pattern in KNOWN:
        match = re.fullmatch(pattern, text)
        if match:
            found = match.groupdict()
            named = found.get("intents", found.get("intent", ""))
            return all(intent in retrieval for intent in named.split(", ") if intent)
    return False


def unused_responses(domain: Domain, importer: TrainingDataImporter) -> Iterator[str]:
    """Responses that nothing says, and names that the code says without a response."""
    told = {event.action_name for step in importer.get_stories().story_steps
            for event in step.events if getattr(event, "action_name", None)}
    said = dict(_said_in_code())
    patterns = [re.compile(pattern) for pattern in said]
    responses = set(domain.responses)
    for response in sorted(responses):
        if response not in told and not any(p.fullmatch(response) for p in patterns):
            yield f"the response '{response}' is said by no story, rule or action"
    for pattern, place in said.items():
        if not any(re.fullmatch(pattern, response) for response in responses):
            name = re.sub(r"\\(.)", r"\1", pattern.replace(".+", "*").replace(".*", "*"))
            yield f"{place}: there is no response '{name}'"


def _said_in_code() -> Iterator[tuple[str, str]]:
    """Patterns of the responses that Python code names, with the place where it does."""
    for path in sorted([*(ROOT / "actions").rglob("*.py"), *(ROOT / "bot").rglob("*.py")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
                 for part in node.values}
        for node in ast.walk(tree):
            if not isinstance(node, ast.expr):
                continue
            pattern = None
            if isinstance(node, ast.JoinedStr):
                pattern = "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant)
                                  else ".*" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                pattern = re.escape(node.value) if id(node) not in parts else None
            # A lone "utter_" is a test of the beginning, and a longer text is prose.
            if pattern and re.fullmatch(r"utter_[\w/\\.*-]+", pattern):
                yield pattern, f"{path.relative_to(ROOT)}:{node.lineno}"


def actions_that_differ(domain: Domain) -> Iterator[str]:
    """Custom actions that only the domain or only the code has."""
    from rasa_sdk.executor import ActionExecutor

    sys.path.insert(0, str(ROOT))
    executor = ActionExecutor()
    executor.register_package("actions")
    coded = set(executor.actions)
    listed = {name for name in domain.user_actions if not name.startswith("utter_")}
    # Ours to leave out: Rasa has one of this name, and calls a custom one only if it is listed.
    for name in sorted(listed - coded - {"action_validate_slot_mappings"}):
        yield f"the domain lists the action '{name}', which no code has"
    for name in sorted(coded - listed):
        yield f"actions/ has the action '{name}', which the domain does not list"


if __name__ == "__main__":
    sys.exit(main())
