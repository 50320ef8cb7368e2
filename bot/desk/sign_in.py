"""`/desk/api/sign-in…` and `/me`: signing in and out, one's own password and one-time codes."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, TypeVar

from msgspec import UNSET, Meta, UnsetType
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.desk.access import COOKIE, HALF, MAY, OPEN, Agent, session_cookie
from bot.desk.api import Api, Body, respond
from bot.desk.refusals import Refused
from bot.errors import AftersaleError
from bot.http.rates import RateLimit
from bot.http.requests import address_of
from bot.services.sign_in import SignIn
from bot.services.staff import Staff
from bot.services.staff_sessions import StaffSessions

#: Attempts a minute from one address, which a shop's whole staff may share.
PER_ADDRESS = 20
#: Hashing a password takes 64 MB and a core for a moment.
_WORKERS = 2
_Result = TypeVar("_Result")
Password = Annotated[str, Meta(min_length=1, max_length=256)]
Code = Annotated[str, Meta(min_length=6, max_length=12)]


class SignInBody(Body):
    """Address and password."""

    email: Annotated[str, Meta(min_length=1, max_length=320)]
    password: Password


class CodeBody(Body):
    """A one-time code."""

    code: Code


class PasswordBody(Body):
    """A password."""

    password: Password


class MeBody(Body):
    """What an agent may change of themselves."""

    name: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    languages: list[Annotated[str, Meta(pattern="^[a-z]{2,3}$")]] | UnsetType = UNSET
    old_password: Password | UnsetType = UNSET
    new_password: Password | UnsetType = UNSET


def sign_in_routes(api: Api, sign_in: SignIn, sessions: StaffSessions, staff: Staff,
                   statuses: Callable[[], dict[str, str]],
                   left: Callable[[str], None]) -> None:
    """Adds the routes. `statuses` of agents by their id; `left` is told who signed out."""
    by_address = RateLimit(PER_ADDRESS)
    workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="passwords")

    async def apart(work: Callable[..., _Result], *arguments: Any) -> _Result:
        """Runs what hashes passwords where nobody waits for it."""
        return await asyncio.get_running_loop().run_in_executor(
            workers, functools.partial(work, *arguments))

    def gone_on(request: Request, token: str) -> HTTPResponse:
        signed_in = sessions.find(token)
        if signed_in is None:
            raise Refused("signed_out")
        response = respond({"step": signed_in.step, "csrf": signed_in.csrf})
        response.headers["Set-Cookie"] = session_cookie(request, token)
        return response

    def me(agent: Agent, csrf: str) -> dict[str, Any]:
        found = staff.get(agent.id)
        return {"id": found.id, "email": found.email, "name": found.name, "role": found.role,
                "languages": found.languages, "skills": found.skills,
                "capacity": found.capacity, "status": statuses().get(agent.id, "offline"),
                "totp": found.totp, "csrf": csrf, "may": sorted(MAY[found.role])}

    @api.route("POST", "/sign-in", permission=OPEN, summary="Signs in with a password",
               body=SignInBody, answer="SignedIn", refuses=("wrong", "locked", "rate", "origin"))
    async def begin(request: Request, _: None, body: SignInBody) -> HTTPResponse:
        address = address_of(request)
        by_address.take(address)
        return gone_on(request, await apart(sign_in.password, body.email, body.password, address))

    @api.route("POST", "/sign-in/code", permission=HALF, summary="Goes on with a one-time code",
               body=CodeBody, answer="SignedIn", refuses=("code", "locked", "rate"))
    async def code(request: Request, agent: Agent, body: CodeBody) -> HTTPResponse:
        by_address.take(agent.address)
        token = request.cookies.get(COOKIE) or ""
        return gone_on(request, sign_in.code(token, body.code, agent.address))

    @api.route("POST", "/sign-in/password", permission=HALF,
               summary="Sets a password in place of the one-time one",
               body=PasswordBody, answer="SignedIn", refuses=("invalid", "rate"))
    async def password(request: Request, agent: Agent, body: PasswordBody) -> HTTPResponse:
        by_address.take(agent.address)
        token = request.cookies.get(COOKIE) or ""
        return gone_on(request, await apart(sign_in.new_password, token, body.password,
                                            agent.address))

    @api.route("POST", "/sign-out", permission=HALF, summary="Signs out")
    async def sign_out(request: Request, agent: Agent, _: None) -> HTTPResponse:
        sessions.end(request.cookies.get(COOKIE) or "")
        left(agent.id)
        response = respond(None)
        response.headers["Set-Cookie"] = session_cookie(request, None)
        return response

    @api.route("GET", "/me", permission="profile", summary="Who is signed in", answer="Me")
    async def who(request: Request, agent: Agent, _: None) -> dict[str, Any]:
        signed_in = api.access.signed_in(request)
        return me(agent, signed_in.csrf if signed_in else "")

    @api.route("PATCH", "/me", permission="profile", body=MeBody, answer="Me",
               summary="Changes one's name, languages or password",
               refuses=("invalid", "wrong", "locked"))
    async def change(request: Request, agent: Agent, body: MeBody) -> HTTPResponse:
        token = None
        if body.new_password is not UNSET:
            if body.old_password is UNSET:
                raise AftersaleError("a new password needs the old one")
            by_address.take(agent.address)
            token = await apart(sign_in.change_password, agent.id, body.old_password,
                                body.new_password, agent.address)
        values = {name: getattr(body, name) for name in ("name", "languages")
                  if getattr(body, name) is not UNSET}
        staff.change(agent.id, **values)
        signed_in = sessions.find(token) if token else api.access.signed_in(request)
        response = respond(me(agent, signed_in.csrf if signed_in else ""))
        if token and agent.session:
            response.headers["Set-Cookie"] = session_cookie(request, token)
        return response

    @api.route("POST", "/me/totp", permission="profile", answer="Totp",
               summary="Begins one-time codes: a secret for the authenticator",
               refuses=("state",))
    async def begin_totp(_: Request, agent: Agent, __: None) -> dict[str, str]:
        secret, uri = sign_in.begin_totp(agent.id)
        return {"secret": secret, "uri": uri}

    @api.route("POST", "/me/totp/confirm", permission="profile", body=CodeBody,
               summary="Turns one-time codes on, proven by one", refuses=("code", "state"))
    async def confirm_totp(_: Request, agent: Agent, body: CodeBody) -> None:
        by_address.take(agent.address)
        sign_in.confirm_totp(agent.id, agent.session, body.code)

    @api.route("DELETE", "/me/totp", permission="profile", body=PasswordBody,
               summary="Turns one-time codes off", refuses=("wrong", "locked"))
    async def remove_totp(_: Request, agent: Agent, body: PasswordBody) -> None:
        by_address.take(agent.address)
        await apart(sign_in.remove_totp, agent.id, body.password)
