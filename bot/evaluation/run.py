"""`bot evaluate`: the assistant scored on held-back customers that nobody trained or tuned on."""

from __future__ import annotations

import asyncio
import io
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import UserMessage

from bot.engine.assistant import Assistant, assemble
from bot.engine.door import take_in
from bot.engine.logs import quiet_logs
from bot.engine.model import current_model
from bot.evaluation.play import Played, is_right, orders_csv, play
from bot.services.heard import ALARM
from bot.services.hours import WorkingHours
from bot.services.order_import import import_orders
from bot.settings import ROOT, Settings
from bot.store.database import Database
from bot.store.migrate import migrate

HELD_BACK = ROOT / "tests" / "held_back"
_OF_A_CLAIM = ("incident", "fixed", "remedy", "no_order_number")


def evaluate(*, as_json: bool, data: Path = HELD_BACK) -> int:
    """Scores messages and whole claims in `data`, prints the result; returns 0."""
    quiet_logs()
    settings = Settings.load()
    with tempfile.TemporaryDirectory() as folder:
        # Nobody at the desk and the phone closed, as the held-back customers expect.
        closed = WorkingHours.parse("closed", settings.working_hours.timezone)
        settings = replace(settings, database_url=f"sqlite:///{folder}/evaluation.db",
                           working_hours=closed)
        database = Database(settings.database_url)
        migrate(database)
        assistant = assemble(wire_as_process(settings, database),
                             current_model(settings.model_dir))
        result = {"messages": asyncio.run(_messages(assistant, data / "messages.tsv")),
                  "claims": asyncio.run(_claims(assistant, data / "claims.jsonl"))}
        database.dispose()
    print(json.dumps(result, indent=2, ensure_ascii=False) if as_json else _page(result))
    return 0


def wire_as_process(settings: Settings, database: Database) -> Any:
    """Services that actions find too: they ask for the process's, so these become it."""
    from bot import bootstrap

    services = bootstrap.wire(settings, database)
    bootstrap.use(services)
    return services


async def _messages(assistant: Assistant, path: Path) -> dict[str, Any]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]
    right: dict[str, list[bool]] = defaultdict(list)
    confused: Counter[tuple[str, str]] = Counter()
    alarms: dict[bool, list[bool]] = {True: [], False: []}
    spent = []
    for language, topic, text in rows:
        begun = time.perf_counter()
        parse = await assistant.agent.processor.parse_message(
            UserMessage(take_in(text).heard))
        spent.append(time.perf_counter() - begun)
        name = parse["intent"]["name"]
        found = "claim" if name in _OF_A_CLAIM else name
        right[language].append(found == topic)
        alarms[topic == "emergency"].append(float(parse.get("hazard") or 0) >= ALARM)
        if found != topic:
            confused[topic, str(found)] += 1
    others = [ok for language, oks in right.items() if language != "en" for ok in oks]
    return {
        "count": len(rows),
        "topic_accuracy": {"en": _share(right["en"]), "others": _share(others),
                           **{k: _share(v) for k, v in sorted(right.items()) if k != "en"}},
        "emergency_recall": _share(alarms[True]),
        "emergency_false_alarms": _share(alarms[False]),
        "milliseconds_a_message": round(sorted(spent)[len(spent) // 2] * 1000, 2),
        "worst_confusions": [{"topic": a, "taken_for": b, "times": n}
                             for (a, b), n in confused.most_common(8)],
    }


async def _claims(assistant: Assistant, path: Path) -> dict[str, Any]:
    claims = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    import_orders(assistant.services.database,
                  io.BytesIO(orders_csv(claims, assistant.services.today())))
    played: list[tuple[dict[str, Any], Played]] = []
    for claim in claims:
        played.append((claim, await play(assistant, claim, f"held-back-{claim['id']}")))
    by_language: dict[str, list[bool]] = defaultdict(list)
    by_outcome: dict[str, list[bool]] = defaultdict(list)
    for claim, how in played:
        by_language[claim["language"]].append(is_right(claim, how))
        by_outcome[claim["expect"]["outcome"]].append(is_right(claim, how))
    others = [ok for language, oks in by_language.items() if language != "en" for ok in oks]
    return {
        "count": len(claims),
        "right": {"en": _share(by_language["en"]), "others": _share(others),
                  **{k: _share(v) for k, v in sorted(by_language.items()) if k != "en"}},
        "right_by_outcome": {k: _share(v) for k, v in sorted(by_outcome.items())},
        "refused_on_an_unconfirmed_cause": sum(
            how.outcome == "not_covered" and bool(how.unconfirmed) for _, how in played),
        "wrong": [{"id": claim["id"], "expected": claim["expect"], "got": {
            "outcome": how.outcome, "reasons": how.reasons, "ticket": how.ticket,
            "handoff": how.handoff}} for claim, how in played if not is_right(claim, how)],
    }


def _share(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), 3) if values else 0.0


def _page(result: dict[str, Any]) -> str:
    messages, claims = result["messages"], result["claims"]
    lines = [
        f"Held-back messages: {messages['count']}",
        f"  topic right        English {messages['topic_accuracy']['en']:.3f}   "
        f"other languages {messages['topic_accuracy']['others']:.3f}",
        f"  emergencies        recall {messages['emergency_recall']:.3f}   "
        f"false alarms {messages['emergency_false_alarms']:.3f}",
        f"  understanding      {messages['milliseconds_a_message']} ms a message (median)",
        "  worst confusions   " + ", ".join(
            f"{c['topic']} taken for {c['taken_for']} ({c['times']})"
            for c in messages["worst_confusions"][:5]),
        "",
        f"Held-back claims, played to their end: {claims['count']}",
        f"  decided right      English {claims['right']['en']:.3f}   "
        f"other languages {claims['right']['others']:.3f}",
        "  by outcome         " + ", ".join(
            f"{name} {share:.2f}" for name, share in claims["right_by_outcome"].items()),
        f"  refused on a cause that was not confirmed: "
        f"{claims['refused_on_an_unconfirmed_cause']}",
    ]
    lines += [f"  wrong {w['id']}: expected {w['expected']['outcome']} "
              f"{w['expected'].get('reasons')}, got {w['got']['outcome']} {w['got']['reasons']}"
              for w in claims["wrong"]]
    return "\n".join(lines)


