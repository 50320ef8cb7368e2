"""Files in the chat: what is taken, what is refused, and who may have it back."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from PIL import ExifTags, Image, PngImagePlugin

from bot.channels.chat import Limits
from bot.errors import RefusedFile
from bot.services import attachment_kinds
from bot.services.attachment_kinds import KINDS, shown_name
from bot.services.attachments import Attachments
from bot.store.tables import Attachment, utcnow
from tests.unit.chat_site import Page, Site

HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
PDF = b"%PDF-1.7\n1 0 obj\n<< /OpenAction << /JS (app.alert\\(1\\)) >> >>\n%%EOF\n"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 600
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 600
EXE = b"MZ" + b"\x00" * 600
ELF = b"\x7fELF" + b"\x00" * 600


def picture(written_as: str = "JPEG", size: tuple[int, int] = (900, 700), mode: str = "RGB",
            **options: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert(mode).save(out, written_as, **options)
    return out.getvalue()


def photo_with_secrets() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # turned by 90 degrees
    exif[ExifTags.Base.Model] = "SECRETPHONE"
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (48.0, 12.0, 0.0)}
    return picture("JPEG", exif=exif, comment=b"SECRETCOMMENT") + HTML


def png_bomb(side: int = 30_000) -> bytes:
    """Says it has 900 million pixels, in a few hundred kB."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00" * ((side // 8 + 1) * 200), 9)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)
            + chunk(b"IEND", b""))


async def send(client: httpx.AsyncClient, content: bytes, name: str = "photo.jpg",
               media_type: str = "image/jpeg") -> httpx.Response:
    return await client.post("/chat/attachments", files={"file": (name, content, media_type)})


def stored(site: Site) -> list[Path]:
    folder = site.service.attachments._folder
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


async def test_a_photo_comes_back_without_what_it_told_about_its_sender(site: Site) -> None:
    client = await site.visitor()
    answer = await send(client, photo_with_secrets())
    assert answer.status_code == 201
    told = answer.json()
    assert set(told) == {"id", "name", "type", "bytes", "width", "height"}
    assert (told["width"], told["height"]) == (700, 900)  # upright
    got = await client.get(f"/chat/attachments/{told['id']}")
    assert got.status_code == 200 and len(got.content) == told["bytes"]
    for secret in (b"SECRET", b"Exif", b"<script>", b"GPS"):
        assert secret not in got.content
    with Image.open(io.BytesIO(got.content)) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (700, 900), {})
    assert got.headers["content-type"] == "image/jpeg"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert got.headers["content-disposition"].startswith("inline")
    assert got.headers["cache-control"].startswith("private")
    for path in stored(site):
        assert "photo" not in path.name and path.stat().st_mode & 0o077 == 0, path


async def test_a_preview_is_a_small_jpeg(site: Site) -> None:
    client = await site.visitor()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "SECRET")
    png = picture("PNG", (1300, 800), "RGBA", pnginfo=info)
    told = (await send(client, png, "screen.png")).json()
    assert told["type"] == "image/png"
    whole = await client.get(f"/chat/attachments/{told['id']}")
    small = await client.get(f"/chat/attachments/{told['id']}?size=preview")
    assert b"SECRET" not in whole.content
    assert small.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(small.content)) as image:
        assert image.format == "JPEG" and max(image.size) == 640
    assert len(small.content) < len(whole.content)


@pytest.mark.parametrize(("content", "name", "media_type"), [
    (PDF, "invoice.pdf", "application/pdf"), (MP4, "video.mp4", "video/mp4")])
async def test_videos_and_pdfs_are_only_ever_saved(site: Site, content: bytes, name: str,
                                                   media_type: str) -> None:
    client = await site.visitor()
    told = (await send(client, content, name, "text/html")).json()
    assert told == {"id": told["id"], "name": name, "type": media_type, "bytes": len(content)}
    got = await client.get(f"/chat/attachments/{told['id']}?size=preview")
    assert got.content == content and got.headers["content-type"] == media_type
    assert got.headers["content-disposition"] == (
        f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}")
    assert got.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize("content", [
    HTML, SVG, EXE, ELF, b"GIF89a" + HTML, b"PK\x03\x04" + b"\x00" * 300, b"just words",
    b"BM" + b"\x00" * 300, b"\x1f\x8b\x08" + b"\x00" * 300, b"%!PS-Adobe-3.0\n", b"\x00" * 500,
    b"II*\x00" + b"\x00" * 300], ids=lambda content: repr(content[:8]))
@pytest.mark.parametrize("name", ["photo.jpg", "invoice.pdf"])
async def test_whatever_it_calls_itself_it_is_refused(site: Site, content: bytes,
                                                      name: str) -> None:
    answer = await send(await site.visitor(), content, name)
    assert answer.status_code == 415
    refused = answer.json()["error"]
    assert refused["code"] == "attachment" and "Photos (JPEG, PNG, WebP)" in refused["text"]
    assert stored(site) == []


@pytest.mark.parametrize(("content", "status", "word"), [
    (b"", 415, "empty"),
    (HEIC, 415, "save the photo as JPEG"),
    (picture()[:3000], 415, "damaged"),
    (b"\xff\xd8\xff\xe0" + HTML * 20, 415, "damaged"),
    (b"\x89PNG\r\n\x1a\n" + HTML * 20, 415, "damaged"),
    (b"RIFF\x00\x01\x00\x00WEBPVP8 " + HTML * 20, 415, "damaged"),
    (png_bomb(), 415, "too many pixels"),
    (picture() + b"\x00" * (10 * 1024 * 1024), 413, "up to 10 MB"),
    (PDF + b"\x00" * (10 * 1024 * 1024), 413, "up to 10 MB"),
], ids=lambda value: "" if isinstance(value, bytes) else None)
async def test_what_cannot_be_used_is_refused_in_plain_words(
        site: Site, content: bytes, status: int, word: str) -> None:
    answer = await send(await site.visitor(), content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "attachment")
    assert word in answer.json()["error"]["text"]
    assert stored(site) == []


async def test_a_video_may_be_larger_and_the_setting_is_the_limit(start: Any,
                                                                  tmp_path: Path) -> None:
    site: Site = await start()
    client = await site.visitor()
    big = MP4 + os.urandom(12 * 1024 * 1024)
    told = (await send(client, big, "clip.mp4")).json()
    assert (await client.get(f"/chat/attachments/{told['id']}")).content == big
    small = await start(attachments=Attachments(site.service.database, tmp_path / "small", 1))
    client = await small.visitor()
    limits = (await client.post("/chat/session")).json()["limits"]
    assert limits["file_bytes"] == 1024 * 1024
    answer = await send(client, big, "clip.mp4")
    assert answer.status_code == 413 and "up to 1 MB" in answer.json()["error"]["text"]


@pytest.mark.parametrize(("given", "shown"), [
    ("photo.jpg", "photo.jpg"), ("PHOTO.JPEG", "PHOTO.jpeg"), ("IMG 0012.jpg", "IMG 0012.jpg"),
    ("Фото 1.jpg", "Фото 1.jpg"), ("写真.jpg", "写真.jpg"),
    ("../../etc/passwd", "passwd.jpg"), ("C:\\Windows\\evil.jpg", "evil.jpg"),
    ("photo\u202egpj.exe", "photogpj_exe.jpg"), ("evil.jpg.exe", "evil_jpg_exe.jpg"),
    ("a\x00b.jpg", "ab.jpg"), ("<img src=x onerror=a()>.jpg", "img src=x onerror=a().jpg"),
    ('"; filename="x.html', "; filename=_x_html.jpg"), ("", "photo.jpg"), (None, "photo.jpg"),
    (".jpg", "jpg.jpg"), ("....", "photo.jpg"), ("\u202e", "photo.jpg"), ("/", "photo.jpg"),
    ("x" * 500 + ".jpg", "x" * 100 + ".jpg"), ("a\r\nSet-Cookie: x.jpg", "aSet-Cookie_ x.jpg"),
])
def test_names_are_only_shown_when_they_are_harmless(given: str | None, shown: str) -> None:
    assert shown_name(given, KINDS["image/jpeg"]) == shown


async def test_an_odd_name_does_no_harm_in_a_header(site: Site) -> None:
    client = await site.visitor()
    told = (await send(client, picture(), 'фото "x"\u202e; a=b.jpg')).json()
    got = await client.get(f"/chat/attachments/{told['id']}")
    assert got.headers["content-disposition"] == (
        'inline; filename="____ _x__ a_b.jpg"; '
        "filename*=UTF-8''%D1%84%D0%BE%D1%82%D0%BE%20_x_%3B%20a%3Db.jpg")


# ---------------------------------------------------------------- whose it is


async def test_another_visitors_file_is_not_there(site: Site) -> None:
    ann, bob = await site.visitor(), await site.visitor()
    told = (await send(ann, picture())).json()
    path = f"/chat/attachments/{told['id']}"
    theirs, unknown = await bob.get(path), await bob.get("/chat/attachments/" + "0" * 32)
    assert (theirs.status_code, theirs.json()) == (404, unknown.json())
    assert (await bob.get(f"{path}?size=preview")).status_code == 404
    nobody = await site.visitor(session=False)
    assert (await nobody.get(path)).status_code == 401
    assert (await send(nobody, picture())).status_code == 401
    page = await site.page(bob)
    assert (await page.say("mine?", attachments=[told["id"]]))["error"]["code"] == "attachment"


@pytest.mark.parametrize("path", ["..%2f..%2fchat.db", "%00", "x", "incoming", "'", "*"])
async def test_only_ids_are_looked_up(site: Site, path: str) -> None:
    client = await site.visitor()
    await send(client, picture())
    assert (await client.get(f"/chat/attachments/{path}")).status_code in (404, 405)


async def test_a_page_without_cookies_names_its_token(site: Site) -> None:
    bare = await site.visitor(session=False)
    token = (await bare.post("/chat/session")).json()["token"]
    bare.cookies.clear()
    bare.headers["Authorization"] = f"Bearer {token}"
    told = (await send(bare, picture())).json()
    assert (await bare.get(f"/chat/attachments/{told['id']}")).status_code == 200


# ---------------------------------------------------------------- with a message


async def with_file(site: Site) -> tuple[httpx.AsyncClient, Page, str]:
    client = await site.visitor()
    return client, await site.page(client), (await send(client, picture())).json()["id"]


async def test_a_file_is_sent_with_a_message_once(site: Site) -> None:
    _, page, file_id = await with_file(site)
    assert await page.say("this is it", "m-1", attachments=[file_id]) == {"seq": 1}
    shown = (await page.until("bot_uttered", 2))[0]
    assert [file["id"] for file in shown["attachments"]] == [file_id]
    assert shown["attachments"][0]["type"] == "image/jpeg"
    assert (await page.everything())[0] == shown
    # The same message again is the same message; the file in another one is refused.
    assert await page.say("this is it", "m-1", attachments=[file_id]) == {"seq": 1}
    refused = (await page.say("again", "m-2", attachments=[file_id]))["error"]
    assert refused["code"] == "attachment" and "attach it again" in refused["text"]


async def test_a_message_may_be_nothing_but_files(site: Site) -> None:
    for message in ("", "  ", None, "\u200b"):
        _, page, file_id = await with_file(site)
        assert await page.say(message, attachments=[file_id]) == {"seq": 1}
        shown = (await page.until("bot_uttered", 1))[0]
        assert (shown["text"], len(shown["attachments"])) == ("", 1)


async def test_what_nobody_sent_is_gone_after_a_day(site: Site) -> None:
    client, page, sent = await with_file(site)
    await page.say("here", attachments=[sent])
    unsent = (await send(client, picture())).json()["id"]
    attachments = site.service.attachments
    stray = stored(site)[0].with_name("f" * 32)
    stray.write_bytes(b"left by a crash")
    os.utime(stray, (0, 0))
    assert attachments.remove_unsent() == 1 and not stray.exists()
    with site.service.database.unit_of_work() as session:
        session.execute(sa.update(Attachment).values(created_at=utcnow() - dt.timedelta(days=2)))
    assert attachments.remove_unsent() == 1
    assert (await client.get(f"/chat/attachments/{unsent}")).status_code == 404
    assert (await client.get(f"/chat/attachments/{sent}")).status_code == 200
    assert len(stored(site)) == 2  # the picture and its preview


# ---------------------------------------------------------------- the upload itself


@pytest.mark.parametrize(("body", "kind"), [
    (b"", "multipart/form-data; boundary=x"), (b"--x--\r\n", "multipart/form-data; boundary=x"),
    (b"{}", "application/json"), (b"abc", "multipart/form-data"), (b"a" * 100_000, "text/plain"),
    (b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\nhello\r\n--x--\r\n',
     "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\xff\xd8\xff cut',
     "multipart/form-data; boundary=x"),
    (b"--x\r\n" + b"A: b\r\n" * 400_000, "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Disposition: form-data; name="o"\r\n\r\n1\r\n' * 50 + b"--x--\r\n",
     "multipart/form-data; boundary=x"),
], ids=range(9))
async def test_a_form_without_a_file_is_refused(site: Site, body: bytes, kind: str) -> None:
    client = await site.visitor()
    answer = await client.post("/chat/attachments", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable")
    assert stored(site) == []


async def test_a_connection_that_breaks_leaves_nothing(site: Site) -> None:
    client = await site.visitor()

    async def half() -> Any:
        yield (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
               + picture()[:2000])
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await client.post("/chat/attachments", content=half(), headers={
            "Content-Type": "multipart/form-data; boundary=x"})
    for _ in range(50):
        if not stored(site):
            break
        await asyncio.sleep(0.1)
    assert stored(site) == []


async def test_uploads_are_counted(start: Any) -> None:
    site = await start(Limits(uploads_per_conversation=2, uploads_per_address=3))
    ann, bob = await site.visitor(), await site.visitor()
    assert [(await send(ann, PDF)).status_code for _ in range(3)] == [201, 201, 429]
    assert [(await send(bob, PDF)).status_code for _ in range(2)] == [201, 429]


async def test_a_conversation_has_room_for_so_many(site: Site,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.services.attachments.MAX_IN_CONVERSATION", 1)
    client = await site.visitor()
    assert (await send(client, PDF)).status_code == 201
    assert "by e-mail" in (await send(client, PDF)).json()["error"]["text"]


def test_kinds_are_told_by_the_first_bytes() -> None:
    assert attachment_kinds.kind_of(PDF).media_type == "application/pdf"
    assert attachment_kinds.kind_of(picture("WEBP")).media_type == "image/webp"
    with pytest.raises(RefusedFile):
        attachment_kinds.kind_of(b"\n" + PDF)
