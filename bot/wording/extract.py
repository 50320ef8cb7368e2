"""Babel's extractors for the places where English wording stands (see `babel.cfg`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import yaml

#: Line, function name, text, comments: what Babel wants of an extractor.
Found = tuple[int, str, str, list[str]]


def responses(file: BinaryIO, *_: Any, **__: Any) -> Iterator[Found]:
    """Texts and button titles of Rasa responses, each with the response's name as a comment."""
    for name, variations in ((yaml.safe_load(file) or {}).get("responses") or {}).items():
        for variation in variations:
            if variation.get("text"):
                yield 0, "", variation["text"].strip(), [name]
            for button in variation.get("buttons") or ():
                yield 0, "", button["title"], [f"{name} (button)"]


def terms(file: BinaryIO, *_: Any, **__: Any) -> Iterator[Found]:
    """The policy's clauses. Translations are a help for reading; the English ones are judged by."""
    for entry in yaml.safe_load(file):
        for name, clause in entry["clauses"].items():
            yield 0, "", clause.strip(), [f"clause {name} of the warranty policy"]


def texts(file: BinaryIO, *_: Any, **__: Any) -> Iterator[Found]:
    """A flat file of named texts."""
    for name, text in (yaml.safe_load(file) or {}).items():
        yield 0, "", text.strip(), [name]
