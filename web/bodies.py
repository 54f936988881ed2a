"""What programs send: JSON of a known shape."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from web.messages import text
from web.problems import BadParameter

B = TypeVar("B", bound=BaseModel)


def body(kind: type[B]) -> B:
    """The request's JSON. BadParameter names the first thing that is wrong with it."""
    try:
        return kind.model_validate_json(request.get_data())
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        name = ".".join(map(str, first["loc"])) or "body"
        raise BadParameter(name, repr(first["input"]), text("wrong.body")) from None
