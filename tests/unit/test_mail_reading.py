"""Mails as they are really sent: every one is read as far as it can be, and none raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.mail_reading import read_mail
from bot.services.mail_text import safe_html, said, text_of_html
from tests.unit.mail_samples import BROKEN, PNG, WINMAIL, in_charset, mail, nested, raw


def test_an_ordinary_mail_tells_who_what_and_which_files() -> None:
    read = read_mail(mail("It is still black.", sender="Ann Lee <Ann@Customer.example>",
                          subject="Radio\u202e", files={"photo.png": PNG}))
    assert (read.sender, read.sender_name, read.subject) == (
        "ann@customer.example", "Ann Lee", "Radio")
    assert read.words == "It is still black."
    assert [(file.name, file.data) for file in read.files] == [("photo.png", PNG)]
    assert read.notes == ()


def test_of_text_and_html_the_text_is_read_and_of_html_alone_its_text() -> None:
    both = read_mail(mail("plain words", html="<p>other <b>words</b></p>"))
    assert both.words == "plain words"
    only = read_mail(raw('''
From: ann@customer.example
Message-ID: <h@customer.example>
Content-Type: text/html; charset=utf-8
''', b"<style>p{color:red}</style><p>It stays <b>black</b></p><script>alert(1)</script>"))
    assert only.words == "It stays black"
    assert "html_only" in only.notes


@pytest.mark.parametrize(("text", "named", "written"), [
    ("Der Bildschirm bleibt schwarz, auch über Nacht", "iso-8859-1", "utf-8"),
    ("Экран остаётся чёрным, помогите пожалуйста", "koi8-r", "koi8-r"),
    ("Экран остаётся чёрным, помогите пожалуйста", "x-unknown-charset", "utf-8"),
    ("屏幕一直是黑的，请帮忙处理一下这个问题", "gb2312", "gb18030"),
    ("画面が真っ暗なままです。助けてください。", "iso-2022-jp", "iso-2022-jp"),
    ("화면이 계속 검은색입니다. 도와주세요.", "euc-kr", "cp949"),
    ("Ekran siyah kalıyor, lütfen yardım edin", "us-ascii", "utf-8"),
])
def test_a_wrong_or_unknown_charset_still_gives_the_words(text: str, named: str,
                                                          written: str) -> None:
    assert read_mail(in_charset(text, named, written)).words == text


def test_winmail_is_noted_and_the_text_beside_it_read() -> None:
    read = read_mail(WINMAIL)
    assert read.words == "The photo is attached."
    assert "winmail" in read.notes and read.files == ()


def test_nested_multiparts_are_read_and_too_deep_ones_noted() -> None:
    assert read_mail(nested(6)).words == "deep inside"
    assert "nested" in read_mail(nested(80)).notes


def test_broken_mime_and_an_empty_mail_are_mails() -> None:
    assert read_mail(BROKEN).sender == "ann@customer.example"
    empty = read_mail(b"")
    assert {"empty", "no_sender", "no_id"} <= set(empty.notes)


def test_a_mail_without_message_id_has_an_identity_of_its_own() -> None:
    one, same, other = (read_mail(mail(text, header_id=None)) for text in ("one", "one", "other"))
    assert one.identity == same.identity != other.identity


def test_the_same_message_id_with_other_words_is_another_mail() -> None:
    one, other = (read_mail(mail(text, header_id="x@y.example")) for text in ("one", "two"))
    assert one.identity != other.identity


@given(st.binary(max_size=3000))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    read_mail(data)
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
    read_mail(head + data)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(("text", "words"), [
    ("Still black.\n\nBest regards\nAnn\n\nOn Mon, 1 Nov 2026 at 10:00, Shop <s@x.example> "
     "wrote:\n> Hello\n", "Still black."),
    ("Er geht nicht.\n\nMit freundlichen Grüßen\nMax\n\nAm 1. Nov. 2026 um 10:00 schrieb Shop "
     "<s@x.example>:\n\n> Hallo\n", "Er geht nicht."),
    ("Todavía no\n\nEl lun, 1 nov 2026 a las 10:00, Shop (<s@x.example>) escribió:\n> Hola\n",
     "Todavía no"),
    ("Всё ещё нет\n\nпн, 1 нояб. 2026 г. в 10:00, Shop <s@x.example>:\n> Привет\n", "Всё ещё нет"),
    ("还是黑屏\n\n发自我的iPhone\n\n------------------ 原始邮件 ------------------\n发件人: \"S\" "
     "<s@x.example>;\n发送时间: 2026年\n\n你好", "还是黑屏"),
    ("لا يعمل\n\nفي الاثنين، 1 نوفمبر 2026 10:00 ص Shop <s@x.example> كتب:\n> مرحبا", "لا يعمل"),
    ("Broken\n\nSent from my iPhone\n\n-----Original Message-----\nFrom: Shop\nSent: Monday\n\n"
     "Hello", "Broken"),
    ("> Which order?\nCG-204512\n> What is wrong?\nIt is black\n", "CG-204512\nIt is black"),
    ("Von: ist hier kein Kopf\nsondern Text", "Von: ist hier kein Kopf\nsondern Text"),
    ("> only quoted\n> here", ""),
])
def test_quoted_mails_and_signatures_are_taken_away(text: str, words: str) -> None:
    assert said(text).words == words


def test_a_number_below_the_signature_is_still_the_senders_own() -> None:
    found = said("It is black.\n\nKind regards\nAnn\nOrder CG-204512")
    assert found.words == "It is black." and "CG-204512" in found.own


def test_html_that_is_shown_has_nothing_that_runs_or_fetches() -> None:
    safe = safe_html("<p onclick=x()>Hi</p><script>x()</script><img src=https://t.example/p.gif>"
                     "<a href='javascript:x()'>a</a><iframe src=x></iframe><style>*{}</style>")
    assert not any(word in safe for word in ("onclick", "script", "img", "iframe", "style"))
    assert text_of_html("<table><tr><td>a</td></tr></table>") == "a"
