"""A site with the chat, for every module of tests that needs one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import redis

from tests.unit.chat_site import Site, can_start_again, running

Start = Callable[..., Any]


@pytest_asyncio.fixture
async def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Starts a site with limits and services of one's own."""
    can_start_again(monkeypatch)
    async with AsyncExitStack() as stack:
        async def _start(*arguments: Any, **more: Any) -> Site:
            return await stack.enter_async_context(running(tmp_path, *arguments, **more))
        yield _start


@pytest.fixture
def redis_url() -> str:
    """A Redis that nobody else uses at the moment; the test is skipped where there is none."""
    url = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
    try:
        redis.Redis.from_url(url, socket_connect_timeout=3).ping()
    except redis.exceptions.RedisError as error:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"no Redis at {url}: {error}")
    return url


@pytest_asyncio.fixture
async def site(start: Start) -> Site:
    """A running site."""
    site: Site = await start()
    return site
