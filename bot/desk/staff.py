"""`/desk/api/staff` and `/audit`: for admins."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sanic.request import Request

from bot.desk.access import Agent
from bot.desk.api import Api, Body, note_details
from bot.services.audit import Audit
from bot.services.staff import MOST_AT_ONCE, Staff, StaffView

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Role = Literal["agent", "lead", "admin"]
Languages = list[Annotated[str, Meta(pattern="^[a-z]{2,3}$")]]
Skills = list[Annotated[str, Meta(pattern="^[a-z][a-z_]*$", max_length=32)]]
Capacity = Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)]


class NewStaffBody(Body):
    """A new agent."""

    email: Annotated[str, Meta(min_length=3, max_length=320)]
    name: Annotated[str, Meta(max_length=200)] = ""
    role: Role = "agent"
    languages: Languages = msgspec.field(default_factory=list)
    skills: Skills = msgspec.field(default_factory=list)
    capacity: Capacity = 4


class StaffBody(Body):
    """What changes of an agent."""

    name: Name | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    languages: Languages | UnsetType = UNSET
    skills: Skills | UnsetType = UNSET
    capacity: Capacity | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class AuditQuery(Body):
    """Which part of the audit log."""

    after: str | None = None
    actor: str | None = None
    object: str | None = None


def staff_routes(api: Api, staff: Staff, audit: Audit) -> None:
    """Adds the routes."""

    @api.route("GET", "/staff", permission="staff", summary="Everybody, also those who left",
               answer="StaffList")
    async def everybody(_: Request, __: Agent, ___: None) -> list[StaffView]:
        return staff.all()

    @api.route("POST", "/staff", permission="staff", summary="Adds an agent", body=NewStaffBody,
               answer="NewStaff", status=201, refuses=("invalid",))
    async def add(request: Request, _: Agent, body: NewStaffBody) -> dict[str, Any]:
        note_details(request, email=body.email, role=body.role)
        added, password = staff.add(
            body.email, name=body.name, role=body.role, languages=body.languages,
            skills=body.skills, capacity=body.capacity)
        return {**vars(added), "password": password}

    @api.route("PATCH", "/staff/<staff_id>", permission="staff", summary="Changes an agent",
               body=StaffBody, answer="Staff", refuses=("invalid", "unknown", "state"))
    async def change(request: Request, _: Agent, body: StaffBody, staff_id: str) -> StaffView:
        values = {name: value for name, value in msgspec.structs.asdict(body).items()
                  if value is not UNSET}
        note_details(request, **values)
        return staff.change(staff_id, **values)

    @api.route("POST", "/staff/<staff_id>/password", permission="staff", answer="OneTimePassword",
               summary="A new one-time password; ends their sessions and turns codes off",
               refuses=("unknown",))
    async def password(_: Request, __: Agent, ___: None, staff_id: str) -> dict[str, str]:
        return {"password": staff.new_password(staff_id)}

    @api.route("GET", "/audit", permission="audit", summary="Who did what, the newest first",
               body=AuditQuery, answer="AuditPage")
    async def log(_: Request, __: Agent, body: AuditQuery) -> dict[str, Any]:
        rows, following = audit.page(actor=body.actor, object_id=body.object, after=body.after)
        said = {f"{route.method} {route.path}": route.summary for route in api.routes}
        return {"rows": [{**vars(row), "summary": said.get(row.action)} for row in rows],
                "next": following}
