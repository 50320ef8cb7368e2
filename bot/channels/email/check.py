"""`bot mail check`: whether mail can be read and sent, in plain words."""

from __future__ import annotations

import asyncio
import imaplib
import socket
import ssl
from collections.abc import Iterator

import aiosmtplib
from imap_tools import MailboxFolderSelectError, MailboxLoginError

from bot.channels.email.mailbox import signed_in
from bot.channels.email.sender import connection
from bot.services.mail_servers import Mailbox, Server
from bot.settings import Settings


def check(settings: Settings) -> Iterator[tuple[bool, str]]:
    """One line for each mailbox and for sending: whether it works, and what to do if not."""
    for box in settings.mailboxes:
        yield _mailbox(box)
    if not settings.mailboxes:
        yield settings.mail_door is not None, (
            "No mailbox is set (MAILBOXES)"
            + (f"; mails come by the door at {settings.mail_door.host}:{settings.mail_door.port}."
               if settings.mail_door else ", and no door (MAIL_DOOR): no mail comes in."))
    if settings.smtp is None:
        yield False, "No server to send by is set (SMTP_URL): answers wait until there is one."
    else:
        yield asyncio.run(_smtp(settings.smtp))


def _mailbox(box: Mailbox) -> tuple[bool, str]:
    where = f"{box.name} ({box.server.host}:{box.server.port}, {box.folder})"
    try:
        with signed_in(box) as imap:
            status = imap.folder.status(box.folder, ["MESSAGES", "UNSEEN"])
    except MailboxLoginError:
        return False, (f"{where}: the server does not accept user and password of "
                       f"{box.server.user}. Some providers want a password for apps.")
    except MailboxFolderSelectError:
        return False, f"{where}: signed in, but there is no folder {box.folder}."
    except (OSError, imaplib.IMAP4.error) as error:
        return False, f"{where}: {_why(error)}"
    return True, (f"{where}: signed in; {status['MESSAGES']} mails, {status['UNSEEN']} of them "
                  f"unread. They go to the queue {box.queue}.")


async def _smtp(server: Server) -> tuple[bool, str]:
    where = f"sending ({server.host}:{server.port})"
    try:
        async with connection(server) as smtp:
            await smtp.noop()
    except aiosmtplib.SMTPAuthenticationError:
        return False, f"{where}: the server does not accept user and password of {server.user}."
    except (aiosmtplib.SMTPException, OSError) as error:
        return False, f"{where}: {_why(error)}"
    return True, f"{where}: signed in." if server.user else f"{where}: it answers."


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "there is no server of that name."
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there; check host and port."
    if isinstance(error, (socket.timeout, asyncio.TimeoutError)):
        return "the server does not answer; check host, port and firewall."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted ({error.verify_message})."
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS there; check the port, or the beginning of the address."
    return f"{error}."
