"""Somebody with a page of the shop open, and what they do and see there."""

from __future__ import annotations

from typing import Any

from bot.settings import ROOT

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
#: Milliseconds in which an answer must be on the page, on a busy machine too.
PATIENCE = 30_000
CHAT = "#aftersale-chat-widget iframe"
BROKEN = "My radio does not turn on any more."

#: In every frame: policies that were violated, what was ever added to the log, scripts that ran.
_WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
_AXE = ROOT / "bot" / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RUN_AXE = """async () => {
  const found = await axe.run(document, { iframes: false, resultTypes: ['violations'] });
  return found.violations.map((one) =>
    `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
}"""


class Visitor:
    """Everything that goes wrong on the page is kept in `problems`."""

    def __init__(self, context: Any, url: str) -> None:
        self.context = context
        self.problems: list[str] = []
        self.page = self.new_tab(url)

    def new_tab(self, url: str) -> Any:
        """Another page of the same browser."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda m: self._heard_console(m.type, m.text))
        page.on("dialog", lambda dialog: self._heard_dialog(dialog))
        page.goto(url)
        return page

    def _heard_console(self, kind: str, text: str) -> None:
        # A browser notes every connection that fails; being offline is no error of the page.
        harmless = ("net::ERR_", "WebSocket connection to", "status of 4", "status of 5")
        if kind == "error" and not any(words in text for words in harmless):
            self.problems.append(text)

    def _heard_dialog(self, dialog: Any) -> None:
        self.problems.append(f"a script ran: {dialog.message}")
        dialog.dismiss()

    def in_tab(self, page: Any) -> Visitor:
        """The same visitor, looking at another tab."""
        other = object.__new__(Visitor)
        other.context, other.problems, other.page = self.context, self.problems, page
        return other

    @property
    def frame(self) -> Any:
        return self.page.frame_locator(CHAT)

    @property
    def document(self) -> Any:
        """The chat's own document, to evaluate in."""
        return self.page.locator(CHAT).element_handle().content_frame()

    @property
    def launcher(self) -> Any:
        return self.page.locator("#aftersale-chat-widget button")

    @property
    def log(self) -> Any:
        """Everything that was said."""
        return self.frame.get_by_role("log")

    @property
    def field(self) -> Any:
        return self.frame.locator(".composer textarea")

    def opens(self) -> Visitor:
        """Opens the chat with the button in the corner."""
        self.launcher.click()
        return self.is_ready()

    def is_ready(self) -> Visitor:
        """Waits until the chat is connected and what was said is there."""
        self.frame.locator(".log[aria-busy=false]").wait_for(timeout=PATIENCE, state="attached")
        self.frame.locator(".status-up").wait_for(timeout=PATIENCE)
        return self

    def says(self, text: str, answered_with: str = "") -> Visitor:
        """Types a message and waits for words of the answer."""
        self.field.fill(text)
        self.field.press("Enter")
        return self.hears(answered_with) if answered_with else self

    def taps(self, title: str, answered_with: str) -> Visitor:
        """Taps an offered answer and waits for words of what follows."""
        self.frame.get_by_role("button", name=title, exact=True).click(timeout=PATIENCE)
        return self.hears(answered_with)

    def hears(self, words: str) -> Visitor:
        """Waits for words of the other side."""
        self.log.locator(".theirs").filter(has_text=words).last.wait_for(
            timeout=PATIENCE, state="attached")
        return self

    def tells_of(self, order: Any) -> Visitor:
        """A fault and the order it is about, up to the safe steps."""
        self.says(BROKEN, "order number").says(order.number, "e-mail address")
        return self.says(order.email, "Did that fix it?")

    def gets_a_decision(self, order: Any) -> Visitor:
        """A claim that is covered."""
        self.tells_of(order).taps("Still the same", "did anything happen")
        return self.taps("Nothing happened", "How shall we help?")

    def bubbles(self) -> list[str]:
        """The messages as they are shown, oldest first."""
        found: list[str] = self.log.locator(".message .bubble").all_inner_texts()
        return found

    def violations(self) -> list[str]:
        """Of the policies of the shop's page and of the chat's."""
        found: list[str] = self.page.evaluate("window.violations")
        if self.page.locator(CHAT).count():
            found += self.document.evaluate("window.violations")
        return found

    def axe(self, where: Any = None) -> list[str]:
        """What axe-core finds wrong in the chat, or in another document."""
        where = where or self.document
        where.evaluate(_AXE.read_text(encoding="utf-8"))
        found: list[str] = where.evaluate(_RUN_AXE)
        return found

    def leave(self) -> None:
        self.context.close()


def visit(browser: Any, url: str, **options: Any) -> Visitor:
    """A new visitor in a context of their own; calm, so that nothing moves in pictures."""
    context = browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce",
                                     "locale": "en-GB", "timezone_id": "Europe/Berlin", **options})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(_WATCH)
    return Visitor(context, url)
