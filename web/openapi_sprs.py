"""Software performance reports in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from kb.sprs import STATUSES
from web.openapi_parts import Door, article_number, choice, cursor, parameter, ui, whole

ABSENT = {"404": "There is no such report, or no such article, for the one who asks."}
REFUSED = ABSENT | {"422": "It cannot be so; `detail` says why."}
ROOT, ONE = "/api/v1/sprs", "/api/v1/sprs/{number}"


def spr_number(name: str = "number") -> dict[str, Any]:
    schema = {"type": "string", "pattern": "^(?=[A-Z.-]*[0-9])[A-Z0-9][A-Z0-9.-]{2,31}$"}
    return parameter(name, schema, "The report's number.", "path") | {"example": "2180459"}


def doors() -> list[Door]:
    number, article = spr_number(), article_number("article")
    link = ONE + "/articles/{article}"

    def change(path: str, method: str, name: str, summary: str, **others: Any) -> Door:
        return Door(path, method, name, summary, "Spr", "sprs:write", problems=REFUSED, **others)

    return [
        Door(
            ROOT, "get", "sprs", "All reports, the last changed first; staff alone", "Sprs", "read",
            parameters=(choice("status", ("all", *STATUSES)), whole("limit", 1, 100, 50), cursor(), ui()),
            problems=ABSENT, known=False,
        ),
        Door(
            ONE, "get", "spr", "A report that is linked to an article or a case of the asker's", "Spr", "read",
            parameters=(number, ui()), problems=ABSENT, known=False,
        ),
        change(ONE, "put", "saveSpr", "Add or change a report; staff alone", parameters=(number,), body="NewSpr"),
        change(link, "put", "linkSprArticle", "Link an article; staff alone", parameters=(number, article)),
        change(link, "delete", "unlinkSprArticle", "Take a link back; staff alone", parameters=(number, article)),
    ]  # fmt: skip
