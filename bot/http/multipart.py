"""Reads one file out of a multipart form while it arrives, so that it is never in memory whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sanic.request import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from bot.errors import BadMessage

#: Bytes that may be held back while a boundary is looked for, and of all that is no file.
_BUFFER = 1024 * 1024
_PARTS = 8


class FileField:
    """The file in the form's field `file`. `name` is what its sender calls it, once it began."""

    def __init__(self, request: Request) -> None:
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get("boundary", "")
        if kind != "multipart/form-data" or not boundary or request.stream is None:
            raise BadMessage("the form cannot be read")
        self._stream = request.stream
        self._decoder = MultipartDecoder(
            boundary.encode("utf-8", "surrogateescape"), _BUFFER, max_parts=_PARTS)
        self.name: str | None = None
        self.found = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file's bytes, as they arrive. Raises BadMessage for what is no such form."""
        ours = False
        try:
            async for event in self._events():
                if isinstance(event, File):
                    ours = event.name == "file" and not self.found
                    if ours:
                        self.found, self.name = True, event.filename
                elif isinstance(event, Field):
                    ours = False
                elif isinstance(event, Data) and ours:
                    yield event.data
        except (ValueError, RequestEntityTooLarge):
            raise BadMessage("the form cannot be read") from None
        if not self.found:
            raise BadMessage("the form cannot be read")

    async def _events(self) -> AsyncIterator[object]:
        while True:
            event = self._decoder.next_event()
            if isinstance(event, NeedData):
                # None, at the end: then a form that is cut off raises ValueError.
                self._decoder.receive_data(await self._stream.read())
                continue
            yield event
            if isinstance(event, Epilogue):
                return

    async def drain(self, most: int) -> None:
        """Reads the rest away, so that a browser that still uploads hears why it was refused."""
        read = 0
        while read < most:
            piece = await self._stream.read()
            if piece is None:
                return
            read += len(piece)
