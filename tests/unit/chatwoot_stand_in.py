"""A stand-in for Chatwoot that follows its API's and webhooks' documentation."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN, SECRET = "chatwoot-access-token", "the-secret-of-the-webhook"
ACCOUNT, INBOX = 3, 7
MAI = {"id": 11, "name": "Mai", "email": "mai@shop.example", "type": "user"}


@dataclass
class ChatwootStandIn:
    """One account with one API inbox. `down` answers 503; `lose` loses the next answer."""

    url: str = ""
    contacts: list[dict[str, Any]] = field(default_factory=list)
    conversations: dict[int, dict[str, Any]] = field(default_factory=dict)
    online: list[str] = field(default_factory=lambda: ["online"])
    down: bool = False
    lose: set[str] = field(default_factory=set)
    ids: Any = field(default_factory=lambda: itertools.count(100))

    @property
    def environment(self) -> dict[str, str]:
        """The settings that lead here."""
        return {"CHATWOOT_URL": self.url, "CHATWOOT_TOKEN": TOKEN, "CHATWOOT_SECRET": SECRET,
                "CHATWOOT_ACCOUNT": str(ACCOUNT), "CHATWOOT_INBOX": str(INBOX)}

    @property
    def only(self) -> dict[str, Any]:
        """The only conversation."""
        [found] = self.conversations.values()
        return found

    def said(self) -> list[tuple[str, bool, str]]:
        """What stands in the only conversation: type, private, text."""
        return [(m["message_type"], m["private"], m["content"]) for m in self.only["messages"]]

    def reply_event(self, text: str, message_id: int = 900, **changes: Any) -> dict[str, Any]:
        """What the webhook says when an agent replies in the only conversation."""
        return {"event": "message_created", "id": message_id, "content": text,
                "message_type": "outgoing", "content_type": "text", "private": False,
                "content_attributes": {}, "sender": MAI, "account": {"id": ACCOUNT},
                "inbox": {"id": INBOX}, "conversation": {
                    "id": self.only["id"], "inbox_id": INBOX, "status": "open"}, **changes}

    def resolved_event(self) -> dict[str, Any]:
        """What it says when the only conversation is resolved."""
        return {"event": "conversation_status_changed", "id": self.only["id"],
                "inbox_id": INBOX, "status": "resolved", "messages": []}

    def call(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Answers a request to the account."""
        if method == "POST" and path == "contacts":
            if any(c["identifier"] == body["identifier"] for c in self.contacts):
                return 422, {"message": "Identifier has already been taken",
                             "attributes": ["identifier"]}
            inbox = {"source_id": body["source_id"], "inbox": {"id": body["inbox_id"]}}
            contact = {"id": next(self.ids), "name": body["name"],
                       "identifier": body["identifier"], "contact_inboxes": [inbox]}
            self.contacts.append(contact)
            return 200, {"payload": {"contact": contact, "contact_inbox": inbox}}
        if path.startswith("contacts/search"):
            wanted = parse_qs(urlsplit(path).query)["q"][0]
            found = [c for c in self.contacts if wanted in c["identifier"]]
            return 200, {"meta": {"count": len(found)}, "payload": found}
        if match := re.fullmatch(r"contacts/(\d+)/conversations", path):
            return 200, {"payload": [c for c in self.conversations.values()
                                     if c["contact_id"] == int(match[1])]}
        if method == "POST" and path == "conversations":
            assert any(body["source_id"] == c["contact_inboxes"][0]["source_id"]
                       for c in self.contacts)
            made = {"id": next(self.ids), "account_id": ACCOUNT, "inbox_id": body["inbox_id"],
                    "contact_id": body["contact_id"], "status": body["status"],
                    "custom_attributes": body["custom_attributes"], "messages": []}
            self.conversations[made["id"]] = made
            return 200, made
        if match := re.fullmatch(r"conversations/(\d+)/(\w+)", path):
            return self._in_conversation(method, int(match[1]), match[2], body)
        if path == "agents":
            return 200, [{**MAI, "id": 11 + n, "availability_status": status}
                         for n, status in enumerate(self.online)]
        return 404, {"error": "Resource could not be found"}

    def _in_conversation(self, method: str, id_: int, what: str, body: Any) -> tuple[int, Any]:
        conversation = self.conversations.get(id_)
        if conversation is None:
            return 404, {"error": "Resource could not be found"}
        if what == "messages" and method == "GET":
            return 200, {"meta": {}, "payload": conversation["messages"][-20:]}
        if what == "messages":
            conversation["messages"].append({"id": next(self.ids), **body})
            return 200, conversation["messages"][-1]
        conversation[what.removeprefix("toggle_")] = next(iter(body.values()))
        return 200, {"payload": {"success": True}}


def signed(event: dict[str, Any], secret: str = SECRET, at: float | None = None
           ) -> dict[str, Any]:
    """A webhook's request, as httpx sends it."""
    body = json.dumps(event)
    stamp = str(int(at or time.time()))
    digest = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return {"content": body, "headers": {
        "Content-Type": "application/json", "X-Chatwoot-Timestamp": stamp,
        "X-Chatwoot-Signature": f"sha256={digest}", "X-Chatwoot-Delivery": "d1"}}


@contextlib.contextmanager
def chatwoot() -> Iterator[ChatwootStandIn]:
    """Serves on 127.0.0.1 until the end of the block."""
    stand_in = ChatwootStandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or b"null")
            path = self.path.removeprefix(f"/api/v1/accounts/{ACCOUNT}/")
            if stand_in.down:
                status, found = 503, {}
            elif self.headers["api_access_token"] != TOKEN:
                status, found = 401, {"error": "Invalid Access Token"}
            else:
                status, found = stand_in.call(self.command, path, body)
            last = path.partition("?")[0].rpartition("/")[2]
            if f"{self.command} {last}" in stand_in.lose:
                stand_in.lose.clear()  # it was done, and the answer gets lost
                self.close_connection = True
                return
            written = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield stand_in
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
