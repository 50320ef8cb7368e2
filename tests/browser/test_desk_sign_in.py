"""Signing in at the desk, one's own settings, and leaving."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyotp
import pytest

from tests.browser.colleague import PASSWORD, Colleague
from tests.browser.visitor import PATIENCE

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Comes = Callable[..., Colleague]


def test_the_first_time_needs_a_password_of_ones_own(colleague: Comes) -> None:
    mai = colleague("Mai", comes_in=False)
    page = mai.page
    expect(page.get_by_label("E-mail address")).to_be_focused()
    assert mai.axe_page() == []
    mai.types_password(mai.email, "not the password")
    expect(page.get_by_role("alert")).to_be_visible()
    assert mai.axe_page() == []
    mai.types_password(mai.email, mai.password)
    new = page.get_by_label("New password")
    expect(new).to_be_focused()
    assert mai.axe_page() == []
    new.fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    mai.is_there()
    assert mai.policy_violations() == []
    page.reload()
    mai.is_there()


def test_one_time_codes_are_set_up_with_a_picture_and_asked_for(colleague: Comes) -> None:
    mai = colleague("Mai").looks_at("profile")
    page = mai.page
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("img", name="QR code for your authenticator")).to_be_visible()
    secret = page.locator(".totp code").inner_text()
    assert mai.axe_page() == []
    code = page.get_by_label("One-time code")
    code.fill("000000")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("alert")).to_be_visible()
    code.fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Signing in needs a code")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    mai.types_password(mai.email, PASSWORD)
    field = page.get_by_label("One-time code")
    expect(field).to_be_focused()
    assert mai.axe_page() == []
    field.fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Continue").click()
    # The code that turned it on was used up.
    expect(page.get_by_role("alert")).to_be_visible()


def test_whoever_signs_out_leaves_nothing_behind(colleague: Comes) -> None:
    mai = colleague("Mai").looks_at("profile")
    mai.page.evaluate("sessionStorage.setItem('desk.draft.x', '{\"text\": \"secret\"}')")
    mai.page.get_by_role("button", name="Sign out").click()
    expect(mai.page.get_by_role("heading", name="Sign in to the desk")).to_be_visible()
    assert mai.page.evaluate("sessionStorage.length") == 0
    assert mai.page.evaluate("fetch('/desk/api/inbox').then((answer) => answer.status)") == 401


def test_a_session_that_ended_asks_again_and_keeps_what_was_written(colleague: Comes) -> None:
    mai = colleague("Mai")
    mai.page.evaluate("sessionStorage.setItem('desk.draft.x', '{\"text\": \"mine\"}')")
    mai.context.clear_cookies()
    mai.looks_at("snoozed")
    expect(mai.page.get_by_text("You were signed out")).to_be_visible(timeout=PATIENCE)
    mai.types_password(mai.email, PASSWORD)
    mai.is_there()
    assert "mine" in mai.page.evaluate("sessionStorage.getItem('desk.draft.x')")


def test_roles_see_what_is_theirs(colleague: Comes) -> None:
    mai, ann = colleague("Mai"), colleague("Ann", role="admin")
    for name in ("Reports", "Staff", "Audit log", "Webhooks"):
        expect(mai.page.get_by_role("link", name=name)).to_have_count(0)
        expect(ann.page.get_by_role("link", name=name)).to_be_visible()
    mai.looks_at("staff")
    expect(mai.page.get_by_role("table")).to_have_count(0)


def test_an_admin_adds_a_person_who_can_sign_in(colleague: Comes) -> None:
    ann, new = colleague("Ann", role="admin").looks_at("staff"), colleague("Bo", comes_in=False)
    page = ann.page
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog")
    email = f"cleo-{new.email}"
    dialog.get_by_label("E-mail address").fill(email)
    dialog.get_by_label("Name").fill("Cleo")
    assert ann.axe_page() == []
    dialog.get_by_role("button", name="Add a person").click()
    expect(page.locator(".secret")).to_contain_text(email)
    password = page.locator(".secret code").inner_text()
    expect(page.get_by_role("row", name=re.compile("Cleo"))).to_be_visible()
    assert ann.axe_page() == []
    new.types_password(email, password)
    expect(new.page.get_by_label("New password")).to_be_visible(timeout=PATIENCE)


def test_looks_and_status_are_kept(colleague: Comes) -> None:
    mai = colleague("Mai").looks_at("profile")
    page = mai.page
    page.get_by_label("Dark").check()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert mai.axe_page() == []
    page.get_by_label("Away").check()
    expect(page.locator(".status-switch")).to_have_attribute("aria-checked", "false")
    page.reload()
    mai.is_there()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    expect(page.locator(".status-switch")).to_have_attribute("aria-checked", "false",
                                                             timeout=PATIENCE)
