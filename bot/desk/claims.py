"""`/desk/api/claims` and `/tickets`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType
from sanic.request import Request

from bot.bootstrap import Services
from bot.desk.access import Agent
from bot.desk.api import Api, Body, note_details
from bot.desk.conversations import Deliver
from bot.desk.refusals import Refused
from bot.engine.door import MAX_CHARACTERS, take_in
from bot.services.desk.claims import STEPS, Decider, MayNotOverride

Words = Annotated[str, Meta(min_length=1, max_length=MAX_CHARACTERS)]
Short = Annotated[str, Meta(max_length=200)]


class DecideBody(Body):
    """A decision with its reason. The customer reads `reason` as it is written here, and the
    `clause` by which it is declined in their language; a decline needs one of both."""

    outcome: Literal["covered", "not_covered"]
    reason: Annotated[str, Meta(max_length=2000)] = ""
    clause: Annotated[str, Meta(max_length=32)] = ""


class EvidenceBody(Body):
    """What the customer is asked for, in their language."""

    text: Words


class StepBody(Body):
    """The next step. `note` stays at the desk, the customer is told `tracking`."""

    to: Literal[STEPS]  # type: ignore[valid-type]
    note: Annotated[str, Meta(max_length=2000)] = ""
    tracking: Short = ""


class TicketsQuery(Body):
    """Which tickets."""

    state: Literal["open", "waiting", "solved", "closed"] | None = None
    queue: Literal["support", "presale"] | None = None
    assignee: Annotated[str, Meta(max_length=32)] | None = None
    after: Annotated[str, Meta(max_length=12)] | None = None


class TicketBody(Body):
    """What changes of a ticket."""

    state: Literal["open", "waiting", "solved", "closed"] | UnsetType = UNSET
    priority: Literal["low", "normal", "high", "urgent"] | UnsetType = UNSET
    queue: Literal["support", "presale"] | UnsetType = UNSET
    assignee: Annotated[str, Meta(max_length=32)] | UnsetType | None = UNSET


class MergeTicketBody(Body):
    """The ticket to merge into."""

    into: Annotated[str, Meta(min_length=1, max_length=16)]


def claim_routes(api: Api, services: Services, deliver: Deliver) -> None:
    """Adds the routes of claims."""
    claims = services.desk.claims

    async def told(claim: dict[str, Any], agent: Agent) -> dict[str, Any]:
        services.presences.acted(agent.id)
        if claim["conversation_id"]:
            await deliver(claim["conversation_id"])
        return claim

    @api.route("GET", "/claims/<number>", permission="claims", answer="Claim", summary="A claim",
               refuses=("unknown",))
    async def show(_: Request, __: Agent, ___: None, number: str) -> dict[str, Any]:
        return claims.shown(number)

    @api.route("POST", "/claims/<number>/decide", permission="claims", body=DecideBody,
               answer="Claim", summary="Approves or declines a claim; the customer is told",
               refuses=("unknown", "invalid", "state", "role"))
    async def decide(request: Request, agent: Agent, body: DecideBody, number: str
                     ) -> dict[str, Any]:
        note_details(request, outcome=body.outcome, clause=body.clause)
        reason = take_in(body.reason).shown if body.reason.strip() else ""
        try:
            decided = claims.decide(number, body.outcome, reason, _decider(agent), body.clause)
        except MayNotOverride:
            raise Refused("role") from None
        return await told(decided, agent)

    @api.route("POST", "/claims/<number>/evidence", permission="claims", body=EvidenceBody,
               answer="Claim", summary="Asks the customer for evidence",
               refuses=("unknown", "state"))
    async def evidence(_: Request, agent: Agent, body: EvidenceBody, number: str
                       ) -> dict[str, Any]:
        return await told(claims.ask_for_evidence(number, take_in(body.text).shown,
                                                  _decider(agent)), agent)

    @api.route("POST", "/claims/<number>/steps", permission="claims", body=StepBody,
               answer="Claim", summary="The next step of a repair", refuses=("unknown", "state"))
    async def step(request: Request, agent: Agent, body: StepBody, number: str) -> dict[str, Any]:
        note_details(request, to=body.to)
        return await told(claims.step(number, body.to, _decider(agent), body.note.strip(),
                                      body.tracking.strip()), agent)


def ticket_routes(api: Api, services: Services) -> None:
    """Adds the routes of tickets."""
    tickets = services.desk.tickets

    @api.route("GET", "/tickets", permission="tickets", body=TicketsQuery, answer="TicketPage",
               summary="Tickets, those due first on top; open and waiting ones unless a state "
               "is named")
    async def listed(_: Request, agent: Agent, query: TicketsQuery) -> dict[str, Any]:
        assignee = agent.id if query.assignee == "me" else query.assignee
        return tickets.listed(state=query.state, queue=query.queue, assignee=assignee,
                              after=query.after)

    @api.route("GET", "/tickets/<number>", permission="tickets", answer="Ticket",
               summary="A ticket with its entries and history", refuses=("unknown",))
    async def show(_: Request, __: Agent, ___: None, number: str) -> dict[str, Any]:
        return tickets.shown(number)

    @api.route("PATCH", "/tickets/<number>", permission="tickets", body=TicketBody,
               answer="Ticket", summary="Changes a ticket", refuses=("unknown", "state"))
    async def change(request: Request, agent: Agent, body: TicketBody, number: str
                     ) -> dict[str, Any]:
        changes = {name: getattr(body, name) for name in body.__struct_fields__
                   if getattr(body, name) is not UNSET}
        note_details(request, **changes)
        if changes.get("assignee") == "me":
            changes["assignee"] = agent.id
        return tickets.change(number, changes, agent.email)

    @api.route("POST", "/tickets/<number>/merge", permission="merge", body=MergeTicketBody,
               answer="Ticket", summary="Merges a ticket into another one of the same customer",
               refuses=("unknown", "state"))
    async def merge(request: Request, agent: Agent, body: MergeTicketBody, number: str
                    ) -> dict[str, Any]:
        note_details(request, into=body.into)
        return tickets.merge(number, body.into, agent.email)


def _decider(agent: Agent) -> Decider:
    return Decider(agent.id, agent.email, agent.may("override"))
