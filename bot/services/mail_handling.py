"""What becomes of a mail: a message in its conversation, its ticket, a prepared claim and at most
one answer, all in one transaction; or, from a robot, a note."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.heard import Heard
from bot.services.mail_answers import CHANNEL, Answer, Word, not_answered, note_silence, say
from bot.services.mail_bounces import read_bounce
from bot.services.mail_out import OutgoingMails
from bot.services.mail_reading import Mail
from bot.services.mail_robots import AWAY, BOUNCE, CUSTOMER, who_wrote
from bot.services.mail_threads import Place, find_place
from bot.services.mail_trust import authenticated
from bot.services.messages import next_seq
from bot.services.ownership import BOT
from bot.services.policy_questions import policy_questions
from bot.services.ticket_texts import SYSTEM, note, own_subject, subject
from bot.services.tickets import Tickets, TicketView, lead
from bot.services.written_claims import Told, WrittenClaims
from bot.store.database import Database
from bot.store.tables import (
    Attachment,
    Conversation,
    Inbox,
    MailIn,
    MailThread,
    Message,
    Ticket,
    TicketEntry,
    new_id,
    utcnow,
)

#: Characters of a mail that stand in the conversation; the original has all of them.
_SHOWN = 20_000
#: The same words from the same sender within this time are one mail that was sent twice.
_SENT_TWICE = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Reading:
    """A customer's mail that is to be understood: where it goes, and whether it may be answered."""

    mail_id: str
    conversation_id: str
    place: Place | None
    may_answer: bool
    doubtful: bool


class MailHandling:
    """Handles mails that were read. `own_addresses` are the shop's, `token` marks our mails."""

    def __init__(self, database: Database, tickets: Tickets, claims: WrittenClaims,
                 outgoing: OutgoingMails, own_addresses: Collection[str], token: str,
                 trusted_server: str | None = None) -> None:
        self._database, self._tickets, self._claims = database, tickets, claims
        self._outgoing, self._own, self._token = outgoing, frozenset(own_addresses), token
        self._trusted_server = trusted_server

    # ------------------------------------------------------------ sorting

    def sort(self, mail_id: str, mail: Mail) -> Reading | None:
        """Finds out what a mail is. None if that was all there is to do with it."""
        try:
            with self._database.separate_unit_of_work() as session:
                return self._sort(session, session.get(MailIn, mail_id), mail)
        except sa.exc.IntegrityError:
            # Another process has just handled the same mail, which came twice.
            with self._database.separate_unit_of_work() as session:
                _done(session.get(MailIn, mail_id), "duplicate", None)
            return None

    def _sort(self, session: Session, row: MailIn, mail: Mail) -> Reading | None:
        row.header_id, row.sender = (mail.header_id or "")[:255] or None, mail.sender or None
        row.subject, row.notes, row.content = mail.subject, list(mail.notes), mail.content
        writer = who_wrote(mail, self._own, self._token, row.envelope_from)
        twin = self._twin(session, row, mail, by_content=writer.kind == CUSTOMER)
        if twin is not None:
            row.conversation_id, row.ticket_id = twin.conversation_id, twin.ticket_id
            _done(row, "duplicate", twin.kind)
            return None
        row.identity = mail.identity
        row.kind = writer.kind
        if writer.kind == BOUNCE:
            self._note_bounce(row, mail)
            return None
        verdict = authenticated(list(mail.authentication), self._trusted_server, mail.sender)
        place = find_place(session, mail, sender_is_doubtful=verdict is False)
        if writer.kind != CUSTOMER:
            self._note_robot(session, row, mail, writer.kind, place)
            return None
        row.conversation_id = None  # only once there is one
        session.flush()
        return Reading(row.id, place.conversation_id if place else f"mail-{row.id}", place,
                       writer.may_answer, verdict is False)

    @staticmethod
    def _twin(session: Session, row: MailIn, mail: Mail, by_content: bool) -> MailIn | None:
        same = sa.or_(
            MailIn.identity == mail.identity,
            sa.and_(sa.literal(by_content), MailIn.content == mail.content,
                    MailIn.sender == (mail.sender or None), MailIn.state != "duplicate",
                    MailIn.created_at > utcnow() - _SENT_TWICE))
        found: MailIn | None = session.scalars(
            sa.select(MailIn).where(same, MailIn.id != row.id, MailIn.state != "failed")
            .order_by(MailIn.created_at)).first()
        return found

    def _note_bounce(self, row: MailIn, mail: Mail) -> None:
        bounce = read_bounce(mail)
        found = self._outgoing.came_back(bounce.header_ids, bounce.reason) if bounce.final else None
        if found is not None:
            row.ticket_id = found[1]
        _done(row, "noted" if found else "ignored", row.kind)

    def _note_robot(self, session: Session, row: MailIn, mail: Mail, kind: str,
                    place: Place | None) -> None:
        """An absence is worth knowing on the ticket; nothing of it is answered or understood."""
        ticket = _ticket_of(session, place) if place else None
        if ticket is not None:
            row.ticket_id, row.conversation_id = ticket.id, place.conversation_id if place else None
            said = note("away" if kind == AWAY else "robot", sender=mail.sender or note("somebody"),
                        kind=kind, subject=mail.subject)
            session.add(TicketEntry(id=new_id(), ticket_id=ticket.id, author=SYSTEM,
                                    body=f"{said}\n\n{mail.words[:2000]}"))
        _done(row, "noted" if ticket is not None else "ignored", kind)

    # ------------------------------------------------------------ a customer's mail

    def take(self, reading: Reading, mail: Mail, heard: Heard, language: str | None,
             files: Sequence[str], refused: Sequence[tuple[str, str]], word: Word) -> str | None:
        """Takes a customer's mail into its conversation. `files` are stored attachments' ids.

        Returns the conversation's id if there is something to deliver. Whoever does it again
        finds it done.
        """
        with self._database.separate_unit_of_work() as session:
            row = session.get(MailIn, reading.mail_id)
            if row.state != "received":
                return None
            conversation = _conversation(session, reading, mail, language)
            thread = _thread(session, conversation.id, mail, row.queue)
            message = _message(session, conversation, row, mail, heard, files)
            told = Told.from_json(thread.draft)
            asked = list(thread.asked)
            before = self._claims.missing(told) if thread.draft else []
            may_prove = not reading.doubtful and bool(mail.sender)
            hazard = self._claims.hear(told, heard, mail.own, [mail.sender] if may_prove else [],
                                       asked, conversation.id)
            conversation.order_id = told.draft.order_id or conversation.order_id
            conversation.topic = told.topic or conversation.topic
            ticket = self._ticket(session, reading, thread, told, conversation, mail, message.id,
                                  hazard)
            self._claims.put_on(told, conversation.id, ticket.number)
            for file in session.scalars(sa.select(Attachment).where(Attachment.id.in_(files))):
                file.message_id, file.ticket_id = message.id, ticket.id
            if files:
                self._claims.evidence_came(conversation.id)
            asks = [name for name in policy_questions(heard) if name not in told.policy_answered]
            # A question on the policy needs no order.
            missing = [] if asks and not told.is_claim else self._claims.missing(told)
            news = bool(set(before) - set(missing) or asks)
            thread.draft, thread.asked = told.to_json(), missing
            row.conversation_id, row.ticket_id = conversation.id, ticket.id
            row.message_id = message.id
            _done(row, "read", CUSTOMER)
            session.flush()
            silent = not_answered(session, conversation, thread, mail.sender, news=news,
                                  may_answer=reading.may_answer, hazard=hazard)
            if silent is not None:
                note_silence(session, ticket.id, silent)
                return None
            first = thread.answers == 0
            thread.answers += 1
            told.policy_answered = [*told.policy_answered, *asks]
            thread.draft = told.to_json()
            say(session, conversation, ticket, word(Answer(
                ticket=ticket, language=conversation.language or "en", topic=told.topic,
                first=first,
                hazard=(heard.best_label("emergency") or "general") if hazard else None,
                order_number=told.order_number, symptom=told.draft.symptom_kind,
                causes=told.causes, remedy=told.draft.remedy, policy=tuple(asks),
                missing=tuple(missing), refused=tuple(refused),
                complete=told.claim_id is not None and not missing)))
            return str(conversation.id)

    def give_up(self, mail_id: str, why: str) -> None:
        """A mail that could not be handled goes to a person, with its original."""
        with self._database.separate_unit_of_work() as session:
            row = session.get(MailIn, mail_id)
            if row.state != "received":
                return
            conversation = session.get(Conversation, f"mail-{row.id}")
            if conversation is None:
                conversation = Conversation(id=f"mail-{row.id}", channel=CHANNEL,
                                            customer_email=row.sender)
                session.add(conversation)
                session.flush()
            ticket = self._tickets.open(
                "failure", row.subject or subject("unread"),
                note("unread", sender=row.sender or note("somebody"), stored_as=row.stored_as,
                     why=why[:300]),
                author=SYSTEM, conversation_id=conversation.id, queue=row.queue,
                customer_email=row.sender)
            session.flush()
            row.conversation_id, row.ticket_id, row.last_error = (
                conversation.id, ticket.id, why[:1000])
            _done(row, "failed", row.kind)

    def _ticket(self, session: Session, reading: Reading, thread: MailThread, told: Told,
                conversation: Conversation, mail: Mail, message_id: str,
                hazard: bool) -> TicketView:
        body = mail.words[:_SHOWN] or mail.subject or f"[{', '.join(f.name for f in mail.files)}]"
        known = _ticket_of(session, reading.place) if reading.place else None
        if hazard:
            return self._tickets.open(
                "emergency", mail.subject or subject("emergency_mail"), body, urgent=True,
                conversation_id=conversation.id, order_id=told.draft.order_id,
                message_id=message_id, queue="support", customer_email=mail.sender or None,
                language=conversation.language, topic="emergency",
                stated_order=(told.order_number or "")[:64] or None)
        if known is not None:
            return self._tickets.add(known.number, body, message_id)
        draft = told.draft
        if draft.order_id and draft.line_id and told.is_claim:
            same = self._tickets.same_fault(draft.order_id, draft.line_id)
            if same is not None:
                return self._tickets.add(same.number, body, message_id)
        return self._tickets.open(
            _kind(thread, told), mail.subject or own_subject(mail.words) or subject("empty"), body,
            conversation_id=conversation.id, order_id=draft.order_id, message_id=message_id,
            queue=thread.queue, customer_email=mail.sender or None, language=conversation.language,
            topic=told.topic, order_line_id=draft.line_id,
            stated_order=(told.order_number or "")[:64] or None)


def _kind(thread: MailThread, told: Told) -> str:
    if thread.queue == "presale":
        return "presale"
    if told.is_claim:
        return "claim"
    return "privacy" if told.topic == "privacy" else "question"


def _conversation(session: Session, reading: Reading, mail: Mail,
                  language: str | None) -> Conversation:
    conversation: Conversation | None = session.get(Conversation, reading.conversation_id)
    if conversation is None:
        conversation = Conversation(id=reading.conversation_id, channel=CHANNEL, owner=BOT,
                                    epoch=0, customer_email=mail.sender or None,
                                    language=language or "en")
        session.add(conversation)
        session.flush()
    elif language and conversation.channel == CHANNEL and len(mail.words) > 40:
        conversation.language = language
    return conversation


def _thread(session: Session, conversation_id: str, mail: Mail, queue: str) -> MailThread:
    thread: MailThread | None = session.get(MailThread, conversation_id)
    if thread is None:
        thread = MailThread(conversation_id=conversation_id, subject=mail.subject, queue=queue,
                            draft={}, asked=[], answers=0)
        session.add(thread)
    return thread


def _message(session: Session, conversation: Conversation, row: MailIn, mail: Mail, heard: Heard,
             files: Sequence[str]) -> Message:
    about = {"id": row.id, "subject": mail.subject, "from": mail.sender,
             "name": mail.sender_name, "notes": list(mail.notes), "html": bool(mail.html)}
    if mail.reply_to and mail.reply_to != mail.sender:
        about["reply_to"] = mail.reply_to
    session.flush()  # everybody locks the conversation first and numbers then
    message = Message(
        id=new_id(), conversation_id=conversation.id,
        seq=next_seq(session, conversation.id), author="customer",
        text=mail.words[:_SHOWN],
        payload={"mail": about, **({"attachments": list(files)} if files else {})})
    session.add(message)
    session.flush()
    session.add(Inbox(
        id=new_id(), conversation_id=conversation.id, channel=CHANNEL, external_id=row.id,
        message_id=message.id, heard=heard.text, state="answered"))
    return message


def _ticket_of(session: Session, place: Place) -> Ticket | None:
    """The ticket that a mail belongs to: the one that is named, else its conversation's newest."""
    query = sa.select(Ticket).where(Ticket.number == place.ticket_number) if (
        place.ticket_number) else sa.select(Ticket).where(
        Ticket.conversation_id == place.conversation_id).order_by(Ticket.created_at.desc())
    found = session.scalars(query).first()
    if found is None:
        # A thread that joined an earlier ticket has none of its own.
        found = session.scalars(sa.select(Ticket).join(MailIn, MailIn.ticket_id == Ticket.id).where(
            MailIn.conversation_id == place.conversation_id)
            .order_by(MailIn.created_at.desc())).first()
    return lead(session, found) if found is not None else None


def _done(row: MailIn, state: str, kind: str | None) -> None:
    row.state, row.kind, row.handled_at, row.leased_until = state, kind, utcnow(), None
