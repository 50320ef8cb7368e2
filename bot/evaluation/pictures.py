"""The report: one page of HTML with pictures of accuracy, calibration, confusions and facts."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bot.evaluation import page

_OURS, _PEER, _GRID = "#0f766e", "#b9a44c", "#d9dde1"


def draw(result: Mapping[str, Any], folder: Path) -> Path:
    """Writes `index.html` and its pictures into `folder`; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "topics": ("Topics right, by language", _by_language, "messages", "topic_accuracy"),
        "claims": ("Whole claims right, by language", _by_language, "claims", "right"),
    }
    names = []
    for name, (title, plot, part, key) in pictures.items():
        _picture(folder / f"{name}.png", title,
                 lambda axes, p=part, k=key, f=plot: f(axes, result, p, k))
        names.append(name)
    _picture(folder / "calibration.png", "Sure and right",
             lambda axes: _calibration(axes, result["messages"]["calibration"]))
    _picture(folder / "confusions.png", "Worst confusions",
             lambda axes: _confusions(axes, result["messages"]["worst_confusions"]))
    _picture(folder / "facts.png", "Reasons: found (precision, recall)",
             lambda axes: _facts(axes, result["claims"]["facts"]))
    names += ["calibration", "confusions", "facts"]
    target = folder / "index.html"
    target.write_text(
        "<!doctype html><meta charset=utf-8><title>Evaluation</title>"
        "<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem;"
        "color:#16202a}img{max-width:100%;margin:1rem 0}pre{white-space:pre-wrap;"
        "background:#f4f6f7;padding:1rem;border-radius:8px}</style>"
        "<h1>Evaluation on held-back customers</h1>"
        + "".join(f'<img src="{name}.png" alt="{name}">' for name in names)
        + f"<pre>{html.escape(page.text(result))}</pre>", encoding="utf-8")
    return target


def _picture(path: Path, title: str, plot: Any) -> None:
    figure, axes = plt.subplots(figsize=(9, 4), dpi=120)
    plot(axes)
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold")
    axes.grid(axis="y", color=_GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _by_language(axes: Axes, result: Mapping[str, Any], part: str, key: str) -> None:
    shares = result[part][key]
    names = [name for name in shares if name != "others"]
    width = 0.4 if "peer" in result else 0.7
    axes.bar(range(len(names)), [shares[n] for n in names], width, color=_OURS, label="ours")
    if "peer" in result:
        theirs = result["peer"][part][key]
        axes.bar([i + width for i in range(len(names))], [theirs.get(n, 0) for n in names], width,
                 color=_PEER, label="Rasa's default pipeline")
        axes.legend(frameon=False, loc="lower left")
    axes.set_xticks(range(len(names)), names)
    axes.set_ylim(0, 1.02)


def _calibration(axes: Axes, found: Mapping[str, Any]) -> None:
    axes.plot([0, 1], [0, 1], color=_GRID, linewidth=2)
    axes.plot([b["confidence"] for b in found["bins"]], [b["right"] for b in found["bins"]],
              "o-", color=_OURS)
    axes.set_xlabel("confidence")
    axes.set_ylabel("share right")


def _confusions(axes: Axes, found: list[Mapping[str, Any]]) -> None:
    rows = found[::-1]
    axes.barh([f"{r['topic']} → {r['taken_for']}" for r in rows], [r["times"] for r in rows],
              color=_OURS)


def _facts(axes: Axes, found: Mapping[str, Mapping[str, Any]]) -> None:
    names = list(found)
    for offset, (what, colour) in enumerate((("precision", _OURS), ("recall", _PEER))):
        axes.bar([i + 0.4 * offset for i in range(len(names))],
                 [found[n][what] or 0 for n in names], 0.38, color=colour, label=what)
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=8)
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, loc="lower left")
