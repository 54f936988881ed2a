"""What is wrong with a request, in words for the person who made it."""

from __future__ import annotations

from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge

SHOWN = 80


class BadParameter(BadRequest):
    """A parameter of the address has a value that cannot be: `parameter`, what it had, and what would be `right`."""

    def __init__(self, name: str, value: str, right: str) -> None:
        super().__init__()
        self.parameter = name
        self.value = value if len(value) <= SHOWN else value[:SHOWN] + "…"
        self.right = right


class QueryTooLong(RequestEntityTooLarge):
    """More is asked than `limit` characters."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__()
        self.length, self.limit = length, limit


class PastTheEnd(NotFound):
    """There is no such page of results; `last` is the address of the last. `deep`: there are more, not to page to."""

    def __init__(self, last: str, deep: bool) -> None:
        super().__init__()
        self.last, self.deep = last, deep
