"""`/desk/api/conversations`: taking, answering, and giving away again."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta
from sanic.request import Request

from bot.bootstrap import Services
from bot.desk.access import Agent
from bot.desk.api import Api, Body, note_details
from bot.desk.hub import called
from bot.desk.refusals import Refused
from bot.engine.door import MAX_CHARACTERS, outside_id, take_in
from bot.errors import BadMessage, Unknown
from bot.services.ownership import AGENT, Owner

Text = Annotated[str, Meta(max_length=MAX_CHARACTERS)]
Id = Annotated[str, Meta(min_length=1, max_length=255)]
MAX_FILES = 10
Files = Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=MAX_FILES)]


class HandsBack(Protocol):
    """What is needed of `bot.engine.handing_back.HandingBack`."""

    async def hand_back(self, conversation_id: str, staff_id: str) -> Owner:
        """Back to the assistant, which says how things stand."""

    async def close(self, conversation_id: str, staff_id: str) -> Owner:
        """Back to the assistant without a word."""


#: Tells an agent something: their id, the kind of alert, the conversation, its customer's name.
Alert = Callable[[str, str, str, str], Awaitable[None]]
#: Delivers what waits in a conversation's outbox.
Deliver = Callable[[str], Awaitable[None]]


class ClaimBody(Body):
    """The epoch that the page saw."""

    epoch: int | None = None


class ReplyBody(Body):
    """A reply, with files that were uploaded before."""

    client_msg_id: Id
    text: Text = ""
    attachments: Files = msgspec.field(default_factory=list)


class TransferBody(Body):
    """To whom."""

    to: Id
    note: Text = ""


class SnoozeBody(Body):
    """Until when; null ends it."""

    until: dt.datetime | None


class TagsBody(Body):
    """All tags."""

    tags: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=20)]


class NoteBody(Body):
    """A private note."""

    body: Annotated[str, Meta(min_length=1, max_length=8000)]


class MergeBody(Body):
    """The conversation to merge into. `sure`: where nothing proves that both are of the same
    customer, the agent says so."""

    into: Id
    sure: bool = False


class MessagesQuery(Body):
    """From where on."""

    after: Annotated[int, Meta(ge=0, lt=2**31)] = 0


def conversation_routes(api: Api, services: Services, handing_back: HandsBack,
                        deliver: Deliver, alert: Alert) -> None:
    """Adds the routes."""
    ownership, desk, presences = services.ownership, services.desk, services.presences

    def row(conversation_id: str, agent: Agent) -> dict[str, Any] | None:
        presences.acted(agent.id)
        return desk.inbox.row(conversation_id, agent.id)

    @api.route("GET", "/conversations/<conversation_id>", permission="conversations",
               answer="Conversation", summary="A conversation with all that belongs to it",
               refuses=("unknown",))
    async def show(_: Request, agent: Agent, __: None, conversation_id: str) -> dict[str, Any]:
        return await asyncio.to_thread(desk.conversations.shown, conversation_id, agent.id)

    @api.route("GET", "/conversations/<conversation_id>/messages", permission="conversations",
               body=MessagesQuery, answer="Messages", summary="The messages after a number",
               refuses=("unknown",))
    async def messages(_: Request, __: Agent, query: MessagesQuery, conversation_id: str
                       ) -> dict[str, Any]:
        return {"messages": desk.conversations.messages(conversation_id, query.after)}

    @api.route("POST", "/conversations/<conversation_id>/claim", permission="conversations",
               body=ClaimBody, answer="Owner", summary="Takes a conversation",
               refuses=("unknown", "taken", "state"))
    async def claim(_: Request, agent: Agent, body: ClaimBody, conversation_id: str
                    ) -> dict[str, Any]:
        now = ownership.of(conversation_id)
        if body.epoch is not None and now.epoch != body.epoch and now.owner != AGENT:
            raise Refused("state", what="It has changed meanwhile. Please look again.")
        presences.acted(agent.id)
        return owner_json(ownership.claim(conversation_id, agent.id), agent)

    @api.route("POST", "/conversations/<conversation_id>/reply", permission="conversations",
               body=ReplyBody, answer="Sent", summary="Writes to the customer; takes the "
               "conversation if nobody has it", refuses=("unknown", "taken", "attachment"))
    async def reply(_: Request, agent: Agent, body: ReplyBody, conversation_id: str
                    ) -> dict[str, int]:
        text = _text(body.text, bool(body.attachments))
        replied = desk.replies.reply(conversation_id, agent.id, text,
                                     outside_id(body.client_msg_id, "client_msg_id"),
                                     body.attachments)
        presences.acted(agent.id)
        await deliver(conversation_id)
        return {"seq": replied.seq}

    @api.route("POST", "/conversations/<conversation_id>/hand-back", permission="conversations",
               answer="Owner", summary="Back to the assistant, which says how things stand",
               refuses=("unknown", "taken"))
    async def hand_back(_: Request, agent: Agent, __: None, conversation_id: str
                        ) -> dict[str, Any]:
        owner = await handing_back.hand_back(conversation_id, agent.id)
        presences.acted(agent.id)
        await deliver(conversation_id)
        return owner_json(owner, agent)

    @api.route("POST", "/conversations/<conversation_id>/close", permission="conversations",
               answer="Row", summary="Done: back to the assistant without a word",
               refuses=("unknown", "taken"))
    async def close(_: Request, agent: Agent, __: None, conversation_id: str
                    ) -> dict[str, Any] | None:
        await handing_back.close(conversation_id, agent.id)
        return row(conversation_id, agent)

    @api.route("POST", "/conversations/<conversation_id>/requeue", permission="conversations",
               answer="Row", summary="Back to its place in the queue",
               refuses=("unknown", "taken"))
    async def requeue(_: Request, agent: Agent, __: None, conversation_id: str
                      ) -> dict[str, Any] | None:
        ownership.requeue(conversation_id, agent.id, "requeued")
        return row(conversation_id, agent)

    @api.route("POST", "/conversations/<conversation_id>/transfer", permission="conversations",
               body=TransferBody, answer="Row", summary="To another agent",
               refuses=("unknown", "taken"))
    async def transfer(request: Request, agent: Agent, body: TransferBody, conversation_id: str
                       ) -> dict[str, Any] | None:
        if not any(each.id == body.to and each.active for each in services.staff.all()):
            raise Unknown("there is nothing here")
        note_details(request, to=body.to)
        with services.database.unit_of_work():
            ownership.give(conversation_id, agent.id, body.to)
            if body.note.strip():
                desk.handling.note(conversation_id, agent.id, take_in(body.note).shown)
        shown = row(conversation_id, agent)
        await alert(body.to, "transfer", conversation_id, called(shown))
        return shown

    @api.route("POST", "/conversations/<conversation_id>/snooze", permission="conversations",
               body=SnoozeBody, answer="Row", summary="Puts a conversation aside until then",
               refuses=("unknown", "taken", "state"))
    async def snooze(_: Request, agent: Agent, body: SnoozeBody, conversation_id: str
                     ) -> dict[str, Any] | None:
        until = body.until
        if until is not None and until.tzinfo is None:
            raise Refused("invalid", what="The moment needs a time zone.")
        desk.handling.snooze(conversation_id, agent.id, until)
        return row(conversation_id, agent)

    @api.route("PUT", "/conversations/<conversation_id>/tags", permission="conversations",
               body=TagsBody, summary="Gives a conversation these tags", refuses=("unknown",))
    async def tags(_: Request, __: Agent, body: TagsBody, conversation_id: str) -> None:
        desk.handling.tag(conversation_id, body.tags)

    @api.route("POST", "/conversations/<conversation_id>/notes", permission="conversations",
               body=NoteBody, answer="Note", summary="A private note", refuses=("unknown",))
    async def note(_: Request, agent: Agent, body: NoteBody, conversation_id: str
                   ) -> dict[str, Any]:
        written = desk.handling.note(conversation_id, agent.id, body.body)
        presences.acted(agent.id)
        who = called(desk.inbox.row(conversation_id, agent.id)) if written["mentions"] else ""
        for staff_id in written["mentions"]:
            if staff_id != agent.id:
                await alert(staff_id, "mention", conversation_id, who)
        return written

    @api.route("POST", "/conversations/<conversation_id>/merge", permission="merge",
               body=MergeBody, answer="Row", summary="Merges a conversation into another one",
               refuses=("unknown", "taken", "state", "unsure"))
    async def merge(request: Request, agent: Agent, body: MergeBody, conversation_id: str
                    ) -> dict[str, Any] | None:
        note_details(request, into=body.into, sure=body.sure)
        desk.handling.merge(conversation_id, body.into, agent.id, body.sure)
        return row(body.into, agent)


def owner_json(owner: Owner, agent: Agent) -> dict[str, Any]:
    """An `Owner` of docs/desk-protocol.md, after a change by this agent."""
    has = {"id": owner.agent_id, "name": owner.agent or agent.email} if owner.agent_id else None
    return {"owner": owner.owner, "epoch": owner.epoch, "agent": has}


def _text(written: str, with_files: bool) -> str:
    if with_files and not written.strip():
        return ""
    try:
        return take_in(written).shown
    except BadMessage as error:
        raise Refused("invalid", what=f"{error}.") from None
