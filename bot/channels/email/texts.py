"""The wording of mails, in the customer's language."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import yaml

from bot.wording.catalogue import RIGHT_TO_LEFT, translate


@functools.cache
def texts(language: str) -> Mapping[str, str]:
    """Every text by its key."""
    english = yaml.safe_load(Path(__file__).with_name("texts.yml").read_text(encoding="utf-8"))
    return MappingProxyType({key: translate(text.strip(), language)
                             for key, text in english.items()})


def say(language: str, key: str, **values: object) -> str:
    """One text with its values filled in."""
    return texts(language)[key].format(**values)


def direction(language: str) -> str:
    """`ltr` or `rtl`."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"
