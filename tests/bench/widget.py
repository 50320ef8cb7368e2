"""The chat widget beside rasa-webchat and deep-chat: bytes, and seconds to the first reply.

`python -m tests.bench.widget`, and a part of `make bench`. All three talk to the same server, which
answers at once; each run begins with an empty cache. BENCH_RUNS sets the runs of each (default 5).
"""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import os
import statistics
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.settings import ROOT
from tests.bench.widget_server import REPLY, WidgetServer

BUILT = ROOT / "build" / "widget"
CHROMIUM = Path("/usr/bin/chromium")
PEERS = ROOT / "build" / "bench-widget"
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
#: Milliseconds there and back, and bytes a second, as browsers' developer tools name them.
LINES = {"no limit": None, "slow 3G": (400, 50_000)}
_RELEASES = {"rasa-webchat": ("rasa-webchat@1.0.1", "package/lib/index.js"),
             "deep-chat": ("deep-chat@2.4.2", "package/dist/deepChat.bundle.js")}
_PATIENCE = 120_000


def main() -> None:
    """Measures all three and prints a table."""
    files = {name: _peer(name) for name in _RELEASES}
    sizes: dict[str, float] = {"ours": _gzip(BUILT / "loader.js")
             + sum(_gzip(BUILT / name) for name in ("index.html", "chat.js", "chat.css")),
             **{name: _gzip(path) for name, path in files.items()}}
    before: dict[str, float] = {"ours": _gzip(BUILT / "loader.js"),
              **{name: sizes[name] for name in files}}
    rows = [("bytes after gzip, in all", sizes), ("bytes before it is opened", before)]
    if CHROMIUM.is_file() and importlib.util.find_spec("playwright"):
        rows += _times(importlib.import_module("playwright.sync_api"), files)
    else:
        print(f"Playwright or {CHROMIUM} is not here, so only bytes are compared.")
    _print_table(rows)


def _peer(name: str) -> Path:
    """The file of a peer's release that a page loads."""
    release, inside = _RELEASES[name]
    target = PEERS / f"{name}.js"
    if not target.is_file():
        PEERS.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(PEERS),
             release], cwd=PEERS, check=True, capture_output=True, text=True, env=_with_node())
        with tarfile.open(PEERS / packed.stdout.split()[-1]) as archive:
            found = archive.extractfile(inside)
            assert found is not None
            target.write_bytes(found.read())
    return target


def _with_node() -> dict[str, str]:
    """Where this machine has no Node, scripts/web.sh has put one here."""
    return {**os.environ, "PATH": os.pathsep.join(
        [os.environ.get("PATH", ""), str(ROOT / ".venv-tools" / "node" / "bin")])}


def _gzip(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def _times(playwright: Any, files: dict[str, Path]) -> list[tuple[str, dict[str, float]]]:
    server = WidgetServer({
        "/widget.js": BUILT / "loader.js", "/widget/": BUILT / "index.html",
        "/widget/chat.js": BUILT / "chat.js", "/widget/chat.css": BUILT / "chat.css",
        **{f"/files/{name}.js": path for name, path in files.items()}})
    rows = []
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        for line, limits in LINES.items():
            print(f"Widgets: first reply, {line} …", flush=True)
            taken = {name: [_first_reply(chromium, f"{server.url}/{name}", talk, limits)
                            for _ in range(RUNS)] for name, talk in _TALKS.items()}
            rows.append((f"seconds to the first reply, {line}",
                         {name: statistics.median(each) for name, each in taken.items()}))
        chromium.close()
    server.stop()
    return rows


def _first_reply(chromium: Any, url: str, talk: Callable[[Any], None],
                 limits: tuple[int, int] | None) -> float:
    """Seconds from the navigation to the reply, for somebody who writes as soon as they can."""
    context = chromium.new_context()
    context.set_default_timeout(_PATIENCE)
    page = context.new_page()
    if limits is not None:
        latency, speed = limits
        context.new_cdp_session(page).send("Network.emulateNetworkConditions", {
            "offline": False, "latency": latency, "downloadThroughput": speed,
            "uploadThroughput": speed})
    begun = time.perf_counter()
    page.goto(url, wait_until="commit")
    talk(page)
    seconds = time.perf_counter() - begun
    context.close()
    return seconds


def _ours(page: Any) -> None:
    page.locator("#aftersale-chat-widget button").click()
    frame = page.frame_locator("#aftersale-chat-widget iframe")
    frame.locator(".composer textarea").fill("Hello")
    frame.locator(".composer textarea").press("Enter")
    frame.get_by_text(REPLY).wait_for()


def _rasa_webchat(page: Any) -> None:
    page.locator(".rw-launcher").click()
    page.locator(".rw-new-message").fill("Hello")
    page.locator(".rw-new-message").press("Enter")
    page.get_by_text(REPLY).wait_for()


def _deep_chat(page: Any) -> None:
    page.locator("#text-input").fill("Hello")
    page.locator("#text-input").press("Enter")
    page.get_by_text(REPLY).wait_for()


_TALKS: dict[str, Callable[[Any], None]] = {
    "ours": _ours, "rasa-webchat": _rasa_webchat, "deep-chat": _deep_chat}


def _print_table(rows: list[tuple[str, dict[str, float]]]) -> None:
    width = max(len(name) for name, _ in rows)
    print(f"\n{'figure':<{width}}" + "".join(f"  {name:>13}" for name in _TALKS))
    for name, values in rows:
        shown = "".join(f"  {values[each]:>13,.{0 if name.startswith('bytes') else 2}f}"
                        for each in _TALKS)
        print(f"{name:<{width}}{shown}")
    print(flush=True)


if __name__ == "__main__":
    main()
