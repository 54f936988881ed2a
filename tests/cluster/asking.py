"""Requests through the proxy, and what became of each."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 75.0
SLOW = 10.0


@dataclass(frozen=True)
class Question:
    """A request. `who` names the person who asks; `what` the kind, for the table."""

    what: str
    who: str
    path: str
    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """`status` 0: there was none, and `body` says why."""

    status: int
    body: bytes
    headers: Sequence[tuple[str, str]] = ()

    @property
    def is_answered(self) -> bool:
        """Whether it is what was asked for, or a reason not to give it that lies with who asks."""
        return 0 < self.status < 500

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_plain(self) -> bool:
        """Whether the store answered, in the plainer form, since the engine was away."""
        return b'"plain":true' in self.body


@dataclass(frozen=True)
class Outcome:
    """What became of a request, and when. `wrong`: what the answer should not have held, or should."""

    question: Question
    answer: Answer
    began: float
    seconds: float
    wrong: tuple[str, ...] = ()

    @property
    def ended(self) -> float:
        return self.began + self.seconds

    @property
    def is_full(self) -> bool:
        """Whether this is service as it should be: answered, by the engine, soon."""
        return self.answer.is_answered and not self.answer.is_plain and self.seconds < SLOW


def ask(address: str, question: Question) -> Answer:
    connection = http.client.HTTPConnection(address, 80, timeout=PATIENCE)
    try:
        connection.request(question.method, question.path, question.body, {"Connection": "close", **question.headers})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(), answer.getheaders())
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, repr(error).encode())
    finally:
        connection.close()


def timed(address: str, question: Question) -> tuple[Answer, float, float]:
    began = time.monotonic()
    answer = ask(address, question)
    return answer, began, time.monotonic() - began
