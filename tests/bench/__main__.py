"""Ours beside a stock Rasa, on the same messages, in one run. Nothing is asserted about time.

BENCH_EPOCHS lowers the peer's epochs (default 100; its speed at a turn does not depend on them),
BENCH_CONVERSATIONS the number of conversations for each client (default 10).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from tests.bench.load import Script, Timing, play
from tests.bench.stock import FULL_EPOCHS, environment, stock_model, training_files
from tests.conversation.orders import placed_orders, write_csv
from tests.conversation.server import START_SECONDS, TOKEN, Server, free_port, run_bot

CLIENTS = 8


def main() -> None:
    """Runs both sides one after the other and prints the table."""
    epochs = int(os.environ.get("BENCH_EPOCHS", FULL_EPOCHS))
    conversations = int(os.environ.get("BENCH_CONVERSATIONS", "10"))
    _say(f"Peer: stock Rasa, {len(training_files())} English NLU files, {epochs} epochs"
         f"{'' if epochs == FULL_EPOCHS else f' (Rasa default: {FULL_EPOCHS})'} …")
    begun = time.monotonic()
    project, model, trained = stock_model(epochs)
    _say(f"Peer: {'trained in' if trained else 'model from the cache,'} "
         f"{time.monotonic() - begun:.0f} s ({project.name})")
    script = _scripts()
    with tempfile.TemporaryDirectory() as folder:
        ours = _measure("Ours", _ours(Path(folder)), script, conversations)
    peer = _measure("Peer", _peer(project, model), script, conversations)
    _print_table(ours, peer)
    _say("Ours commits every turn to a SQLite file; the peer keeps its conversations in memory "
         "and runs no actions.")


def _scripts() -> Callable[[], Script]:
    """Whole claims, each with an order of its own."""
    orders = iter([order for kind in ("new", "shipped") for order in placed_orders()[kind]])

    def script() -> Script:
        order = next(orders)
        return ("Hello", "My radio does not turn on any more.", order.number, order.email,
                "No, it is still the same.", "Is water damage covered?",
                "No, nothing happened to it.", "I want to send it in for repair.",
                "Yes, please file it.", "What is the status of my ticket?", "Thank you, bye")

    return script


def _measure(name: str, running: contextlib.AbstractContextManager[tuple[str, int, dict[str, str]]],
             script: Callable[[], Script], conversations: int) -> dict[str, float]:
    begun = time.perf_counter()
    with running as (url, pid, headers):
        started = time.perf_counter() - begun
        play(url, headers, script, clients=1, conversations=2)  # warm
        _say(f"{name}: one client …")
        one = play(url, headers, script, clients=1, conversations=conversations)
        _say(f"{name}: {CLIENTS} clients …")
        many = play(url, headers, script, clients=CLIENTS, conversations=conversations)
        return {**_figures("one client", one), **_figures(f"{CLIENTS} clients", many),
                f"turns a second, {CLIENTS} clients": many.per_second,
                "turns without an answer": one.silent + many.silent,
                "seconds until it answers": started, "memory, MB": _memory(pid)}


def _figures(who: str, timing: Timing) -> dict[str, float]:
    return {f"ms a turn p50, {who}": timing.percentile(50),
            f"ms a turn p95, {who}": timing.percentile(95)}


@contextlib.contextmanager
def _ours(folder: Path) -> Iterator[tuple[str, int, dict[str, str]]]:
    write_csv(folder / "orders.csv", placed_orders())
    done = run_bot("orders", "import", str(folder / "orders.csv"), database=folder / "bench.db")
    if done.returncode:
        raise SystemExit(done.stderr)
    server = Server(folder / "bench.db")
    try:
        server.start()
        yield server.url, server.pid, {"Authorization": f"Bearer {TOKEN}"}
    finally:
        server.stop()


@contextlib.contextmanager
def _peer(project: Path, model: Path) -> Iterator[tuple[str, int, dict[str, str]]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (project / "run.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "rasa", "run", "--model", str(model), "--port", str(port),
             "--interface", "127.0.0.1"],
            cwd=project, env=environment(), stdout=log, stderr=subprocess.STDOUT)
    try:
        ends = time.monotonic() + START_SECONDS
        while time.monotonic() < ends and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{url}/webhooks/rest/", timeout=5).status_code == 200:
                    break
            time.sleep(0.1)
        else:
            raise SystemExit(f"the stock Rasa did not start; see {project / 'run.log'}")
        yield url, process.pid, {}
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return float("nan")
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _print_table(ours: dict[str, float], peer: dict[str, float]) -> None:
    width = max(map(len, ours))
    print(f"\n{'figure':<{width}}  {'ours':>9}  {'peer':>9}  {'ratio':>7}")
    for name, value in ours.items():
        ratio = f"{value / peer[name]:.2f}" if peer[name] else "-"
        print(f"{name:<{width}}  {value:>9.1f}  {peer[name]:>9.1f}  {ratio:>7}")
    print()


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
