"""`bot chat`: the site chat in a terminal, over the same socket as the page."""

from __future__ import annotations

import sys
import threading
import urllib.parse
import uuid
from typing import Any

import requests
import socketio
from rich.console import Console

from bot.errors import AftersaleError

_WAIT = 30.0
#: Seconds after which the conversation is read again although nothing rang.
_LOOK_AGAIN = 2.0


class _Line:
    """A new conversation over the socket. Raises AftersaleError in plain words."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise AftersaleError(f"{url!r} is not an address such as http://127.0.0.1:5005")
        self._url = f"{parts.scheme}://{parts.netloc}"
        self._http = requests.Session()
        self._http.headers["Origin"] = self._url
        self.rang = threading.Event()
        self._socket = socketio.Client(http_session=self._http)
        for name in ("bot_uttered", "typing"):
            self._socket.on(name, lambda *_: self.rang.set())
        self._connect(self._token())

    def _token(self) -> str:
        try:
            answer = self._http.post(f"{self._url}/chat/session", json={"fresh": True},
                                     timeout=_WAIT)
            body = answer.json()
        except (OSError, ValueError):
            raise self._nobody() from None
        if not answer.ok:
            raise AftersaleError(str(body.get("error", {}).get("text", answer.reason)))
        return str(body["token"])

    def _connect(self, token: str) -> None:
        try:
            # Polling needs nothing more than what is installed anyway.
            self._socket.connect(self._url, auth={"token": token}, transports=["polling"],
                                 headers={"Origin": self._url}, socketio_path="/chat/socket.io",
                                 wait_timeout=int(_WAIT))
        except socketio.exceptions.ConnectionError:
            raise self._nobody() from None

    def call(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Tells the server something, and returns what it acknowledges."""
        try:
            answer: dict[str, Any] = self._socket.call(event, payload, timeout=int(_WAIT))
        except socketio.exceptions.SocketIOError:
            raise self._nobody() from None
        if "error" in answer:
            raise AftersaleError(str(answer["error"]["text"]))
        return answer

    def close(self) -> None:
        """Hangs up."""
        self._socket.disconnect()

    def _nobody(self) -> AftersaleError:
        return AftersaleError(f"nobody answers at {self._url}; start it with: make run")


def chat(url: str) -> int:
    """Talks until end of input or Ctrl-C. Returns 0."""
    console = Console(highlight=False)
    line = _Line(url)
    console.print("[dim]Type a message and press Enter. A number presses a button. "
                  "Ctrl-D ends.[/dim]")
    try:
        _talk(line, console)
    finally:
        line.close()
    return 0


def _talk(line: _Line, console: Console) -> None:
    seen = 0
    buttons: list[Any] = []
    while True:
        try:
            text = input("> " if sys.stdin.isatty() else "").strip()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if not text:
            continue
        if text.isdecimal() and 1 <= int(text) <= len(buttons):
            text = buttons[int(text) - 1]["payload"]
        try:
            line.call("user_uttered", {"client_msg_id": uuid.uuid4().hex, "message": text})
            seen, buttons = _listen(line, console, seen)
        except AftersaleError as error:
            console.print(f"[red]{error}[/red]")


def _listen(line: _Line, console: Console, seen: int) -> tuple[int, list[dict[str, str]]]:
    """Prints what is said until the assistant has answered."""
    buttons: list[dict[str, str]] = []
    while True:
        line.rang.clear()
        said = line.call("resume", {"last_seq": seen})
        for message in said["messages"]:
            seen = max(seen, message["seq"])
            if message["author"] == "customer":
                continue
            console.print()
            console.print(message["text"], markup=False)
            buttons = message["buttons"]
            for i, button in enumerate(buttons, 1):
                console.print(f"  [cyan][{i}][/cyan] {button['title']}")
        if not said["more"] and not said["typing"]:
            console.print()
            return seen, buttons
        if not said["more"]:
            line.rang.wait(_LOOK_AGAIN)
