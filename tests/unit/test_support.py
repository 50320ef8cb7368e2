"""The support centre over HTTP: tickets are taken in once, and seen by their customer alone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
import time_machine

from bot.channels.support import SupportLimits
from bot.channels.support.texts import say
from bot.services.order_import import import_orders
from bot.services.ticket_links import PER_HOUR, UNPROVED_PER_HOUR
from bot.services.ticket_texts import SYSTEM, subject
from bot.store.database import Database
from bot.store.tables import (
    Attachment,
    Claim,
    Conversation,
    Inbox,
    Message,
    Outbox,
    Ticket,
    TicketEntry,
    new_id,
    utcnow,
)
from bot.wording.catalogue import LANGUAGES
from tests.hostile import CORPUS, png
from tests.unit.chat_site import can_start_again
from tests.unit.support_site import SupportSite, field, running, words
from tests.unit.test_orders_import import file

ANN = "ann@example.com"
ORDER = {"order_number": "CG-1", "verification": "20005"}


@pytest_asyncio.fixture
async def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
               ) -> AsyncIterator[SupportSite]:
    can_start_again(monkeypatch)
    import_orders(database, file({"order_number": "CG-1", "invoice_number": "I-1", "email": ANN,
                                  "postal_code": "20005"}))
    async with running(database, tmp_path) as site:
        yield site


def tickets(site: SupportSite) -> list[Ticket]:
    with site.service.database.unit_of_work() as session:
        return list(session.scalars(sa.select(Ticket).order_by(Ticket.created_at)
                                    .options(sa.orm.selectinload(Ticket.entries))))


async def test_a_ticket_with_its_order_proved_is_shown_at_once_and_mailed_to_the_address_on_file(
        site: SupportSite) -> None:
    customer = await site.customer()
    answer = await customer.writes(**ORDER, email="new@example.org",
                                   files=[("photos", ("a.png", png(), "image/png"))])
    ticket, = tickets(site)
    assert ticket.number in words(answer.text) and "/support/sent/" in str(answer.url)
    assert (ticket.kind, ticket.queue, ticket.topic) == ("claim", "support", "claim")
    assert ticket.order_id and ticket.customer_email == ANN and ticket.stated_order is None
    assert [mail.recipient for mail in site.mails()] == [ANN]
    assert "new@example.org" not in answer.text and ANN not in answer.text
    link = re.search(r'href="(/support/t/[^"]+)"', answer.text)
    assert link is not None
    page = await customer.client.get(link[1])
    assert "There is no sound any more." in page.text and "CG-1" in page.text
    preview = re.search(r'src="([^"]+)"', page.text.split("<section", 1)[1])
    assert preview is not None
    picture = await customer.client.get(preview[1])
    assert picture.headers["content-type"] == "image/jpeg"
    assert "sandbox" in picture.headers["content-security-policy"]


@pytest.mark.parametrize("given", [
    {"order_number": "CG-1", "verification": "99999", "email": "eve@example.com"},
    {"order_number": "CG-404", "verification": "20005", "email": "eve@example.com"}])
async def test_an_unproved_ticket_is_taken_and_marked_and_tells_nothing_of_the_order(
        site: SupportSite, given: dict[str, str]) -> None:
    customer = await site.customer()
    answer = await customer.writes(**given)
    ticket, = tickets(site)
    assert ticket.order_id is None and ticket.stated_order == given["order_number"]
    said = words(answer.text).replace(ticket.number, "")
    assert "We could not match an order" in said and ANN not in said
    assert 'href="/support/t/' not in answer.text, "the link is only sent"
    assert [mail.recipient for mail in site.mails()] == ["eve@example.com"]


async def test_a_fault_of_a_proved_order_is_a_prepared_claim_that_a_person_confirms(
        site: SupportSite) -> None:
    customer = await site.customer()
    await customer.writes(**ORDER)
    await customer.writes(order_number="CG-1", verification="1", email="eve@example.com")
    await customer.writes(**ORDER, queue="presale", details="Has it good sound?")
    mine, strangers, question = tickets(site)
    assert (strangers.claim_id, question.claim_id) == (None, None)
    with site.service.database.unit_of_work() as session:
        claim = session.scalars(sa.select(Claim)).one()
        assert mine.claim_id == claim.id and claim.state == "in_review"
        assert claim.symptom == "There is no sound any more."
        claim.state = "needs_evidence"
    await customer.answers(f"{site.links(ANN)[0]}/{mine.number}", "Here it is.",
                           files=[("photos", ("a.png", png(), "image/png"))])
    with site.service.database.unit_of_work() as session:
        assert session.scalars(sa.select(Claim.state)).one() == "in_review"


async def test_the_same_form_twice_is_one_ticket_and_one_mail(site: SupportSite) -> None:
    customer = await site.customer()
    page = (await customer.client.get("/support")).text
    first, again = [await customer.writes(page) for _ in range(2)]
    assert first.url == again.url and len(tickets(site)) == 1 and len(site.mails()) == 1


async def test_what_is_wrong_stands_beside_its_field_and_everything_typed_stays(
        site: SupportSite) -> None:
    customer = await site.customer()
    answer = await customer.writes(
        details=" ", email="nobody", order_number='A"<1>', files=[
            ("photos", ("a.png", png(), "image/png")), ("photos", ("b.exe", b"MZ", "image/png"))])
    assert answer.status_code == 400 and not tickets(site)
    for name in ("details", "email", "photos"):
        assert f'id="{name}-error"' in answer.text
        assert re.search(rf'id="{name}"[^>]*aria-describedby="[^"]*{name}-error"', answer.text)
    assert 'value="nobody"' in answer.text and 'value="A&#34;&lt;1&gt;"' in answer.text
    assert "Attached already: a.png" in answer.text
    done = await customer.writes(answer.text)
    assert done.status_code == 200
    with site.service.database.unit_of_work() as session:
        kept = session.scalars(sa.select(Attachment)).one()
    assert kept.ticket_id == tickets(site)[0].id


async def test_a_form_from_elsewhere_or_without_its_cookie_is_refused_and_nothing_is_lost(
        site: SupportSite) -> None:
    customer, other = await site.customer(), await site.customer(Origin="https://evil.example")
    page = (await customer.client.get("/support")).text
    for who in (other, await site.customer(), await site.customer(**{
            "Sec-Fetch-Site": "cross-site"})):
        if who is not other:
            who.client.cookies.set("support_form", "x" * 43)
        answer = await who.writes(page, details="My very own words.",
                                  files=[("photos", ("a.png", png(), "image/png"))])
        assert answer.status_code == 400 and "My very own words." in answer.text
    assert not tickets(site)
    with site.service.database.unit_of_work() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Attachment)) == 0
    null = await site.customer(Origin="null")
    assert (await null.writes()).status_code == 200, "our pages tell nobody where they are"


async def test_the_trap_for_robots_takes_no_ticket(site: SupportSite) -> None:
    answer = await (await site.customer()).writes(leave_empty="http://spam.example")
    assert answer.status_code == 400 and not tickets(site)


async def test_too_many_forms_from_one_address_are_put_off_with_everything_kept(
        database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    can_start_again(monkeypatch)
    async with running(database, tmp_path, SupportLimits(forms=2, wrong_links=2)) as site:
        customer = await site.customer()
        answers = [await customer.writes(details=f"Number {n}") for n in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 400]
        assert "Number 2" in answers[2].text and len(tickets(site)) == 2
        codes = [(await customer.client.get(f"/support/t/{'x' * 42}{n}")).status_code
                 for n in range(4)]
        assert codes == [404, 404, 429, 429], "whoever tries many links is guessing"


async def test_a_hazard_gets_the_safety_words_first_and_an_urgent_ticket(site: SupportSite) -> None:
    answer = await (await site.customer()).writes(details="There is smoke coming out of it",
                                                  queue="presale")
    ticket, = tickets(site)
    assert (ticket.kind, ticket.priority, ticket.queue) == ("emergency", "urgent", "support")
    said = words(answer.text)
    assert said.index("get away from it") < said.index(ticket.number) and "Open now" in said
    assert site.mails()[0].body["text"].startswith("Safety first: get away from it.")


async def test_a_question_before_buying_goes_to_its_own_queue(site: SupportSite) -> None:
    await (await site.customer()).writes(details="Does it fit my car?", queue="presale")
    ticket, = tickets(site)
    assert (ticket.kind, ticket.queue) == ("presale", "presale")


async def test_the_details_tell_the_language_of_the_ticket(site: SupportSite) -> None:
    await (await site.customer()).writes(details="Mein Radio hat seit gestern keinen Ton mehr.")
    ticket, = tickets(site)
    assert ticket.language == "de"
    assert site.mails()[0].subject == say("de", "mail_subject", number=f"[{ticket.number}]")


async def test_the_same_fault_of_a_proved_order_joins_its_ticket(site: SupportSite) -> None:
    customer = await site.customer()
    await customer.writes(**ORDER)
    again = await customer.writes(**ORDER, details="Still no sound at all.")
    ticket, = tickets(site)
    assert [entry.body for entry in ticket.entries] == [
        "There is no sound any more.", "Still no sound at all."]
    assert f"earlier ticket {ticket.number}" in words(again.text)
    await customer.writes(order_number="CG-1", verification="1", email="eve@example.com")
    assert len(tickets(site)) == 2, "somebody who proves nothing joins nothing"


async def test_a_customer_answers_attaches_closes_rates_and_opens_again(site: SupportSite) -> None:
    customer = await site.customer()
    await customer.writes()
    at = f"{site.links(ANN)[0]}/{tickets(site)[0].number}"
    form = field((await customer.client.get(at)).text, "form")
    for _ in range(2):
        done = await customer.answers(at, "Here is a photo.", form=form,
                                      files=[("photos", ("a.png", png(), "image/png"))])
    assert "Your answer has been added." in done.text and done.text.count("Here is a photo.") == 1
    assert done.text.count("size=preview") == 1
    assert "The ticket is closed." in (await customer.presses(at, "close")).text
    assert tickets(site)[0].state == "closed"
    assert 'id="stars-error"' in (await customer.presses(at, "rate", comment="fine")).text
    rated = await customer.presses(at, "rate", stars="4", comment="fine")
    assert "That helps us to do better" in rated.text
    assert (tickets(site)[0].stars, tickets(site)[0].rating_comment) == (4, "fine")
    assert "open again" in (await customer.presses(at, "reopen")).text
    await customer.presses(at, "close")
    await customer.answers(at, "It is back.")
    assert tickets(site)[0].state == "open"
    empty = await customer.answers(at, " ")
    assert empty.status_code == 400 and 'id="answer-error"' in empty.text


async def test_files_go_with_the_form_that_brought_them_and_an_agents_stay_theirs(
        site: SupportSite) -> None:
    customer = await site.customer()
    await customer.writes()
    ticket, = tickets(site)
    at = f"{site.links(ANN)[0]}/{ticket.number}"
    with site.service.database.unit_of_work() as session:
        session.add(Attachment(  # an agent is about to send it
            id=new_id(), conversation_id=ticket.conversation_id, name="of somebody else.png",
            media_type="image/png", size=1, stored_as="agents"))
    long = await customer.answers(at, "x" * 5000, files=[("photos", ("a.png", png(), "image/png"))])
    assert long.status_code == 400
    again = await customer.answers(at, "Here it is.", form=field(long.text, "form"))
    assert again.text.count("size=preview") == 1 and "somebody else" not in again.text
    with site.service.database.unit_of_work() as session:
        sent = {row.name: row.message_id is not None
                for row in session.scalars(sa.select(Attachment))}
    assert sent == {"a.png": True, "of somebody else.png": False}


async def test_what_postgresql_cannot_keep_is_left_out_and_what_is_no_token_is_none(
        site: SupportSite) -> None:
    customer = await site.customer()
    await customer.writes(order_number="CG\0-7", verification="\0")
    ticket, = tickets(site)
    assert ticket.stated_order == "CG-7"
    at = f"{site.links(ANN)[0]}/{ticket.number}"
    await customer.presses(at, "close")
    await customer.presses(at, "rate", stars="5", comment="fi\0ne")
    assert tickets(site)[0].rating_comment == "fine"
    for path, more in (("/support/links", {"number": "\0", "email": "a\0@b.example"}),
                       (f"{at}/close", {})):
        answer = await customer.client.post(path, data={"csrf": "ä" * 43, **more})
        assert answer.status_code == 400


async def test_forms_that_are_only_begun_are_counted_too(
        database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    can_start_again(monkeypatch)
    async with running(database, tmp_path, SupportLimits(tries=2)) as site:
        customer = await site.customer()
        statuses = [(await customer.writes(email="nobody", files=[
            ("photos", ("a.png", png(), "image/png"))])).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


async def test_an_answer_of_an_agent_is_on_the_page_and_mailed_once(site: SupportSite) -> None:
    customer = await site.customer()
    await customer.writes()
    ticket, = tickets(site)
    with site.service.database.unit_of_work() as session:
        message = Message(id=new_id(), conversation_id=ticket.conversation_id, seq=9,
                          author="agent", text="Please <b>reset</b> it.", payload={"name": "Mai"})
        session.add_all([message, Outbox(
            conversation_id=ticket.conversation_id, channel="ticket", message=message)])
    for _ in range(2):
        await site.service.outbox.deliver()
    mail = site.mails()[-1]
    assert len(site.mails()) == 2 and mail.recipient == ANN and not mail.automatic
    assert "Please <b>reset</b> it." in mail.body["text"]
    page = await customer.client.get(site.links(ANN)[-1])
    assert "Please &lt;b&gt;reset&lt;/b&gt; it." in page.text and "Mai" in page.text


async def test_what_nobody_wrote_is_said_in_the_customers_language_and_notes_are_not_shown(
        site: SupportSite) -> None:
    customer = await site.customer()
    await customer.writes()
    with site.service.database.unit_of_work() as session:
        ticket = session.scalars(sa.select(Ticket)).one()
        ticket.subject = subject("nobody")
        ticket.entries.append(TicketEntry(author=SYSTEM, body="For agents only."))
    page = (await customer.client.get(f"{site.links(ANN)[0]}?language=de")).text
    assert "Es war niemand am Platz" in page and "Nobody was" not in page
    assert "For agents only" not in page


async def test_another_customers_ticket_is_refused_in_every_way(site: SupportSite) -> None:
    ann, eve = await site.customer(), await site.customer()
    await ann.writes(files=[("photos", ("a.png", png(), "image/png"))])
    await eve.writes(email="eve@example.com")
    hers = tickets(site)[0].number
    mine = site.links("eve@example.com")[0]
    with site.service.database.unit_of_work() as session:
        picture = session.scalars(sa.select(Attachment.id)).one()
    page = (await eve.client.get(mine)).text
    csrf = {"csrf": field(page, "csrf")}
    assert (await eve.client.get(f"{mine}/{hers}")).status_code == 404
    assert (await eve.client.get(f"{mine}/{hers}/files/{picture}")).status_code == 404
    assert (await eve.client.get(
        f"{mine}/{tickets(site)[1].number}/files/{picture}")).status_code == 404
    for step in ("close", "reopen", "rate"):
        answer = await eve.client.post(f"{mine}/{hers}/{step}", data={**csrf, "stars": "1"})
        assert answer.status_code == 404
    answer = await eve.client.post(f"{mine}/{hers}/answer", data={
        **csrf, "form": "x" * 43, "answer": "mine now"}, files=[("photos", ("", b""))])
    assert answer.status_code == 404
    assert tickets(site)[0].state == "open" and len(tickets(site)[0].entries) == 1


async def test_a_link_ends_after_thirty_days_and_never_tells_where_it_was(
        site: SupportSite) -> None:
    customer = await site.customer()
    await customer.writes()
    link = site.links(ANN)[0]
    page = await customer.client.get(link)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "unsafe" not in page.headers["content-security-policy"]
    with time_machine.travel(utcnow() + dt.timedelta(days=31), tick=True):
        assert (await customer.client.get(link)).status_code == 404
        assert site.service.links.forget_expired() >= 1


async def test_a_link_is_asked_for_with_the_same_words_whether_there_is_a_ticket_or_not(
        site: SupportSite) -> None:
    customer = await site.customer()
    await customer.writes(**ORDER)
    await customer.writes(details="Another question, about the invoice.")
    number = tickets(site)[0].number
    sent = len(site.mails())

    async def ask(number: str, email: str) -> str:
        page = (await customer.client.get("/support/links")).text
        answer = await customer.client.post("/support/links", data={
            "csrf": field(page, "csrf"), "number": number, "email": email})
        return words(answer.text)

    told = {await ask(*pair) for pair in (
        (number, "eve@example.com"), ("CG-404", ANN), ("CG-1", "eve@example.com"))}
    assert len(site.mails()) == sent
    told |= {await ask("cg 1", " Ann@Example.com "), await ask(number, ANN)}
    assert len(told) == 1 and len(site.mails()) == sent + 2
    for _ in range(PER_HOUR):
        await ask(number, ANN)
    assert len(site.mails()) == sent + PER_HOUR
    page = await customer.client.get(site.links(ANN)[-1])
    assert all(ticket.number in page.text for ticket in tickets(site))


async def test_nobody_is_flooded_with_mail_by_somebody_who_types_their_address(
        site: SupportSite) -> None:
    customer = await site.customer()
    for number in range(UNPROVED_PER_HOUR + 2):
        await customer.writes(details=f"Ticket {number}", email="victim@example.com")
    assert len(tickets(site)) == UNPROVED_PER_HOUR + 2
    assert len(site.mails()) == UNPROVED_PER_HOUR


async def test_words_that_mean_harm_are_words(site: SupportSite) -> None:
    customer = await site.customer()
    await customer.writes(details="\n".join(CORPUS), order_number=CORPUS[0], verification=CORPUS[1])
    page = await customer.client.get(site.links(ANN)[0])
    for text in (page.text, (await customer.writes(details="\n".join(CORPUS), email="x")).text):
        main = text.split("<main", 1)[1]
        assert not re.search(r"<(script|img|iframe|svg|style|base)[\s/>]", main)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in main
        assert not re.search(r'(href|src|action)="(javascript|data|vbscript):', text, re.I)


async def test_steps_are_shown_for_what_is_typed_and_only_on_our_own_pages(
        site: SupportSite) -> None:
    customer = await site.customer()
    own = {"Origin": site.url}
    found = await customer.client.post("/support/steps", json={"details": "It has no sound"},
                                       headers=own)
    assert found.json() == {"steps": "Let's try what is safe first:\n1. Check mute.",
                            "safety": False}
    danger = await customer.client.post("/support/steps", json={"details": "smoke comes out"},
                                        headers=own)
    assert danger.json()["safety"] is True
    bodies: list[object] = [{"details": "hi"}, {"details": 3}, {}, [], {"details": "x" * 5000}]
    for body in bodies:
        answer = await customer.client.post("/support/steps", json=body, headers=own)
        assert answer.json() == {"steps": None, "safety": False}
    foreign = await customer.client.post("/support/steps", json={"details": "no sound at all"},
                                         headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_language_has_its_pages(site: SupportSite, language: str) -> None:
    customer = await site.customer(**{"Accept-Language": language})
    page = (await customer.client.get("/support")).text
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page
    assert say(language, "details_hint") in words(page).replace("&#39;", "'")
    other = (await customer.client.get("/support/links?language=ja")).text
    assert 'lang="ja"' in other
    assert 'lang="ja"' in (await customer.client.get("/support")).text, "the choice is kept"


async def test_forms_that_are_none_are_refused_in_words(site: SupportSite) -> None:
    customer = await site.customer()
    for body in (b"", b"details=x", b"--x\r\n"):
        answer = await customer.client.post("/support", content=body, headers={
            "Content-Type": "multipart/form-data; boundary=x" if body else "text/plain"})
        assert answer.status_code == 400 and "could not be read" in answer.text


async def test_what_waits_for_a_person_is_no_turn_for_the_assistant(site: SupportSite) -> None:
    await (await site.customer()).writes()
    with site.service.database.unit_of_work() as session:
        assert [row.state for row in session.scalars(sa.select(Inbox))] == ["answered"]
        assert [row.channel for row in session.scalars(sa.select(Conversation))] == ["ticket"]
