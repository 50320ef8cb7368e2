"""Mail servers as they stand in the settings: mailboxes, the server to send by, the door."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

QUEUES = ("support", "presale")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
_PORTS = {"imap": 143, "imaps": 993, "smtp": 587, "smtps": 465}
MAILBOX_SHAPE = "name=imaps://user:password@host/Folder?queue=support"


@dataclass(frozen=True)
class Server:
    """Where to sign in, and how. `tls`: `always` from the first byte, `start`, `offered` or `none`.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: str


@dataclass(frozen=True)
class Mailbox:
    """A folder on an IMAP server. `queue` is where its mails go; `done` is the folder that they
    are moved to once they are kept (None: they stay and are marked as seen)."""

    name: str
    server: Server
    folder: str
    queue: str
    done: str | None


@dataclass(frozen=True)
class Door:
    """Where mails are taken in by SMTP or LMTP."""

    host: str
    port: int


def read_mailboxes(written: str) -> tuple[Mailbox, ...]:
    """Mailboxes with spaces between them.

    Raises ValueError; its text has no password in it.
    """
    found = []
    for each in written.split():
        name, equals, url = each.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise ValueError(f"a mailbox is written {MAILBOX_SHAPE}, with a name in small letters")
        parts, options = _url(url, ("imap", "imaps"), name, {"queue", "done"})
        queue = options.get("queue", "support")
        if queue not in QUEUES:
            raise ValueError(f"{name}: queue is support or presale, not {queue!r}")
        folder = unquote(parts.path.strip("/")) or "INBOX"
        if options.get("done") == folder:
            raise ValueError(f"{name}: mails cannot be moved to the folder they are read from")
        server = _server(parts, options, name)
        if not server.user:
            raise ValueError(f"{name}: a user is missing; write {MAILBOX_SHAPE}")
        found.append(Mailbox(name, server, folder, queue, options.get("done")))
    if len({box.name for box in found}) != len(found):
        raise ValueError("two mailboxes have the same name")
    return tuple(found)


def read_smtp(written: str) -> Server:
    """The server to send by, `smtp://user:password@host:587`. Raises ValueError."""
    parts, options = _url(written, ("smtp", "smtps"), "the server", set())
    return _server(parts, options, "the server")


def read_door(written: str) -> Door:
    """`host:port`. Raises ValueError."""
    host, _, port = written.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("write host:port, such as 127.0.0.1:8025")
    return Door(host.strip("[]"), int(port))


def _url(written: str, schemes: Sequence[str], name: str, known: set[str]
         ) -> tuple[SplitResult, dict[str, str]]:
    try:
        parts = urlsplit(written)
        _ = parts.port
    except ValueError:
        raise ValueError(f"{name}: the address cannot be read") from None
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"{name}: the address begins with {'://, '.join(schemes)}:// and a host")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = set(options) - known - {"tls", "password_file"}
    if unknown:
        raise ValueError(f"{name}: {', '.join(sorted(unknown))} is not known; there are "
                         f"{', '.join(sorted(known | {'tls', 'password_file'}))}")
    return parts, options


def _server(parts: SplitResult, options: Mapping[str, str], name: str) -> Server:
    tls = "always" if parts.scheme.endswith("s") else options.get("tls", "offered")
    if tls not in ("always", "start", "offered", "none"):
        raise ValueError(f"{name}: tls is start, offered or none, not {tls!r}")
    password = unquote(parts.password or "")
    if "password_file" in options:
        try:
            password = Path(options["password_file"]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"{name}: the password file {options['password_file']} cannot be "
                             "read") from None
    return Server(parts.hostname or "", parts.port or _PORTS[parts.scheme],
                  unquote(parts.username or ""), password, tls)
