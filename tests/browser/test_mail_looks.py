"""Our mails as a mail program shows them: pictures, nothing fetched, readable for everybody."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels.email.answers import Answers
from bot.channels.email.compose import Sender, compose, html_of
from bot.engine.responses import Responses
from bot.services.contact import Contact
from bot.services.hours import WorkingHours
from bot.services.mail_answers import Answer
from bot.services.mail_out import Waiting
from bot.services.tickets import TicketView
from bot.settings import ROOT
from bot.wording.catalogue import LANGUAGES
from tests.browser.visitor import _AXE, _RUN_AXE

pytestmark = pytest.mark.browser
NUMBER, NOW = "T-7K3M9QX", dt.datetime(2026, 11, 23, 10, tzinfo=dt.timezone.utc)
SHOP = "support@example.com"


def written(language: str, hazard: str | None = None) -> Waiting:
    """An answer as the outbox has it."""
    responses: dict[str, Any] = {}
    for name in ("warranty/troubleshooting.yml", "emergency/dialogue.yml"):
        responses |= yaml.safe_load((ROOT / "data" / name).read_text(encoding="utf-8"))["responses"]
    hours = WorkingHours.parse("closed", zoneinfo.ZoneInfo("Asia/Shanghai"))
    contact = Contact(hours, "00-86-755-36962403", SHOP, "sales@example.com")
    ticket = TicketView(NUMBER, "claim", "open", bool(hazard), "Radio", NOW, NOW, None)
    text = Answers(contact, Responses(responses).said).word(Answer(
        ticket, language, "claim", True, hazard, "CG-204512", "screen", ("F",), "repair", (),
        () if hazard else ("claim_item",), (), False))
    return Waiting(
        "1", "0123456789abcdef@example.com", "martha.quill@example.com", f"Re: Radio [{NUMBER}]",
        language, True, {"text": text, "number": NUMBER, "queue": "support"},
        "first@customer.example", ("first@customer.example",), NOW, NOW)


@pytest.mark.parametrize(("name", "language", "hazard", "width", "scheme"), [
    ("mail", "en", None, 760, "light"), ("mail-arabic", "ar", None, 390, "light"),
    ("mail-emergency-dark", "de", "smoke", 390, "dark")])
def test_a_mail_looks_like_the_chats_brother(
        browser: Any, screenshot: Callable[[str], Path], name: str, language: str,
        hazard: str | None, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(html_of(written(language, hazard)))
    page.screenshot(path=str(screenshot(name)), full_page=True)
    assert asked == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    # A mail is shown inside a program's own page, which has the landmarks and headings.
    of_a_page = ("landmark-one-main", "region", "page-has-heading-one")
    assert [each for each in page.evaluate(_RUN_AXE) if not each.startswith(of_a_page)] == []
    page.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_is_whole_in_every_language(language: str) -> None:
    message = compose(written(language), Sender(SHOP, SHOP, "sales@example.com", "t"))
    plain = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert NUMBER in plain and "CG-204512" in plain and "{" not in plain
    if language != "en":
        assert "Thank you for your mail" not in plain
