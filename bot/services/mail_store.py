"""The originals of mails, as files: written and on the disk before anything else is done."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bot.errors import AftersaleError, StoreError

#: Bytes of the largest mail that is taken.
MOST_BYTES = 30 * 1024 * 1024


class MailTooLarge(AftersaleError):
    """A mail is larger than what is taken."""


class MailStore:
    """Keeps originals in `folder`, each under a name made from where it came from.

    So a mail that was on the disk when the process died before its commit is written again over
    itself, and nothing of it stays behind.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, source: str, raw: bytes) -> str:
        """Stores the original from `source` and returns its name.

        Raises MailTooLarge, StoreError.
        """
        if len(raw) > MOST_BYTES:
            raise MailTooLarge(f"a mail may have at most {MOST_BYTES // 1024 // 1024} MB")
        name = hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # mkstemp gives each writer a file of its own, that only this user may read.
            handle, unfinished = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(raw)
                    out.flush()
                    os.fsync(out.fileno())
                os.replace(unfinished, path)
                _to_disk(path.parent)
            except OSError:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(unfinished)
                raise
        except OSError as error:
            raise StoreError(f"mails cannot be stored: {error}") from error
        return name

    def read(self, name: str) -> bytes:
        """An original. Raises StoreError if it is not there."""
        try:
            return self._path(name).read_bytes()
        except OSError as error:
            raise StoreError(f"a mail cannot be read: {error}") from error

    def path_of(self, name: str) -> Path:
        """Where an original is, for those who export what is held about a customer."""
        return self._path(name)

    def remove(self, names: Iterable[str]) -> None:
        """Deletes originals."""
        for name in names:
            with contextlib.suppress(OSError):
                self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


def _to_disk(folder: Path) -> None:
    """A file that was moved here is found here after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
