"""A mail's bytes read as far as they can be: who, what about, which words, which files.

Nothing in a mail is trusted to be well formed. What is broken is noted and the rest is read; the
original is kept by `bot.services.mail_store` before any of this begins.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import email.utils
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import Message

from charset_normalizer import from_bytes

from bot.services.mail_text import said, text_of_html
from bot.services.mail_trust import results_of
from bot.store.keys import email_key

#: Parts of a mail that are looked at, and how deep they may be nested.
_MOST_PARTS, _DEEPEST = 200, 30
#: Pictures smaller than this inside the text are logos and smileys.
_LOGO_BYTES = 8_000
_LONGEST_SUBJECT = 300
_ID = re.compile(r"<([^<>\s]{1,250})>")
_FORWARDED = re.compile(r"^\s*(?:fwd?|wg|tr|rv|i|enc|doorst|pd|пересл|转发|轉寄|전달|iлт)\s*[:：]",
                        re.IGNORECASE)
#: Charsets that are named where the bytes are something else more often than not.
_NAMED_BY_DEFAULT = {"us-ascii", "ascii", "iso-8859-1", "latin-1", "latin1", "windows-1252"}


@dataclass(frozen=True)
class File:
    """A file that a mail brings."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Mail:
    """A mail as it was read. `own` are its sender's words without quoted mails, `words` without
    the signature too. `headers` have lower-case names; the first of several counts.

    `notes` are what was odd, by name: charset, defects, winmail, nested, html_only, empty,
    no_sender, no_id.
    """

    header_id: str | None
    sender: str
    sender_name: str
    reply_to: str
    recipients: tuple[str, ...]
    subject: str
    date: str
    in_reply_to: tuple[str, ...]
    text: str
    own: str
    words: str
    html: str
    files: tuple[File, ...]
    headers: Mapping[str, str]
    notes: tuple[str, ...]
    content_type: str
    authentication: tuple[str, ...] = ()
    parts: tuple[Message, ...] = field(default=(), repr=False)

    @property
    def content(self) -> str:
        """What it says, as a hash: the same from the same sender is the same mail."""
        return _hash(self.sender, self.subject, *self.in_reply_to[:1],
                     " ".join(self.text.split()),
                     *(hashlib.sha256(file.data).hexdigest() for file in self.files))

    @property
    def identity(self) -> str:
        """What tells it from every other mail, whichever way it came: its id and what it says."""
        return _hash(self.header_id or self.date, self.content)


def read_mail(raw: bytes) -> Mail:
    """Reads a mail. Never raises for what stands in it."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    notes: list[str] = []
    headers = {name.lower(): _header(value) for name, value in reversed(message.items())}
    plain: list[str] = []
    html: list[str] = []
    files: list[File] = []
    parts = list(_leaves(message, notes))
    for part in parts:
        _take(part, plain, html, files, notes)
    text = "\n\n".join(each for each in plain if each.strip())
    markup = "\n".join(html)
    if not text.strip() and markup:
        notes.append("html_only")
        text = _text_of(markup, notes)
    if not text.strip():
        notes.append("empty")
    sender_name, sender = email.utils.parseaddr(headers.get("from", ""))
    if "@" not in sender:
        notes.append("no_sender")
        sender = ""
    header_id = next(iter(_ids(headers.get("message-id", ""))), None)
    if header_id is None:
        notes.append("no_id")
    if message.defects or any(part.defects for part in parts):
        notes.append("defects")
    answers = tuple(dict.fromkeys([
        *_ids(headers.get("in-reply-to", "")), *reversed(_ids(headers.get("references", "")))]))
    subject = _line(headers.get("subject", ""))[:_LONGEST_SUBJECT]
    mine = said(text)
    if not mine.own.strip() and (not answers or _FORWARDED.match(subject)):
        mine = type(mine)(text.strip(), text.strip())
    return Mail(
        header_id=header_id, sender=email_key(sender)[:320], sender_name=_line(sender_name)[:200],
        reply_to=email_key(email.utils.parseaddr(headers.get("reply-to", ""))[1])[:320],
        recipients=tuple(email_key(address) for _, address in email.utils.getaddresses(
            [headers.get(name, "") for name in ("to", "cc", "delivered-to", "x-original-to")])
            if "@" in address),
        subject=subject, date=headers.get("date", ""), in_reply_to=answers, text=text,
        own=mine.own, words=mine.words, html=markup, files=tuple(files), headers=headers,
        notes=tuple(dict.fromkeys(notes)), content_type=message.get_content_type(),
        authentication=tuple(results_of(message)), parts=tuple(parts))


def _leaves(message: Message, notes: list[str], depth: int = 0) -> Iterator[Message]:
    """The parts that are no containers; of several versions of a text all, plain ones first."""
    if depth > _DEEPEST:
        notes.append("nested")
        return
    children = message.get_payload()
    if message.get_content_maintype() == "message" and depth:
        yield message
    elif isinstance(children, list) and message.is_multipart():
        found = 0
        for child in children:
            if not isinstance(child, Message):
                continue
            for leaf in _leaves(child, notes, depth + 1):
                found += 1
                if found > _MOST_PARTS:
                    notes.append("nested")
                    return
                yield leaf
    else:
        yield message


def _take(part: Message, plain: list[str], html: list[str], files: list[File],
          notes: list[str]) -> None:
    kind = part.get_content_type()
    name = _file_name(part)
    disposition = (_header(part.get("content-disposition") or "")).lower()
    if kind in ("message/rfc822", "message/delivery-status", "text/rfc822-headers"):
        if kind == "message/rfc822":
            notes.append("nested")
        return
    data = _bytes(part)
    if kind in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat":
        notes.append("winmail")
        return
    attached = disposition.startswith("attachment") or (bool(name) and kind != "text/html")
    if kind == "text/plain" and not attached:
        plain.append(_decoded(part, data, notes))
    elif kind == "text/html" and not attached:
        html.append(_decoded(part, data, notes))
    elif data and not (part.get("content-id") and len(data) < _LOGO_BYTES
                       and kind.startswith("image/")):
        files.append(File(name or kind.replace("/", "."), data))


def _bytes(part: Message) -> bytes:
    with contextlib.suppress(Exception):
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            return data
    payload = part.get_payload()
    return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


def _decoded(part: Message, data: bytes, notes: list[str]) -> str:
    """A part's text. The charset that it names is tried, and doubted where it is often wrong."""
    named = ""
    with contextlib.suppress(Exception):
        named = (part.get_content_charset() or "").lower()
    if named in _NAMED_BY_DEFAULT or not named:
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode("utf-8")
            if named and not text.isascii():
                notes.append("charset")
            return text
    if named:
        # A charset of the same family knows a few signs more than the one that is named.
        wider = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "windows-1252",
                 "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
                 "iso-8859-9": "windows-1254", "tis-620": "cp874",
                 "us-ascii": "utf-8"}.get(named, named)
        with contextlib.suppress(LookupError, UnicodeDecodeError, ValueError):
            return data.decode(wider)
    notes.append("charset")
    best = from_bytes(data[:200_000]).best()
    for encoding in (best.encoding if best else "utf-8", "utf-8", "windows-1252"):
        with contextlib.suppress(LookupError, UnicodeDecodeError):
            return data.decode(encoding)
    return data.decode("utf-8", "replace")


def _text_of(markup: str, notes: list[str]) -> str:
    try:
        return text_of_html(markup)
    except Exception:
        notes.append("defects")
        return re.sub(r"<[^>]{0,2000}>", " ", markup)


def _header(value: object) -> str:
    """A header's text, also where it is not encoded as it should be."""
    written = str(value)
    with contextlib.suppress(Exception):
        written = str(make_header(decode_header(written)))
    if any("\udc80" <= c <= "\udcff" for c in written):
        data = written.encode("utf-8", "surrogateescape")
        best = None if _is_utf8(data) else from_bytes(data).best()
        written = data.decode(best.encoding if best else "utf-8", "replace")
    return re.sub(r"\r?\n[ \t]*", " ", written)


def _is_utf8(data: bytes) -> bool:
    with contextlib.suppress(UnicodeDecodeError):
        return bool(data.decode("utf-8")) or True
    return False


def _file_name(part: Message) -> str:
    with contextlib.suppress(Exception):
        return _line(_header(part.get_filename() or ""))[:200]
    return ""


def _line(text: str) -> str:
    """One line without invisible characters."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def _ids(header: str) -> list[str]:
    return _ID.findall(header)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
