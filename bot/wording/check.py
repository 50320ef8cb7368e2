"""Whether the catalogue can be shown to customers: nothing missing, broken or out of tone."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from bot.wording.catalogue import LANGUAGES, SOURCE, catalogue

_ROOT = Path(__file__).resolve().parents[2]
_PLACEHOLDER = re.compile(r"\{\w+\}")


def problems() -> list[str]:
    """What is wrong in any language, one line each; empty when all is well."""
    english = source_texts()
    found = [f"en: {_start(text)}: {why}" for text in english for why in _out_of_tone(text, SOURCE)]
    for language in LANGUAGES:
        if language != SOURCE:
            found += [f"{language}: {line}" for line in _of(catalogue(language), english)]
    return found


def source_texts() -> set[str]:
    """Every English text that can be said, as the extractors of `babel.cfg` find them."""
    return {text for text, _ in extracted()}


def extracted() -> Iterator[tuple[str, list[str]]]:
    """Each English text with the names of the places where it stands."""
    with (_ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, _ = parse_mapping_cfg(file)
    for _, _, text, comments, _ in extract_from_dir(str(_ROOT), methods, keywords={}):
        yield str(text), comments


def _of(translated: Catalog, english: set[str]) -> Iterator[str]:
    for text in sorted(english):
        message = translated.get(text)
        if message is None or not message.string or message.fuzzy:
            yield f"{_start(text)}: not translated"
            continue
        said = str(message.string)
        if _placeholders(said) != _placeholders(text):
            yield f"{_start(text)}: placeholders differ"
        if said.count("\n") != text.count("\n"):
            yield f"{_start(text)}: line breaks differ"
        for why in _out_of_tone(said, str(translated.locale)):
            yield f"{_start(text)}: {why}"
    for message in translated:
        if message.id and message.id not in english:
            yield f"{_start(_id(message))}: is no longer said in English"


def _out_of_tone(text: str, language: str) -> Iterator[str]:
    for pattern in (*_tone()["all"], *_tone().get(language, ())):
        hit = re.search(pattern, text, re.IGNORECASE)
        if hit:
            yield f"out of tone: “{hit.group()}”"


def _placeholders(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(text))


@functools.lru_cache(maxsize=1)
def _tone() -> dict[str, list[str]]:
    found = yaml.safe_load((Path(__file__).parent / "tone.yml").read_text(encoding="utf-8"))
    return dict(found)


def _id(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _start(text: str) -> str:
    line = text.splitlines()[0]
    return line if len(line) < 50 else line[:47] + "…"
