"""`bot serve` as people start it: a process of its own that loads everything itself."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.conversation.server import TOKEN, Server

pytestmark = pytest.mark.slow


def test_it_says_where_it_is_answers_and_ends_with_control_c(
        sqlite_template: Path, tmp_path: Path) -> None:
    database = tmp_path / "test.db"
    database.write_bytes(sqlite_template.read_bytes())
    server = Server(database).start()
    try:
        replies = httpx.post(f"{server.url}/webhooks/rest/webhook", timeout=60,
                             headers={"Authorization": f"Bearer {TOKEN}"},
                             json={"sender": "ada", "message": "My radio does not turn on."}).json()
        assert "order number" in replies[0]["text"]
    finally:
        server.stop()
    assert server.wait_until_dead() == 0
    said = server.log.read_text(encoding="utf-8")
    assert f"{server.url}/" in said and "Ctrl-C stops it." in said
    assert "Traceback" not in said
