"""`bot evaluate`: the assistant scored on held-back customers that nobody trained or tuned on."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.engine.assistant import Assistant, assemble
from bot.engine.logs import quiet_logs
from bot.engine.model import DATA, current_model, train
from bot.evaluation import claims, history, messages, page, peer
from bot.evaluation.play import Played, orders_csv, play
from bot.services.hours import WorkingHours
from bot.services.order_import import import_orders
from bot.settings import ROOT, Settings
from bot.store.database import Database
from bot.store.migrate import migrate

HELD_BACK = ROOT / "tests" / "held_back"
RESULT = "result.json"
REPORT = ROOT / "build" / "evaluation"


def evaluate(*, as_json: bool = False, data: Path = HELD_BACK, keep: bool = False,
             peer_epochs: int | None = None, share: float = 1.0) -> int:
    """Scores the messages and whole claims in `data` and prints the result. Returns 0.

    `keep` stores the result beside the data. `peer_epochs` scores Rasa's default pipeline too,
    trained that long on the same examples: all, or that `share` of them, on which
    ours is then trained anew too. A report with pictures goes to build/evaluation/.
    """
    quiet_logs()
    labelled = messages.read_messages(data / "messages.tsv")
    cases = [json.loads(line) for line in
             (data / "claims.jsonl").read_text(encoding="utf-8").splitlines() if line]
    with _assistant() as assistant:
        result = asyncio.run(_score(assistant, labelled, cases))
    if peer_epochs is not None:
        result["peer"] = _compared(result, labelled, cases, peer_epochs, share)
    result["data"] = _fingerprint(data)
    stored = history.load(data / RESULT)
    result["changes"] = history.changes(stored, result)
    if keep:
        history.store(data / RESULT, {k: v for k, v in result.items() if k != "changes"})
    if as_json:
        print(json.dumps(result, indent=2, ensure_ascii=False))
        return 0
    from bot.evaluation.pictures import draw

    print(page.text(result))
    print(f"\nReport with pictures: {draw(result, REPORT).relative_to(ROOT)}")
    return 0


def _compared(result: dict[str, Any], labelled: Sequence[messages.Labelled],
              cases: Sequence[dict[str, Any]], epochs: int, share: float) -> dict[str, Any]:
    """The scores of Rasa's default pipeline, and as `ours` those that they stand beside."""
    data, ours = DATA, {name: result[name] for name in ("messages", "claims")}
    if share < 1:
        data = peer.sample(share)
        with _assistant(train(data / "models", lambda _: None, data)) as assistant:
            ours = asyncio.run(_score(assistant, labelled, cases))
    found = peer.trained(epochs, data)
    with _assistant() as assistant:
        theirs = asyncio.run(_score(found.instead_of_ours(assistant), labelled, cases))
    return {"epochs": epochs, "share": share, "ours": ours, **theirs}


async def _score(assistant: Assistant, labelled: Sequence[messages.Labelled],
                 cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    understood = await messages.understand(assistant, labelled)
    import_orders(assistant.services.database,
                  io.BytesIO(orders_csv(list(cases), assistant.services.today())))
    played: list[Played] = []
    for case in cases:
        played.append(await play(assistant, case, f"held-back-{case['id']}-{id(assistant)}"))
    of_messages, of_claims = messages.score(labelled, understood), claims.score(cases, played)
    of_messages["missed"] = [
        f"line {number} ({message.language} {message.topic})" for number, (message, heard)
        in enumerate(zip(labelled, understood, strict=True), 1) if heard.topic != message.topic]
    of_claims["missed"] = [wrong["id"] for wrong in of_claims["wrong"]]
    return {"messages": of_messages, "claims": of_claims}


@contextmanager
def _assistant(model: Path | None = None) -> Iterator[Assistant]:
    """The assistant on an empty database: nobody at the desk, the phone closed.

    `model`: another one than the installation's.
    """
    settings = Settings.load()
    with tempfile.TemporaryDirectory() as folder:
        closed = WorkingHours.parse("closed", settings.working_hours.timezone)
        settings = replace(settings, database_url=f"sqlite:///{folder}/evaluation.db",
                           working_hours=closed)
        database = Database(settings.database_url)
        migrate(database)
        yield assemble(wire_as_process(settings, database),
                       model or current_model(settings.model_dir))
        database.dispose()


def wire_as_process(settings: Settings, database: Database) -> Any:
    """Services that actions find too: they ask for the process's, so these become it."""
    from bot import bootstrap

    services = bootstrap.wire(settings, database)
    bootstrap.use(services)
    return services


def _fingerprint(data: Path) -> str:
    digest = hashlib.sha256()
    for name in ("messages.tsv", "claims.jsonl"):
        digest.update((data / name).read_bytes())
    return digest.hexdigest()[:16]
