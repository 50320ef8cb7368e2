"""Reads a form with files while it arrives: texts into memory, files into the store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from sanic.request import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from bot.channels.chat.refusals import Refused
from bot.errors import RefusedFile
from bot.services.attachments import Attachments, Incoming

#: Files that one form may bring.
MAX_FILES = 6
#: Bytes that may be held back while a boundary is looked for, and of all texts together.
_BUFFER = 1024 * 1024
_MOST_TEXT = 128_000
_PARTS = 30
#: Two pictures at a time: decoding one may take 200 MB.
_DECODING = asyncio.Semaphore(2)

#: Says for which conversation the form's files are kept, by the texts that came before them;
#: None if they are not taken.
Room = Callable[[dict[str, str]], str | None]


@dataclass
class Form:
    """What a form brought. `refused` says why a file was not taken; the others were."""

    texts: dict[str, str] = field(default_factory=dict)
    files: int = 0
    refused: RefusedFile | None = None

    def text(self, name: str) -> str:
        """A field's text without blanks around it; empty if the form has no such field."""
        return self.texts.get(name, "").strip()


async def read_form(request: Request, attachments: Attachments, room: Room) -> Form:
    """Reads a multipart form to its end. Raises Refused for what is none or is too much."""
    form, reading = Form(), _Reading(attachments, room)
    size = 0
    try:
        async for event in _events(request):
            if isinstance(event, Field):
                reading.name, reading.is_file = event.name, False
                form.texts[event.name] = ""
            elif isinstance(event, File):
                reading.begin(form, event.filename or "")
            elif isinstance(event, Data):
                size += len(event.data)
                if size > attachments.max_bytes * 2 + _MOST_TEXT:
                    raise Refused("attachment", 413, text="file_too_large",
                                  megabytes=attachments.max_bytes // 1024 // 1024)
                await reading.take(form, event)
    except (ValueError, RequestEntityTooLarge):
        raise Refused("unreadable") from None
    finally:
        reading.close()
    return form


class _Reading:
    """The part of a form that is being read."""

    def __init__(self, attachments: Attachments, room: Room) -> None:
        self._attachments, self._room = attachments, room
        self._stack = contextlib.ExitStack()
        self._upload: Incoming | None = None
        self._text = bytearray()
        self._of_texts = 0
        self.name, self.is_file = "", False

    def begin(self, form: Form, name: str) -> None:
        """A file begins. Browsers send one without a name where none was chosen."""
        self.name, self.is_file, self._upload = name, True, None
        if not name:
            return
        if form.files >= MAX_FILES:
            form.refused = RefusedFile("too_many", files=MAX_FILES)
        elif self._room(form.texts) is not None:
            self._upload = self._stack.enter_context(self._attachments.incoming())

    async def take(self, form: Form, event: Data) -> None:
        """The next piece of the part."""
        if self.is_file:
            await self._take_file(form, event)
            return
        self._text += event.data
        self._of_texts += len(event.data)
        if self._of_texts > _MOST_TEXT:
            raise Refused("unreadable", 413)
        if not event.more_data:
            form.texts[self.name] = typed(self._text.decode("utf-8", "replace"))
            self._text.clear()

    async def _take_file(self, form: Form, event: Data) -> None:
        if self._upload is None:
            return
        try:
            self._upload.write(event.data)
            if event.more_data:
                return
            conversation_id = self._room(form.texts)
            assert conversation_id is not None
            async with _DECODING:
                await asyncio.to_thread(self._attachments.keep, conversation_id, self._upload,
                                        self.name)
            form.files += 1
        except RefusedFile as error:
            form.refused = error
        self.close()

    def close(self) -> None:
        """Ends what is open."""
        self._upload = None
        self._stack.close()


def typed(text: str) -> str:
    """A field's text without what PostgreSQL cannot keep."""
    return text.replace("\0", "")


async def _events(request: Request) -> AsyncIterator[object]:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary or request.stream is None:
        raise Refused("unreadable")
    decoder = MultipartDecoder(boundary.encode("utf-8", "surrogateescape"), _BUFFER,
                               max_parts=_PARTS)
    while True:
        event = decoder.next_event()
        if isinstance(event, NeedData):
            # None, at the end: then a form that is cut off raises ValueError.
            decoder.receive_data(await request.stream.read())
            continue
        yield event
        if isinstance(event, Epilogue):
            return
