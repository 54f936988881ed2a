"""What every answer of the API, and everything sent to it, has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Given(BaseModel):
    """What a program sends: nothing that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
