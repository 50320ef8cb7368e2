"""Telling customers of the desk's work: in the chat, and by e-mail where they are away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from bot.services.desk.texts import say
from bot.services.messages import send
from bot.services.ticket_life import TicketLife
from bot.store.tables import Claim, Conversation, Job, Message, StaffMember, new_id
from bot.wording.catalogue import SOURCE, translate

#: The durable job that sends a message by e-mail: `{conversation_id, message_id}`.
MAIL_CUSTOMER = "mail_customer"


class Telling:
    """Writes to customers within the unit of work of what it tells, and on their tickets."""

    def __init__(self, life: TicketLife) -> None:
        self._life = life

    def of_claim(self, session: Session, claim: Claim, staff_id: str, key: str, *,
                 custom: dict[str, Any] | None = None,
                 more: Sequence[tuple[str, dict[str, str]]] = (), quoted: str = "",
                 **values: str) -> None:
        """Tells how a claim stands, in the customer's language. `quoted` are the policy's words,
        which are translated and put before the reason."""
        conversation = _conversation(session, claim)
        if conversation is None:
            return
        language = conversation.language
        if quoted:
            values["reason"] = f"{translate(quoted, language or SOURCE)} {values['reason']}".strip()
        text = say(language, key, claim_number=claim.number, **values)
        text = "\n".join([text, *(say(language, each, **filled) for each, filled in more)])
        self._tell(session, conversation, staff_id, text, custom)

    def in_words(self, session: Session, claim: Claim, staff_id: str, text: str) -> None:
        """Tells something in an agent's own words."""
        conversation = _conversation(session, claim)
        if conversation is not None:
            self._tell(session, conversation, staff_id, text, None)

    def _tell(self, session: Session, conversation: Conversation, staff_id: str, text: str,
              custom: dict[str, Any] | None) -> None:
        member = session.get(StaffMember, staff_id)
        message = send(session, conversation, "agent", text, payload={
            "name": member.name, "by": staff_id, "custom": custom})
        self._life.agent_wrote(conversation.id, message, member.email)
        by_mail(session, message)


def by_mail(session: Session, message: Message) -> None:
    """Has a message sent by e-mail too; once, however often it is asked for."""
    session.add(Job(id=new_id(), kind=MAIL_CUSTOMER, key=f"{MAIL_CUSTOMER}:{message.id}", payload={
        "conversation_id": message.conversation_id, "message_id": message.id}))


def _conversation(session: Session, claim: Claim) -> Conversation | None:
    """None for a claim of `rasa shell`, or one whose conversation was erased."""
    if claim.conversation_id is None:
        return None
    found: Conversation | None = session.get(Conversation, claim.conversation_id)
    return found
