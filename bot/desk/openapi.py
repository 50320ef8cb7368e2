"""The table of routes as an OpenAPI 3.1 document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml

from bot.desk.access import COOKIE, HALF, MAY, OPEN, ROLES
from bot.desk.api import FILE, PREFIX, Body, Route
from bot.desk.refusals import CODES

_ANSWERS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "answers.yml").read_text(encoding="utf-8"))
_PART = re.compile(r"<(\w+)(?::\w+)?>")
_REF = "#/components/schemas/{name}"
#: What any route that needs signing in refuses, whatever it does.
_ALWAYS = ("signed_out", "role", "rate", "unavailable")
_DESCRIPTION = (
    "All that the agents' desk does. Scripts sign in with a token (`bot staff token EMAIL`) and "
    "have the rights of that person. See docs/desk-api.md.")


def openapi(routes: list[Route]) -> dict[str, Any]:
    """The document for these routes."""
    bodies = [route.body for route in routes if route.body and route.method != "GET"]
    _, schemas = msgspec.json.schema_components(bodies, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = _PART.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "After-sale desk", "version": "1", "description": _DESCRIPTION},
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": {**_ANSWERS, **schemas, "Error": _error()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE}}},
    }


def _operation(route: Route) -> dict[str, Any]:
    roles = [role for role in ROLES if route.permission in MAY[role]]
    needs = {OPEN: "For everybody.", HALF: "For whoever has begun to sign in."}.get(
        route.permission, f"Role: {roles[0]} or more." if roles else "")
    operation: dict[str, Any] = {
        "summary": route.summary, "description": needs,
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_"),
        "tags": [route.path.strip("/").partition("/")[0]],
        "responses": {str(route.status): _answered(route), **_refused(route)},
        "security": [] if route.permission == OPEN else
        [{"session": []}] if route.permission == HALF else [{"token": []}, {"session": []}],
    }
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                  for name in _PART.findall(route.path)]
    if route.body is not None and route.method == "GET":
        parameters += _query(route.body)
    elif route.body is not None:
        operation["requestBody"] = {"required": True, "content": {
            "application/json": {"schema": {"$ref": _REF.format(name=route.body.__name__)}}}}
    elif route.stream:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {
            "schema": {"type": "object", "required": ["file"], "properties": {
                "file": {"type": "string", "format": "binary"}}}}}}
    if parameters:
        operation["parameters"] = parameters
    return operation


def _answered(route: Route) -> dict[str, Any]:
    if route.answer is None:
        return {"description": "Done"}
    if route.answer == FILE:
        return {"description": "The file", "content": {"*/*": {
            "schema": {"type": "string", "format": "binary"}}}}
    if route.answer not in _ANSWERS:
        raise LookupError(f"answers.yml lacks {route.answer} ({route.method} {route.path})")
    return {"description": "Done", "content": {
        "application/json": {"schema": {"$ref": _REF.format(name=route.answer)}}}}


def _refused(route: Route) -> dict[str, Any]:
    codes = [*route.refuses, *(() if route.permission == OPEN else _ALWAYS)]
    if route.method != "GET" and route.permission != OPEN:
        codes.append("csrf")
    if route.body is not None:
        codes += ["unreadable", "invalid"]
    by_status: dict[str, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(str(CODES[code]["status"]), []).append(code)
    return {status: {"description": " or ".join(f"`{code}`" for code in found), "content": {
        "application/json": {"schema": {"$ref": _REF.format(name="Error")}}}}
        for status, found in sorted(by_status.items())}


def _query(body: type[Body]) -> list[dict[str, Any]]:
    _, schemas = msgspec.json.schema_components([body], ref_template=_REF)
    schema = schemas[body.__name__]
    return [{"name": name, "in": "query", "required": name in schema.get("required", ()),
             "schema": described} for name, described in schema["properties"].items()]


def _error() -> dict[str, Any]:
    return {"type": "object", "required": ["error"], "properties": {"error": {
        "type": "object", "required": ["code", "text"], "properties": {
            "code": {"type": "string", "enum": list(CODES)}, "text": {"type": "string"},
            "retry_after": {"type": "integer", "description": "seconds"},
            "by": {"type": "string", "description": "who has it (`taken`)"}}}}}
