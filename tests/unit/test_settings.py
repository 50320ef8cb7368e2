"""Settings and working hours: what is allowed, what a wrong value is told, and when it is open."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo

import pytest

from bot.errors import SettingError
from bot.services.hours import WorkingHours
from bot.settings import ROOT, Settings

SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def hours(text: str = "Mon-Fri 09:00-18:00", country: str = "CN") -> WorkingHours:
    return WorkingHours.parse(text, SHANGHAI, country)


def at(written: str, zone: zoneinfo.ZoneInfo = SHANGHAI) -> dt.datetime:
    """A moment, written in the time of `zone`."""
    return dt.datetime.fromisoformat(written).replace(tzinfo=zone)


def load(**environment: str) -> Settings:
    return Settings.load(environment)


# ---------------------------------------------------------------- settings


def test_without_an_environment_the_defaults_are_those_of_the_contract() -> None:
    settings = load()
    assert settings.database_url == f"sqlite:///{ROOT}/var/aftersale.db"
    assert settings.redis_url is None and settings.api_token is None
    assert settings.working_hours.text == "Mon-Fri 09:00-18:00"
    assert settings.working_hours.timezone.key == "Asia/Shanghai"
    assert settings.support_phone == "00-86-755-36962403"
    assert settings.support_email.endswith("@example.com")
    assert settings.presale_email.endswith("@example.com")
    assert settings.seed_demo is True


def test_every_setting_can_be_set() -> None:
    settings = load(
        DATABASE_URL="postgresql://shop@db/aftersale", REDIS_URL="redis://cache:6379/0",
        API_TOKEN="t0ken", WORKING_HOURS="Sat 10:00-14:00", WORKING_TIMEZONE="Europe/Berlin",
        WORKING_HOLIDAYS="DE", SUPPORT_PHONE="+49 30 1234567", SUPPORT_EMAIL="help@shop.example",
        PRESALE_EMAIL="sales@shop.example", SEED_DEMO="0",
        WIDGET_ORIGINS="https://shop.example HTTP://127.0.0.1:8080",
        WIDGET_IDENTITY_KEY="k" * 32, ATTACHMENTS_DIR="/srv/files", ATTACHMENT_MAX_MB="20")
    assert settings.database_url == "postgresql://shop@db/aftersale"
    assert (settings.redis_url, settings.api_token) == ("redis://cache:6379/0", "t0ken")
    assert settings.working_hours == WorkingHours.parse("Sat 10:00-14:00", BERLIN, "DE")
    assert settings.support_phone == "+49 30 1234567"
    assert (settings.support_email, settings.presale_email) == (
        "help@shop.example", "sales@shop.example")
    assert settings.seed_demo is False
    assert settings.widget_origins == ("https://shop.example", "http://127.0.0.1:8080")
    assert settings.widget_identity_key == "k" * 32
    assert (str(settings.attachments_dir), settings.attachment_max_mb) == ("/srv/files", 20)


def test_an_empty_value_is_the_default() -> None:
    assert load(WORKING_HOURS=" ", API_TOKEN="", SEED_DEMO="", SUPPORT_EMAIL="") == load()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load().seed_demo = False  # type: ignore[misc]


@pytest.mark.parametrize(("url", "kept"), [
    ("sqlite:///var/other.db", f"sqlite:///{ROOT}/var/other.db"),
    ("sqlite:////srv/other.db", "sqlite:////srv/other.db"),
    ("sqlite:///:memory:", "sqlite:///:memory:"),
    ("sqlite://", "sqlite://"),
])
def test_a_relative_database_file_is_relative_to_the_project(url: str, kept: str) -> None:
    assert load(DATABASE_URL=url).database_url == kept


@pytest.mark.parametrize(("name", "value", "allowed"), [
    ("WORKING_HOURS", "nine to five", "24/7"),
    ("WORKING_HOURS", "Mon-Fri 9-18", "closed"),
    ("WORKING_HOURS", "Mon-Fry 09:00-18:00", "Mon, Tue, Wed, Thu, Fri, Sat, Sun"),
    ("WORKING_HOURS", "Mon-Fri 18:00-09:00", "ends before it starts"),
    ("WORKING_HOURS", "Mon-Fri 09:00-09:00", "ends before it starts"),
    ("WORKING_HOURS", "Mon-Fri 09:00-25:00", "impossible time"),
    ("WORKING_HOURS", "Mon-Fri 09:60-18:00", "impossible time"),
    ("WORKING_HOURS", "Mon-Fri 09:00-18:00,", "several parts separated by commas"),
    ("WORKING_HOLIDAYS", "Atlantis", "an ISO code or none"),
    ("WORKING_TIMEZONE", "Mars/Olympus", "Asia/Shanghai"),
    ("WORKING_TIMEZONE", "../../etc/passwd", "Asia/Shanghai"),
    ("SUPPORT_EMAIL", "support", "not an e-mail address"),
    ("PRESALE_EMAIL", "a@b@c.example", "not an e-mail address"),
    ("SEED_DEMO", "yes", "use 0 or 1"),
])
def test_a_wrong_value_names_itself_its_setting_and_what_is_allowed(
        name: str, value: str, allowed: str) -> None:
    with pytest.raises(SettingError) as caught:
        load(**{name: value})
    said = str(caught.value)
    assert name in said and value in said and allowed in said
    assert "\n" not in said


# ---------------------------------------------------------------- working hours


@pytest.mark.parametrize(("moment", "is_open"), [
    ("2026-11-23 08:59:59", False),  # a Monday
    ("2026-11-23 09:00", True),
    ("2026-11-23 17:59:59", True),
    ("2026-11-23 18:00", False),
    ("2026-11-27 12:00", True),  # Friday
    ("2026-11-28 12:00", False),
    ("2026-11-29 12:00", False),
])
def test_monday_to_friday(moment: str, is_open: bool) -> None:
    assert hours().is_open(at(moment)) is is_open


@pytest.mark.parametrize("text", [
    "mon-fri 9:00-18:00", " Mon - Fri  09:00 - 18:00 ",
    "Mon 09:00-18:00, Tue-Fri 09:00-18:00",
    "Mon-Fri 09:00-18:00 , Sat 23:00-24:00",
])
def test_spaces_case_and_parts_are_free(text: str) -> None:
    assert hours(text).is_open(at("2026-11-23 12:00"))
    assert not hours(text).is_open(at("2026-11-28 12:00"))


def test_several_parts_make_a_break_at_noon() -> None:
    split = hours("Mon-Fri 09:00-12:00, Mon-Fri 13:00-18:00, Sat 10:00-14:00")
    assert not split.is_open(at("2026-11-23 12:30"))
    assert split.next_opening(at("2026-11-23 12:30")) == at("2026-11-23 13:00")
    assert split.closes_at(at("2026-11-23 11:00")) == at("2026-11-23 12:00")
    assert split.is_open(at("2026-11-28 10:00"))
    assert split.next_opening(at("2026-11-27 18:00")) == at("2026-11-28 10:00")


def test_days_may_run_over_the_weekend() -> None:
    weekend = hours("Sat-Mon 10:00-12:00", "none")
    open_on = [day for day in range(23, 30) if weekend.is_open(at(f"2026-11-{day} 11:00"))]
    assert open_on == [23, 28, 29]


def test_a_day_may_last_until_midnight() -> None:
    late = hours("Mon 20:00-24:00")
    assert late.is_open(at("2026-11-23 23:59:59"))
    assert not late.is_open(at("2026-11-24 00:00"))
    assert late.closes_at(at("2026-11-23 21:00")) == at("2026-11-24 00:00")


def test_around_the_clock_is_open_on_holidays_and_never_closes() -> None:
    always = hours("24/7")
    spring_festival = at("2026-02-17 03:00")
    assert always.is_open(spring_festival)
    assert always.next_opening(spring_festival) == spring_festival
    assert always.closes_at(spring_festival) is None


@pytest.mark.parametrize("text", ["closed", "Closed", " CLOSED "])
def test_closed_is_never_open(text: str) -> None:
    closed = hours(text)
    assert not closed.is_open(at("2026-11-23 12:00"))
    assert closed.next_opening(at("2026-11-23 12:00")) is None
    assert closed.closes_at(at("2026-11-23 12:00")) is None


# ---------------------------------------------------------------- holidays


@pytest.mark.parametrize("moment", [
    "2026-01-01 12:00",  # New Year, a Thursday
    "2026-02-16 12:00",  # the eve of the Spring Festival, a Monday
    "2026-02-20 12:00",  # a day off that 14 February makes up for
    "2026-05-01 12:00",
    "2026-10-01 12:00",
    "2026-10-07 12:00",
])
def test_on_public_holidays_of_china_nobody_answers(moment: str) -> None:
    assert not hours().is_open(at(moment))
    assert hours(country="none").is_open(at(moment))


@pytest.mark.parametrize("day", ["2026-02-14", "2026-02-28", "2026-09-20", "2026-10-10"])
def test_a_make_up_working_day_is_worked_though_it_is_a_weekend(day: str) -> None:
    assert hours().is_open(at(f"{day} 12:00"))
    assert not hours().is_open(at(f"{day} 18:00"))
    assert not hours(country="none").is_open(at(f"{day} 12:00"))


def test_the_next_opening_skips_a_run_of_holidays() -> None:
    # 1 to 7 October are off; 8 October is a Thursday.
    assert hours().next_opening(at("2026-09-30 18:00")) == at("2026-10-08 09:00")


def test_the_next_opening_may_be_a_make_up_working_day() -> None:
    assert hours().next_opening(at("2026-10-09 18:00")) == at("2026-10-10 09:00")


def test_the_next_opening_is_later_today_or_after_the_weekend() -> None:
    assert hours().next_opening(at("2026-11-23 07:00")) == at("2026-11-23 09:00")
    assert hours().next_opening(at("2026-11-27 18:00")) == at("2026-11-30 09:00")


def test_while_it_is_open_the_next_opening_is_the_one_after() -> None:
    assert hours().next_opening(at("2026-11-23 09:00")) == at("2026-11-24 09:00")


# ---------------------------------------------------------------- time zones


def test_a_moment_counts_in_the_shops_time_zone() -> None:
    # 09:00 in Shenzhen is 02:00 in Berlin in winter, 03:00 in summer.
    assert hours().is_open(at("2026-11-23 02:00", BERLIN))
    assert not hours().is_open(at("2026-11-23 12:00", BERLIN))
    assert hours().is_open(at("2026-07-20 03:00", BERLIN))
    assert not hours().is_open(at("2026-07-20 02:59", BERLIN))


def test_the_day_is_that_of_the_shop_too() -> None:
    # Sunday evening in New York is Monday morning in Shenzhen.
    sunday = at("2026-11-22 20:30", zoneinfo.ZoneInfo("America/New_York"))
    assert hours().is_open(sunday)
    assert hours().closes_at(sunday) == at("2026-11-23 18:00")


def test_the_next_opening_is_told_in_the_shops_time_zone() -> None:
    opening = hours().next_opening(at("2026-11-23 12:00", BERLIN))
    assert opening == at("2026-11-24 09:00") and opening is not None
    assert opening.tzinfo is SHANGHAI


def test_hours_stay_where_they_are_when_the_clocks_change() -> None:
    berlin = WorkingHours.parse("Mon-Sun 09:00-18:00", BERLIN)
    for day in ("2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25"):
        assert berlin.is_open(at(f"{day} 09:00", BERLIN))
        assert not berlin.is_open(at(f"{day} 08:59", BERLIN))
    # In UTC that is an hour earlier in summer.
    assert berlin.is_open(at("2026-03-29 07:00", zoneinfo.ZoneInfo("UTC")))
    assert not berlin.is_open(at("2026-03-28 07:00", zoneinfo.ZoneInfo("UTC")))


@pytest.mark.parametrize("value", [
    "shop.example", "https://shop.example/", "https://shop.example/path", "*", "https://*",
    "https://*.shop.example", "ftp://shop.example", "https://", "https://a:b@shop.example",
    "https://shop.example;script-src", "https://shop.example,https://b.example", "'self'"])
def test_an_origin_that_is_none_names_itself(value: str) -> None:
    with pytest.raises(SettingError, match=r"WIDGET_ORIGINS: .* is not an origin"):
        load(WIDGET_ORIGINS=f"https://good.example {value}")


def test_a_short_identity_key_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingError, match="WIDGET_IDENTITY_KEY is too short") as caught:
        load(WIDGET_IDENTITY_KEY="hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value", ["0", "501", "-1", "ten", "1.5", "10 MB", "1e2", "\u0665", "9" * 20])
def test_a_size_that_is_none_names_itself(value: str) -> None:
    with pytest.raises(SettingError, match=r"ATTACHMENT_MAX_MB=.* from 1 to 500"):
        load(ATTACHMENT_MAX_MB=value)


def test_attachments_are_kept_in_the_project_unless_told_otherwise() -> None:
    assert load().attachments_dir == ROOT / "var" / "attachments"
    assert load(ATTACHMENTS_DIR="elsewhere").attachments_dir == ROOT / "elsewhere"
    assert (load().attachment_max_mb, load().widget_origins, load().widget_identity_key) == (
        50, (), None)
