"""A mail as it goes over the wire: text and HTML in the customer's language, and its headers."""

from __future__ import annotations

import email.utils
import functools
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template

from bot.channels.email.texts import direction, say
from bot.services.mail_out import Waiting
from bot.services.mail_robots import LOOP_HEADER

#: Ticket, order and phone numbers: a line does not end within one.
_NUMBER = re.compile(r"\b((?=[A-Z0-9-]{4,24}\b)[A-Z0-9]+(?:-[A-Z0-9]+)+)\b")
_STEP = re.compile(r"^\d+\.\s+")
#: References that a mail names: the first ones and the latest.
_REFERENCES = 20
#: A header's line may have 998 characters (RFC 5322).
_LONGEST_LINE = 900


@dataclass(frozen=True)
class Sender:
    """Who our mails come from. `token` marks them, so that they are known when they come back."""

    address: str
    support: str
    presale: str
    token: str


@dataclass(frozen=True)
class Block:
    """A paragraph (`text`), a `list` or numbered `steps`."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Enclosed:
    """A file that goes with a mail."""

    name: str
    media_type: str
    data: bytes


def compose(mail: Waiting, sender: Sender, files: Sequence[Enclosed] = ()) -> EmailMessage:
    """The mail. The same one gives the same Message-ID at every attempt."""
    message = EmailMessage(policy=SMTP)
    body = mail.body
    message["From"] = Address(say(mail.language, "from_name"), addr_spec=sender.address)
    message["To"] = mail.recipient
    message["Subject"] = _one_line(mail.subject)
    message["Date"] = email.utils.format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.header_id}>"
    message["Reply-To"] = sender.presale if body.get("queue") == "presale" else sender.support
    if mail.in_reply_to:
        message["In-Reply-To"] = f"<{mail.in_reply_to}>"
    if mail.references:
        ids = list(mail.references)
        kept = ids if len(ids) <= _REFERENCES else [ids[0], *ids[-_REFERENCES + 1:]]
        message["References"] = " ".join(f"<{each}>" for each in kept)
    message[LOOP_HEADER] = sender.token
    if mail.automatic:
        message["Auto-Submitted"] = "auto-replied" if mail.in_reply_to else "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message["Precedence"] = "auto_reply"
    if body.get("unsubscribe"):
        message["List-Unsubscribe"] = f"<{_one_line(str(body['unsubscribe']))}>"
    message["Content-Language"] = mail.language
    message.set_content(text_of(mail), cte="base64" if not text_of(mail).isascii() else None)
    message.add_alternative(html_of(mail), subtype="html", cte="base64")
    for file in files:
        main, _, sub = file.media_type.partition("/")
        message.add_attachment(file.data, maintype=main, subtype=sub or "octet-stream",
                               filename=file.name)
    # Python would encode a Message-ID of others that is longer than a line, and break the thread.
    message.policy = SMTP.clone(max_line_length=_LONGEST_LINE)
    return message


def text_of(mail: Waiting) -> str:
    """The plain version."""
    body = mail.body
    link = f"{body['link_title']}: {body['link']}" if body.get("link") else ""
    return "\n\n".join(part for part in (
        str(body["text"]).strip(), link, "-- \n" + "\n".join(_footer(mail))) if part) + "\n"


def html_of(mail: Waiting) -> str:
    """The HTML version: everything in it is escaped, and nothing is fetched from anywhere."""
    body, language = mail.body, mail.language
    number = body.get("number")
    return _template().render(
        language=language, dir=direction(language), subject=mail.subject,
        start="right" if direction(language) == "rtl" else "left",
        title=say(language, "from_name"), number=number,
        ticket=say(language, "footer_ticket", number=number), blocks=blocks(str(body["text"])),
        link=body.get("link"), link_title=body.get("link_title"), footer=_footer(mail))


def blocks(text: str) -> list[Block]:
    """A plain text as paragraphs and lists."""
    found = []
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = [line.rstrip() for line in part.split("\n")]
        if all(line.startswith("• ") for line in lines):
            found.append(Block("list", tuple(line[2:] for line in lines)))
        elif len(lines) > 1 and all(_STEP.match(line) for line in lines):
            found.append(Block("steps", tuple(_STEP.sub("", line) for line in lines)))
        else:
            found.append(Block("text", tuple(lines)))
    return found


def media_type_of(name: str) -> str:
    """A media type by a file's name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _footer(mail: Waiting) -> list[str]:
    lines = [say(mail.language, "footer_why")]
    return [*lines, say(mail.language, "footer_automatic")] if mail.automatic else lines


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@functools.lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True,
                              trim_blocks=False)
    # Texts and numbers in turn; the template escapes both.
    environment.filters["pieces"] = _NUMBER.split
    return environment.get_template("mail.html")
