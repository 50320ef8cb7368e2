"""E-mail against real servers: a thousand mails of every kind, none lost, none answered twice,
while the IMAP server is killed and our process dies at its worst moments."""

from __future__ import annotations

import os
import smtplib
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conversation.server import Server, free_port, run_bot
from tests.integration.mail_servers import MailServers, available, until_open
from tests.unit.mail_samples import BROKEN, WINMAIL, bounce, in_charset, mail, nested, raw

pytestmark = [pytest.mark.services, pytest.mark.slow]

MAILS = int(os.environ.get("TEST_MAILS", "1000"))
SECONDS = 900.0
#: Kills the process the nth time that it comes to CRASH_AT, then runs `bot`.
CRASHING = '''
import os, signal, sys
import bot.channels.email.sender as sender
from bot.services.mail_in import IncomingMails
from bot.services.mail_out import OutgoingMails

owner, name = {
    "fetched": (IncomingMails, "keep"),
    "kept": (IncomingMails, "move_cursor"),
    "about to send": (sender, "compose"),
    "sent": (OutgoingMails, "sent"),
}[os.environ["CRASH_AT"]]
left, real = [int(os.environ["CRASH_AFTER"])], getattr(owner, name)

def dies(*arguments, **more):
    left[0] -= 1
    if left[0] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **more)

setattr(owner, name, dies)
from bot.cli import main
sys.exit(main())
'''
#: Dies whenever one certain mail is read, as a defect in a parser would have it; then runs `bot`.
DEADLY = '''
import os, signal, sys
import bot.channels.email.worker as worker
real = worker.read_mail

def dies(data):
    if b"ends the process" in data:
        with open(os.environ["CRASH_AT"], "a") as file:
            file.write("read\\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return real(data)

worker.read_mail = dies
from bot.cli import main
sys.exit(main())
'''


@pytest.fixture
def servers() -> Iterator[MailServers]:
    if not available():
        pytest.skip("no Dovecot and Exim that root may start")
    # Not below pytest's own folder, which is closed to the servers' users.
    with tempfile.TemporaryDirectory(prefix="mail-servers-") as folder:
        found = MailServers(Path(folder))
        try:
            yield found.start()
        finally:
            found.stop()


def _kinds(number: int) -> tuple[str, bytes]:
    """One of every kind in turn; each customer's has its own sender and words."""
    who, words = f"c{number}@customer.example", f"Number {number}: my screen stays black."
    subject = f"Mail {number}"
    robots: dict[str, dict[str, str]] = {
        "away": {"Auto_Submitted": "auto-replied"}, "list": {"List_Id": "<n.news.example>"},
        "robot": {"Precedence": "bulk"}, "noreply": {"sender": "no-reply@news.example"}}
    made = [
        ("customer", lambda: mail(words, sender=who, subject=subject)),
        ("customer", lambda: raw(f'''
From: {who}
To: support@example.com
Subject: {subject}
Message-ID: <html-{number}@customer.example>
Content-Type: text/html; charset=utf-8
''', f"<p>{words}</p>".encode())),
        ("customer", lambda: nested(5, words).replace(b"ann@", f"c{number}@".encode()).replace(
            b"nested-5", f"nested-{number}".encode())),
        ("customer", lambda: in_charset(f"{words} Größe", "iso-8859-1", "utf-8").replace(
            b"ann@", f"c{number}@".encode()).replace(b"<iso", f"<{number}-iso".encode())),
        ("customer", lambda: WINMAIL.replace(b"ann@", f"c{number}@".encode()).replace(
            b"<tnef", f"<tnef-{number}".encode())),
        ("customer", lambda: BROKEN.replace(b"ann@", f"c{number}@".encode()).replace(
            b"<broken", f"<broken-{number}".encode())),
        ("customer", lambda: mail(words, sender=who, subject=subject, header_id=None)),
        ("customer", lambda: mail("\n", sender=who, subject=subject)),
        ("customer", lambda: mail(words, sender=who, subject=f"Re: {subject} [T-2222222]")),
        *((kind, lambda more=more: mail(words, **{"sender": who, "subject": subject, **more}))
          for kind, more in robots.items()),
        ("bounce", lambda: bounce(f"unknown-{number}@example.com")),
    ]
    kind, make = made[number % len(made)]
    return kind, make()


def _rows(database: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20) as connection:
        return connection.execute(query, values).fetchall()


def _until(done: Any, what: str) -> None:
    end = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < end, f"waited too long: {what}"
        time.sleep(0.5)


def _server(folder: Path, servers: MailServers, crash: tuple[str, int] | None = None) -> Server:
    script = folder / "crashing.py"
    script.write_text(CRASHING)
    settings = {"MAILBOXES": servers.mailboxes, "SMTP_URL": servers.smtp_url,
                "MAIL_DIR": str(folder / "originals")}
    if crash:
        settings |= {"CRASH_AT": crash[0], "CRASH_AFTER": str(crash[1])}
    return Server(folder / "mail.db", wrapper=script if crash else None, settings=settings)


def _runs_until_it_dies(server: Server) -> None:
    server.launch()
    process = server._process
    assert process is not None
    try:
        process.wait(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def test_a_thousand_mails_of_every_kind_and_nothing_lost_or_answered_twice(
        servers: MailServers, tmp_path: Path) -> None:
    database = tmp_path / "mail.db"
    made = [_kinds(number) for number in range(MAILS)]
    twice = [data for kind, data in made[:MAILS // 20] if kind == "customer"]
    half = len(made) // 2
    servers.put([data for _, data in made[:half]])
    _runs_until_it_dies(_server(tmp_path, servers, ("fetched", half // 4)))
    _runs_until_it_dies(_server(tmp_path, servers, ("kept", half // 4)))
    _runs_until_it_dies(_server(tmp_path, servers, ("about to send", 5)))
    _runs_until_it_dies(_server(tmp_path, servers, ("sent", 5)))
    server = _server(tmp_path, servers).start()
    try:
        servers.kill_dovecot()
        servers.start_dovecot()
        servers.put([data for _, data in made[half:]] + twice)
        total = len(made) + len(twice)
        _until(lambda: _rows(database, "SELECT count(*) FROM mails_in WHERE state != 'received'")
               == [(total,)], "all mails are read")
        _until(lambda: _rows(database, "SELECT count(*) FROM mails_out WHERE state = 'waiting'")
               == [(0,)], "all answers are sent")
        answered = {row[0] for row in _rows(database, "SELECT recipient FROM mails_out")}
        _until(lambda: {str(m["To"]) for m in servers.sent()} >= answered, "all have arrived")

        states = Counter(row[0] for row in _rows(database, "SELECT state FROM mails_in"))
        customers = sum(kind == "customer" for kind, _ in made)
        assert states["read"] == customers and states["failed"] == 0, states
        assert states["duplicate"] == len(twice)
        assert states["ignored"] == len(made) - customers
        kept = {path.name for path in (tmp_path / "originals").glob("*/*")}
        named = {Path(row[0]).name for row in _rows(database, "SELECT stored_as FROM mails_in")}
        # Nothing lies about of a mail that was half taken in when the process died.
        assert {name for name in kept if len(name) == 32} == named and len(named) == total
        # Every customer has one answer; one that was sent when we died is the same mail again.
        ids = Counter(str(m["To"]) for m in {str(m["Message-ID"]): m for m in servers.sent()
                                             }.values())
        assert set(ids.values()) == {1}
        assert len(ids) == customers
        repeated = Counter(str(m["Message-ID"]) for m in servers.sent())
        assert sum(count - 1 for count in repeated.values()) <= 1

        # A robot that looks like a person answers each of our answers.
        for _ in range(3):
            ours = [m for m in servers.sent() if str(m["To"]) == "c0@customer.example"]
            assert len({str(m["Message-ID"]) for m in ours}) == 1
            servers.put([mail("We have received your request. We will be back soon.",
                              sender="c0@customer.example", subject=str(ours[0]["Subject"]),
                              In_Reply_To=str(ours[0]["Message-ID"]))])
            total += 1
            _until(lambda all_of_them=total: _rows(
                database, "SELECT count(*) FROM mails_in WHERE state != 'received'"
            ) == [(all_of_them,)], "the robot's mail is read")
        time.sleep(3)
        ours = [m for m in servers.sent() if str(m["To"]) == "c0@customer.example"]
        assert len({str(m["Message-ID"]) for m in ours}) == 1
    finally:
        server.stop()


def test_a_mail_that_ends_the_process_goes_to_a_person_and_is_not_read_for_ever(
        tmp_path: Path) -> None:
    database, script, reads = tmp_path / "mail.db", tmp_path / "deadly.py", tmp_path / "reads"
    script.write_text(DEADLY)
    door = free_port()
    server = Server(database, wrapper=script, settings={
        "MAIL_DOOR": f"127.0.0.1:{door}", "MAIL_DIR": str(tmp_path / "originals"),
        "CRASH_AT": str(reads)})

    def arrives(data: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", door) as smtp:
            smtp.sendmail("ann@customer.example", ["support@example.com"], data)

    server.start()
    until_open(door)
    arrives(mail("This ends the process.", subject="Deadly"))
    assert server._process is not None
    server._process.wait(timeout=60)
    for _ in range(2):
        _runs_until_it_dies(server)
    server.start()
    try:
        until_open(door)
        arrives(mail("My screen stays black.", sender="bob@customer.example", subject="Fine"))
        _until(lambda: _rows(database, "SELECT count(*) FROM mails_in WHERE state = 'received'")
               == [(0,)], "both are handled")
        assert dict(_rows(database, "SELECT coalesce(sender, ''), state FROM mails_in")) == {
            "": "failed", "bob@customer.example": "read"}
        [(kind, note)] = _rows(
            database, "SELECT t.kind, e.body FROM mails_in m JOIN tickets t ON t.id = m.ticket_id "
            "JOIN ticket_entries e ON e.ticket_id = t.id WHERE m.state = 'failed'")
        [(stored_as,)] = _rows(database, "SELECT stored_as FROM mails_in WHERE state = 'failed'")
        assert kind == "failure" and stored_as in note and "ended each time" in note
        assert reads.read_text().splitlines() == ["read"] * 3
    finally:
        server.stop()


def test_refused_and_returned_mails_are_shown_on_their_tickets(servers: MailServers,
                                                               tmp_path: Path) -> None:
    database = tmp_path / "mail.db"
    server = _server(tmp_path, servers).start()
    try:
        servers.put([mail("My screen stays black.", sender=f"{who}@customer.example",
                          subject=who) for who in ("refused", "gone")])
        _until(lambda: sorted(_rows(database, "SELECT recipient, state FROM mails_out")) == [
            ("gone@customer.example", "bounced"), ("refused@customer.example", "failed")],
            "both came back")
        notes = [row[0] for row in _rows(
            database, "SELECT body FROM ticket_entries WHERE author = 'system'")]
        assert len(notes) == 2
        assert any("no such user" in note for note in notes)
    finally:
        server.stop()


def test_mail_check_says_in_plain_words_whether_it_works(servers: MailServers,
                                                         tmp_path: Path) -> None:
    fine = run_bot("mail", "check", database=tmp_path / "x.db", MAILBOXES=servers.mailboxes,
                   SMTP_URL=servers.smtp_url)
    assert fine.returncode == 0 and fine.stdout.count("ok  ") == 2, fine.stdout + fine.stderr
    wrong = run_bot("mail", "check", database=tmp_path / "x.db",
                    MAILBOXES=servers.mailboxes.replace("a-password", "another"),
                    SMTP_URL="smtp://127.0.0.1:9")
    assert wrong.returncode == 1
    assert "does not accept user and password" in wrong.stdout and "another" not in wrong.stdout
