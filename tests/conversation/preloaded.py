"""`bot serve` in a process that has loaded Rasa and TensorFlow already: up in two seconds, not 16.

A fork server (see `multiprocessing`) imports once what `bot serve` imports, and every process is a
fork of it. All else is as in a process begun anew: environment, arguments, output, signals, exit
code, and a death of its own.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.cli import main
from bot.settings import ROOT

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["__main__", "tests.conversation.loaded"])


def begin_loading() -> None:
    """Starts the fork server, which loads while something else is done."""
    multiprocessing.forkserver.ensure_running()


class Preloaded:
    """Runs a script, or without one `bot`, with arguments; as `subprocess.Popen`."""

    def __init__(self, script: Path | None, arguments: Sequence[str],
                 environment: Mapping[str, str], log: Path) -> None:
        self._process = _processes.Process(
            target=_run, args=(script, list(arguments), dict(environment), log), daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """The exit code (of one that was killed the signal, negative), None while it lives."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Waits for the end and returns the exit code."""
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return code

    def send_signal(self, which: signal.Signals) -> None:
        """Sends a signal."""
        os.kill(self.pid, which)

    def kill(self) -> None:
        """Ends the process at once."""
        self._process.kill()


def _run(script: Path | None, arguments: list[str], environment: dict[str, str],
         log: Path) -> None:
    multiprocessing.set_start_method("fork", force=True)  # as Python itself begins
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout, sys.stderr = (os.fdopen(fd, "w", buffering=1) for fd in (1, 2))
    sys.argv = [str(script or "bot"), *arguments]
    if script is None:
        sys.exit(main())
    runpy.run_path(str(script), run_name="__main__")

