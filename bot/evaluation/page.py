"""The result of an evaluation as a page for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: So many wrong claims are named; the rest stands in the JSON.
_SHOWN_WRONG = 40


def text(result: Mapping[str, Any]) -> str:
    """Everything that a reader wants to know first, worst things named."""
    said, done = result["messages"], result["claims"]
    lines = [
        f"Held-back messages: {said['count']}",
        f"  topic right        English {said['topic_accuracy']['en']:.3f}   "
        f"other languages {said['topic_accuracy']['others']:.3f}",
        _languages(said["topic_accuracy"]),
        f"  emergencies        recall {said['emergency_recall']:.3f}   "
        f"false alarms {said['emergency_false_alarms']:.3f}",
        f"  language right     {said['language_right']:.3f}",
        f"  calibration error  {said['calibration']['error']:.3f}",
        f"  understanding      {said['median_ms']} ms a message (median)",
        "  worst confusions   " + ", ".join(
            f"{c['topic']} taken for {c['taken_for']} ({c['times']})"
            for c in said["worst_confusions"][:6]),
        "",
        f"Held-back claims, played to their end: {done['count']}",
        f"  decided right      English {done['right']['en']:.3f}   "
        f"other languages {done['right']['others']:.3f}",
        _languages(done["right"]),
        "  by outcome         " + ", ".join(
            f"{name} {share:.2f}" for name, share in done["right_by_outcome"].items()),
        f"  refused on a cause that was not confirmed: {done['refused_on_an_unconfirmed_cause']}",
        f"  refused, and should not have been: {done['refused_wrongly']}",
        f"  messages a claim   {done['messages_a_claim']}",
        "  facts              precision  recall  expected",
    ]
    lines += [f"    {name:<22} {_number(fact['precision'])}    {_number(fact['recall'])}"
              f"     {fact['expected']:>3}" for name, fact in done["facts"].items()]
    lines += [f"  wrong {w['id']}: expected {w['expected']['outcome']} "
              f"{w['expected'].get('reasons')}, got {w['got']['outcome']} {w['got']['reasons']}"
              for w in done["wrong"][:_SHOWN_WRONG]]
    if "peer" in result:
        lines += ["", *_beside_peer(result)]
    lines += ["", "Since the stored result:", *(f"  {line}" for line in result["changes"])]
    return "\n".join(lines)


def _beside_peer(result: Mapping[str, Any]) -> list[str]:
    peer = result["peer"]
    rows = [
        ("topics, English", ("messages", "topic_accuracy", "en")),
        ("topics, other languages", ("messages", "topic_accuracy", "others")),
        ("emergencies found", ("messages", "emergency_recall")),
        ("false alarms", ("messages", "emergency_false_alarms")),
        ("claims right, English", ("claims", "right", "en")),
        ("claims right, other languages", ("claims", "right", "others")),
        ("milliseconds a message", ("messages", "median_ms")),
    ]
    same = "all examples" if peer["share"] >= 1 else f"{peer['share']:.0%} of the examples"
    lines = [f"Beside Rasa's default pipeline ({peer['epochs']} epochs), both trained on {same}:",
             f"  {'':<30}    ours    peer"]
    for name, place in rows:
        ours, theirs = peer["ours"], peer
        for key in place:
            ours, theirs = ours[key], theirs[key]
        lines.append(f"  {name:<30} {ours:7.3f} {theirs:7.3f}")
    return lines


def _languages(shares: Mapping[str, float]) -> str:
    return "                     " + "  ".join(
        f"{code} {share:.2f}" for code, share in shares.items() if code not in ("en", "others"))


def _number(value: float | None) -> str:
    return "    –" if value is None else f"{value:5.2f}"
