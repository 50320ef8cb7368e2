"""E-mail: mailboxes and the door on the way in, an SMTP server on the way out.

Every mail is in the database and its original on the disk before its server is told so, and every
answer is written down in the transaction that it comes from. All that runs here is started and
stopped with the server, and may die at any moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from sanic import Sanic

from bot.channels.email.answers import Answers
from bot.channels.email.compose import Sender
from bot.channels.email.delivery import MailDelivery
from bot.channels.email.door import MailDoor, queues_of
from bot.channels.email.mailbox import MailboxReader
from bot.channels.email.sender import MailSender
from bot.channels.email.worker import MailWorker
from bot.engine.assistant import Assistant
from bot.services.desk.telling import MAIL_CUSTOMER
from bot.services.mail_answers import CHANNEL
from bot.services.mail_servers import Server

__all__ = ["CHANNEL", "EmailChannel", "add_email"]

logger = logging.getLogger(__name__)

#: Seconds between two looks for answers that nobody read in the chat.
_UNREAD_SECONDS = 15.0


class EmailChannel:
    """Everything of e-mail that runs beside the server."""

    def __init__(self, assistant: Assistant) -> None:
        services, settings = assistant.services, assistant.services.settings
        self._services = services
        self._delivery = MailDelivery(
            services.database, services.mail_out, services.attachments,
            dt.timedelta(minutes=settings.mail_after_minutes))
        self._worker = MailWorker(
            services.mail_in, services.mail_handling, assistant.reader, services.attachments,
            assistant.outbox, Answers(services.contact, assistant.responses.said),
            self._ring_sender)
        self._sender = self._sender_to(settings.smtp) if settings.smtp else None
        self._boxes: list[MailboxReader] = []
        self._door: MailDoor | None = None
        self._tasks: list[asyncio.Task[None]] = []
        assistant.outbox.register(CHANNEL, self._delivery.deliver)
        services.jobs.register(MAIL_CUSTOMER, self._delivery.decided)

    def _sender_to(self, server: Server) -> MailSender:
        settings = self._services.settings
        return MailSender(
            self._services.mail_out, server,
            Sender(settings.mail_from, settings.support_email, settings.presale_email,
                   self._services.mail_token), self._delivery.files_of)

    def start(self) -> None:
        """Starts what the settings turn on. Raises OSError if the door cannot be opened."""
        settings, services = self._services.settings, self._services
        if services.database.is_sqlite:
            # This is the only process on a SQLite file, so what is leased was left by a crash.
            services.mail_in.release_all()
            services.mail_out.release_all()
        ring = _from_a_thread(asyncio.get_running_loop(), self._worker.bell)
        if settings.mail_door is not None:
            own = {settings.support_email, settings.mail_from,
                   *(box.server.user for box in settings.mailboxes if "@" in box.server.user)}
            self._door = MailDoor(settings.mail_door, services.mail_in,
                                  queues_of(own, settings.presale_email), ring)
            self._door.start()
        self._boxes = [MailboxReader(box, services.mail_in, ring) for box in settings.mailboxes]
        for box in self._boxes:
            box.start()
        self._begin(self._worker.run())
        if self._sender is not None:
            self._begin(self._sender.run())
            self._begin(self._mail_what_nobody_read())

    async def stop(self) -> None:
        """Stops all of it. What is not done is done after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._door is not None:
            with contextlib.suppress(Exception):
                await asyncio.to_thread(self._door.stop)
        await asyncio.gather(*(asyncio.to_thread(box.stop) for box in self._boxes))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    def _ring_sender(self) -> None:
        if self._sender is not None:
            self._sender.bell.set()

    async def _mail_what_nobody_read(self) -> None:
        while True:
            try:
                if await asyncio.to_thread(self._delivery.unread_in_chat):
                    self._ring_sender()
            except Exception:
                logger.exception("unread answers could not be mailed and will be tried again")
            await asyncio.sleep(_UNREAD_SECONDS)


def add_email(app: Sanic, assistant: Assistant) -> EmailChannel:
    """Adds e-mail to an application; it runs from its start to its stop."""
    channel = EmailChannel(assistant)

    @app.after_server_start
    async def start(*_: Any) -> None:
        channel.start()

    @app.before_server_stop
    async def stop(*_: Any) -> None:
        await channel.stop()

    return channel


def _from_a_thread(loop: asyncio.AbstractEventLoop, bell: asyncio.Event) -> Callable[[], None]:
    def ring() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server stops
            loop.call_soon_threadsafe(bell.set)
    return ring
