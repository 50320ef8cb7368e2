"""Who wrote a mail: robots are told by what they are (RFC 3834) and never answered."""

from __future__ import annotations

import pytest

from bot.services.mail_bounces import read_bounce
from bot.services.mail_reading import read_mail
from bot.services.mail_robots import who_wrote
from bot.services.mail_trust import authenticated
from tests.unit.mail_samples import SHOP, bounce, mail

OWN, TOKEN = {SHOP}, "aftersale support@example.com"


def kind(data: bytes, envelope: str | None = None) -> tuple[str, bool]:
    writer = who_wrote(read_mail(data), OWN, TOKEN, envelope)
    return writer.kind, writer.may_answer


def test_a_person_is_a_customer_and_may_be_answered() -> None:
    assert kind(mail()) == ("customer", True)
    assert kind(mail(Auto_Submitted="no")) == ("customer", True)
    assert kind(mail(subject="Automatic gearbox display black")) == ("customer", True)


@pytest.mark.parametrize(("headers", "expected"), [
    ({"Auto_Submitted": "auto-replied"}, "away"),
    ({"X_Autoreply": "yes"}, "away"),
    ({"Precedence": "auto_reply"}, "away"),
    ({"subject": "Automatische Antwort: My radio"}, "away"),
    ({"subject": "Re: Out of Office: My radio"}, "away"),
    ({"subject": "自动回复: 你好"}, "away"),
    ({"Auto_Submitted": "auto-generated"}, "robot"),
    ({"Precedence": "bulk"}, "robot"),
    ({"Return_Path": "<>"}, "robot"),
    ({"sender": "no-reply@shop.example"}, "robot"),
    ({"sender": "bounce-123@news.example"}, "robot"),
    ({"X_Loop": "other-desk"}, "robot"),
    ({"List_Id": "<news.shop.example>"}, "list"),
    ({"List_Unsubscribe": "<mailto:u@news.example>"}, "list"),
    ({"sender": SHOP}, "own"),
    ({"X_Loop": TOKEN}, "own"),
])
def test_robots_are_known_by_what_they_say_of_themselves(headers: dict[str, str],
                                                         expected: str) -> None:
    assert kind(mail(**headers)) == (expected, False)  # type: ignore[arg-type]


def test_an_empty_envelope_sender_wants_no_answer() -> None:
    assert kind(mail(), "") == ("robot", False)
    assert kind(mail(), "ann@customer.example") == ("customer", True)


def test_a_shops_own_address_that_is_a_list_still_has_customers() -> None:
    assert kind(mail(List_Id="<support.example.com>", Precedence="list")) == ("customer", True)


def test_whoever_wants_no_automatic_answer_gets_none_but_is_read() -> None:
    assert kind(mail(X_Auto_Response_Suppress="All")) == ("customer", False)


def test_a_bounce_names_the_mail_the_address_and_the_reason() -> None:
    data = bounce("0123@example.com")
    assert kind(data)[0] == "bounce"
    found = read_bounce(read_mail(data))
    assert "0123@example.com" in found.header_ids
    assert found.recipient == "ann@customer.example" and "user unknown" in found.reason
    assert found.final
    assert not read_bounce(read_mail(bounce("1@example.com", action="delayed",
                                            status="4.4.1"))).final


@pytest.mark.parametrize(("header", "verdict"), [
    ("mx.shop.example; dmarc=pass header.from=customer.example", True),
    ("mx.shop.example; dmarc=fail (p=none) header.from=customer.example", False),
    ("mx.shop.example; spf=pass smtp.mailfrom=ann@customer.example", True),
    ("mx.shop.example; dkim=pass header.d=not-customer.example", None),
    ("mx.shop.example; spf=fail smtp.mailfrom=ann@customer.example; dkim=none", False),
    ("mx.evil.example; dmarc=pass header.from=customer.example", None),
    ("mx.shop.example.evil.example; dmarc=pass", None),
])
def test_only_what_the_trusted_server_found_counts(header: str, verdict: bool | None) -> None:
    assert authenticated([header], "mx.shop.example", "ann@customer.example") is verdict
    assert authenticated([header], None, "ann@customer.example") is None
