"""`make run`: trains if need be, then serves until Ctrl-C. Arguments go to `bot serve`.

Being stopped is no error, whatever was under way, so that make prints none.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

BOT = Path(sys.executable).with_name("bot")


class Steps:
    """Runs one program after the other and passes on what is to stop them."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False
        # The terminal sends Ctrl-C to the child as well; the others come to this process alone.
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGHUP, self._stop)

    def run(self, *commands: Sequence[str]) -> int:
        """Runs `commands` until one fails or somebody stops it. Returns the exit code for make."""
        for command in commands:
            if self._stopped:
                break
            self._child = subprocess.Popen([str(BOT), *command])
            code = self._child.wait()
            if code and not self._stopped:
                return code if code > 0 else 128 - code
        return 0

    def _stop(self, number: int, _: FrameType | None) -> None:
        self._stopped = True
        if number != signal.SIGINT and self._child is not None:
            self._child.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(Steps().run(["train"], ["serve", *sys.argv[1:]]))
