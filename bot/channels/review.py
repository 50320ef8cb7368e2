"""`bot review`: messages that were not understood, one by one, into the training data."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml
from rich.console import Console

from bot.services.review import Review, Reviewed
from bot.settings import ROOT
from bot.wording.catalogue import LANGUAGES, SOURCE

_KEYS = ("[bold]Enter[/] take the guess   [bold]l[/] another label   [bold]s[/] skip   "
         "[bold]d[/] not worth an example   [bold]q[/] stop")
_SHOWN = 12


def review(service: Review, *, as_json: bool = False, data: Path = ROOT / "data",
           ask: Callable[[str], str] = input, console: Console | None = None) -> int:
    """Shows what waits and writes what is decided. Returns 0."""
    waiting = service.waiting()
    if as_json:
        print(json.dumps([vars(item) for item in waiting], ensure_ascii=False, indent=1))
        return 0
    console = console or Console()
    if not waiting:
        console.print("Nothing waits to be looked at.")
        return 0
    labels, taken = labels_of(data), 0
    for number, item in enumerate(waiting, 1):
        _show(console, item, f"{number} of {len(waiting)}")
        try:
            done, label = _decide(console, ask, item, sorted(labels))
        except EOFError:
            break
        if not done:
            if label == "q":
                break
            continue
        if label is not None:
            add_example(labels[label], label, item.language, item.text)
            taken += 1
        service.settle(item.id, label)
    console.print(f"{taken} new example(s)." + (" Train with: make train" if taken else ""))
    return 0


def labels_of(data: Path) -> dict[str, Path]:
    """Every label of the training data and the folder of its topic."""
    found = {}
    for path in sorted(data.glob("*/nlu.yml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("- intent: "):
                found[line.removeprefix("- intent: ").strip()] = path.parent
    return found


def add_example(folder: Path, label: str, language: str, text: str) -> Path:
    """Adds an example to a topic's file of the language; returns the file."""
    code = language if language in LANGUAGES else SOURCE
    path = folder / ("nlu.yml" if code == SOURCE else f"nlu.{code}.yml")
    before = path.read_text(encoding="utf-8") if path.is_file() else 'version: "3.1"\nnlu:\n'
    line = f"    - {' '.join(text.split())}\n"
    head = f"- intent: {label}\n"
    if head in before:
        start = before.index(head)
        end = before.find("\n- intent: ", start)
        end = len(before) if end < 0 else end + 1
        after = before[:end].rstrip("\n") + "\n" + line + before[end:]
    else:
        metadata = "" if code == SOURCE else f"  metadata:\n    language: {code}\n"
        after = f"{before.rstrip()}\n{head}{metadata}  examples: |\n{line}"
    yaml.safe_load(after)  # nothing is written that could not be read again
    path.write_text(after, encoding="utf-8")
    return path


def _show(console: Console, item: Reviewed, place: str) -> None:
    console.rule(f"{place} · {item.kind} · {item.language}")
    if item.asked:
        console.print(f"Asked: {item.asked}", style="dim")
    console.print(item.text, style="bold", markup=False)
    console.print(f"Taken for: {item.guess or 'nothing'}", style="dim")
    console.print(_KEYS)


def _decide(console: Console, ask: Callable[[str], str], item: Reviewed,
            labels: Sequence[str]) -> tuple[bool, str | None]:
    """Whether it is settled, and its label; not settled: "q" to stop or None to skip."""
    while True:
        key = ask("> ").strip().lower()
        if key == "" and item.guess in labels:
            return True, item.guess
        if key == "s":
            return False, None
        if key == "q":
            return False, "q"
        if key == "d":
            return True, None
        if key == "l":
            chosen = _choose(console, ask, labels)
            if chosen:
                return True, chosen
        console.print(_KEYS)


def _choose(console: Console, ask: Callable[[str], str], labels: Sequence[str]) -> str | None:
    wanted = ask("label (a part of it is enough)> ").strip()
    fitting = [label for label in labels if label == wanted] or [
        label for label in labels if wanted.lower() in label.lower()]
    if len(fitting) == 1:
        return fitting[0]
    shown = ", ".join(fitting[:_SHOWN]) or "none"
    console.print(f"{len(fitting)} labels fit: {shown}")
    return None
