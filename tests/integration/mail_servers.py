"""Real mail servers for tests: Dovecot and Exim from Debian's packages, as instances of their own
in a temporary folder, on free ports, without the system's configuration."""

from __future__ import annotations

import contextlib
import getpass
import mailbox
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import time
from email.message import Message
from pathlib import Path

from tests.conversation.server import free_port

DOVECOT, EXIM = "/usr/sbin/dovecot", "/usr/sbin/exim4"
USER, PASSWORD, SHOP = "support@example.com", "a-password", "support@example.com"
_CONFIG = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
first_valid_uid = 1
auth_username_chars =
mail_uid = {mail}
mail_gid = {mail_group}
mail_home = {folder}/home/%u
mail_location = maildir:{folder}/home/%u/Maildir
mail_fsync = never
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={mail} gid={mail_group} home={folder}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
#: Mail for the shop goes to Dovecot, everything else into one folder. Some addresses refuse.
_EXIM = """
primary_hostname = mx.customer.example
spool_directory = {folder}/spool
log_file_path = {folder}/exim-%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {smtp}
local_interfaces = 127.0.0.1
tls_advertise_hosts =
acl_smtp_rcpt = rcpt
smtp_accept_max = 50
smtp_accept_queue_per_connection = 0
queue_only_load = 1000
deliver_queue_load_max = 1000
message_size_limit = 60M
remote_max_parallel = 2

begin acl
rcpt:
  deny
    local_parts = refused
    message = no such user
  defer
    local_parts = ${{if exists{{{folder}/open}}{{never}}{{later}}}}
  accept

begin routers
shop:
  driver = accept
  domains = example.com
  transport = dovecot
gone:
  driver = redirect
  local_parts = gone
  allow_fail
  data = :fail: the mailbox is gone
others:
  driver = accept
  transport = sink

begin transports
dovecot:
  driver = smtp
  protocol = lmtp
  hosts = 127.0.0.1
  hosts_override
  allow_localhost
  port = {lmtp}
sink:
  driver = appendfile
  directory = {folder}/sink
  maildir_format
  create_directory
  user = {exim}
  delivery_date_add
  envelope_to_add
  return_path_add

begin retry
* * F,2h,5s
"""


def available() -> bool:
    """Whether both are installed and may be started here."""
    return Path(DOVECOT).exists() and Path(EXIM).exists() and os.geteuid() == 0


class MailServers:
    """Dovecot with the shop's mailbox, and an Exim in front of it and of all customers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.imap, self.lmtp, self.smtp = free_port(), free_port(), free_port()
        self._dovecot: subprocess.Popen[bytes] | None = None
        self._exim: subprocess.Popen[bytes] | None = None
        for name in ("run", "state", "home", "spool", "sink"):
            (folder / name).mkdir(parents=True)
        root = getpass.getuser() == "root"
        assert root, "the servers change users, so they are started by root"
        (folder / "dovecot.conf").write_text(_CONFIG.format(
            folder=folder, internal="dovecot", login="dovenull", group="dovecot", mail="mail",
            mail_group="mail", imap=self.imap, lmtp=self.lmtp, password=PASSWORD))
        (folder / "exim.conf").write_text(_EXIM.format(
            folder=folder, smtp=self.smtp, lmtp=self.lmtp, exim="Debian-exim"))
        (folder / "open").touch()
        folder.chmod(0o755)
        shutil.chown(folder / "home", "mail", "mail")
        for name in ("spool", "sink"):
            shutil.chown(folder / name, "Debian-exim", "Debian-exim")
        shutil.chown(folder, "Debian-exim", "Debian-exim")

    @property
    def mailboxes(self) -> str:
        """The setting MAILBOXES."""
        return (f"support=imap://{USER.replace('@', '%40')}:{PASSWORD}"
                f"@127.0.0.1:{self.imap}/INBOX?tls=none")

    @property
    def smtp_url(self) -> str:
        """The setting SMTP_URL."""
        return f"smtp://127.0.0.1:{self.smtp}?tls=none"

    def start(self) -> MailServers:
        """Starts both."""
        self.start_dovecot()
        self._exim = subprocess.Popen(
            [EXIM, "-C", str(self.folder / "exim.conf"), "-bdf", "-q5s"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until_open(self.smtp)
        return self

    def start_dovecot(self) -> None:
        """Starts Dovecot, with what its mailbox had before."""
        self._dovecot = subprocess.Popen(
            [DOVECOT, "-F", "-c", str(self.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until_open(self.imap)
        until_open(self.lmtp)

    def kill_dovecot(self) -> None:
        """As a power cut would: the master and all that belong to it."""
        assert self._dovecot is not None
        children = _children(self._dovecot.pid)
        self._dovecot.kill()
        self._dovecot.wait()
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "run" / "master.pid").unlink()

    def stop(self) -> None:
        """Stops both."""
        for process in (self._exim, self._dovecot):
            if process is not None and process.poll() is None:
                children = _children(process.pid)
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=5)
                for pid in children:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    def put(self, mails: list[bytes]) -> None:
        """Puts mails into the shop's mailbox, as a mail server does: over LMTP."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            for each in mails:
                lmtp.sendmail("ann@customer.example", [USER], each)

    def sent(self) -> list[Message]:
        """What arrived at customers."""
        return list(mailbox.Maildir(str(self.folder / "sink"), create=False))


def _children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    direct = [int(line) for line in found.stdout.split()]
    return direct + [each for child in direct for each in _children(child)]


def until_open(port: int, seconds: float = 20) -> None:
    """Waits until something listens there; raises OSError if nothing ever does."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
