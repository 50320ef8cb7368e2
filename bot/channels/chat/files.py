"""`/chat/attachments`: files in, and out again to their own conversation alone."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.chat.limits import Limits, RateLimit
from bot.channels.chat.origin import same_origin
from bot.channels.chat.refusals import Refused, answer
from bot.channels.chat.session import Sessions
from bot.errors import AftersaleError
from bot.http.files import send_file
from bot.http.headers import API_HEADERS
from bot.http.multipart import FileField
from bot.http.requests import address_of
from bot.services.attachments import Attachments, AttachmentView
from bot.services.visitors import Known

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
        await send_file(request, *found, API_HEADERS)
