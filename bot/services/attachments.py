"""Attachments: a customer's photos, videos and invoices, as evidence on their ticket.

A file comes in under a random name and is only ever opened as the kind that its bytes tell.
Pictures are written anew; videos and PDFs are stored as they are and never opened here.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from bot.errors import RefusedFile, StoreError
from bot.services.attachment_kinds import HEAD, MEGABYTE, Kind, kind_of, shown_name
from bot.services.pictures import write_anew
from bot.store import tables as t
from bot.store.database import Database
from bot.store.tables import utcnow

#: An upload that was not sent with a message is deleted after this long.
UNSENT_KEPT = dt.timedelta(days=1)
#: Files that one conversation may have.
MAX_IN_CONVERSATION = 60
_INCOMING = "incoming"
_PREVIEW = ".preview"


@dataclass(frozen=True)
class AttachmentView:
    """A stored file as its conversation may see it. `width` and `height` of pictures only."""

    id: str
    name: str
    media_type: str
    size: int
    width: int | None
    height: int | None

    @property
    def is_picture(self) -> bool:
        """Whether it was written anew here, and so may be shown instead of saved."""
        return self.width is not None

    def public(self) -> dict[str, str | int]:
        """As the site chat's pages see it (docs/chat-protocol.md)."""
        shown: dict[str, str | int] = {"id": self.id, "name": self.name, "type": self.media_type,
                                       "bytes": self.size}
        if self.width is not None and self.height is not None:
            shown |= {"width": self.width, "height": self.height}
        return shown


class Incoming:
    """A file that is being uploaded. `write` raises RefusedFile as soon as it cannot be taken."""

    def __init__(self, path: Path, out: BinaryIO, most: int) -> None:
        self.path = path
        self._out, self._most = out, most
        self._head = b""
        self.size = 0
        self.kind: Kind | None = None

    def write(self, data: bytes) -> None:
        """Takes the next piece."""
        self._out.write(data)
        self.size += len(data)
        if self.kind is None:
            self._head += data[:HEAD]
            if len(self._head) >= HEAD:
                self._tell()
        self._check_size()

    def finish(self) -> Kind:
        """Ends the upload and returns its kind. Raises RefusedFile."""
        if self.kind is None:
            self._tell()
        self._check_size()
        self._out.flush()
        assert self.kind is not None
        return self.kind

    def _tell(self) -> None:
        self.kind = kind_of(self._head)
        self._most = min(self._most, self.kind.most_megabytes * MEGABYTE)

    def _check_size(self) -> None:
        if self.size > self._most:
            raise RefusedFile("too_large", megabytes=self._most // MEGABYTE)


class Attachments:
    """Takes files in, hands them out to their own conversation, and cleans up."""

    def __init__(self, database: Database, folder: Path, max_megabytes: int = 50) -> None:
        self._database, self._folder = database, folder
        self.max_bytes = max_megabytes * MEGABYTE

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """Room for an upload, which is gone again at the end unless `keep` took it."""
        folder = self._folder / _INCOMING
        path = folder / secrets.token_hex(16)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            out = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
        except OSError as error:
            raise StoreError(f"attachments cannot be stored: {error}") from error
        try:
            with out:
                yield Incoming(path, out, self.max_bytes)
        except OSError as error:
            raise StoreError(f"attachments cannot be stored: {error}") from error
        finally:
            path.unlink(missing_ok=True)

    def keep(self, conversation_id: str, upload: Incoming, name: str | None) -> AttachmentView:
        """Stores a finished upload for its conversation. Takes a while: not for the event loop.

        Raises RefusedFile if it cannot be taken, StoreError if it cannot be stored.
        """
        kind = upload.finish()
        self._check_room(conversation_id)
        stored_as = secrets.token_hex(16)
        target = self._path(stored_as)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            size = None
            if kind.is_picture:
                size = write_anew(upload.path, target, _preview(target), kind.media_type)
            else:
                os.link(upload.path, target)
            for path in (target, _preview(target)):
                if path.exists():
                    _to_disk(path)
            row = t.Attachment(
                id=secrets.token_hex(16), conversation_id=conversation_id,
                name=shown_name(name, kind), media_type=kind.media_type,
                size=target.stat().st_size, stored_as=stored_as,
                width=size.width if size else None, height=size.height if size else None)
            with self._database.separate_unit_of_work() as session:
                session.add(row)
            return view(row)
        except BaseException as error:
            self.remove_files([stored_as])
            if isinstance(error, OSError):
                raise StoreError(f"attachments cannot be stored: {error}") from error
            raise

    def find(self, conversation_id: str, attachment_id: str, *, preview: bool = False
             ) -> tuple[AttachmentView, Path] | None:
        """A file of this conversation and where it is; None if it has no such file.

        `preview` asks for the small picture, where there is one.
        """
        with self._database.unit_of_work() as session:
            row = session.scalar(sa.select(t.Attachment).where(
                t.Attachment.id == attachment_id,
                t.Attachment.conversation_id == conversation_id))
            if row is None:
                return None
            path = self._path(row.stored_as)
            if preview and _preview(path).is_file():
                path = _preview(path)
            return (view(row), path) if path.is_file() else None

    def find_for_staff(self, attachment_id: str, *, preview: bool = False
                       ) -> tuple[AttachmentView, Path] | None:
        """A file of any conversation, for those who may see them all."""
        with self._database.unit_of_work() as session:
            conversation_id = session.scalar(sa.select(t.Attachment.conversation_id).where(
                t.Attachment.id == attachment_id))
        return self.find(conversation_id or "", attachment_id, preview=preview)

    def remove_unsent(self) -> int:
        """Deletes uploads that nobody sent, and files that nothing names; returns how many."""
        old = utcnow() - UNSENT_KEPT
        with self._database.separate_unit_of_work() as session:
            rows = session.scalars(sa.select(t.Attachment).where(
                t.Attachment.message_id.is_(None), t.Attachment.created_at < old)).all()
            names = [row.stored_as for row in rows]
            for row in rows:
                session.delete(row)
        self.remove_files(names)
        return len(names) + self._remove_strays(old)

    def path_of(self, stored_as: str) -> Path:
        """Where a file is, for those who export what is held about a customer."""
        return self._path(stored_as)

    def remove_files(self, names: Iterable[str]) -> None:
        """Deletes stored files. One that cannot be deleted now is a stray, and tried again."""
        for name in names:
            path = self._path(name)
            for each in (path, _preview(path)):
                with contextlib.suppress(OSError):
                    each.unlink(missing_ok=True)

    def _check_room(self, conversation_id: str) -> None:
        with self._database.unit_of_work() as session:
            count = session.scalar(sa.select(sa.func.count()).where(
                t.Attachment.conversation_id == conversation_id))
        if count >= MAX_IN_CONVERSATION:
            raise RefusedFile("too_many", files=MAX_IN_CONVERSATION)

    def _remove_strays(self, old: dt.datetime) -> int:
        """A crash between file and row, or between an erased row and its file, leaves these."""
        if not self._folder.is_dir():
            return 0
        found = [path for path in self._folder.glob("*/*") if path.is_file()
                 and path.stat().st_mtime < old.timestamp()]
        with self._database.unit_of_work() as session:
            named = set(session.scalars(sa.select(t.Attachment.stored_as)))
        strays = [path for path in found if path.name.removesuffix(_PREVIEW) not in named]
        for path in strays:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        return len(strays)

    def _path(self, stored_as: str) -> Path:
        return self._folder / stored_as[:2] / stored_as


def view(row: t.Attachment) -> AttachmentView:
    """A row as its conversation may see it."""
    return AttachmentView(row.id, row.name, row.media_type, row.size, row.width, row.height)


def of_messages(session: sa.orm.Session, message_ids: Sequence[str]) -> dict[str, AttachmentView]:
    """The attachments of these messages, by their ids."""
    if not message_ids:
        return {}
    rows = session.scalars(sa.select(t.Attachment).where(
        t.Attachment.message_id.in_(message_ids)))
    return {row.id: view(row) for row in rows}


def _preview(path: Path) -> Path:
    return path.with_name(path.name + _PREVIEW)


def _to_disk(path: Path) -> None:
    """What was acknowledged is there also when the power goes."""
    with path.open("rb") as stored:
        os.fsync(stored.fileno())
    path.chmod(0o600)
