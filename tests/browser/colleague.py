"""Somebody at the desk, and what they do and see there."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.services.audit import Audit
from bot.services.ownership import Ownership
from bot.services.sign_in import SignIn
from bot.services.staff import Staff
from bot.services.staff_sessions import StaffSessions
from bot.store.database import Database
from bot.store.tables import Conversation, Message, Presence, new_id
from tests.browser.visitor import PATIENCE, Visitor, visit
from tests.conversation.server import Server

WIDE = {"width": 1440, "height": 900}
TABLET = {"width": 834, "height": 1112}
PASSWORD = "a password of my own"

#: Counts the tones that are played, before anything of the page runs.
WATCH_SOUND = """
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) {
  window.tones += 1;
  return start.apply(this, given);
};
"""


class Colleague(Visitor):
    """An agent with the desk open in a browser of their own."""

    def __init__(self, context: Any, url: str, email: str, password: str) -> None:
        self.url, self.email, self.password = url, email, password
        super().__init__(context, f"{url}/desk/")

    def sits_down(self, token: str) -> Colleague:
        """Is signed in already, with the session of that token."""
        self.context.add_cookies([{"name": "desk_session", "value": token, "path": "/desk",
                                   "domain": "127.0.0.1", "httpOnly": True, "sameSite": "Strict"}])
        self.password = PASSWORD
        self.page.reload()
        return self.is_there()

    def types_password(self, email: str, password: str) -> None:
        """Fills in the first step of signing in."""
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def is_there(self) -> Colleague:
        """Waits until the list is loaded and the socket is connected."""
        self.page.locator(".rows[aria-busy=false], .page, .inbox .empty").first.wait_for(
            timeout=PATIENCE, state="attached")
        self.page.locator(".line-bar").wait_for(timeout=PATIENCE, state="detached")
        return self

    def looks_at(self, view: str) -> Colleague:
        """Goes to a view by its address: `waiting`, `mine`, `tickets`."""
        self.page.evaluate("(view) => { location.hash = '#/' + view; }", view)
        return self

    def opens_first(self) -> Colleague:
        """Opens the conversation at the top of the list."""
        self.page.locator(".row a").first.click()
        self.page.locator(".conversation-head").wait_for(timeout=PATIENCE)
        return self

    def opens_with(self, words: str) -> Colleague:
        """Opens the conversation whose row shows these words."""
        self.page.locator(".row a").filter(has_text=words).first.click()
        self.page.locator(".conversation-head").wait_for(timeout=PATIENCE)
        return self

    def claims(self) -> Colleague:
        """Takes the open conversation."""
        self.page.get_by_role("main").get_by_role("button", name="Claim").click()
        self.page.locator(".owner-mine").wait_for(timeout=PATIENCE)
        return self

    @property
    def reply_field(self) -> Any:
        return self.page.locator(".composer textarea")

    @property
    def log_text(self) -> Any:
        """Everything in the open conversation."""
        return self.page.locator(".log")

    def replies(self, text: str) -> Colleague:
        """Sends a reply, and waits until the server has it."""
        self.reply_field.fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()
        self.page.locator(".said.by-agent[id]").filter(has_text=text).wait_for(timeout=PATIENCE)
        return self

    def reads(self, words: str) -> Colleague:
        """Waits for words in the open conversation."""
        self.log_text.get_by_text(words).first.wait_for(timeout=PATIENCE)
        return self

    def axe_page(self) -> list[str]:
        """What axe-core finds wrong on the desk's page."""
        return self.axe(self.page)

    def policy_violations(self) -> list[str]:
        """What the page's policy refused."""
        found: list[str] = self.page.evaluate("window.violations")
        return found


def hire(database: Database, email: str, **values: Any) -> str:
    """Adds somebody to the staff, and returns their one-time password."""
    _, password = Staff(database, StaffSessions(database)).add(email, **values)
    return password


def signed_in(database: Database, email: str) -> str:
    """The token of a session of somebody who chose PASSWORD as theirs.

    Whoever signs in on the page too often from one address has to wait.
    """
    sessions = StaffSessions(database)
    token = sessions.begin(Staff(database, sessions).named(email).id, "127.0.0.1")
    return SignIn(database, sessions, Audit(database)).new_password(token, PASSWORD, "127.0.0.1")


def wants_a_person(server: Server, text: str, email: str | None = None) -> str:
    """A conversation whose customer wrote that and waits for a person."""
    id_ = f"test-{new_id()}"
    database = Database(f"sqlite:///{server.database}")
    with database.unit_of_work() as session:
        session.add(Conversation(id=id_, channel="chat", language="en", customer_email=email))
        session.add(Message(conversation_id=id_, author="customer", seq=1, text=text, payload={}))
    Ownership(database).queue(id_, "requested")
    database.dispose()
    return id_


def all_gone(database: Database) -> None:
    """Everybody has left the desk, and nobody waits there: the next test begins with nothing."""
    with database.unit_of_work() as session:
        session.execute(sa.delete(Presence))
        session.execute(sa.update(Conversation).where(Conversation.owner != "bot").values(
            owner="bot", agent_id=None, waiting_since=None, handoff_reason=None,
            epoch=Conversation.epoch + 1).execution_options(synchronize_session=False))


def come_in(browser: Any, url: str, email: str, password: str, **options: Any) -> Colleague:
    """The desk's page in a new browser of that person, not signed in yet."""
    page = visit_as(browser, **options)
    return Colleague(page, url, email, password)


def visit_as(browser: Any, **options: Any) -> Any:
    """A new context that counts sounds and policy violations."""
    stranger = visit(browser, "about:blank", **{"viewport": WIDE, **options})
    stranger.page.close()
    stranger.context.add_init_script(WATCH_SOUND)
    return stranger.context
