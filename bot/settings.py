"""The environment (and `.env`) as one frozen object. Every setting is read and checked here."""

from __future__ import annotations

import os
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from email_validator import EmailNotValidError, validate_email

from bot.errors import SettingError
from bot.services.hours import WorkingHours

ROOT = Path(__file__).resolve().parent.parent

_ORIGIN = re.compile(
    r"https?://(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_SHORTEST_KEY = 32


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
    widget_origins: tuple[str, ...]
    widget_identity_key: str | None
    attachments_dir: Path
    attachment_max_mb: int
    model_dir: Path

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
            widget_origins=get.origins("WIDGET_ORIGINS"),
            widget_identity_key=get.key("WIDGET_IDENTITY_KEY"),
            attachments_dir=ROOT / get.text("ATTACHMENTS_DIR", "var/attachments"),
            attachment_max_mb=get.number("ATTACHMENT_MAX_MB", 50, 1, 500),
            model_dir=ROOT / "models",
        )


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def optional(self, name: str) -> str | None:
        return self._environment.get(name, "").strip() or None

    def text(self, name: str, default: str) -> str:
        return self.optional(name) or default

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


def _absolute(url: str) -> str:
    """A relative SQLite path is relative to the project, wherever the program is started."""
    prefix = "sqlite:///"
    path = url[len(prefix):]
    if url.startswith(prefix) and path and not path.startswith("/") and path != ":memory:":
        return f"{prefix}{ROOT / path}"
    return url
