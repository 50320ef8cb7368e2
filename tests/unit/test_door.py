"""The door: whatever is typed is text, and nothing invisible comes in."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.door import MAX_CHARACTERS, MAX_HEARD, MAX_ID, outside_id, take_in
from bot.errors import BadMessage

#: What Rasa would obey: a slash, perhaps after spaces, and a name.
COMMAND = re.compile(r"^\s*/\s*[A-Za-z_]")


# ---------------------------------------------------------------- what is dropped


@pytest.mark.parametrize(("typed", "shown"), [
    ("the screen\x00 is black", "the screen is black"),
    ("a\ud800b", "ab"),
    ("\udc00x", "x"),
    ("zero\u200bwidth\u200c\u200d\ufeff", "zerowidth"),
    ("soft\u00adhyphen", "softhyphen"),
    ("\u202eecar\u202c \u2066left\u2069 \u200fright", "ecar left right"),
    ("bell\x07 escape\x1b[31m \x7f\x9b", "bell escape[31m"),
    ("private\ue000 \U000e0041tags \ufdd0", "private tags"),
    ("blank\u3164 letters\u2800\u115f", "blank letters"),
    ("variation\ufe0f", "variation"),
    ("a\r\nb\tc", "a\nb\tc"),
    ("  around \n", "around"),
])
def test_invisible_and_control_characters_are_dropped(typed: str, shown: str) -> None:
    assert take_in(typed).shown == shown


@pytest.mark.parametrize("typed", [
    "屏幕是黑的", "Der Bildschirm bleibt schwarz – was nun?", "الشاشة سوداء", "จอดำ",
    "画面が真っ暗です", "Экран чёрный", "ekran çalışmıyor", "1 < 2 & 3 > 2", "{{7*7}} ${x} %s",
    "e\u0301te",
])
def test_what_people_write_stays(typed: str) -> None:
    assert take_in(typed).shown == typed


def test_an_emoji_of_several_parts_keeps_its_parts() -> None:
    assert take_in("👨\u200d👩\u200d👧 ☠\ufe0f").shown == "👨👩👧 ☠"


# ---------------------------------------------------------------- full width


@pytest.mark.parametrize(("typed", "heard"), [
    ("ＣＧ２０２６－００４５１２", "CG2026-004512"),
    ("ｓｍｏｋｅ！", "smoke!"),
    ("①②", "12"),
    ("\u3000ｙｅｓ\u3000ｐｌｅａｓｅ", "yes please"),
])
def test_full_width_is_folded_in_what_is_heard_and_kept_in_what_is_shown(
        typed: str, heard: str) -> None:
    taken = take_in(typed)
    assert taken.heard == heard
    assert taken.shown == typed.strip()


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize("typed", [
    "/restart", "/affirm", "/session_start", '/inform{"ticket_number": "T-1"}', "/claim@other",
    " /restart", "\n\t/restart", "/ restart", "//restart", "/ / restart", "/_x",
    "／restart", "／／ａｆｆｉｒｍ", "／\u3000ｒｅｓｔａｒｔ", "\u3000／restart",
    "\u200b/restart", "/\u200brestart", "\u202e/restart", "\ufeff／\u2060restart", "\x00/restart",
    "\ud800/restart", "\u3164/restart", "\ufe0f/restart",
])
def test_a_typed_command_means_nothing(typed: str) -> None:
    heard = take_in(typed).heard
    assert not COMMAND.match(heard)
    assert not COMMAND.match(unicodedata.normalize("NFKC", heard)), "Rasa folds once more"


def test_a_command_that_a_long_text_begins_with_means_nothing() -> None:
    assert not COMMAND.match(take_in("/restart " + "x" * (MAX_CHARACTERS - 9)).heard)


def test_a_slash_inside_a_text_stays() -> None:
    assert take_in("it says 12V/24V and /affirm").heard == "it says 12V/24V and /affirm"


def test_what_the_customer_sees_of_a_command_is_what_was_typed() -> None:
    assert take_in("/restart").shown == "/restart"


@given(st.text(alphabet=st.characters(), min_size=1, max_size=60))
def test_nothing_that_can_be_typed_is_a_command(typed: str) -> None:
    for text in (typed, f"/{typed}", f"{typed}/restart", f"／{typed}"):
        try:
            taken = take_in(text)
        except BadMessage:
            continue
        assert not COMMAND.match(unicodedata.normalize("NFKC", taken.heard))
        assert "\x00" not in taken.shown + taken.heard
        (taken.shown + taken.heard).encode("utf-8")


# ---------------------------------------------------------------- length and emptiness


@pytest.mark.parametrize("typed", [
    "", " ", "\n\t ", "\x00", "\u200b\u200d", "\u202e\u202c", "\ud800", "\u3164", "\ufe0f",
    "\u3000", "\xa0",
])
def test_a_text_with_nothing_to_see_is_refused(typed: str) -> None:
    with pytest.raises(BadMessage, match="empty"):
        take_in(typed)


@pytest.mark.parametrize("typed", [None, 5, True, b"hello", ["hello"], {"text": "hello"}])
def test_what_is_no_text_is_refused(typed: object) -> None:
    with pytest.raises(BadMessage, match="must be text"):
        take_in(typed)


@pytest.mark.parametrize("typed", [
    "x" * (MAX_CHARACTERS + 1), "x" * 1_000_000, "\x00" * 1_000_000, "\ufdfa" * 1_000_000,
])
def test_a_text_that_is_too_long_is_refused_with_the_limit(typed: str) -> None:
    with pytest.raises(BadMessage, match=str(MAX_CHARACTERS)):
        take_in(typed)


def test_of_a_long_text_the_beginning_and_the_end_are_heard() -> None:
    taken = take_in("smoke! " + "bla " * 900 + "order 4711")
    assert taken.heard.startswith("smoke!") and taken.heard.endswith("order 4711")
    assert len(taken.heard) <= MAX_HEARD + 1
    assert len(taken.shown) > MAX_HEARD


def test_letters_that_unfold_into_many_do_not_make_a_text_long() -> None:
    # One character of this kind becomes eighteen.
    assert len(take_in("\ufdfa" * MAX_CHARACTERS).heard) <= MAX_HEARD + 1


# ---------------------------------------------------------------- ids from outside


@pytest.mark.parametrize("value", [
    "alice", "web-1", "whatsapp:+4915112345678", "a@b.example", "A/b=c~d", "客户", "0",
    "x" * MAX_ID,
])
def test_an_id_from_outside_is_taken_as_it_is(value: str) -> None:
    assert outside_id(value, "sender") == value


def test_a_number_is_an_id_too() -> None:
    assert outside_id(42, "sender") == "42"


@pytest.mark.parametrize("value", [
    "", " ", None, True, 1.5, [], {}, "a\x00b", "\ud800", "a\nb", "a\u200bb", "\u202ea", "a'b",
    "a;b", "x" * (MAX_ID + 1), "alice\n",
])
def test_an_id_that_could_do_harm_is_refused_by_its_name(value: object) -> None:
    with pytest.raises(BadMessage, match="sender"):
        outside_id(value, "sender")
