"""Reading a mailbox over IMAP: every mail is kept first, then marked as seen or moved."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from imap_tools import (
    BaseMailBox,
    MailBox,
    MailBoxStartTls,
    MailBoxUnencrypted,
)

from bot.services.mail_in import IncomingMails
from bot.services.mail_servers import Mailbox, Server
from bot.services.mail_store import MOST_BYTES

logger = logging.getLogger(__name__)

#: Seconds between two looks, and the longest pause after failures.
LOOK_SECONDS, LONGEST_PAUSE = 5.0, 300.0
_TIMEOUT = 30.0
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxReader:
    """Reads one mailbox for ever, in a thread of its own. `on_mail` is called after new mails."""

    def __init__(self, box: Mailbox, mails: IncomingMails, on_mail: Callable[[], None],
                 look_seconds: float = LOOK_SECONDS) -> None:
        self._box, self._mails, self._on_mail = box, mails, on_mail
        self._look_seconds = look_seconds
        self._has_done_folder = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"mailbox-{box.name}", daemon=True)

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    def stop(self) -> None:
        """Ends within one mail. Does not wait for a server that says nothing."""
        self._stop.set()
        self._thread.join(timeout=3)

    def _run(self) -> None:
        pause = self._look_seconds
        while not self._stop.is_set():
            try:
                with signed_in(self._box) as imap:
                    while not self._stop.is_set():
                        self.read_new(imap)
                        pause = self._look_seconds
                        if self._stop.wait(self._look_seconds):
                            return
                        # Ends the wait of a server that has gone, and of one that forgot us.
                        imap.client.noop()
            except Exception as error:
                logger.warning("the mailbox %s cannot be read: %s", self._box.name, error)
                self._stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def read_new(self, imap: BaseMailBox) -> int:
        """Keeps what came since the last look; returns how many mails that were.

        A mailbox whose UIDVALIDITY changed is read from its beginning; what it says was read
        before is found out later, by what it says.
        """
        imap.folder.set(self._box.folder)
        validity = int(imap.folder.status(self._box.folder, ["UIDVALIDITY"])["UIDVALIDITY"])
        known = self._mails.cursor(self._box.name)
        last = known[1] if known and known[0] == validity else 0
        uids = sorted(uid for uid in map(int, imap.uids(f"UID {last + 1}:*")) if uid > last)
        kept = 0
        for uid in uids:
            if self._stop.is_set():
                break
            kept += self._keep(imap, validity, uid)
            self._mails.move_cursor(self._box.name, validity, uid)
            self._put_aside(imap, uid)
            self._on_mail()
        return kept

    def _keep(self, imap: BaseMailBox, validity: int, uid: int) -> bool:
        _, sizes = imap.client.uid("FETCH", str(uid), "(RFC822.SIZE)")
        size = _SIZE.search(sizes[0] or b"") if sizes and isinstance(sizes[0], bytes) else None
        if size is None:
            return False  # somebody deleted it meanwhile
        what = "BODY.PEEK[]"
        if int(size[1]) > MOST_BYTES:
            # Its head is kept, so that somebody knows of it; the mailbox has the rest.
            logger.warning("a mail in %s is too large; its head is kept", self._box.name)
            what = "BODY.PEEK[HEADER]"
        raw = _fetch(imap, uid, what)
        if raw is None:
            raise OSError(f"the server did not send mail {uid}")
        return self._mails.keep(f"imap:{self._box.name}:{validity}:{uid}", raw,
                                mailbox=self._box.name, queue=self._box.queue)

    def _put_aside(self, imap: BaseMailBox, uid: int) -> None:
        if self._box.done is None:
            imap.client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen)")
            return
        if not self._has_done_folder:
            if not imap.folder.exists(self._box.done):
                imap.folder.create(self._box.done)
            self._has_done_folder = True
        imap.move(str(uid), self._box.done)


@contextmanager
def signed_in(box: Mailbox) -> Iterator[BaseMailBox]:
    """A mailbox, signed in. Raises imap-tools' errors and OSError."""
    with _connected(box.server).login(box.server.user, box.server.password, box.folder) as imap:
        yield imap


def _connected(server: Server) -> BaseMailBox:
    if server.tls == "always":
        return MailBox(server.host, server.port, timeout=_TIMEOUT)
    plain = MailBoxUnencrypted(server.host, server.port, timeout=_TIMEOUT)
    if server.tls == "none" or (server.tls == "offered"
                                and "STARTTLS" not in plain.client.capabilities):
        return plain
    plain.client.shutdown()
    return MailBoxStartTls(server.host, server.port, timeout=_TIMEOUT)


def _fetch(imap: BaseMailBox, uid: int, what: str) -> bytes | None:
    _, data = imap.client.uid("FETCH", str(uid), f"({what})")
    for part in data or ():
        if isinstance(part, tuple) and len(part) > 1 and isinstance(part[1], bytes):
            return part[1]
    return None
