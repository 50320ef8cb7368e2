"""The README names everything that can be typed at a terminal or set in the environment."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

from bot.cli import _parser
from bot.settings import ROOT

README = ROOT / "README.md"


def make_targets() -> list[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.findall(r"^([a-z][a-z-]*):.*##", makefile, flags=re.MULTILINE)


def bot_commands(parser: argparse.ArgumentParser | None = None, path: str = "bot") -> Iterator[str]:
    """Every command that does something: `bot orders import`, but not `bot orders`."""
    for action in (parser or _parser())._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                inside = list(bot_commands(below, f"{path} {name}"))
                yield from inside or [f"{path} {name}"]


def settings() -> list[str]:
    """The names that bot/settings.py reads."""
    source = (ROOT / "bot" / "settings.py").read_text(encoding="utf-8")
    return sorted(set(re.findall(r'get\.\w+\(\s*"([A-Z_]+)"', source)))


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


@pytest.mark.parametrize("target", make_targets())
def test_every_make_target_is_in_the_readme(readme: str, target: str) -> None:
    assert re.search(rf"\bmake {target}(?![\w-])", readme), f"README.md lacks: make {target}"


@pytest.mark.parametrize("command", bot_commands())
def test_every_bot_command_is_in_the_readme(readme: str, command: str) -> None:
    assert re.search(rf"\b{command}(?![\w-])", readme), f"README.md lacks: {command}"


@pytest.mark.parametrize("name", settings())
def test_every_setting_is_in_the_readme(readme: str, name: str) -> None:
    assert re.search(rf"\b{name}\b", readme), f"README.md lacks: {name}"


def test_what_is_looked_for_is_found_at_all() -> None:
    assert {"run", "test", "bench", "setup", "train"} <= set(make_targets())
    assert {"bot serve", "bot orders import", "bot privacy erase"} <= set(bot_commands())
    assert {"DATABASE_URL", "WORKING_HOURS", "SEED_DEMO"} <= set(settings())


def test_every_target_is_phony_and_has_a_word_of_help() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    phony = re.search(r"^\.PHONY:(.*)$", makefile, flags=re.MULTILINE)
    assert phony and set(phony[1].split()) == set(make_targets())
