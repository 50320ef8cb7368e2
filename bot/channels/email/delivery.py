"""From messages to mails: what the outbox has for `email`, and answers that nobody read in the
chat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.channels.email.compose import Enclosed
from bot.channels.email.texts import say
from bot.engine.outbox import OutgoingMessage
from bot.services.attachments import Attachments
from bot.services.mail_out import Letter, OutgoingMails
from bot.services.mail_threads import address_of, tagged
from bot.services.tickets import lead
from bot.store.database import Database
from bot.store.tables import (
    Attachment,
    Conversation,
    MailIn,
    MailOut,
    MailThread,
    Message,
    StaffMember,
    Ticket,
    utcnow,
)

CHAT = "chat"
#: Only answers of the last days are mailed on: a server that was away for long does not surprise.
_NOT_OLDER = dt.timedelta(days=2)
_MOST = 50
_REPLY = "Re: "


class MailDelivery:
    """Writes mails down for messages. Sending them is `sender.MailSender`'s."""

    def __init__(self, database: Database, outgoing: OutgoingMails, attachments: Attachments,
                 after: dt.timedelta) -> None:
        self._database, self._outgoing = database, outgoing
        self._attachments, self._after = attachments, after

    async def deliver(self, message: OutgoingMessage) -> bool:
        """The outbox's way to mail. A conversation without an address has nowhere to go to."""
        with self._database.separate_unit_of_work() as session:
            row = session.scalars(sa.select(Message).where(
                Message.conversation_id == message.conversation_id,
                Message.seq == message.seq)).one()
            conversation = session.get(Conversation, message.conversation_id)
            letter = self._letter(session, conversation, row, f"outbox:{message.key}")
            if letter is not None:
                self._outgoing.write(letter)
        return True

    def decided(self, job: dict[str, str]) -> None:
        """Mails what the customer is to hear wherever they are: how their claim stands.

        `job` is `{conversation_id, message_id}`; other channels than the chat mail it themselves.
        """
        with self._database.separate_unit_of_work() as session:
            row = session.get(Message, job["message_id"])
            conversation = session.get(Conversation, job["conversation_id"])
            if row is None or conversation is None or conversation.channel != CHAT:
                return
            letter = self._letter(session, conversation, row, f"chat:{row.id}")
            if letter is not None:
                self._outgoing.write(letter)

    def unread_in_chat(self) -> int:
        """Mails what agents answered in chats whose customer has left; returns how many mails.

        An answer counts as unread while the customer's page has not said that it was seen
        (`conversations.read_seq`).
        """
        if not self._after:
            return 0
        try:
            with self._database.separate_unit_of_work() as session:
                return self._unread(session)
        except sa.exc.IntegrityError:
            return 0  # another process did the same at this moment

    def _unread(self, session: Session) -> int:
        now = utcnow()
        written = 0
        rows = session.scalars(
            sa.select(Message).join(Conversation, Conversation.id == Message.conversation_id)
            .outerjoin(MailOut, MailOut.key == "chat:" + Message.id)
            .where(Conversation.channel == CHAT, Message.author == "agent",
                   Message.seq > Conversation.read_seq, MailOut.id.is_(None),
                   Message.created_at < now - self._after,
                   Message.created_at > now - _NOT_OLDER)
            .order_by(Message.conversation_id, Message.seq).limit(_MOST)).all()
        for row in rows:
            conversation = session.get(Conversation, row.conversation_id)
            letter = self._letter(session, conversation, row, f"chat:{row.id}")
            if letter is not None:
                self._outgoing.write(letter)
                written += 1
        return written

    def files_of(self, ids: Sequence[str]) -> list[Enclosed]:
        """The stored files that go with a mail."""
        with self._database.separate_unit_of_work() as session:
            rows = session.scalars(sa.select(Attachment).where(Attachment.id.in_(list(ids)))).all()
        return [Enclosed(row.name, row.media_type, path.read_bytes()) for row in rows
                if (path := self._attachments.path_of(row.stored_as)).is_file()]

    def _letter(self, session: Session, conversation: Conversation, message: Message,
                key: str) -> Letter | None:
        to = address_of(session, conversation.id)
        if not to:
            return None
        language = conversation.language or "en"
        ticket = session.scalars(sa.select(Ticket).where(
            Ticket.conversation_id == conversation.id).order_by(Ticket.created_at.desc())).first()
        ticket = _joined(session, conversation.id, ticket)
        thread = session.get(MailThread, conversation.id)
        latest = session.scalars(sa.select(MailIn).where(
            MailIn.conversation_id == conversation.id, MailIn.state == "read")
            .order_by(MailIn.created_at.desc())).first()
        before = session.scalars(sa.select(MailOut.header_id).where(
            MailOut.conversation_id == conversation.id).order_by(MailOut.created_at)).all()
        answers = latest.header_id if latest else (before[-1] if before else None)
        subject = thread.subject if thread and thread.subject else ""
        if subject:
            subject = subject if subject.lower().startswith("re:") else f"{_REPLY}{subject}"
        else:
            subject = say(language, "away_subject" if conversation.channel == CHAT
                          else "no_subject")
        return Letter(
            key=key, to=to, subject=tagged(subject, ticket.number) if ticket else subject,
            text=_text(session, conversation, message, language), language=language,
            automatic=message.author != "agent", conversation_id=conversation.id,
            ticket_id=ticket.id if ticket else None,
            ticket_number=ticket.number if ticket else None,
            queue=thread.queue if thread else "support", in_reply_to=answers,
            references=_references(session, conversation.id, before, answers),
            files=[str(each) for each in (message.payload or {}).get("attachments") or ()])


def _text(session: Session, conversation: Conversation, message: Message, language: str) -> str:
    if message.author != "agent":
        return str(message.text)
    name = (message.payload or {}).get("name") or session.scalar(
        sa.select(StaffMember.name).where(StaffMember.id == conversation.agent_id))
    kind = "away_intro" if conversation.channel == CHAT else "agent_wrote"
    intro = say(language, kind, name=name) if name else say(language, f"{kind}_nameless")
    return f"{intro}\n\n{message.text}"


def _joined(session: Session, conversation_id: str, ticket: Ticket | None) -> Ticket | None:
    """The ticket that the conversation is about: one that it joined has no conversation here."""
    if ticket is None:
        ticket = session.scalars(
            sa.select(Ticket).join(MailIn, MailIn.ticket_id == Ticket.id)
            .where(MailIn.conversation_id == conversation_id)
            .order_by(MailIn.created_at.desc())).first()
    return lead(session, ticket) if ticket is not None else None


def _references(session: Session, conversation_id: str, ours: Sequence[str],
                answers: str | None) -> list[str]:
    theirs = session.scalars(sa.select(MailIn.header_id).where(
        MailIn.conversation_id == conversation_id, MailIn.header_id.is_not(None))
        .order_by(MailIn.created_at)).all()
    rest = [each for each in dict.fromkeys([*theirs, *ours]) if each != answers]
    return [*rest, answers] if answers else rest
