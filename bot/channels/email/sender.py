"""Sending: what is due goes to the SMTP server until it takes it or refuses it for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import aiosmtplib

from bot.channels.email.compose import Enclosed, Sender, compose
from bot.engine.bells import ring
from bot.services.mail_out import OutgoingMails, Waiting
from bot.services.mail_servers import Server

logger = logging.getLogger(__name__)

#: Seconds between two looks at what is due, if nobody rings.
LOOK_SECONDS = 2.0
_TIMEOUT = 30.0
_LONGEST_PAUSE = 120.0

#: The files that go with a mail, by their ids.
FilesOf = Callable[[Sequence[str]], Sequence[Enclosed]]


class MailSender:
    """Sends what `outgoing` has, over one connection at a time."""

    def __init__(self, outgoing: OutgoingMails, server: Server, sender: Sender,
                 files_of: FilesOf) -> None:
        self._outgoing, self._server, self._sender = outgoing, server, sender
        self._files_of = files_of
        self.bell = asyncio.Event()

    async def run(self) -> None:
        """Sends for ever. A server that is away is tried again, less and less often."""
        pause = LOOK_SECONDS
        while True:
            try:
                while await self.send_due():
                    pause = LOOK_SECONDS
                pause = LOOK_SECONDS
            except (aiosmtplib.SMTPException, OSError, asyncio.TimeoutError) as error:
                pause = min(pause * 2, _LONGEST_PAUSE)
                logger.warning("the mail server %s cannot be used: %s", self._server.host, error)
            except Exception:
                pause = min(pause * 2, _LONGEST_PAUSE)
                logger.exception("mails could not be sent and will be tried again")
            self.bell.clear()
            await ring(self.bell, pause)

    async def send_due(self) -> int:
        """Sends what is due; returns how many mails were looked at.

        Raises what the connection raises, with the mails that were not tried given back.
        """
        due = await asyncio.to_thread(self._outgoing.take_due)
        if not due:
            return 0
        left = {mail.id: mail.leased_until for mail in due}
        try:
            async with connection(self._server) as smtp:
                for mail in due:
                    # Those before it may have taken longer than it was given to this process.
                    until = await asyncio.to_thread(self._outgoing.hold, mail)
                    if until is not None:
                        left[mail.id] = until
                        await self._send(smtp, mail)
                    del left[mail.id]
        finally:
            if left:
                await asyncio.to_thread(self._outgoing.give_back, left)
        return len(due)

    async def _send(self, smtp: aiosmtplib.SMTP, mail: Waiting) -> None:
        try:
            message = compose(mail, self._sender, self._files_of(mail.body.get("files") or ()))
        except Exception as error:
            # A mail that cannot be written would stop all behind it.
            logger.exception("a mail cannot be written")
            await asyncio.to_thread(self._outgoing.failed, mail.id, f"cannot be written: {error}")
            return
        try:
            await smtp.send_message(message, sender=self._sender.address,
                                    recipients=[mail.recipient])
        except aiosmtplib.SMTPRecipientsRefused as error:
            await self._refused(mail, error.recipients[0])
        except aiosmtplib.SMTPResponseException as error:
            await self._refused(mail, error)
        else:
            await asyncio.to_thread(self._outgoing.sent, mail.id)

    async def _refused(self, mail: Waiting, error: aiosmtplib.SMTPResponseException) -> None:
        why = f"{error.code} {' '.join(str(error.message).split())}"
        if 500 <= error.code < 600:
            await asyncio.to_thread(self._outgoing.failed, mail.id, why)
        else:
            await asyncio.to_thread(self._outgoing.try_later, mail.id, why)


def connection(server: Server) -> aiosmtplib.SMTP:
    """A connection that signs in when it is entered. Raises aiosmtplib's errors and OSError."""
    start = {"start": True, "none": False}.get(server.tls)
    return aiosmtplib.SMTP(
        hostname=server.host, port=server.port, timeout=_TIMEOUT, use_tls=server.tls == "always",
        start_tls=None if server.tls == "always" else start, username=server.user or None,
        password=server.password or None)
