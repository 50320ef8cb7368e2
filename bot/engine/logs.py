"""What a running program writes to the terminal: what an operator can act on."""

from __future__ import annotations

import logging
import sys


def quiet_logs() -> None:
    """Warnings and errors only; of Rasa and Sanic errors alone."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr,
                        format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("rasa", "sanic.root", "sanic.error", "apscheduler", "matplotlib", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("asyncio").addFilter(_worth_telling)
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def _worth_telling(record: logging.LogRecord) -> bool:
    """Of connections that were open when the server stopped, nobody can act on anything."""
    return not record.getMessage().startswith("Task was destroyed but it is pending")
