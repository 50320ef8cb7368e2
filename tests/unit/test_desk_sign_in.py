"""Signing in at the desk: passwords, lockout, one-time codes, sessions, CSRF."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pyotp
import pytest
import pytest_asyncio
import sqlalchemy as sa
import time_machine
from argon2 import PasswordHasher

from bot.errors import SignInRefused
from bot.services.sign_in import FAILURES
from bot.store.database import Database
from bot.store.tables import AuditEntry, StaffMember, StaffSession, StaffToken
from tests.unit.chat_site import can_start_again
from tests.unit.desk_site import PASSWORD, DeskSite, put_on, running, services_on

NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.timezone.utc)


@pytest_asyncio.fixture
async def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
               ) -> AsyncIterator[DeskSite]:
    can_start_again(monkeypatch)
    async with running(services_on(database, tmp_path), put_on) as started:
        yield started


async def sign_in(browser: httpx.AsyncClient, password: str, email: str = "ann@example.com"
                  ) -> httpx.Response:
    answer = await browser.post("/sign-in", json={"email": email, "password": password})
    if answer.status_code == 200:
        browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return answer


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_the_first_agent_is_an_admin_and_must_change_the_one_time_password(
        site: DeskSite) -> None:
    added, once = site.services.staff.add("Ann@Example.com", name="Ann")
    assert (added.email, added.role) == ("ann@example.com", "admin")
    assert site.services.staff.add("bob@example.com")[0].role == "agent"
    browser = await site.browser()
    begun = await sign_in(browser, once)
    assert begun.json()["step"] == "new_password"
    assert code_of(await browser.get("/me")) == (401, "signed_out")
    for bad in ("short", "ann@example.com", "aaaaaaaaaaaaaaaa", once):
        refused = await browser.post("/sign-in/password", json={"password": bad})
        assert refused.status_code in (400, 409), bad
    done = await browser.post("/sign-in/password", json={"password": PASSWORD})
    assert done.json()["step"] == "done"
    me = (await browser.get("/me")).json()
    assert (me["name"], me["role"], me["csrf"]) == ("Ann", "admin", done.json()["csrf"])
    assert {"staff", "reports", "conversations"} <= set(me["may"])
    # The one-time password is used up.
    assert code_of(await sign_in(await site.browser(), once)) == (401, "wrong")


async def test_the_cookie_is_for_the_desk_alone_and_no_script_reads_it(site: DeskSite) -> None:
    _, once = site.services.staff.add("ann@example.com")
    browser = await site.browser(**{"X-Forwarded-Proto": "https"})
    browser.headers["Origin"] = site.url.replace("http:", "https:")
    cookie = (await sign_in(browser, once)).headers["set-cookie"]
    for part in ("Path=/desk", "HttpOnly", "SameSite=Strict", "Secure"):
        assert part in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    with site.services.database.unit_of_work() as session:
        assert token not in str(session.scalars(sa.select(StaffSession.token_hash)).all())


async def test_each_step_gives_another_token_and_ends_the_one_before(site: DeskSite) -> None:
    _, once = site.services.staff.add("ann@example.com")
    browser = await site.browser()
    await sign_in(browser, once)
    before = browser.cookies["desk_session"]
    await browser.post("/sign-in/password", json={"password": PASSWORD})
    assert browser.cookies["desk_session"] != before
    assert site.services.staff_sessions.find(before) is None


async def test_an_address_of_nobody_is_refused_and_locked_in_the_same_words(
        site: DeskSite) -> None:
    await site.agent("ann@example.com")
    browser = await site.browser()
    told = {}
    for email in ("ann@example.com", "nobody@example.com"):
        answers = [await sign_in(browser, "wrong password", email)
                   for _ in range(FAILURES + 1)]
        told[email] = [(answer.status_code, answer.json()["error"]["text"])
                       for answer in answers]
        assert code_of(answers[-2]) == (401, "wrong")
        assert code_of(answers[-1]) == (423, "locked")
        assert 880 < answers[-1].json()["error"]["retry_after"] <= 901
        assert answers[-1].headers["retry-after"]
    assert told["ann@example.com"] == told["nobody@example.com"]
    # The right password does not help while it is locked.
    assert code_of(await sign_in(browser, PASSWORD)) == (423, "locked")


def test_a_lock_ends_by_itself_and_the_next_one_is_longer(
        database: Database, tmp_path: Path) -> None:
    services = services_on(database, tmp_path)
    added, _ = services.staff.add("ann@example.com")
    token = services.staff_sessions.begin(added.id, "")
    services.sign_in.new_password(token, PASSWORD, "")
    with time_machine.travel(NOON, tick=False) as clock:
        for minutes in (15, 30, 60):
            for _ in range(FAILURES):
                with pytest.raises(SignInRefused, match="wrong"):
                    services.sign_in.password("ann@example.com", "wrong", "")
            with pytest.raises(SignInRefused) as locked:
                services.sign_in.password("ann@example.com", PASSWORD, "")
            assert locked.value.retry_after == minutes * 60 + 1
            clock.shift(minutes * 60 + 1)
        services.sign_in.password("ann@example.com", PASSWORD, "")
        with pytest.raises(SignInRefused, match="wrong"):  # it counts from the beginning
            services.sign_in.password("ann@example.com", "wrong", "")


async def test_many_guesses_at_once_are_counted_too(site: DeskSite) -> None:
    await site.agent("ann@example.com")
    browser = await site.browser()
    answers = await asyncio.gather(*(sign_in(browser, f"guess {n}") for n in range(12)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) <= FAILURES
    assert set(statuses) <= {401, 423, 503}


async def test_too_many_attempts_from_one_address_have_to_wait(site: DeskSite) -> None:
    browser = await site.browser()
    answers = [await sign_in(browser, "x", f"nobody{n}@example.com") for n in range(21)]
    assert code_of(answers[-1]) == (429, "rate")
    assert {answer.status_code for answer in answers[:-1]} == {401}


async def test_one_time_codes_are_asked_for_and_good_once(site: DeskSite) -> None:
    browser = await site.agent()
    secret = (await browser.post("/me/totp")).json()["secret"]
    codes = pyotp.TOTP(secret)
    with time_machine.travel(NOON, tick=False) as clock:
        site.services.staff_sessions.forget_expired()
        browser = await site.agent("bob@example.com")
        begun = (await browser.post("/me/totp")).json()
        assert "bob%40example.com" in begun["uri"]
        codes = pyotp.TOTP(begun["secret"])
        assert code_of(await browser.post("/me/totp/confirm", json={"code": "000000"})
                       ) == (401, "code")
        confirmed = await browser.post("/me/totp/confirm", json={"code": codes.now()})
        assert confirmed.status_code == 204
        assert (await browser.get("/me")).json()["totp"] is True

        other = await site.browser()
        assert (await sign_in(other, PASSWORD, "bob@example.com")).json()["step"] == "code"
        assert code_of(await other.get("/me")) == (401, "signed_out")
        # The code that turned it on was used.
        assert code_of(await other.post("/sign-in/code", json={"code": codes.now()})
                       ) == (401, "code")
        clock.shift(30)
        assert (await other.post("/sign-in/code", json={"code": codes.now()})
                ).json()["step"] == "done"
        third = await site.browser()
        await sign_in(third, PASSWORD, "bob@example.com")
        assert code_of(await third.post("/sign-in/code", json={"code": codes.now()})
                       ) == (401, "code")
        for _ in range(FAILURES - 2):
            await third.post("/sign-in/code", json={"code": "000000"})
        assert code_of(await third.post("/sign-in/code", json={"code": codes.now()})
                       ) == (423, "locked")


async def test_one_time_codes_go_off_with_the_password_alone(site: DeskSite) -> None:
    browser = await site.agent()
    secret = (await browser.post("/me/totp")).json()["secret"]
    await browser.post("/me/totp/confirm", json={"code": pyotp.TOTP(secret).now()})
    assert code_of(await browser.request("DELETE", "/me/totp", json={"password": "wrong"})
                   ) == (401, "wrong")
    off = await browser.request("DELETE", "/me/totp", json={"password": PASSWORD})
    assert off.status_code == 204
    assert (await browser.get("/me")).json()["totp"] is False


def test_a_session_ends_after_an_hour_of_silence_and_after_twelve_hours(
        database: Database, tmp_path: Path) -> None:
    services = services_on(database, tmp_path)
    added, _ = services.staff.add("ann@example.com")
    with time_machine.travel(NOON, tick=False) as clock:
        first = services.staff_sessions.begin(added.id, "")
        token = services.sign_in.new_password(first, PASSWORD, "")
        clock.shift(3599)
        assert services.staff_sessions.find(token)
        for _ in range(11):
            clock.shift(3599)
            assert services.staff_sessions.find(token)
        clock.shift(3599)
        assert services.staff_sessions.find(token) is None
        token = services.sign_in.password("ann@example.com", PASSWORD, "")
        clock.shift(3601)
        assert services.staff_sessions.find(token) is None
        services.staff_sessions.forget_expired()
        with database.unit_of_work() as session:
            assert not session.scalars(sa.select(StaffSession)).all()


async def test_a_changed_password_signs_out_everywhere_else(site: DeskSite) -> None:
    browser, other = await site.agent(), await site.browser()
    await sign_in(other, PASSWORD)
    assert (await other.get("/me")).status_code == 200
    wrong = await browser.patch("/me", json={"old_password": "wrong",
                                             "new_password": "another long password"})
    assert code_of(wrong) == (401, "wrong")
    changed = await browser.patch("/me", json={"old_password": PASSWORD,
                                               "new_password": "another long password"})
    assert changed.status_code == 200
    assert (await browser.get("/me")).status_code == 200
    assert code_of(await other.get("/me")) == (401, "signed_out")


async def test_whoever_is_deactivated_is_signed_out_everywhere(site: DeskSite) -> None:
    admin = await site.agent("boss@example.com", role="admin")
    browser = await site.agent("ann@example.com")
    script = await site.script("ann@example.com")
    assert (await script.get("/me")).status_code == 200
    ann = site.services.staff.named("ann@example.com")
    assert (await admin.patch(f"/staff/{ann.id}", json={"active": False})).status_code == 200
    assert code_of(await browser.get("/me")) == (401, "signed_out")
    assert code_of(await script.get("/me")) == (401, "signed_out")
    assert code_of(await sign_in(await site.browser(), PASSWORD)) == (401, "wrong")
    with site.services.database.unit_of_work() as session:
        assert not session.scalars(sa.select(StaffToken)).all()


async def test_the_last_admin_stays(site: DeskSite) -> None:
    admin = await site.agent("boss@example.com", role="admin")
    boss = site.services.staff.named("boss@example.com")
    for values in ({"active": False}, {"role": "agent"}):
        assert code_of(await admin.patch(f"/staff/{boss.id}", json=values)) == (409, "state")


async def test_what_changes_something_needs_the_token_and_the_own_origin(site: DeskSite) -> None:
    browser = await site.agent()
    good = browser.headers.pop("X-CSRF-Token")
    assert code_of(await browser.patch("/me", json={"name": "Eve"})) == (403, "csrf")
    browser.headers["X-CSRF-Token"] = good[::-1]
    assert code_of(await browser.patch("/me", json={"name": "Eve"})) == (403, "csrf")
    browser.headers["X-CSRF-Token"] = good
    browser.headers["Origin"] = "https://evil.example"
    assert code_of(await browser.patch("/me", json={"name": "Eve"})) == (403, "origin")
    outside = await site.browser()
    outside.headers["Origin"] = "https://evil.example"
    assert code_of(await sign_in(outside, PASSWORD)) == (403, "origin")
    form = await (await site.browser()).post("/sign-in", data={"email": "a", "password": "b"})
    assert code_of(form) == (400, "unreadable")


async def test_signing_out_ends_the_session(site: DeskSite) -> None:
    browser = await site.agent()
    token = browser.cookies["desk_session"]
    assert (await browser.post("/sign-out")).status_code == 204
    assert site.services.staff_sessions.find(token) is None
    assert code_of(await browser.get("/me")) == (401, "signed_out")


def test_hashes_with_other_parameters_are_made_anew(database: Database, tmp_path: Path) -> None:
    services = services_on(database, tmp_path)
    added, _ = services.staff.add("ann@example.com")
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with database.unit_of_work() as session:
        session.get(StaffMember, added.id).password_hash = weak
    services.sign_in.password("ann@example.com", PASSWORD, "")
    with database.unit_of_work() as session:
        assert session.get(StaffMember, added.id).password_hash != weak
    services.sign_in.password("ann@example.com", PASSWORD, "")


async def test_the_log_names_who_signed_in_and_who_failed_but_no_secret(site: DeskSite) -> None:
    await site.agent()
    browser = await site.browser()
    await sign_in(browser, "wrong password")
    await sign_in(browser, PASSWORD)
    await browser.patch("/me", json={"name": "Ann B."})
    with site.services.database.unit_of_work() as session:
        rows = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.created_at)).all()
    assert [row.action for row in rows] == [
        "password changed", "sign-in failed", "password given", "PATCH /me"]
    assert PASSWORD not in str([row.details for row in rows])


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b'{"email": 1, "password": "x"}', b'{"email": "a\\u0000", "password": "x"}',
    b'{"email": "a", "password": "x", "more": 1}', b"[" * 9000, b'{"email": "\xff"}'])
async def test_what_cannot_be_read_is_refused_clearly(site: DeskSite, body: bytes) -> None:
    answer = await (await site.browser()).post(
        "/sign-in", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in ("unreadable", "invalid")
