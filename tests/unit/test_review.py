from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rich.console import Console

from bot.channels.review import add_example, labels_of, review
from bot.services.review import ASKED_AGAIN, FALLBACK, Review, anonymous
from bot.store.database import Database

NLU = 'version: "3.1"\nnlu:\n- intent: claim/no_sound\n  examples: |\n    - it is mute\n'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "warranty").mkdir()
    (tmp_path / "warranty" / "nlu.yml").write_text(NLU, encoding="utf-8")
    return tmp_path


def _examples(path: Path) -> dict[str, str]:
    return {b["intent"]: b["examples"] for b in yaml.safe_load(path.read_text("utf-8"))["nlu"]}


@pytest.mark.parametrize("text", [
    "the beeper of Jane Roe, jane.roe@example.com, is mute", "ROE here, the beeper is mute",
    "call +44 20 7946 0991, the beeper is mute", "https://example.com/jane the beeper is mute",
    "order CG2026-004512 the beeper is mute",
])
def test_personal_data_is_taken_out(text: str) -> None:
    found = anonymous(text, ["Jane Roe"])
    assert "beeper" in found and "mute" in found
    for trace in ("jane", "roe", "7946", "http", "004512", "@"):
        assert trace not in found.lower()


def test_a_message_waits_once_and_only_if_it_says_something(database: Database) -> None:
    service = Review(database)
    service.note(FALLBACK, "the doodad hums", "en", guess="claim/no_sound")
    service.note(FALLBACK, "the doodad hums", "en")
    service.note(ASKED_AGAIN, "12345678", "en", asked="order_number")
    service.note(FALLBACK, "la " * 400, "fr")
    assert [item.text for item in service.waiting()] == ["the doodad hums"]


def test_one_keystroke_takes_the_guess(database: Database, data: Path) -> None:
    service = Review(database)
    service.note(FALLBACK, "the doodad hums", "en", guess="claim/no_sound")
    service.note(FALLBACK, "stumm wie ein fisch", "de", guess="claim/no_sound")
    assert review(service, data=data, ask=lambda _: "", console=Console(quiet=True)) == 0
    assert "- the doodad hums" in _examples(data / "warranty" / "nlu.yml")["claim/no_sound"]
    german = data / "warranty" / "nlu.de.yml"
    assert "- stumm wie ein fisch" in _examples(german)["claim/no_sound"]
    assert yaml.safe_load(german.read_text("utf-8"))["nlu"][0]["metadata"] == {"language": "de"}
    assert service.waiting() == []


def test_another_label_skipping_dropping_and_stopping(database: Database, data: Path) -> None:
    service = Review(database)
    for text in ("first message", "second message", "third message", "fourth message"):
        service.note(FALLBACK, text, "en")
    keys = iter(["l", "no_sou", "s", "d", "nonsense", "q"])
    review(service, data=data, ask=lambda _: next(keys), console=Console(quiet=True))
    assert [item.text for item in service.waiting()] == ["second message", "fourth message"]
    assert "- first message" in _examples(data / "warranty" / "nlu.yml")["claim/no_sound"]


def test_an_end_of_input_stops_and_loses_nothing(database: Database, data: Path) -> None:
    service = Review(database)
    service.note(FALLBACK, "first message", "en")

    def closed(_: str) -> str:
        raise EOFError

    assert review(service, data=data, ask=closed, console=Console(quiet=True)) == 0
    assert len(service.waiting()) == 1


@pytest.mark.parametrize("text", ["- a list?", "key: value", "# no comment", "a\nb", "'quoted"])
def test_any_text_becomes_a_readable_example(data: Path, text: str) -> None:
    path = add_example(data / "warranty", "claim/no_sound", "en", text)
    assert f"- {' '.join(text.split())}" in _examples(path)["claim/no_sound"]


def test_the_labels_are_those_of_the_training_data() -> None:
    from bot.settings import ROOT

    found = labels_of(ROOT / "data")
    assert found["claim/no_sound"].name == "warranty"
    assert found["human/review"].name == "handoff"
