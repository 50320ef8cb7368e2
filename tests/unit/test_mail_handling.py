"""What becomes of a mail: threads, tickets, claims, answers, and what is never answered."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.bootstrap import wire
from bot.channels.email.answers import Answers
from bot.channels.email.compose import Sender, compose, html_of
from bot.channels.email.delivery import MailDelivery
from bot.channels.email.worker import MailWorker
from bot.engine.outbox import OutboxService
from bot.services.demo import seed_demo
from bot.services.heard import Heard
from bot.services.mail_answers import ANSWERS_IN_A_THREAD
from bot.services.mail_out import Letter
from bot.settings import Settings
from bot.store.database import Database
from bot.store.tables import (
    Attachment,
    Claim,
    ClaimFact,
    Conversation,
    Decision,
    MailIn,
    MailOut,
    MailThread,
    Message,
    Outbox,
    Ticket,
    TicketEntry,
    new_id,
    utcnow,
)
from tests.unit.mail_samples import PNG, SHOP, WINMAIL, bounce, mail

MARTHA, ORDER = "martha.quill@example.com", "CG-204512"
BLACK = f"Hello, my order is {ORDER}. The screen of my head unit stays black. Water got in."


class Reading:
    """Understands a few words, so that these tests need no model."""

    async def read(self, text: str) -> Heard:
        low = text.lower()
        intents, labels, hazard = {"smalltalk": 0.9}, {"smalltalk/thanks": 0.9}, 0.0
        if "black" in low or "schwarz" in low:
            intents, labels = {"claim": 0.95}, {"claim/screen": 0.9}
        if "water" in low:
            labels = {**labels, "incident/F_yes": 0.8}
        if "nothing happened" in low:
            labels = {**labels, "incident/none_yes": 0.9}
        if "repair" in low:
            intents, labels = {**intents, "remedy": 0.9}, {**labels, "remedy/repair": 0.9}
        if "smoke" in low:
            hazard, labels = 0.95, {"emergency/smoke": 0.9}
        if "fails to read" in low:
            raise RuntimeError("the model is gone")
        parts = ["send it in" in low and "remedy/repair", "rain" in low and "policy/water",
                 "long" in low and "policy/duration"]
        return Heard(text, clauses=tuple({part: 0.9} for part in parts if part),
                     intents=intents, labels=labels, hazard=hazard,
                     language="de" if "schwarz" in low else "en")


class Desk:
    """Everything behind e-mail, without servers: `take` is a mail that comes in."""

    def __init__(self, database: Database, folder: Path, **settings: str) -> None:
        self.services = wire(Settings.load({
            "MAIL_DIR": str(folder / "mail"), "ATTACHMENTS_DIR": str(folder / "files"),
            **settings}), database)
        seed_demo(database, self.services.today())
        self.database, self._numbers = database, itertools.count()
        self.outbox = OutboxService(database)
        self.delivery = MailDelivery(database, self.services.mail_out, self.services.attachments,
                                     dt.timedelta(minutes=5))
        self.outbox.register("email", self.delivery.deliver)
        self.worker = MailWorker(
            self.services.mail_in, self.services.mail_handling, Reading(),
            self.services.attachments, self.outbox,
            Answers(self.services.contact, lambda name, language: f"<{name}>"), lambda: None)

    async def take(self, raw: bytes, source: str | None = None, queue: str = "support",
                   envelope: str | None = None) -> SimpleNamespace:
        source = source or f"test:{next(self._numbers)}"
        self.services.mail_in.keep(source, raw, mailbox="test", queue=queue,
                                   envelope_from=envelope)
        while await self.worker.work_one():
            pass
        with self.database.unit_of_work() as session:
            row = session.scalars(sa.select(MailIn).where(MailIn.source == source)).one()
            return SimpleNamespace(**{c.name: getattr(row, c.name)
                                      for c in MailIn.__table__.columns})

    def rows(self, model: Any, *where: Any) -> list[Any]:
        with self.database.unit_of_work() as session:
            found = session.scalars(sa.select(model).where(*where)).all()
            for row in found:
                session.refresh(row)
            session.expunge_all()
            return list(found)

    def letters(self) -> list[Any]:
        return sorted(self.rows(MailOut), key=lambda row: row.created_at)

    def agent_says(self, conversation_id: str, text: str, channel: str = "email",
                   minutes_ago: int = 0) -> str:
        with self.database.unit_of_work() as session:
            seq = (session.scalar(sa.select(sa.func.max(Message.seq)).where(
                Message.conversation_id == conversation_id)) or 0) + 1
            message = Message(id=new_id(), conversation_id=conversation_id, seq=seq,
                              author="agent", text=text, payload={"name": "Lin"},
                              created_at=utcnow() - dt.timedelta(minutes=minutes_ago))
            session.add(message)
            session.flush()
            session.add(Outbox(id=new_id(), conversation_id=conversation_id, channel=channel,
                               message_id=message.id))
            return str(message.id)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    yield Desk(database, tmp_path)


# ---------------------------------------------------------------- a first mail


async def test_a_first_mail_gets_a_ticket_a_prepared_claim_and_one_answer(desk: Desk) -> None:
    row = await desk.take(mail(BLACK, sender=MARTHA))
    assert (row.state, row.kind) == ("read", "customer")
    [ticket] = desk.rows(Ticket)
    [claim] = desk.rows(Claim)
    assert (ticket.kind, ticket.claim_id, ticket.customer_email) == ("claim", claim.id, MARTHA)
    assert claim.state == "in_review" and claim.order_id == ticket.order_id
    assert {(f.name, f.state, f.source) for f in desk.rows(ClaimFact)} >= {
        ("F", "yes", "words")}
    [letter] = desk.letters()
    assert letter.recipient == MARTHA and letter.automatic
    assert ticket.number in letter.subject and letter.in_reply_to == row.header_id
    said = letter.body["text"]
    assert ticket.number in said and ORDER in said and "water or moisture" in said
    assert "repair, or to have spare parts" in said and "number of your order" not in said


async def test_a_wish_in_a_sentence_of_its_own_is_not_asked_for_again(desk: Desk) -> None:
    await desk.take(mail(f"{BLACK} Please let me send it in.", sender=MARTHA))
    assert desk.rows(Claim)[0].remedy == "repair"
    assert "to send it in for repair" not in desk.letters()[0].body["text"]


async def test_nothing_is_decided_against_a_customer_by_mail(desk: Desk) -> None:
    with desk.database.unit_of_work() as session:
        session.execute(sa.text("UPDATE orders SET invoice_date = '2020-01-01'"))
    await desk.take(mail(BLACK, sender=MARTHA))
    [decision] = desk.rows(Decision)
    assert decision.outcome == "needs_review" and decision.record["proposed"] == "not_covered"
    assert desk.rows(Claim)[0].state == "in_review"
    assert "covered" not in desk.letters()[0].body["text"]


async def test_the_answer_names_nothing_that_the_mail_did_not_name(desk: Desk) -> None:
    await desk.take(mail(BLACK, sender=MARTHA))
    [order_line] = desk.rows(Claim)
    said = desk.letters()[0].body["text"]
    with desk.database.unit_of_work() as session:
        names = session.scalars(sa.text("SELECT product_name FROM order_lines")).all()
    assert order_line and not any(name in said for name in names)


async def test_a_stranger_learns_nothing_and_is_asked_the_same(desk: Desk) -> None:
    known = await desk.take(mail(BLACK, sender="eve@stranger.example"))
    unknown = await desk.take(mail(BLACK.replace(ORDER, "CG-999999"), sender="joe@s.example"))
    texts = [letter.body["text"].replace(ORDER, "N").replace("CG-999999", "N")
             for letter in desk.letters()]
    numbers = [ticket.number for ticket in desk.rows(Ticket)]
    for number in numbers:
        texts = [text.replace(number, "T") for text in texts]
    assert texts[0] == texts[1]
    assert known.state == unknown.state == "read" and desk.rows(Claim) == []


async def test_the_answer_is_in_the_customers_language(desk: Desk) -> None:
    await desk.take(mail("Guten Tag, mein Bildschirm bleibt leider ganz schwarz.",
                         subject="Radio"))
    [letter] = desk.letters()
    assert letter.language == "de" and "Ihre Ticketnummer" in letter.body["text"]


async def test_an_emergency_gets_the_safety_message_first_and_an_urgent_ticket(desk: Desk
                                                                               ) -> None:
    await desk.take(mail("There is smoke coming out of my radio."))
    [ticket] = desk.rows(Ticket)
    assert ticket.kind == "emergency" and ticket.urgent and ticket.priority == "urgent"
    said = desk.letters()[0].body["text"]
    assert said.startswith("<utter_safety_smoke>") and "00-86-755-36962403" in said


async def test_a_question_on_the_policy_is_answered_once_and_decides_nothing(desk: Desk) -> None:
    await desk.take(mail("Does the guarantee cover rain? Is it long?", sender=MARTHA))
    said = desk.letters()[0].body["text"]
    assert said.index("<utter_policy/water>") < said.index("<utter_policy/duration>")
    assert "decides nothing about your own case" in said and "No decision" not in said
    answered = f"<{desk.letters()[0].header_id}>"
    await desk.take(mail("Is rain covered, please?", sender=MARTHA, In_Reply_To=answered))
    assert len(desk.letters()) == 1  # it was answered
    await desk.take(mail("Smoke! Does the guarantee cover rain?", sender="joe@s.example"))
    assert "utter_policy" not in desk.letters()[1].body["text"]


async def test_files_that_a_mail_program_packed_up_are_asked_for_again(desk: Desk) -> None:
    await desk.take(WINMAIL)
    assert "winmail.dat: if you attached photos" in desk.letters()[0].body["text"]


async def test_presale_mail_goes_to_its_own_queue(desk: Desk) -> None:
    await desk.take(mail("Does it fit my car?"), queue="presale")
    [ticket] = desk.rows(Ticket)
    assert (ticket.kind, ticket.queue) == ("presale", "presale")
    message = compose(desk.services.mail_out.take_due()[0], Sender(
        SHOP, SHOP, "sales@example.com", "token"))
    assert message["Reply-To"] == "sales@example.com"


async def test_files_come_under_the_rules_of_the_chat(desk: Desk) -> None:
    await desk.take(mail(BLACK, sender=MARTHA, files={"a.png": PNG, "b.exe": b"MZ" + b"0" * 99}))
    [file] = desk.rows(Attachment)
    assert file.name == "a.png" and file.message_id and file.ticket_id
    assert "b.exe: This kind of file" in desk.letters()[0].body["text"]


async def test_files_bring_a_claim_that_needed_evidence_back_to_a_person(desk: Desk) -> None:
    await desk.take(mail(BLACK, sender=MARTHA))
    with desk.database.unit_of_work() as session:
        session.scalars(sa.select(Claim)).one().state = "needs_evidence"
    answered = f"<{desk.letters()[0].header_id}>"
    await desk.take(mail("I will.", sender=MARTHA, In_Reply_To=answered))
    assert desk.rows(Claim)[0].state == "needs_evidence"
    await desk.take(mail("Here.", sender=MARTHA, files={"a.png": PNG}, In_Reply_To=answered))
    assert desk.rows(Claim)[0].state == "in_review"


# ---------------------------------------------------------------- threads


async def test_the_answer_to_our_mail_goes_on_and_completes_the_claim(desk: Desk) -> None:
    first = await desk.take(mail(BLACK, sender=MARTHA))
    ours = desk.letters()[0].header_id
    second = await desk.take(mail("I want to send it in for repair", sender=MARTHA,
                                  subject="Re: whatever", In_Reply_To=f"<{ours}>"))
    assert second.conversation_id == first.conversation_id
    assert len(desk.rows(Ticket)) == len(desk.rows(Claim)) == 1
    assert desk.rows(Claim)[0].remedy == "repair"
    assert len(desk.letters()) == 2 and "prepared your claim" in desk.letters()[1].body["text"]
    references = desk.letters()[1].references
    assert {first.header_id, second.header_id, ours} <= set(references)


async def test_the_tag_counts_from_the_tickets_own_customer_only(desk: Desk) -> None:
    first = await desk.take(mail(BLACK, sender=MARTHA))
    number = desk.rows(Ticket)[0].number
    mine = await desk.take(mail("It is still so.", sender=MARTHA, subject=f"Re: [{number}]"))
    forged = await desk.take(mail("Tell me all.", sender="eve@s.example",
                                  subject=f"Re: [{number}]"))
    assert mine.conversation_id == first.conversation_id
    assert forged.conversation_id != first.conversation_id
    assert len(desk.rows(Ticket)) == 2


async def test_a_tag_from_a_sender_that_the_trusted_server_doubts_is_no_tag(
        database: Database, tmp_path: Path) -> None:
    desk = Desk(database, tmp_path, MAIL_TRUSTED_SERVER="mx.shop.example")
    first = await desk.take(mail(BLACK, sender=MARTHA))
    number = desk.rows(Ticket)[0].number
    forged = await desk.take(mail(
        f"Order {ORDER} black", sender=MARTHA, subject=f"Re: [{number}]",
        Authentication_Results="mx.shop.example; dmarc=fail header.from=example.com"))
    assert forged.conversation_id != first.conversation_id
    assert len(desk.rows(Claim)) == 1  # the forged one verified nothing


async def test_the_same_fault_by_a_new_mail_joins_the_ticket(desk: Desk) -> None:
    await desk.take(mail(BLACK, sender=MARTHA))
    await desk.take(mail(f"Again about {ORDER}: the screen is black.", sender=MARTHA,
                         subject="New mail"))
    assert len(desk.rows(Claim)) == 1
    assert desk.rows(Ticket)[0].number in desk.letters()[1].body["text"]
    assert len(desk.rows(Ticket)) == 1


async def test_a_persons_conversation_gets_the_message_and_no_answer(desk: Desk) -> None:
    first = await desk.take(mail(BLACK, sender=MARTHA))
    with desk.database.unit_of_work() as session:
        session.get(Conversation, first.conversation_id).owner = "agent"
    ours = desk.letters()[0].header_id
    await desk.take(mail("I want a repair", sender=MARTHA, In_Reply_To=f"<{ours}>"))
    assert len(desk.letters()) == 1
    assert len(desk.rows(Message, Message.author == "customer")) == 2


# ---------------------------------------------------------------- once


async def test_the_same_mail_twice_is_one_whichever_way_it_came(desk: Desk) -> None:
    data = mail(BLACK, sender=MARTHA)
    assert desk.services.mail_in.keep("a:1", data, mailbox="a", queue="support")
    assert not desk.services.mail_in.keep("a:1", data, mailbox="a", queue="support")
    await desk.take(data, source="b:1")
    resent = await desk.take(mail(BLACK, sender=MARTHA))  # another Message-ID, the same words
    assert sorted(row.state for row in desk.rows(MailIn)) == ["duplicate", "duplicate", "read"]
    assert resent.state == "duplicate" and len(desk.letters()) == 1


async def test_a_robot_that_looks_like_a_person_gets_one_answer(desk: Desk) -> None:
    await desk.take(mail("Your request was received.", sender="desk@other.example"))
    for number in range(10):
        ours = desk.letters()[-1]
        await desk.take(mail(f"Your request {number} was received.", sender="desk@other.example",
                             subject=ours.subject, In_Reply_To=f"<{ours.header_id}>"))
    assert len(desk.letters()) == 1
    assert len(desk.rows(Ticket)) == 1


async def test_one_address_gets_only_so_many_answers(desk: Desk) -> None:
    for number in range(12):
        await desk.take(mail(f"Number {number}: the screen is black", sender="x@y.example",
                             subject=f"New {number}"))
    assert len(desk.letters()) == 5
    tickets = desk.rows(Ticket)
    assert len(tickets) == 12 and {ticket.state for ticket in tickets} == {"open"}
    notes = [e for e in desk.rows(TicketEntry) if e.author == "system"]
    assert len({e.ticket_id for e in notes}) == len(notes) == 7
    assert all("waits for a person" in e.body for e in notes)


async def test_a_thread_that_had_its_answers_is_noted_once_and_still_hears_of_danger(desk: Desk
                                                                                    ) -> None:
    await desk.take(mail("My screen stays black.", sender=MARTHA))
    with desk.database.unit_of_work() as session:
        session.scalars(sa.select(MailThread)).one().answers = ANSWERS_IN_A_THREAD
    [letter] = desk.letters()
    for words in (f"The order is {ORDER}.", "I want a repair."):
        await desk.take(mail(words, sender=MARTHA, In_Reply_To=f"<{letter.header_id}>"))
    assert len(desk.letters()) == 1
    [note] = [e for e in desk.rows(TicketEntry) if e.author == "system"]
    assert "this thread" in note.body
    await desk.take(mail("Now there is smoke!", sender=MARTHA, In_Reply_To=f"<{letter.header_id}>"))
    assert desk.letters()[1].body["text"].startswith("<utter_safety_smoke>")


async def test_an_absence_is_noted_on_the_ticket_and_never_answered(desk: Desk) -> None:
    await desk.take(mail(BLACK, sender=MARTHA))
    ours = desk.letters()[0].header_id
    row = await desk.take(mail("I am away until Monday", sender=MARTHA,
                               subject="Automatic reply: x", In_Reply_To=f"<{ours}>"))
    assert (row.state, row.kind) == ("noted", "away") and len(desk.letters()) == 1
    notes = [e for e in desk.rows(TicketEntry) if e.author == "system"]
    assert len(notes) == 1 and "away until Monday" in notes[0].body


async def test_a_bounce_is_shown_on_the_ticket_once_and_a_forged_one_nowhere(desk: Desk) -> None:
    await desk.take(mail(BLACK, sender=MARTHA))
    ours = desk.letters()[0].header_id
    assert (await desk.take(bounce(ours))).state == "noted"
    assert (await desk.take(bounce("forged@example.com"))).state == "ignored"
    notes = [e for e in desk.rows(TicketEntry) if e.author == "system"]
    assert len(notes) == 1 and "user unknown" in notes[0].body
    assert desk.letters()[0].state == "bounced"


async def test_a_mail_that_cannot_be_handled_goes_to_a_person(desk: Desk) -> None:
    for _ in range(4):
        with desk.database.unit_of_work() as session:
            session.execute(sa.update(MailIn).values(leased_until=None))
        row = await desk.take(mail("This fails to read."), source="poison")
    assert row.state == "failed"
    [ticket] = desk.rows(Ticket)
    assert ticket.kind == "failure" and row.ticket_id == ticket.id
    [entry] = desk.rows(TicketEntry)
    assert entry.author == "system" and row.stored_as in entry.body


# ---------------------------------------------------------------- chat goes on by mail


async def test_an_agents_answer_that_nobody_read_in_the_chat_is_mailed_once(desk: Desk) -> None:
    with desk.database.unit_of_work() as session:
        session.add(Conversation(id="chat-1", channel="chat", owner="agent", epoch=1,
                                 customer_email="ann@customer.example", language="en"))
    desk.agent_says("chat-1", "Please try another fuse.", "chat", minutes_ago=6)
    fresh = desk.agent_says("chat-1", "Are you there?", "chat")
    assert desk.delivery.unread_in_chat() == 1 and desk.delivery.unread_in_chat() == 0
    [letter] = desk.letters()
    assert "another fuse" in letter.body["text"] and not letter.automatic
    row = await desk.take(mail("It works now, thank you", sender="ann@customer.example",
                               In_Reply_To=f"<{letter.header_id}>"))
    assert row.conversation_id == "chat-1"
    assert [m.text for m in desk.rows(Message, Message.author == "customer")] == [
        "It works now, thank you"]
    with desk.database.unit_of_work() as session:
        session.get(Message, fresh).created_at = utcnow() - dt.timedelta(minutes=9)
        session.get(Conversation, "chat-1").read_seq = 2
    assert desk.delivery.unread_in_chat() == 0  # it was read


async def test_what_the_desk_decided_in_a_chat_is_mailed_at_once_and_once(desk: Desk) -> None:
    with desk.database.unit_of_work() as session:
        session.add(Conversation(id="chat-1", channel="chat", owner="agent", epoch=1,
                                 customer_email="ann@customer.example", language="en"))
    told = desk.agent_says("chat-1", "Your claim is approved.", "chat")
    job = {"conversation_id": "chat-1", "message_id": told}
    desk.delivery.decided(job)
    desk.delivery.decided(job)  # the process died before the job was done
    [letter] = desk.letters()
    assert "approved" in letter.body["text"] and letter.recipient == "ann@customer.example"
    with desk.database.unit_of_work() as session:
        session.get(Message, told).created_at = utcnow() - dt.timedelta(minutes=9)
    assert desk.delivery.unread_in_chat() == 0
    desk.delivery.decided({"conversation_id": "gone", "message_id": "gone"})
    assert len(desk.letters()) == 1


async def test_an_agents_answer_by_mail_goes_out_in_the_thread(desk: Desk) -> None:
    first = await desk.take(mail(BLACK, sender=MARTHA))
    desk.agent_says(first.conversation_id, "Please send us a photo.")
    await desk.outbox.deliver(first.conversation_id)
    letter = desk.letters()[-1]
    assert letter.body["text"] == "Lin from our team wrote:\n\nPlease send us a photo."
    assert letter.in_reply_to == first.header_id and not letter.automatic


# ---------------------------------------------------------------- what goes over the wire


async def test_a_mail_has_the_right_headers_and_the_same_id_at_every_attempt(desk: Desk) -> None:
    await desk.take(mail(BLACK, sender=MARTHA))
    [due] = desk.services.mail_out.take_due()
    sender = Sender(SHOP, SHOP, "sales@example.com", desk.services.mail_token)
    one, two = compose(due, sender), compose(due, sender)
    assert one["Message-ID"] == two["Message-ID"] == f"<{due.header_id}>"
    assert one["Auto-Submitted"] == "auto-replied" and one["X-Loop"] == desk.services.mail_token
    assert one["Reply-To"] == SHOP and one["In-Reply-To"] in str(one["References"])
    assert "List-Unsubscribe" not in one
    assert [part.get_content_type() for part in one.iter_parts()] == ["text/plain", "text/html"]


def test_what_a_customer_wrote_is_text_in_html_and_cannot_add_headers(desk: Desk) -> None:
    desk.services.mail_out.write(Letter(
        "k", "ann@customer.example", "Hi\r\nBcc: all@x.example", "<script>x</script>",
        language="ar", unsubscribe="https://shop.example/u\r\nX: y"))
    message = compose(desk.services.mail_out.take_due()[0], Sender(SHOP, SHOP, SHOP, "t"))
    assert message["Bcc"] is None and message["X"] is None
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<script>" not in html and 'dir="rtl"' in html


def test_numbers_stay_in_one_line_and_are_text_all_the_same(desk: Desk) -> None:
    desk.services.mail_out.write(Letter("k", "ann@customer.example", "s",
                                        "<b>T-7K3M9QX</b> or 00-86-755-36962403, well-known"))
    html = html_of(desk.services.mail_out.take_due()[0])
    for number in ("T-7K3M9QX", "00-86-755-36962403"):
        assert f'<span style="white-space:nowrap;">{number}</span>' in html
    assert "<b>" not in html and ", well-known" in html


def test_a_letter_with_the_same_key_is_one_mail(desk: Desk) -> None:
    letter = Letter("key", "ann@customer.example", "s", "t")
    assert desk.services.mail_out.write(letter) == desk.services.mail_out.write(letter)
    assert len(desk.letters()) == 1
