"""The doors of e-mail: settings, what is taken in by SMTP and LMTP, and sending with its failures.
"""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from bot.channels.email.compose import Sender
from bot.channels.email.door import MailDoor, queues_of
from bot.channels.email.sender import MailSender
from bot.channels.run import _check_ports
from bot.errors import AftersaleError, SettingError
from bot.services.mail_in import IncomingMails
from bot.services.mail_out import Letter, OutgoingMails
from bot.services.mail_servers import Door, Server
from bot.services.mail_store import MOST_BYTES, MailStore
from bot.settings import Settings
from bot.store.database import Database
from bot.store.tables import MailIn, MailOut, Ticket, TicketEntry, utcnow
from tests.unit.mail_samples import SHOP, mail


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---------------------------------------------------------------- settings


def test_mailboxes_are_addresses_with_a_queue_and_passwords_may_be_in_files(
        tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    one, two = Settings.load({"MAILBOXES": (
        "support=imaps://me%40shop.example:p%3Aw@imap.shop.example "
        f"sales=imap://me@h:1143/Sub/Box?queue=presale&done=Read&password_file={tmp_path}/secret"
    )}).mailboxes
    assert (one.server.user, one.server.password, one.server.port, one.folder, one.queue) == (
        "me@shop.example", "p:w", 993, "INBOX", "support")
    assert (two.server.password, two.server.port, two.folder, two.queue, two.done) == (
        "from a file", 1143, "Sub/Box", "presale", "Read")
    assert "p:w" not in repr(one)


@pytest.mark.parametrize(("name", "value", "said"), [
    ("MAILBOXES", "imaps://u:secret@h", "name=imaps://"),
    ("MAILBOXES", "a=http://u:secret@h", "imap://"),
    ("MAILBOXES", "a=imaps://u:secret@h?queue=x", "support or presale"),
    ("MAILBOXES", "a=imaps://u:secret@h?colour=x", "colour is not known"),
    ("MAILBOXES", "a=imaps://u:secret@h a=imaps://u:secret@i", "same name"),
    ("MAILBOXES", "a=imaps://u@h?password_file=/nowhere", "/nowhere"),
    ("MAIL_DOOR", "8025", "host:port"),
    ("SMTP_URL", "smtp://u:secret@h:99999", "cannot be read"),
])
def test_a_wrong_mail_setting_is_named_without_its_password(name: str, value: str,
                                                            said: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.load({name: value})
    assert name in str(caught.value) and said in str(caught.value)
    assert "secret" not in str(caught.value)


# ---------------------------------------------------------------- the door


@contextmanager
def open_door(database: Database, folder: Path) -> Iterator[int]:
    port = free_port()
    door = MailDoor(Door("127.0.0.1", port), IncomingMails(database, MailStore(folder)),
                    queues_of([SHOP], "sales@example.com"), lambda: None)
    door.start()
    try:
        yield port
    finally:
        door.stop()


def kept(database: Database) -> list[Any]:
    with database.unit_of_work() as session:
        return list(session.scalars(sa.select(MailIn).order_by(MailIn.created_at)))


@pytest.mark.parametrize("protocol", [smtplib.SMTP, smtplib.LMTP])
def test_what_the_door_took_is_there_and_the_same_again_is_one(
        database: Database, tmp_path: Path, protocol: type[smtplib.SMTP]) -> None:
    data = mail()
    with open_door(database, tmp_path) as port, protocol("127.0.0.1", port) as client:
        for _ in range(2):  # the second time as if our answer had been lost
            client.sendmail("ann@customer.example", [f"{SHOP[:7]}+x@example.com"], data)
        client.sendmail("", ["sales@example.com"], data)
    rows = kept(database)
    assert [(row.queue, row.envelope_from) for row in rows] == [
        ("support", "ann@customer.example"), ("presale", "")]
    assert MailStore(tmp_path).read(rows[0].stored_as) == data


def test_by_lmtp_there_is_an_answer_for_each_recipient(sqlite_database: Database,
                                                       tmp_path: Path) -> None:
    with open_door(sqlite_database, tmp_path) as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo()
        client.mail("ann@customer.example")
        client.rcpt(SHOP)
        client.rcpt("sales@example.com")
        assert client.data(mail())[0] == client.getreply()[0] == 250


def test_the_door_is_no_relay_and_takes_nothing_too_large(sqlite_database: Database,
                                                          tmp_path: Path) -> None:
    with open_door(sqlite_database, tmp_path) as port, smtplib.SMTP("127.0.0.1", port) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@b.example", ["somebody@elsewhere.example"], mail())
        with pytest.raises(smtplib.SMTPException):
            client.sendmail("a@b.example", [SHOP], b"x" * (MOST_BYTES + 1024))
    assert kept(sqlite_database) == []


def test_what_the_door_cannot_keep_now_is_sent_again_and_not_back(
        sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> bool:
        raise RuntimeError("nobody thought of this, and it names a secret")

    monkeypatch.setattr(IncomingMails, "keep", fails)
    with open_door(sqlite_database, tmp_path) as port, smtplib.SMTP(
            "127.0.0.1", port) as client, pytest.raises(smtplib.SMTPDataError) as caught:
        client.sendmail("ann@customer.example", [SHOP], mail())
    assert caught.value.smtp_code == 451 and "secret" not in str(caught.value.smtp_error)


# ---------------------------------------------------------------- sending


class Refusing:
    """An SMTP server that says what it is told to."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.got = list(answers), []  # type: ignore[var-annotated]

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("2"):
            self.got.append(envelope.original_content)
        return answer


async def sent_through(database: Database, *answers: str, letters: int = 1) -> Refusing:
    server = Refusing(*answers)
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    outgoing = OutgoingMails(database, "example.com")
    with database.unit_of_work() as session:
        session.add(Ticket(id="t" * 32, number="T-2345678", kind="question", subject="s",
                           due_at=utcnow()))
    for number in range(letters):
        outgoing.write(Letter(f"k{number}", "ann@customer.example", "Subject", "Words",
                              ticket_id="t" * 32))
    sender = MailSender(outgoing, Server("127.0.0.1", controller.port, "", "", "none"),
                        Sender(SHOP, SHOP, SHOP, "token"), lambda ids: [])
    try:
        for _ in range(len(answers) + 1):
            await sender.send_due()
            with database.unit_of_work() as session:
                session.execute(sa.update(MailOut).values(next_attempt_at=utcnow()))
    finally:
        await asyncio.to_thread(controller.stop)
    return server


def states(database: Database) -> list[tuple[str, int]]:
    with database.unit_of_work() as session:
        return [(row.state, row.attempts) for row in session.scalars(sa.select(MailOut))]


async def test_what_the_server_does_not_take_now_is_sent_later_with_the_same_id(
        database: Database) -> None:
    server = await sent_through(database, "451 later", "421 busy")
    assert states(database) == [("sent", 3)] and len(server.got) == 1


async def test_what_the_server_refuses_for_good_is_shown_on_the_ticket(database: Database) -> None:
    server = await sent_through(database, "550 no such user")
    assert states(database) == [("failed", 1)] and server.got == []
    with database.unit_of_work() as session:
        [entry] = session.scalars(sa.select(TicketEntry)).all()
    assert entry.author == "system" and "550 no such user" in entry.body


async def test_a_server_that_is_away_costs_time_and_nothing_else(
        sqlite_database: Database) -> None:
    outgoing = OutgoingMails(sqlite_database, "example.com")
    outgoing.write(Letter("k", "ann@customer.example", "Subject", "Words"))
    sender = MailSender(outgoing, Server("127.0.0.1", free_port(), "", "", "none"),
                        Sender(SHOP, SHOP, SHOP, "token"), lambda ids: [])
    with pytest.raises(Exception, match="connect"):
        await sender.send_due()
    assert states(sqlite_database) == [("waiting", 0)] and len(outgoing.take_due()) == 1


def test_a_door_that_cannot_be_opened_is_one_line_that_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(
            ("127.0.0.1", 0)) as free:
        busy, own = taken.getsockname()[1], free.getsockname()[1]
        free.close()
        with pytest.raises(AftersaleError, match=f":{busy} cannot be used.*MAIL_DOOR"):
            _check_ports("127.0.0.1", own, Door("127.0.0.1", busy))
        with pytest.raises(AftersaleError, match=r"MAIL_DOOR.*the server's own"):
            _check_ports("127.0.0.1", own, Door("127.0.0.1", own))
