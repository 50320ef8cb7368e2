"""`/chat/attachments`: files in, and out again to their own conversation alone."""

from __future__ import annotations

import asyncio
import re
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.chat.limits import Limits, RateLimit, address_of
from bot.channels.chat.multipart import FileField
from bot.channels.chat.origin import same_origin
from bot.channels.chat.refusals import API_HEADERS, Refused, answer
from bot.channels.chat.session import Sessions
from bot.errors import AftersaleError
from bot.services.attachments import Attachments, AttachmentView
from bot.services.visitors import Known

_CHUNK = 256 * 1024
#: Two pictures at a time: decoding one may take 200 MB.
_WORKERS = 2


def attachment_routes(blueprint: Blueprint, sessions: Sessions, attachments: Attachments,
                      limits: Limits) -> None:
    """Adds the routes to the blueprint of `/chat`."""
    by_conversation = RateLimit(limits.uploads_per_conversation)
    by_address = RateLimit(limits.uploads_per_address)
    workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="attachments")

    async def take(request: Request, visitor: Known) -> AttachmentView:
        field = FileField(request)
        loop = asyncio.get_running_loop()
        try:
            with attachments.incoming() as upload:
                async for piece in field.pieces():
                    upload.write(piece)
                return await loop.run_in_executor(
                    workers, attachments.keep, visitor.conversation_id, upload, field.name)
        except (AftersaleError, Refused):
            await field.drain(attachments.max_bytes)
            raise

    # Streamed, so the limit on the size of requests does not hold here; `Incoming` has its own.
    @blueprint.post("/attachments", stream=True)
    async def upload(request: Request) -> HTTPResponse:
        same_origin(request)
        visitor = sessions.required(request)
        by_conversation.take(visitor.conversation_id)
        by_address.take(address_of(request))
        return answer((await take(request, visitor)).public(), 201)

    @blueprint.get("/attachments/<attachment_id>")
    async def download(request: Request, attachment_id: str) -> None:
        visitor = sessions.required(request)
        found = attachments.find(visitor.conversation_id, attachment_id,
                                 preview=request.args.get("size") == "preview")
        if found is None:
            raise Refused("attachment", 404)
        await _send(request, *found)


async def _send(request: Request, shown: AttachmentView, path: Path) -> None:
    is_preview = path.suffix != ""
    media_type = "image/jpeg" if is_preview else shown.media_type
    response = await request.respond(status=200, content_type=media_type, headers={
        **API_HEADERS, "Content-Length": str(path.stat().st_size),
        # Its owner alone; the file behind an id never changes.
        "Cache-Control": "private, max-age=3600, immutable",
        "Content-Disposition": _disposition(shown),
        "Content-Security-Policy": "sandbox; default-src 'none'"})
    with path.open("rb") as stored:
        while piece := stored.read(_CHUNK):
            await response.send(piece)
    await response.eof()


def _disposition(shown: AttachmentView) -> str:
    how = "inline" if shown.is_picture else "attachment"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", shown.name)
    quoted = urllib.parse.quote(shown.name, safe="")
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quoted}"
