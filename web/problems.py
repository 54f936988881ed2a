"""What is wrong with a request, in words for the person who made it."""

from __future__ import annotations

from werkzeug.exceptions import BadRequest, Conflict, Forbidden, NotFound, RequestEntityTooLarge, UnprocessableEntity

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


class Refused(UnprocessableEntity):
    """What was asked cannot be: `told` says why. `forbidden`: for the one who asks."""

    def __init__(self, told: str, forbidden: bool = False) -> None:
        super().__init__()
        self.told = told
        if forbidden:
            self.code = Forbidden.code


class Conflicting(Conflict):
    """What was asked goes by something that has changed: `told` says what."""

    def __init__(self, told: str) -> None:
        super().__init__()
        self.told = told
