"""`bot chat`: the site chat in a terminal, over the same HTTP channel as the page."""

from __future__ import annotations

import http.cookiejar
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any

from rich.console import Console

from bot.errors import AftersaleError

_WAIT = 25


class _Line:
    """A conversation over HTTP, with its cookie."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise AftersaleError(f"{url!r} is not an address such as http://127.0.0.1:5005")
        self._url = f"{parts.scheme}://{parts.netloc}"
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request; `body` makes it a POST. Raises AftersaleError in plain words."""
        request = urllib.request.Request(
            self._url + path, None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "Origin": self._url})
        try:
            with self._opener.open(request, timeout=_WAIT + 10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            try:
                reason = json.load(error)["error"]
            except (ValueError, KeyError):
                reason = error.reason
            raise AftersaleError(str(reason)) from None
        except (OSError, ValueError):
            raise AftersaleError(f"nobody answers at {self._url}; start it with: make run"
                                 ) from None


def chat(url: str) -> int:
    """Talks until end of input or Ctrl-C. Returns 0."""
    console = Console(highlight=False)
    line = _Line(url)
    line.call("/chat/session", {"fresh": True})
    console.print("[dim]Type a message and press Enter. A number presses a button. "
                  "Ctrl-D ends.[/dim]")
    seen = 0
    buttons: list[Any] = []
    while True:
        try:
            text = input("> " if sys.stdin.isatty() else "").strip()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return 0
        if not text:
            continue
        if text.isdecimal() and 1 <= int(text) <= len(buttons):
            text = buttons[int(text) - 1]["payload"]
        try:
            line.call("/chat/messages", {"client_msg_id": uuid.uuid4().hex, "text": text})
            seen, buttons = _listen(line, console, seen)
        except AftersaleError as error:
            console.print(f"[red]{error}[/red]")


def _listen(line: _Line, console: Console, seen: int) -> tuple[int, list[dict[str, str]]]:
    """Prints what is said until the assistant has answered."""
    buttons: list[dict[str, str]] = []
    answered = False
    while True:
        wait = 0 if answered else _WAIT
        said = line.call(f"/chat/messages?after={seen}&wait={wait}")
        for message in said["messages"]:
            seen = max(seen, message["seq"])
            if message["author"] == "customer":
                continue
            answered = True
            console.print()
            console.print(message["text"], markup=False)
            buttons = message.get("buttons") or []
            for i, button in enumerate(buttons, 1):
                console.print(f"  [cyan][{i}][/cyan] {button['title']}")
        if not said["messages"] and not said.get("typing"):
            console.print()
            return seen, buttons
