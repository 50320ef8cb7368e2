"""Photos, decoded and written anew: what comes out is pixels and nothing else.

No EXIF (where it was taken, on which phone), no comments, nothing that hides behind the picture.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from bot.errors import RefusedFile

#: More than a phone's best camera; a bomb says it has a thousand times as many.
MAX_PIXELS = 60_000_000
#: Pixels of the longer side that are kept: enough to read a serial number.
MAX_SIDE = 4096
PREVIEW_SIDE = 640

_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}


@dataclass(frozen=True)
class Size:
    """Width and height in pixels, as the picture is to be shown."""

    width: int
    height: int


def write_anew(source: Path, target: Path, preview: Path, media_type: str) -> Size:
    """Decodes `source` and writes it to `target`, and a small JPEG of it to `preview`.

    Raises RefusedFile if it is damaged, is no picture of this type, or has too many pixels.
    """
    written_as = _FORMATS[media_type]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Only the decoder of the type that its first bytes tell, none of the fifty others.
            with Image.open(source, formats=(written_as,)) as opened:
                return _write(opened, target, preview, written_as)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedFile("pixels") from error
    except RefusedFile:
        raise
    except Exception as error:
        # Pillow's decoders raise nearly everything on a damaged file.
        raise RefusedFile("damaged") from error


def _write(opened: Image.Image, target: Path, preview: Path, written_as: str) -> Size:
    width, height = opened.size
    if width * height > MAX_PIXELS:
        raise RefusedFile("pixels")
    # A JPEG can be decoded at half or quarter size, which saves most of the memory.
    opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
    picture = ImageOps.exif_transpose(opened)
    transparent = written_as != "JPEG" and picture.has_transparency_data
    picture = picture.convert("RGBA" if transparent else "RGB")
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    picture.info = {}
    picture.save(target, written_as, **_options(written_as))
    size = Size(*picture.size)
    picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    if transparent:
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    picture.save(preview, "JPEG", quality=78, optimize=True)
    return size


def _options(written_as: str) -> dict[str, int]:
    return {"JPEG": {"quality": 88}, "PNG": {"compress_level": 6}, "WEBP": {"quality": 86}
            }[written_as]
