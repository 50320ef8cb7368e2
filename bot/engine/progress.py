"""Training as somebody at a terminal sees it: one moving line, and nothing else."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.engine import model
from bot.understanding import net


def train_with_progress(folder: Path, *, force: bool = False) -> Path:
    """Trains unless the model is current. Raises ModelError, with Rasa's last words printed."""
    if not force and model.is_current(folder):
        print("The model is up to date.")
        return model.current_model(folder)
    console = Console(file=sys.stderr)
    said = io.StringIO()
    begun = time.monotonic()
    with Progress(TextColumn("Training"), BarColumn(), TextColumn("{task.description}"),
                  TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("starting Rasa", total=100)
        net.on_progress = lambda done, what: progress.update(task, completed=done * 100,
                                                             description=what)
        try:
            with _silence(said):
                trained = model.train(folder, lambda _: None)
        except BaseException:
            sys.stderr.write(said.getvalue()[-4000:])
            raise
        finally:
            net.on_progress = net.no_progress
    print(f"Trained {trained.name} in {time.monotonic() - begun:.0f} s.")
    return trained


@contextlib.contextmanager
def _silence(said: io.StringIO) -> Iterator[None]:
    """Keeps what Rasa prints, for the case that something goes wrong."""
    logging.disable(logging.INFO)
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    os.environ["TQDM_DISABLE"] = "1"
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        yield
    logging.disable(logging.NOTSET)
