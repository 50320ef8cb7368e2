"""Reading what came in: one mail after the other, from its original to its answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bot.channels.chat.texts import say as chat_says
from bot.channels.email.answers import Answers
from bot.channels.email.texts import say
from bot.engine.bells import ring
from bot.engine.outbox import OutboxService
from bot.engine.reader import Reads
from bot.errors import RefusedFile
from bot.services.attachments import Attachments
from bot.services.heard import Heard
from bot.services.mail_handling import MailHandling, Reading
from bot.services.mail_in import Arrived, IncomingMails
from bot.services.mail_reading import File, Mail, read_mail
from bot.services.ticket_texts import note
from bot.wording.catalogue import SOURCE

logger = logging.getLogger(__name__)

#: Seconds between two looks at what came, if nobody rings.
LOOK_SECONDS = 2.0
#: What Outlook packs files into where it takes everybody for itself.
_WINMAIL = "winmail.dat"
#: What stands on the ticket of a mail that no attempt came back from.
_ENDED = note("ended")
#: Files of one mail that are looked at.
_MOST_FILES = 20
#: Characters from which English is no guess.
_TELLS_A_LANGUAGE = 25


class MailWorker:
    """Reads and answers mails, oldest first. `bell` saves the wait for the next look."""

    def __init__(self, mails: IncomingMails, handling: MailHandling, reader: Reads,
                 attachments: Attachments, outbox: OutboxService, answers: Answers,
                 on_written: Callable[[], None]) -> None:
        self._mails, self._handling, self._reader = mails, handling, reader
        self._attachments, self._outbox, self._answers = attachments, outbox, answers
        self._on_written = on_written
        self.bell = asyncio.Event()

    async def run(self) -> None:
        """Works for ever."""
        while True:
            self.bell.clear()
            try:
                while await self.work_one():
                    pass
            except Exception:
                logger.exception("mails could not be read and will be tried again")
            await ring(self.bell, LOOK_SECONDS)

    async def work_one(self) -> bool:
        """Handles the oldest mail that waits; False if there is none."""
        arrived = await asyncio.to_thread(self._mails.take_next)
        if arrived is None:
            return False
        if arrived.spent:
            logger.error("a mail ended the process each time it was read; a person gets it")
            await asyncio.to_thread(self._handling.give_up, arrived.id, _ENDED)
            return True
        try:
            await self._handle(arrived)
        except Exception as error:
            logger.exception("a mail could not be handled")
            if arrived.last:
                await asyncio.to_thread(self._handling.give_up, arrived.id, repr(error))
            else:
                await asyncio.to_thread(self._mails.stumbled, arrived.id, repr(error))
        return True

    async def _handle(self, arrived: Arrived) -> None:
        mail = await asyncio.to_thread(
            lambda: read_mail(self._mails.original(arrived.stored_as)))
        reading = await asyncio.to_thread(self._handling.sort, arrived.id, mail)
        if reading is None:
            return
        heard, language = await self._understand(mail)
        files, refused = await asyncio.to_thread(self._keep_files, reading, mail, language or "en")
        conversation_id = await asyncio.to_thread(
            self._handling.take, reading, mail, heard, language, files, refused,
            self._answers.word)
        if conversation_id is not None:
            await self._outbox.deliver(conversation_id)
            self._on_written()

    async def _understand(self, mail: Mail) -> tuple[Heard, str | None]:
        text = mail.words if mail.words.strip() else mail.subject
        if not mail.in_reply_to and mail.subject and mail.words.strip():
            # Where a mail begins something, its subject is often half of what it says.
            text = f"{mail.subject.rstrip('.')}.\n\n{mail.words}"
        heard = await self._reader.read(text)
        # Of a few words nobody can tell a language, and English is what is left then.
        sure = heard.language != SOURCE or len(text) >= _TELLS_A_LANGUAGE
        return heard, heard.language if sure else None

    def _keep_files(self, reading: Reading, mail: Mail, language: str
                    ) -> tuple[list[str], list[tuple[str, str]]]:
        """Stores the files that the widget would take too; says of the others why not."""
        kept: list[str] = []
        refused: list[tuple[str, str]] = []
        for file in mail.files[:_MOST_FILES]:
            try:
                kept.append(self._keep_file(reading.conversation_id, file))
            except RefusedFile as error:
                refused.append((file.name, chat_says(language, f"file_{error.reason}",
                                                     **error.values)))
        if "winmail" in mail.notes:
            refused.append((_WINMAIL, say(language, "winmail")))
        return kept, refused

    def _keep_file(self, conversation_id: str, file: File) -> str:
        with self._attachments.incoming() as upload:
            upload.write(file.data)
            return self._attachments.keep(conversation_id, upload, file.name).id
