"""Sending an attachment: never as anything that a browser would run."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

from sanic.request import Request

from bot.services.attachments import AttachmentView

_CHUNK = 256 * 1024


async def send_file(request: Request, shown: AttachmentView, path: Path,
                    headers: Mapping[str, str]) -> None:
    """Answers a request with a stored file, with `headers` besides its own."""
    is_preview = path.suffix != ""
    media_type = "image/jpeg" if is_preview else shown.media_type
    response = await request.respond(status=200, content_type=media_type, headers={
        **headers, "Content-Length": str(path.stat().st_size),
        # For whoever may see it alone; the file behind an id never changes.
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
