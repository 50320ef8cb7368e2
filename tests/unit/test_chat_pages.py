"""The widget's pages and the demo shop: what is served, to whom, and under which policy."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.channels.chat.texts import WIDGET_TEXTS, accepted, page_texts, supported, texts
from bot.channels.shop import WEB
from bot.understanding.language import LANGUAGES
from tests.unit.chat_site import DEMO, Site


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "built"
    folder.mkdir()
    for name, body in {"loader.js": "loader()", "chat.js": "chat()" * 100, "chat.css": "p{}",
                       "index.html": "<!doctype html>", "secret.yml": "x", ".hidden.js": "x"
                       }.items():
        (folder / name).write_text(body)
    return folder


async def test_the_loader_is_for_any_page_and_sets_no_cookie(site: Site, built: Path) -> None:
    client = await site.visitor(session=False)
    answer = await client.get("/widget.js")
    assert answer.status_code == 200 and answer.text == "loader()"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"].startswith("public, max-age=")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "set-cookie" not in answer.headers
    again = await client.get("/widget.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_frame_is_strict_about_what_it_loads_and_who_embeds_it(
        start: Any, built: Path) -> None:
    site: Site = await start(origins=("https://shop.example", "https://www.shop.example"))
    client = await site.visitor(session=False)
    answer = await client.get("/widget/")
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200 and "unsafe" not in policy and "*" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert policy.endswith(
        "frame-ancestors 'self' https://shop.example https://www.shop.example")
    host = site.url.removeprefix("http://")
    assert f"connect-src 'self' ws://{host} wss://{host};" in policy
    assert "set-cookie" not in answer.headers
    odd = await client.get("/widget/", headers={"Host": "x; script-src *"})
    assert "script-src *" not in odd.headers["content-security-policy"]


async def test_without_origins_only_our_own_pages_embed_it(site: Site, built: Path) -> None:
    answer = await (await site.visitor(session=False)).get("/widget/")
    assert answer.headers["content-security-policy"].endswith("frame-ancestors 'self'")


async def test_files_are_compressed_and_a_new_build_is_noticed(site: Site, built: Path) -> None:
    client = await site.visitor(session=False)
    answer = await client.get("/widget/chat.js")
    assert answer.headers["content-encoding"] == "gzip" and answer.text == "chat()" * 100
    assert int(answer.headers["content-length"]) == len(gzip.compress(answer.content, 9, mtime=0))
    plain = await client.get("/widget/chat.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.content == answer.content
    (built / "chat.js").write_text("new()")
    assert (await client.get("/widget/chat.js")).text == "new()"


@pytest.mark.parametrize("name", [
    "secret.yml", ".hidden.js", "index.html", "nothing.js", "..%2fchat.db", "..%2f..%2fREADME.md",
    "%2e%2e%2fbuilt%2fchat.js", "texts", "chat.js%00.css"])
async def test_only_built_files_are_served(site: Site, built: Path, name: str) -> None:
    answer = await (await site.visitor(session=False)).get(f"/widget/{name}")
    assert answer.status_code in (400, 404)


async def test_where_nothing_is_built_the_pages_are_missing_and_the_chat_works(site: Site) -> None:
    client = await site.visitor()
    assert (await client.get("/widget.js")).status_code == 404
    assert await (await site.page(client)).say("hello") == {"seq": 1}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_language_has_its_texts(site: Site, language: str) -> None:
    answer = await (await site.visitor(session=False)).get(f"/widget/texts/{language}.json")
    found = answer.json()
    assert answer.status_code == 200 and found["language"] == language
    assert found["dir"] == ("rtl" if language == "ar" else "ltr")
    assert set(page_texts("en")) == set(found)
    assert all(isinstance(text, str) and text for text in found.values())
    assert "refused_rate" not in found


@pytest.mark.parametrize("name", ["xx.json", "en", "en-GB.json", "..%2fen.json", "EN.json"])
async def test_texts_of_other_names_are_not_there(site: Site, name: str) -> None:
    client = await site.visitor(session=False)
    assert (await client.get(f"/widget/texts/{name}")).status_code == 404


def test_texts_are_plain() -> None:
    for key, text in texts("en").items():
        assert "!" not in text, key
        assert text == text.strip() and "<" not in text, key
    assert WIDGET_TEXTS.is_file()


@pytest.mark.parametrize(("written", "language"), [
    ("de", "de"), ("de-AT", "de"), ("ZH_hans", "zh"), ("sv", None), ("", None), (None, None),
    (7, None), ("../en", None)])
def test_a_language_is_one_of_ours(written: object, language: str | None) -> None:
    assert supported(written) == language


def test_the_browsers_wish() -> None:
    assert accepted("sv, da;q=0.9, fr-CA;q=0.8, en;q=0.7") == "fr"
    assert accepted(None) is None and accepted("*") is None and accepted(";" * 5000) is None


async def test_without_javascript_there_are_other_ways(site: Site) -> None:
    client = await site.visitor(session=False)
    answer = await client.get("/widget/no-script", headers={"Accept-Language": "ar"})
    assert answer.status_code == 200 and '<html lang="ar" dir="rtl">' in answer.text
    assert 'href="mailto:support@example.com?subject=' in answer.text
    assert 'href="tel:+8675536962403"' in answer.text
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text)


# ---------------------------------------------------------------- the shop


async def test_the_shop_page_is_protected(site: Site) -> None:
    answer = await (await site.visitor(session=False)).get("/")
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200 and "Contact Us" in answer.text
    assert "unsafe" not in policy and "frame-ancestors 'self'" in policy
    assert "frame-src 'self'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"]


async def test_everything_the_page_names_is_there_and_ours(site: Site, built: Path) -> None:
    client = await site.visitor(session=False)
    page = (await client.get("/")).text
    named = re.findall(r'(?:src|href)="(/(?:assets/|widget)[^"]*)"', page)
    assert "/widget.js" in named
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    for file in WEB.glob("*.js"):
        named += [f"/assets/{name}" for name in
                  re.findall(r'from "\./([^"]+)"', file.read_text("utf-8"))]
    for path in set(named):
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_texts_never_become_markup() -> None:
    files = [*WEB.glob("*.js"), *(WEB.parent / "widget").rglob("*.ts*")]
    assert len(files) > 10
    for file in files:
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(",
                             file.read_text("utf-8")), file.name


@pytest.mark.parametrize("path", ["../../settings.py", "..%2f..%2fsettings.py", "nothing.js"])
async def test_only_the_shops_own_files_are_served(site: Site, path: str) -> None:
    answer = await (await site.visitor(session=False)).get(f"/assets/{path}")
    assert answer.status_code == 404


async def test_the_demo_orders_and_contact_ways(site: Site) -> None:
    client = await site.visitor(session=False)
    assert (await client.get("/demo/orders")).json() == DEMO
    assert (await client.get("/demo/contact")).json()["email"] == "support@example.com"
    assert (await client.get("/health")).json() == {"status": "ok"}


async def test_no_demo_orders_when_the_demo_is_off(start: Any) -> None:
    site: Site = await start(demo=[])
    assert json.loads((await (await site.visitor(session=False)).get("/demo/orders")).text) == []
