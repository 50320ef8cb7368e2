"""Which files are taken as evidence: told by their first bytes, never by their name.

What a file claims to be called is only shown, and only after `shown_name` has been over it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import filetype

from bot.errors import RefusedFile

#: Bytes from the beginning of a file that tell what it is.
HEAD = 8192
MEGABYTE = 1024 * 1024
_LONGEST_NAME = 100
_UNSAFE = re.compile(r'[<>:"|?*/\\\x00-\x1f\x7f]+')


@dataclass(frozen=True)
class Kind:
    """A kind of file that is taken. Its first ending stands for a missing or a wrong one."""

    media_type: str
    base: str
    endings: tuple[str, ...]
    most_megabytes: int

    @property
    def is_picture(self) -> bool:
        """Whether it is decoded and written anew, so that it may be shown in the chat."""
        return self.base == "photo"


KINDS: dict[str, Kind] = {kind.media_type: kind for kind in (
    Kind("image/jpeg", "photo", ("jpg", "jpeg", "jpe", "jfif"), 10),
    Kind("image/png", "photo", ("png",), 10),
    Kind("image/webp", "photo", ("webp",), 10),
    Kind("video/mp4", "video", ("mp4", "m4v"), 50),
    Kind("video/quicktime", "video", ("mov", "qt"), 50),
    Kind("video/webm", "video", ("webm",), 50),
    Kind("video/3gpp", "video", ("3gp",), 50),
    Kind("application/pdf", "document", ("pdf",), 10),
)}
#: The same thing by another name.
_ALIASES = {"video/x-m4v": "video/mp4"}
#: Real photos that are not decoded here; their sender can be told what to do about it.
_OTHER_PHOTOS = {"image/heic", "image/heif", "image/avif"}


def kind_of(head: bytes) -> Kind:
    """The kind of a file by its first bytes. Raises RefusedFile for everything else."""
    if not head:
        raise RefusedFile("empty")
    guessed = filetype.guess(head[:HEAD])
    media_type = guessed.mime if guessed else ""
    kind = KINDS.get(_ALIASES.get(media_type, media_type))
    if kind is not None:
        return kind
    if media_type in _OTHER_PHOTOS or head[4:12] in (b"ftypmif1", b"ftypheic", b"ftypheix"):
        raise RefusedFile("photo_format")
    raise RefusedFile("kind")


def shown_name(given: str | None, kind: Kind) -> str:
    """A file's name as it may be shown: no path, nothing invisible, the ending of its kind."""
    text = unicodedata.normalize("NFC", given or "").replace("\\", "/").rsplit("/", 1)[-1]
    text = "".join(c for c in text if unicodedata.category(c)[0] != "C")
    text = re.sub(r"\s+", " ", _UNSAFE.sub("_", text)).strip(" ._")
    stem, dot, ending = text.rpartition(".")
    if not dot:
        stem, ending = text, ""
    if ending.lower() not in kind.endings:
        # "invoice.pdf.exe" was never an invoice: what stays of the ending is plain text.
        stem, ending = text.replace(".", "_"), kind.endings[0]
    stem = stem.strip(" ._")[:_LONGEST_NAME].strip() or kind.base
    return f"{stem}.{ending.lower()}"
