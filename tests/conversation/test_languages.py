"""Replies in the customer's language. Source: contract, "Topics", last line; slot `language`."""

from __future__ import annotations

import pytest

from bot.wording.catalogue import translate
from tests.conversation.customer import Customer
from tests.conversation.orders import Order

ASK_NUMBER = ("What is your order number? It is in your confirmation e-mail; the invoice number "
              "works too.")
BROKEN = {
    "ar": "مرحبا، شاشة الراديو في سيارتي سوداء ولا تعمل",
    "de": "Hallo, der Bildschirm von meinem Autoradio bleibt schwarz.",
    "es": "Hola, la pantalla de mi radio se queda en negro.",
    "fr": "Bonjour, l'écran de mon autoradio reste noir.",
    "it": "Buongiorno, lo schermo della mia autoradio resta nero.",
    "ja": "こんにちは。カーナビの画面が真っ暗なままです。",
    "ko": "안녕하세요, 카오디오 화면이 계속 까맣게 나와요.",
    "nl": "Hallo, het scherm van mijn autoradio blijft zwart.",
    "pl": "Dzień dobry, ekran mojego radia pozostaje czarny.",
    "pt": "Olá, a tela do meu rádio fica preta.",
    "ru": "Здравствуйте, экран моей магнитолы остаётся чёрным.",
    "th": "สวัสดีครับ หน้าจอวิทยุรถดำไม่ติดเลย",
    "tr": "Merhaba, teybimin ekranı siyah kalıyor.",
    "zh": "你好,我的车载导航屏幕一直是黑的。",
}
SMOKE = {
    "de": "Hilfe, aus meinem Autoradio kommt gerade Rauch!", "es": "¡Sale humo de la radio!",
    "ja": "カーナビから煙が出ています!", "ru": "Из магнитолы идёт дым!",
    "zh": "导航仪在冒烟!", "ar": "يخرج دخان من جهاز الراديو!",
}


@pytest.mark.parametrize("language", BROKEN)
def test_a_claim_begins_in_the_customers_language(customer: Customer, language: str) -> None:
    customer.says(BROKEN[language])
    assert customer["language"] == language
    assert customer["topic"] == "claim"
    assert customer.asked == "order_number"
    assert translate(ASK_NUMBER, language) in customer.text
    assert [b["title"] for b in customer.buttons] == [translate("I have neither", language)]


@pytest.mark.parametrize("language", SMOKE)
def test_the_safety_message_is_understood_by_who_reads_it(
        customer: Customer, language: str) -> None:
    customer.says(SMOKE[language])
    safety = customer.replies[0]
    assert safety["custom"]["type"] == "safety"
    assert "Safety first" not in safety["text"]
    assert "opened urgent ticket" not in customer.text


def test_a_whole_claim_in_german(customer: Customer, order: Order) -> None:
    customer.says(BROKEN["de"], order.number, order.email)
    assert customer.asked == "fixed", "the steps come in German"
    assert "Reset" in customer.text
    customer.says("Nein, der Bildschirm ist immer noch schwarz.",
                  "Ich habe es selbst eingebaut, es ist nichts passiert.")
    assert customer.outcome == "covered"
    assert "„" in customer.text, "the clause stands in German quotation marks"
    customer.says("Ich schicke es zur Reparatur ein.", "Ja, bitte einreichen.")
    assert customer["ticket_number"] in customer.text
    for english in ("Your claim", "Shall I", "The policy"):
        assert english not in customer.text


def test_a_short_answer_does_not_change_the_language(customer: Customer, order: Order) -> None:
    customer.says(BROKEN["fr"], order.number, "ok", order.email, "no")
    assert customer["language"] == "fr"


def test_a_customer_may_switch(customer: Customer) -> None:
    customer.says(BROKEN["es"])
    customer.says("Sorry, my Spanish is bad, can we go on in English please? "
                  "The screen stays black since Monday.")
    assert customer["language"] == "en"
    assert "order number" in customer.text


def test_a_button_is_pressed_in_any_language(customer: Customer) -> None:
    customer.says(BROKEN["ja"])
    customer.presses(translate("I have neither", "ja"))
    assert customer.outcome == "unverified"
    assert customer["language"] == "ja"
