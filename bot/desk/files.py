"""`/desk/api/.../attachments`: files of agents in, and all files out."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from sanic.request import Request

from bot.bootstrap import Services
from bot.desk.access import Agent
from bot.desk.api import FILE, Api, Body
from bot.errors import AftersaleError, Unknown
from bot.http.files import send_file
from bot.http.headers import API_HEADERS
from bot.http.multipart import FileField

#: Two pictures at a time: decoding one may take 200 MB.
_WORKERS = 2


class FileQuery(Body):
    """Whole, or a small picture."""

    size: Literal["full", "preview"] = "full"


def file_routes(api: Api, services: Services) -> None:
    """Adds the routes."""
    attachments = services.attachments
    workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="desk-attachments")

    @api.route("POST", "/conversations/<conversation_id>/attachments", answer="Attachment",
               permission="conversations", summary="Uploads a file (multipart, field `file`)",
               refuses=("unknown", "attachment", "unreadable"), status=201, stream=True)
    async def upload(request: Request, agent: Agent, _: None, conversation_id: str
                     ) -> dict[str, Any]:
        if services.desk.inbox.row(conversation_id, agent.id) is None:
            raise Unknown("there is nothing here")
        field = FileField(request)
        loop = asyncio.get_running_loop()
        try:
            with attachments.incoming() as incoming:
                async for piece in field.pieces():
                    incoming.write(piece)
                kept = await loop.run_in_executor(
                    workers, attachments.keep, conversation_id, incoming, field.name)
        except AftersaleError:
            await field.drain(attachments.max_bytes)
            raise
        return kept.public()

    @api.route("GET", "/attachments/<attachment_id>", permission="conversations", answer=FILE,
               body=FileQuery, summary="A file of any conversation", refuses=("unknown",))
    async def download(request: Request, _: Agent, query: FileQuery, attachment_id: str) -> None:
        found = attachments.find_for_staff(attachment_id, preview=query.size == "preview")
        if found is None:
            raise Unknown("there is nothing here")
        await send_file(request, *found, API_HEADERS)
