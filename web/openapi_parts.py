"""What the parts of the OpenAPI document are put together from: doors, their parameters, what can go wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kb.articles import LANGUAGES

PROBLEMS = {
    "400": "A parameter is wrong; `parameter` names it.",
    "401": "The token is not known, or has ended.",
    "403": "The token may not be used for this, or the asker may not do it; `detail` says why.",
    "413": "What was sent is longer than the limit.",
    "503": "The store or the index cannot answer now.",
}
KEY_PROBLEMS = {
    "409": "The first request with this `Idempotency-Key` is still at work.",
    "422": "The `Idempotency-Key` was used for another request.",
}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@dataclass(frozen=True)
class Door:
    """A kind of request. `answer` and `body` name schemas; an `answer` of None: there is nothing to say.

    `scope` is what a token needs for it; `known`: it takes a token.
    """

    path: str
    method: str
    name: str
    summary: str
    answer: str | None
    scope: str
    status: str = "200"
    parameters: tuple[dict[str, Any], ...] = ()
    body: str | None = None
    is_file: bool = False
    gives_file: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    known: bool = True


def paths(doors: Iterable[Door]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for door in doors:
        found.setdefault(door.path, {})[door.method] = operation(door)
    return found


def operation(door: Door) -> dict[str, Any]:
    repeatable = door.method == "post"
    problems = {**PROBLEMS, **(KEY_PROBLEMS if repeatable else {}), **door.problems}
    responses: dict[str, Any] = {door.status: _answered(door)}
    responses |= {
        status: {"description": description, "content": PROBLEM} for status, description in sorted(problems.items())
    }
    parameters = [*door.parameters, *([idempotency_key()] if repeatable else [])]
    described: dict[str, Any] = {
        "operationId": door.name, "summary": door.summary, "parameters": parameters, "responses": responses,
        "security": [*([] if door.known else [{}]), {"bearer": [door.scope]}],
    }  # fmt: skip
    if door.body:
        described["requestBody"] = {"required": True, "content": json_of(door.body)}
    if door.is_file:
        described["requestBody"] = {"required": True, "content": FILE}
    return described


FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def _answered(door: Door) -> dict[str, Any]:
    if door.gives_file:
        return {"description": door.summary, "content": FILE}
    return {"description": door.summary, **({"content": json_of(door.answer)} if door.answer else {})}


def json_of(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def parameter(name: str, schema: Mapping[str, Any], description: str = "", place: str = "query") -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": place, "schema": dict(schema)}
    if place == "path":
        found["required"] = True
    return found | ({"description": description} if description else {})


def choice(name: str, allowed: Iterable[str], description: str = "") -> dict[str, Any]:
    """A parameter that takes one of these; the first is the default."""
    values = list(allowed)
    return parameter(name, {"type": "string", "enum": values, "default": values[0]}, description)


def whole(name: str, least: int, most: int, default: int | None = None, place: str = "query") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": most}
    return parameter(name, schema | ({} if default is None else {"default": default}), place=place)


def cursor() -> dict[str, Any]:
    return parameter(
        "cursor", {"type": "string", "minLength": 1}, "The `next` of the page before; else from the start."
    )


def words(name: str, description: str, required: bool = False) -> dict[str, Any]:
    schema = {"type": "string", **({"minLength": 1} if required else {})}
    return parameter(name, schema, description) | {"required": required}


def idempotency_key() -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
    told = "Of the program's choice: the same request with the same key is done once, and told of as it is now."
    return parameter("Idempotency-Key", schema, told, "header")


def article_number(name: str = "number") -> dict[str, Any]:
    found = parameter(name, {"type": "string", "pattern": "^KB[0-9]{6,9}$"}, "The article's number.", "path")
    return found | {"example": "KB000001"}


def case_number() -> dict[str, Any]:
    found = parameter("number", {"type": "string", "pattern": "^C[0-9]{8}$"}, "The case's number.", "path")
    return found | {"example": "C00000001"}


def ui() -> dict[str, Any]:
    told = "The language of names and messages; else as Accept-Language says."
    return parameter("ui", {"type": "string", "enum": list(LANGUAGES)}, told)
