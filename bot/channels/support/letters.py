"""What the support centre mails: the ticket's number with its link, a link that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.support.texts import say
from bot.services.mail_out import Letter, OutgoingMails
from bot.services.support import Submitted
from bot.services.ticket_links import TicketLinks


class Letters:
    """Writes them down; they are sent with all other mails. `site` is our public address."""

    def __init__(self, mails: OutgoingMails, links: TicketLinks, site: str) -> None:
        self._mails, self._links, self._site = mails, links, site.rstrip("/")

    def received(self, taken: Submitted) -> None:
        """The ticket was opened, or what was written joined an earlier one.

        Anybody can type somebody else's address, so it is not written to without end.
        """
        if not taken.verified and self._links.is_flooded(taken.email):
            return
        language, ticket = taken.language, taken.ticket
        what = say(language, "sent_joined" if taken.ticket.joined else "mail_received",
                   number=ticket.number)
        self._mails.write(Letter(
            key=f"received:{taken.conversation_id}", to=taken.email, language=language,
            subject=say(language, "mail_subject", number=_tag(ticket.number)),
            text="\n\n".join(filter(None, (taken.safety, what, say(language, "mail_keep")))),
            conversation_id=taken.conversation_id, ticket_id=ticket.id,
            ticket_number=ticket.number, queue=ticket.queue,
            link=self._address(self._links.for_ticket(ticket.id), language),
            link_title=say(language, "sent_open")))

    def link_wanted(self, address: str, language: str) -> None:
        """Somebody asked for the link to all tickets of this address."""
        token = self._links.for_address(address)
        self._mails.write(Letter(
            key=f"links:{token[:16]}", to=address, language=language,
            subject=say(language, "mail_links_subject"), text=say(language, "mail_links"),
            link=self._address(token, language), link_title=say(language, "mine")))

    def answered(self, key: str, email: str, language: str, text: str, author: str | None, *,
                 conversation_id: str, ticket_id: str, number: str, automatic: bool,
                 files: Sequence[str] = ()) -> None:
        """Somebody of the shop, or the assistant, answered on a ticket."""
        self._mails.write(Letter(
            key=f"outbox:{key}", to=email, language=language, automatic=automatic,
            subject=say(language, "mail_answer_subject", number=_tag(number)),
            text=f"{text}\n\n{say(language, 'mail_answer')}", author=author,
            conversation_id=conversation_id, ticket_id=ticket_id, ticket_number=number,
            link=self._address(self._links.for_ticket(ticket_id), language),
            link_title=say(language, "sent_open"), files=files))

    def _address(self, token: str, language: str) -> str:
        return f"{self._site}/support/t/{token}?language={language}"


def _tag(number: str) -> str:
    """The number as it stands in a subject, where answers bring it back."""
    return f"[{number}]"
