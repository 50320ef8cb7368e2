"""E-mail: mails a second in and out, and the time from a mail to its first answer.

BENCH_MAILS is the number of mails (default 200). One sender, one `bot serve` on SQLite, an SMTP
server in this process that takes everything. No peer answers mails, so there is none beside it.
"""

from __future__ import annotations

import os
import smtplib
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from tests.conversation.server import Server, free_port
from tests.unit.mail_samples import SHOP, mail

TEXT = ("Hello,\n\nI bought a head unit from you, order CG-{number:06}. Since last week the screen "
        "stays black when I start the car.\nNothing happened to it before.\n\nKind regards\nAnn\n")


class Customers:
    """Takes what is sent, and notes when."""

    def __init__(self) -> None:
        self.got: dict[str, float] = {}
        self._new = threading.Condition()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        with self._new:
            self.got.setdefault(envelope.rcpt_tos[0], time.perf_counter())
            self._new.notify_all()
        return "250 OK"

    def wait_for(self, count: int, seconds: float = 600) -> None:
        with self._new:
            if not self._new.wait_for(lambda: len(self.got) >= count, seconds):
                raise TimeoutError(f"{len(self.got)} of {count} answers came")


def main() -> None:
    """Measures and prints."""
    count = int(os.environ.get("BENCH_MAILS", "200"))
    customers = Customers()
    port, door = free_port(), free_port()
    sink = Controller(customers, hostname="127.0.0.1", port=port)
    sink.start()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "mail.db", settings={
            "MAIL_DOOR": f"127.0.0.1:{door}", "SMTP_URL": f"smtp://127.0.0.1:{port}?tls=none",
            "MAIL_DIR": f"{folder}/mail"}).start()
        try:
            with smtplib.SMTP("127.0.0.1", door) as smtp:
                one_by_one = [_one(smtp, customers, number) for number in range(20)]
                begun = time.perf_counter()
                for number in range(20, 20 + count):
                    _send(smtp, number)
                kept = time.perf_counter() - begun
            customers.wait_for(20 + count)
            done = time.perf_counter() - begun
        finally:
            server.stop()
            sink.stop()
    ordered = sorted(one_by_one)
    print("\nE-mail\n")
    print(f"  taken in and on the disk   {count / kept:6.1f} mails a second")
    print(f"  read, answered and sent    {count / done:6.1f} mails a second")
    print(f"  from a mail to its answer  {statistics.median(ordered):6.2f} s at the median, "
          f"{ordered[-1]:.2f} s at most, of {len(ordered)}")


def _one(smtp: smtplib.SMTP, customers: Customers, number: int) -> float:
    before = len(customers.got)
    begun = time.perf_counter()
    who = _send(smtp, number)
    customers.wait_for(before + 1)
    return customers.got[who] - begun


def _send(smtp: smtplib.SMTP, number: int) -> str:
    who = f"c{number}@customer.example"
    smtp.sendmail(who, [SHOP], mail(TEXT.format(number=number), sender=who,
                                    subject=f"Radio {number}"))
    return who


if __name__ == "__main__":
    main()
