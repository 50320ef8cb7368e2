"""One server that speaks each widget's protocol and answers at once: what is left is the widget."""

from __future__ import annotations

import asyncio
import gzip
import threading
from pathlib import Path
from typing import Any

import socketio
from aiohttp import web

REPLY = "Hello, what can I do for you?"
_SENT_AT = "2026-01-01T09:00:00+00:00"
_CONTACT = {"open_now": True, "opens_at": None, "closes_at": None, "phone": "+49 30 1234567",
            "email": "a@example.com", "presale_email": "b@example.com", "working_hours": "24/7",
            "timezone": "UTC", "thread": "bench", "language": "en", "cookie": True}
_STATE = {"thread": "bench", "owner": "bot", "agent": None, "typing": False}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}


def _page(body: str) -> bytes:
    return ("<!doctype html><html lang=en><head><meta charset=utf-8><title>Bench</title></head>"
            f"<body><h1>A page</h1>{body}</body></html>").encode()


PAGES = {
    "/ours": _page('<script src="/widget.js" async></script>'),
    "/rasa-webchat": _page(
        '<script src="/files/rasa-webchat.js"></script><script>WebChat.default({ socketUrl: '
        'location.origin, socketPath: "/socket.io/", title: "Chat", customData: {}, '
        'params: { storage: "session" } }, null)</script>'),
    "/deep-chat": _page(
        '<script type="module" src="/files/deep-chat.js"></script>'
        """<deep-chat connect='{"url": "/deep"}'></deep-chat>"""),
}


class WidgetServer:
    """Runs in a thread. `files` maps addresses to what is served there, compressed."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = {address: (gzip.compress(path.read_bytes(), 9), _TYPES[path.suffix])
                       for address, path in files.items()}
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait(20)

    def stop(self) -> None:
        """Ends the server."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        _ours(app)
        _rasa(app)
        app.router.add_post("/deep", self._deep)
        app.router.add_get("/{path:.*}", self._file)
        runner = web.AppRunner(app)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    async def _deep(self, _: web.Request) -> web.Response:
        return web.json_response({"text": REPLY})

    async def _file(self, request: web.Request) -> web.Response:
        if request.path in PAGES:
            return web.Response(body=PAGES[request.path], content_type="text/html")
        if request.path not in self._files:
            return web.Response(status=404)
        body, kind = self._files[request.path]
        return web.Response(body=body, content_type=kind, headers={"Content-Encoding": "gzip"})


def _ours(app: web.Application) -> None:
    server = socketio.AsyncServer(async_mode="aiohttp")
    server.attach(app, "/chat/socket.io")

    async def session(_: web.Request) -> web.Response:
        return web.json_response(_CONTACT)

    async def state(*_: Any) -> dict[str, Any]:
        return {**_STATE, "last_seq": 0}

    async def resume(*_: Any) -> dict[str, Any]:
        return {**_STATE, "messages": [], "more": False}

    async def uttered(sid: str, said: dict[str, Any]) -> dict[str, Any]:
        # Each run is a conversation of its own, with one message and one reply.
        mine, reply = 1, 2
        await server.emit("bot_uttered", {
            "seq": mine, "author": "customer", "text": said["message"], "sent_at": _SENT_AT,
            "client_msg_id": said["client_msg_id"]}, room=sid)
        await server.emit("bot_uttered", {
            "seq": reply, "author": "assistant", "text": REPLY, "sent_at": _SENT_AT}, room=sid)
        return {"seq": mine}

    app.router.add_post("/chat/session", session)
    server.on("session_request", state)
    server.on("resume", resume)
    server.on("user_uttered", uttered)
    server.on("read", state)
    server.on("user_typing", state)


def _rasa(app: web.Application) -> None:
    server = socketio.AsyncServer(async_mode="aiohttp")
    server.attach(app, "/socket.io")

    async def session(sid: str, _: Any) -> None:
        await server.emit("session_confirm", sid, room=sid)

    async def uttered(sid: str, _: Any) -> None:
        await server.emit("bot_uttered", {"text": REPLY}, room=sid)

    server.on("session_request", session)
    server.on("user_uttered", uttered)
