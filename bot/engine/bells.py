"""Waiting for a ring, but not for ever."""

from __future__ import annotations

import asyncio


async def ring(bell: asyncio.Event, seconds: float) -> None:
    """Waits until the bell rings or so many seconds are over.

    Unlike `asyncio.wait_for` it loses no cancellation that comes with the ring (CPython issue
    86296): whoever stops a task that waits here may wait for its end.
    """
    waiting = asyncio.ensure_future(bell.wait())
    try:
        await asyncio.wait({waiting}, timeout=seconds)
    finally:
        waiting.cancel()
