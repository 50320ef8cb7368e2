"""The door: mails by SMTP or LMTP from the shop's own server. 250 is said after the commit."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Collection
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.services.mail_in import IncomingMails
from bot.services.mail_servers import Door
from bot.services.mail_store import MOST_BYTES, MailTooLarge
from bot.store.keys import email_key

logger = logging.getLogger(__name__)


class _Both(SMTP):
    """SMTP that understands LMTP's greeting (RFC 2033) as well."""

    async def smtp_LHLO(self, hostname: str) -> None:  # noqa: N802
        """As EHLO; from then on there is one answer for each recipient."""
        setattr(self.session, "lmtp", True)  # noqa: B010 - aiosmtpd's own class has no such name
        await self.smtp_EHLO(hostname)


class _Handler:
    def __init__(self, mails: IncomingMails, queues: dict[str, str], on_mail: Callable[[], None]
                 ) -> None:
        self._mails, self._queues, self._on_mail = mails, queues, on_mail

    async def handle_RCPT(  # noqa: N802
            self, server: Any, session: Session, envelope: Envelope, address: str,
            options: list[str]) -> str:
        """Takes nothing for anybody but the shop: this is no relay."""
        if _plain(address) not in self._queues:
            return "550 5.1.1 No such address here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
            self, server: Any, session: Session, envelope: Envelope) -> str:
        """Keeps the mail. Whoever sends it again, because our answer was lost, finds it kept."""
        raw = envelope.original_content or b""
        queue = self._queues[_plain(envelope.rcpt_tos[0])]
        source = hashlib.sha256(b"\0".join([
            (envelope.mail_from or "").encode("utf-8", "replace"), raw])).hexdigest()
        try:
            await asyncio.to_thread(
                self._mails.keep, f"door:{source}", raw, mailbox="door", queue=queue,
                envelope_from=(envelope.mail_from or "").strip("<>")[:320])
        except MailTooLarge:
            answer = "552 5.3.4 The mail is too large"
        except Exception:
            # Whatever it is, it may be over soon; of anything else its sender gets the mail back.
            logger.exception("a mail was not taken; it will be sent again")
            answer = "451 4.3.0 Try again later"
        else:
            answer = "250 2.0.0 Kept"
            self._on_mail()
        if getattr(session, "lmtp", False):
            return "\r\n".join([answer] * len(envelope.rcpt_tos))
        return answer


class MailDoor(Controller):
    """Listens at `door`. `queues` has the queue of each of the shop's addresses.

    `on_mail` is called from the door's own thread after each mail.
    """

    def __init__(self, door: Door, mails: IncomingMails, queues: dict[str, str],
                 on_mail: Callable[[], None]) -> None:
        super().__init__(_Handler(mails, queues, on_mail), hostname=door.host, port=door.port,
                         ready_timeout=10.0)

    def factory(self) -> SMTP:
        """One connection's protocol."""
        return _Both(self.handler, data_size_limit=MOST_BYTES, enable_SMTPUTF8=True,
                     decode_data=False, hostname="aftersale", ident="mail door", timeout=120)


def queues_of(support: Collection[str], presale: str) -> dict[str, str]:
    """The queue of each address; the pre-sale one wins."""
    return {**{email_key(address): "support" for address in support}, email_key(presale): "presale"}


def _plain(address: str) -> str:
    """Without what stands behind a plus: `support+x@shop.example` is support's."""
    local, _, domain = email_key(address).rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
