"""Who may do what at the desk: every route of the table against a written one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import jsonschema
import pytest
import pytest_asyncio
import sqlalchemy as sa
from openapi_spec_validator import validate_spec

from bot.desk.access import MAY, ROLES
from bot.desk.refusals import CODES
from bot.settings import ROOT
from bot.store.database import Database
from bot.store.tables import AuditEntry
from tests.unit.chat_site import can_start_again
from tests.unit.desk_site import DeskSite, put_on, running, services_on

#: The least role that may, for every route. `open`: everybody; `half`: who began to sign in.
EXPECTED = {
    "open": """
        POST /sign-in
        GET /openapi.json
    """,
    "half": """
        POST /sign-in/code
        POST /sign-in/password
        POST /sign-out
    """,
    "agent": """
        GET /me
        PATCH /me
        POST /me/totp
        POST /me/totp/confirm
        DELETE /me/totp
        PUT /presence
        GET /team
        GET /inbox
        POST /queue/next
        GET /search
        GET /conversations/<conversation_id>
        GET /conversations/<conversation_id>/messages
        POST /conversations/<conversation_id>/claim
        POST /conversations/<conversation_id>/reply
        POST /conversations/<conversation_id>/hand-back
        POST /conversations/<conversation_id>/close
        POST /conversations/<conversation_id>/requeue
        POST /conversations/<conversation_id>/transfer
        POST /conversations/<conversation_id>/snooze
        PUT /conversations/<conversation_id>/tags
        POST /conversations/<conversation_id>/notes
        POST /conversations/<conversation_id>/attachments
        GET /attachments/<attachment_id>
        GET /claims/<number>
        POST /claims/<number>/decide
        POST /claims/<number>/evidence
        POST /claims/<number>/steps
        GET /tickets
        GET /tickets/<number>
        PATCH /tickets/<number>
        GET /canned
    """,
    "lead": """
        POST /conversations/<conversation_id>/merge
        POST /tickets/<number>/merge
        POST /canned
        PUT /canned/<reply_id>
        DELETE /canned/<reply_id>
        GET /reports
        GET /reports/<name>
    """,
    "admin": """
        GET /staff
        POST /staff
        PATCH /staff/<staff_id>
        POST /staff/<staff_id>/password
        GET /audit
        GET /webhooks
        POST /webhooks
        PATCH /webhooks/<webhook_id>
        DELETE /webhooks/<webhook_id>
        GET /webhooks/<webhook_id>/deliveries
    """,
}
LEAST = {(line.split()[0], line.split()[1]): role for role, lines in EXPECTED.items()
         for line in lines.strip().splitlines()}
CALLERS = (None, *ROLES)


@pytest_asyncio.fixture
async def site(sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
               ) -> AsyncIterator[DeskSite]:
    can_start_again(monkeypatch)
    async with running(services_on(sqlite_database, tmp_path), put_on) as started:
        yield started


async def call(browser: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    """A request that nobody could be granted anything for but access itself."""
    for part in ("conversation_id", "attachment_id", "number", "reply_id", "name", "staff_id",
                 "webhook_id"):
        path = path.replace(f"<{part}>", "nothing")
    return await browser.request(method, path, json=None if method == "GET" else {})


def verdict(answer: httpx.Response) -> str:
    """signed_out, role, or allowed for everything that was about something else."""
    if answer.status_code in (401, 403):
        code: str = answer.json()["error"]["code"]
        if code in ("signed_out", "role", "csrf", "origin"):
            return code
    return "allowed"


def expected(method: str, path: str, role: str | None, script: bool = False) -> str:
    least = LEAST[method, path]
    if least == "open":
        # Signing in is for the desk's own page.
        return "origin" if script and method == "POST" else "allowed"
    if role is None:
        return "signed_out"
    if least == "half":
        return "allowed"
    return "allowed" if ROLES.index(role) >= ROLES.index(least) else "role"


async def test_every_route_is_in_the_written_table_and_back(site: DeskSite) -> None:
    assert {(route.method, route.path) for route in site.api.routes} == set(LEAST)


@pytest.mark.parametrize("role", CALLERS)
@pytest.mark.parametrize("script", [False, True])
async def test_every_route_is_refused_or_allowed_as_written(
        site: DeskSite, role: str | None, script: bool) -> None:
    browser = await site.agent(role=role) if role else await site.browser()
    if script and role:
        browser = await site.script("ann@example.com")
    # Signing out comes last: whoever did is nobody any more.
    calls = sorted(LEAST, key=lambda each: each[1] == "/sign-out")
    found = {each: verdict(await call(browser, *each)) for each in calls}
    assert found == {each: expected(*each, role, script and role is not None)
                     for each in calls}


async def test_whoever_is_half_signed_in_may_only_go_on(site: DeskSite) -> None:
    _, once = site.services.staff.add("ann@example.com", role="admin")
    browser = await site.browser()
    answer = await browser.post("/sign-in", json={"email": "ann@example.com", "password": once})
    browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
    for method, path in LEAST:
        if LEAST[method, path] in ROLES:
            assert verdict(await call(browser, method, path)) == "signed_out", path


async def test_every_change_without_the_pages_token_is_refused(site: DeskSite) -> None:
    browser = await site.agent(role="admin")
    del browser.headers["X-CSRF-Token"]
    for method, path in LEAST:
        if method != "GET" and LEAST[method, path] != "open":
            assert verdict(await call(browser, method, path)) == "csrf", path


async def test_whatever_is_changed_leaves_a_line_in_the_log(site: DeskSite) -> None:
    admin = await site.agent(role="admin")
    added = await admin.post("/staff", json={"email": "bob@example.com", "name": "Bob"})
    assert added.status_code == 201 and added.json()["password"]
    refused = await admin.post("/staff", json={"email": "bob@example.com", "name": "Bob"})
    assert refused.status_code == 400
    bob = added.json()["id"]
    await admin.patch(f"/staff/{bob}", json={"role": "lead"})
    log = (await admin.get("/audit")).json()
    assert [(row["actor"], row["action"], row["object_id"]) for row in log["rows"]][:2] == [
        ("ann@example.com", "PATCH /staff/<staff_id>", bob),
        ("ann@example.com", "POST /staff", "")]
    assert log["rows"][0]["details"] == {"role": "lead"}
    assert log["rows"][0]["address"] == "127.0.0.1"
    assert added.json()["password"] not in str(log)
    assert len((await admin.get("/audit", params={"object": bob})).json()["rows"]) == 1


async def test_the_log_is_read_page_by_page(site: DeskSite) -> None:
    admin = await site.agent(role="admin")
    for number in range(230):
        site.services.audit.write("x@example.com", f"step {number}")
    seen, after = [], None
    while True:
        query = {"actor": "x@example.com", **({"after": after} if after else {})}
        page = (await admin.get("/audit", params=query)).json()
        seen += [row["action"] for row in page["rows"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [f"step {number}" for number in reversed(range(230))]


async def test_what_fails_is_not_logged_as_done(site: DeskSite) -> None:
    await site.agent()
    with site.services.database.unit_of_work() as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(AuditEntry))
    script = await site.script("ann@example.com")
    assert (await script.post("/conversations/nothing/claim", json={})).status_code == 404
    with site.services.database.unit_of_work() as session:
        after = session.scalar(sa.select(sa.func.count()).select_from(AuditEntry))
    assert after == before


async def test_the_document_for_machines_is_valid_and_names_every_route(site: DeskSite) -> None:
    document = (await (await site.browser()).get("/openapi.json")).json()
    validate_spec(document)
    assert document["openapi"] == "3.1.0"
    assert sum(len(path) for path in document["paths"].values()) == len(LEAST)
    script: dict[str, list[str]] = {"session": []}
    assert document["paths"]["/staff"]["get"]["security"] == [{"token": []}, script]
    assert "security" in document["paths"]["/sign-in"]["post"]


async def test_what_is_answered_looks_as_documented(site: DeskSite) -> None:
    admin = await site.agent(role="admin")
    document = (await admin.get("/openapi.json")).json()
    for path, answer in (("/me", "Me"), ("/staff", "StaffList"), ("/audit", "AuditPage"),
                         ("/webhooks", "WebhookList"), ("/team", "Team"), ("/inbox", "Inbox"),
                         ("/canned", "CannedReplies"), ("/tickets", "TicketPage"),
                         ("/reports?from=2026-11-01&to=2026-11-23", "Report")):
        found = await admin.get(path, params=None)
        assert found.status_code == 200, found.text
        schema = {"$ref": f"#/components/schemas/{answer}", "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(found.json())


async def test_what_is_not_there_is_refused_in_the_desks_own_words(site: DeskSite) -> None:
    browser = await site.browser()
    for method, path in (("GET", "/nothing"), ("POST", "/a/b/c"), ("DELETE", "/me/x")):
        answer = await browser.request(method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown")
        assert answer.headers["cache-control"] == "no-store"


async def test_too_many_requests_have_to_wait(site: DeskSite) -> None:
    browser = await site.agent()
    answers = [await browser.get("/me") for _ in range(601)]
    assert answers[-2].status_code == 200 and answers[-1].status_code == 429
    assert answers[-1].json()["error"]["retry_after"] >= 1


def test_each_role_may_what_the_one_before_may() -> None:
    assert MAY["agent"] < MAY["lead"] < MAY["admin"]


def test_every_refusal_is_in_the_document() -> None:
    text = (ROOT / "docs" / "desk-protocol.md").read_text(encoding="utf-8")
    for code in CODES:
        assert f"`{code}`" in text, code
