"""A real server for tests: `bot serve` in its own process, on a free port and its own database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from bot.settings import ROOT
from tests.conversation.preloaded import Preloaded

TOKEN = "a-token-for-tests"
#: Loading TensorFlow takes 5 to 20 seconds, on a busy machine far more.
START_SECONDS = 180.0
#: Settings of whoever runs the tests must not leak into the servers under test.
_OURS = ("DATABASE_URL", "REDIS_URL", "API_TOKEN", "SEED_DEMO", "SUPPORT_PHONE",
         "SUPPORT_EMAIL", "PRESALE_EMAIL", "WORKING_HOURS", "WORKING_TIMEZONE", "WORKING_HOLIDAYS",
         "WIDGET_ORIGINS", "WIDGET_IDENTITY_KEY", "ATTACHMENTS_DIR", "ATTACHMENT_MAX_MB",
         "MAILBOXES", "MAIL_DOOR", "MAIL_DIR", "MAIL_FROM", "MAIL_TRUSTED_SERVER",
         "MAIL_AFTER_MINUTES", "SMTP_URL", "AGENT_IDLE_MINUTES", "PUBLIC_URL")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(database: Path, **settings: str) -> dict[str, str]:
    """The environment of a `bot` process: only what is given here, and a token."""
    inherited = {k: v for k, v in os.environ.items() if k not in _OURS}
    return {**inherited, "DATABASE_URL": f"sqlite:///{database}", "API_TOKEN": TOKEN,
            "SEED_DEMO": "0", "WORKING_HOURS": "closed",
            "ATTACHMENTS_DIR": str(database.with_suffix(".files")),
            "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), **settings}


def run_bot(*arguments: str, database: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs a `bot` command to its end."""
    return subprocess.run([sys.executable, "-m", "bot.cli", *arguments], cwd=ROOT, text=True,
                          env=environment(database, **settings), capture_output=True,
                          timeout=START_SECONDS, check=False)


class Server:
    """One `bot serve`. `wrapper` is a script that is run instead, with the same arguments.

    `preloaded` saves the seconds in which Python imports Rasa; see `Preloaded`.
    """

    def __init__(self, database: Path, *, wrapper: Path | None = None,
                 settings: Mapping[str, str] | None = None, preloaded: bool = False) -> None:
        self.database = database
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = database.with_suffix(".log")
        self._wrapper, self._preloaded = wrapper, preloaded
        self._environment = environment(database, **(settings or {}))
        self._process: subprocess.Popen[bytes] | Preloaded | None = None

    def start(self) -> Server:
        """Starts the process and waits until it answers."""
        self.launch()
        self.wait_until_ready()
        return self

    def launch(self, *more: str) -> None:
        """Starts the process without waiting for it."""
        arguments = ["serve", "--port", str(self.port), *more]
        if self._preloaded:
            self._process = Preloaded(self._wrapper, arguments, self._environment, self.log)
            return
        program = [str(self._wrapper)] if self._wrapper else ["-m", "bot.cli"]
        command = [sys.executable, *program, *arguments]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log,
                                             stderr=log)

    def wait_until_ready(self) -> None:
        """Waits until the server answers; fails with its log if it ends or takes too long."""
        ends = time.monotonic() + START_SECONDS
        while time.monotonic() < ends:
            if not self.is_running:
                break
            try:
                if httpx.get(f"{self.url}/health", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        self.kill()
        log = self.log.read_text(encoding="utf-8", errors="replace")
        raise AssertionError(f"`bot serve` did not come up; it said:\n{log[-2000:]}")

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    def wait_until_dead(self) -> int:
        """Waits for the process to end, and returns its exit code."""
        assert self._process is not None
        return self._process.wait(60)

    def kill(self) -> None:
        """Ends the process as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends the process as Ctrl-C does."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
