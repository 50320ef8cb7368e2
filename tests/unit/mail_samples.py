"""Mails written for the tests: ordinary ones, and those that mail programs really send."""

from __future__ import annotations

import itertools
from email.message import EmailMessage
from email.policy import SMTP

SHOP = "support@example.com"
_ids = (f"made-{number}@customer.example" for number in itertools.count())
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0"
    "000003010100c9fe92ef0000000049454e44ae426082")


def mail(text: str = "The screen stays black.", *, sender: str = "ann@customer.example",
         subject: str = "My radio", html: str | None = None,
         files: dict[str, bytes] | None = None, header_id: str | None = "new",
         **headers: str) -> bytes:
    """A mail as a well-behaved program sends it. `headers` are named with _ for -."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, SHOP, subject
    message["Date"] = "Mon, 23 Nov 2026 10:00:00 +0000"
    if header_id is not None:
        message["Message-ID"] = f"<{next(_ids) if header_id == 'new' else header_id}>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    for name, data in (files or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream",
                               filename=name)
    return message.as_bytes()


def raw(head: str, body: bytes = b"") -> bytes:
    """A mail that no well-behaved program sends."""
    return head.strip().replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


def bounce(of: str, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """A delivery status (RFC 3464) about one of our mails."""
    return raw(f'''
From: MAILER-DAEMON@mx.customer.example
To: support@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <dsn-{of}-{status}@mx.customer.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
''', f'''--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example

Final-Recipient: rfc822; ann@customer.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} user unknown

--b
Content-Type: message/rfc822

From: support@example.com
To: ann@customer.example
Subject: Re: My radio
Message-ID: <{of}>

Hello
--b--
'''.replace("\n", "\r\n").encode())


def nested(depth: int, text: str = "deep inside") -> bytes:
    """Multiparts in multiparts."""
    body = f"Content-Type: text/plain\r\n\r\n{text}\r\n"
    for level in range(depth):
        body = (f'Content-Type: multipart/mixed; boundary="x{level}"\r\n\r\n'
                f"--x{level}\r\n{body}\r\n--x{level}--\r\n")
    return (f"From: ann@customer.example\r\nTo: {SHOP}\r\nSubject: nested\r\n"
            f"Message-ID: <nested-{depth}@customer.example>\r\n"
            f"MIME-Version: 1.0\r\n{body}").encode()


def in_charset(text: str, named: str, written: str) -> bytes:
    """A text that claims one charset and is written in another."""
    return raw(f'''
From: ann@customer.example
To: {SHOP}
Subject: charset
Message-ID: <{named}-{written}@customer.example>
MIME-Version: 1.0
Content-Type: text/plain; charset={named}
Content-Transfer-Encoding: 8bit
''', text.encode(written))


WINMAIL = raw('''
From: ann@customer.example
To: support@example.com
Subject: Photo of the fault
Message-ID: <tnef@customer.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="t"
''', b'--t\r\nContent-Type: text/plain\r\n\r\nThe photo is attached.\r\n--t\r\n'
     b'Content-Type: application/ms-tnef; name="winmail.dat"\r\n'
     b'Content-Disposition: attachment; filename="winmail.dat"\r\n'
     b'Content-Transfer-Encoding: base64\r\n\r\neJ8+IgYQAQaQCAAEAAAAAAABAAEAAQeQBgAI\r\n--t--\r\n')
BROKEN = raw('''
From: =?utf-8?q?Ann_=C3=9Fmith?= <ann@customer.example>
To: support@example.com
Subject: =?utf-8?b?broken
Message-ID: <broken@customer.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="never-comes"
''', b"The screen stays black.\r\n--other\r\nContent-Type: text/pl\xff\xfe\r\n\r\n???")
