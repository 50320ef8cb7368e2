"""What all commands have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

#: Who did it, in the audit log.
OPERATOR = "command line"


def command(commands: Any, name: str, run: Callable[[argparse.Namespace], int | None],
            text: str) -> argparse.ArgumentParser:
    """Adds a command; `run` is given its options and returns the exit code, None for 0."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def wired(*, migrated: bool = False) -> Any:
    """The services (`bot.bootstrap.Services`), on a database that was brought up to date if asked.

    Imported when first needed: a word of help shall not wait for it.
    """
    from bot.bootstrap import bootstrap
    from bot.store.migrate import migrate

    services = bootstrap()
    if migrated:
        migrate(services.database)
    return services
