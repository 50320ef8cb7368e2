"""The environment (and `.env`) as one frozen object. Every setting is read and checked here."""

from __future__ import annotations

import os
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dotenv import dotenv_values
from email_validator import EmailNotValidError, validate_email

from bot.errors import SettingError
from bot.services.hours import WorkingHours
from bot.services.mail_servers import (
    Door,
    Mailbox,
    Server,
    read_door,
    read_mailboxes,
    read_smtp,
)

ROOT = Path(__file__).resolve().parent.parent

_ORIGIN = re.compile(
    r"https?://(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_SHORTEST_KEY = 32
_Read = TypeVar("_Read")
_SHORTEST_SECRET = 16


@dataclass(frozen=True)
class ChatwootSettings:
    """Where conversations go instead of our own desk. `secret` is that of its webhook."""

    url: str
    token: str
    account: int
    inbox: int
    secret: str


@dataclass(frozen=True)
class Settings:
    """All settings. The names in upper case are the environment's; see the README for each."""

    database_url: str
    redis_url: str | None
    api_token: str | None
    working_hours: WorkingHours
    support_phone: str
    support_email: str
    presale_email: str
    seed_demo: bool
    public_url: str
    widget_origins: tuple[str, ...]
    widget_identity_key: str | None
    agent_idle_minutes: int
    attachments_dir: Path
    attachment_max_mb: int
    mailboxes: tuple[Mailbox, ...]
    mail_door: Door | None
    mail_dir: Path
    mail_from: str
    mail_trusted_server: str | None
    mail_after_minutes: int
    smtp: Server | None
    model_dir: Path
    reply_within: int
    reply_in_working_hours: bool
    emergency_reply_within: int
    webhook_private: bool
    chatwoot: ChatwootSettings | None

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Settings from `environment`, or from `.env` overridden by the process environment.

        Raises SettingError, naming the setting and what is allowed.
        """
        if environment is None:
            dotenv = {k: v for k, v in dotenv_values(ROOT / ".env").items() if v is not None}
            environment = {**dotenv, **os.environ}
        get = _Reader(environment)
        zone = get.text("WORKING_TIMEZONE", "Asia/Shanghai")
        try:
            timezone = zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingError(
                f"WORKING_TIMEZONE={zone!r} is not a time zone; use a name such as Asia/Shanghai"
            ) from None
        try:
            hours = WorkingHours.parse(
                get.text("WORKING_HOURS", "Mon-Fri 09:00-18:00"),
                timezone,
                get.text("WORKING_HOLIDAYS", "CN"),
            )
        except ValueError as error:
            raise SettingError(f"WORKING_HOURS or WORKING_HOLIDAYS: {error}") from None
        return cls(
            database_url=_absolute(get.text("DATABASE_URL", "sqlite:///var/aftersale.db")),
            redis_url=get.optional("REDIS_URL"),
            api_token=get.optional("API_TOKEN"),
            working_hours=hours,
            support_phone=get.text("SUPPORT_PHONE", "00-86-755-36962403"),
            support_email=get.email("SUPPORT_EMAIL", "support@example.com"),
            presale_email=get.email("PRESALE_EMAIL", "sales@example.com"),
            seed_demo=get.flag("SEED_DEMO", True),
            public_url=get.origin("PUBLIC_URL", "http://127.0.0.1:5005"),
            widget_origins=get.origins("WIDGET_ORIGINS"),
            widget_identity_key=get.key("WIDGET_IDENTITY_KEY"),
            agent_idle_minutes=get.number("AGENT_IDLE_MINUTES", 10, 1, 1440),
            attachments_dir=ROOT / get.text("ATTACHMENTS_DIR", "var/attachments"),
            attachment_max_mb=get.number("ATTACHMENT_MAX_MB", 50, 1, 500),
            mailboxes=get.parsed("MAILBOXES", read_mailboxes) or (),
            mail_door=get.parsed("MAIL_DOOR", read_door),
            mail_dir=ROOT / get.text("MAIL_DIR", "var/mail"),
            mail_from=get.email("MAIL_FROM", get.text("SUPPORT_EMAIL", "support@example.com")),
            mail_trusted_server=get.optional("MAIL_TRUSTED_SERVER"),
            mail_after_minutes=get.number("MAIL_AFTER_MINUTES", 5, 0, 1440),
            smtp=get.parsed("SMTP_URL", read_smtp),
            model_dir=ROOT / "models",
            reply_within=get.number("REPLY_WITHIN", 24, 1, 720),
            reply_in_working_hours=get.flag("REPLY_WITHIN_WORKING_HOURS", False),
            emergency_reply_within=get.number("EMERGENCY_REPLY_WITHIN", 5, 1, 240),
            webhook_private=get.flag("WEBHOOK_PRIVATE", False),
            chatwoot=_chatwoot(get),
        )


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def optional(self, name: str) -> str | None:
        return self._environment.get(name, "").strip() or None

    def text(self, name: str, default: str) -> str:
        return self.optional(name) or default

    def parsed(self, name: str, read: Callable[[str], _Read]) -> _Read | None:
        """What `read` makes of a value. It may hold a password, so it is not repeated."""
        value = self.optional(name)
        if value is None:
            return None
        try:
            return read(value)
        except ValueError as error:
            raise SettingError(f"{name}: {error}") from None

    def flag(self, name: str, default: bool) -> bool:
        value = self.optional(name)
        if value is None:
            return default
        if value not in ("0", "1"):
            raise SettingError(f"{name}={value!r} is not allowed; use 0 or 1")
        return value == "1"

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit() and least <= int(value[:9]) <= most):
            raise SettingError(
                f"{name}={value!r} is not allowed; use a whole number from {least} to {most}")
        return int(value)

    def origins(self, name: str) -> tuple[str, ...]:
        """Origins as browsers name them: scheme, host and port, and nothing behind them."""
        found = []
        for written in (self.optional(name) or "").split():
            origin = written.lower()
            if not _ORIGIN.fullmatch(origin):
                raise SettingError(
                    f"{name}: {written!r} is not an origin; use https://shop.example, several "
                    "with a space between them, without a path and without *")
            found.append(origin)
        return tuple(dict.fromkeys(found))

    def origin(self, name: str, default: str) -> str:
        """The one origin at which this server is reached from outside."""
        found = self.origins(name) or (default,)
        if len(found) > 1:
            raise SettingError(f"{name}: there is one public address, not {len(found)}")
        return found[0]

    def key(self, name: str) -> str | None:
        value = self.optional(name)
        if value is not None and len(value) < _SHORTEST_KEY:
            # The value itself is a secret, so it is not repeated.
            raise SettingError(f"{name} is too short; use at least {_SHORTEST_KEY} random "
                               "characters, for example from: openssl rand -hex 32")
        return value

    def email(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            validate_email(value, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise SettingError(f"{name}={value!r} is not an e-mail address: {error}") from None
        return value


def _chatwoot(get: _Reader) -> ChatwootSettings | None:
    url, token = get.optional("CHATWOOT_URL"), get.optional("CHATWOOT_TOKEN")
    secret = get.optional("CHATWOOT_SECRET")
    account = get.number("CHATWOOT_ACCOUNT", 0, 0, 999_999_999)
    inbox = get.number("CHATWOOT_INBOX", 0, 0, 999_999_999)
    if url is None:
        return None
    if not url.startswith(("https://", "http://")):
        raise SettingError(f"CHATWOOT_URL={url!r} is not allowed; use https://chatwoot.example")
    if token is None or secret is None or not account or not inbox:
        raise SettingError("CHATWOOT_URL needs CHATWOOT_TOKEN, CHATWOOT_SECRET, CHATWOOT_ACCOUNT "
                           "and CHATWOOT_INBOX too")
    if len(secret) < _SHORTEST_SECRET:
        raise SettingError("CHATWOOT_SECRET is too short; use the secret that Chatwoot shows for "
                           "the webhook")
    return ChatwootSettings(url, token, account, inbox, secret)


def _absolute(url: str) -> str:
    """A relative SQLite path is relative to the project, wherever the program is started."""
    prefix = "sqlite:///"
    path = url[len(prefix):]
    if url.startswith(prefix) and path and not path.startswith("/") and path != ":memory:":
        return f"{prefix}{ROOT / path}"
    return url
