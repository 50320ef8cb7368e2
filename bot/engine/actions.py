"""Custom actions in this process, instead of over HTTP to a second one.

`rasa run actions` still serves the same actions; this saves the wire, the copy of the whole
conversation in each call, and a JSON schema that Rasa compiles anew each time.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import rasa
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa_sdk.executor import ActionExecutor

#: Seconds after which an action counts as hanging.
ACTION_SECONDS = 8.0


class Failures:
    """The actions that failed in the turn at hand, with what they raised."""

    def __init__(self) -> None:
        self._turn: contextvars.ContextVar[list[tuple[str, BaseException]] | None] = (
            contextvars.ContextVar("failures", default=None))

    def watch(self) -> list[tuple[str, BaseException]]:
        """Begins a turn; what is noted in it appears in the returned list."""
        noted: list[tuple[str, BaseException]] = []
        self._turn.set(noted)
        return noted

    def note(self, action: str, error: BaseException) -> None:
        """Notes a failed action of the current turn."""
        noted = self._turn.get()
        if noted is not None:
            noted.append((action, error))


class InProcessActions:
    """Stands where Rasa expects the action server's `EndpointConfig`."""

    url = "in-process"

    def __init__(self, executor: ActionExecutor, failures: Failures,
                 seconds: float | None = None) -> None:
        self.kwargs: dict[str, Any] = {"enable_selective_domain": True}
        self._executor = executor
        self._failures = failures
        self._seconds = ACTION_SECONDS if seconds is None else seconds

    async def request(self, *_: Any, json: dict[str, Any], **__: Any) -> Any:
        """Runs the action that `json` names. An error or a hang is noted and raised again."""
        try:
            return await asyncio.wait_for(self._executor.run(json), self._seconds)
        except Exception as error:
            self._failures.note(json["next_action"], error)
            raise


def serve_in_process(package: str, failures: Failures) -> InProcessActions:
    """Registers the actions of `package` and returns their endpoint."""
    executor = ActionExecutor()
    executor.register_package(package)
    RemoteAction._validate_action_result = lambda self, result: True
    RemoteAction._action_call_format = _call_without_history
    return InProcessActions(executor, failures)


def _call_without_history(self: RemoteAction, tracker: DialogueStateTracker,
                          domain: Domain) -> dict[str, Any]:
    """Our actions read slots and the latest message only, so the events stay at home."""
    return {
        "next_action": self._name,
        "sender_id": tracker.sender_id,
        "tracker": {**tracker.current_state(EventVerbosity.NONE), "events": []},
        "domain": {},
        "version": rasa.__version__,
    }
