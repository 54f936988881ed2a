"""Cases in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from web.openapi_parts import Door, article_number, case_number, choice, cursor, parameter, ui, whole, words
from web.openapi_sprs import spr_number

NO_CASE = {"404": "There is no such case, or no such article, for the one who asks."}
REFUSED = NO_CASE | {
    "409": "The case has changed since `revision`, or the same key is at work.",
    "422": "It cannot be done; `detail` says why.",
}
ROOT, ONE = "/api/v1/cases", "/api/v1/cases/{number}"


def doors() -> list[Door]:
    number, link = case_number(), ONE + "/links/{article}"
    state, sort = choice("state", ("open", "closed", "all")), choice("sort", ("opened", "due"))

    def change(path: str, method: str, name: str, summary: str, **others: Any) -> Door:
        given: dict[str, Any] = {"problems": REFUSED, "parameters": (number,), **others}
        return Door(path, method, name, summary, "Case", "cases:write", **given)

    return [
        Door(
            ROOT, "get", "cases", "The cases the asker sees", "Cases", "cases:read",
            parameters=(state, sort, whole("limit", 1, 100, 50), cursor(), ui()),
        ),
        Door(ONE, "get", "case", "A case", "Case", "cases:read", parameters=(number, ui()), problems=NO_CASE),
        change(ROOT, "post", "openCase", "Open a case", body="NewCase", status="201", parameters=()),
        change(ONE, "patch", "changeCase", "Change a case", body="CaseChange"),
        change(
            ONE + "/replies", "post", "replyToCase", "Add to the conversation", body="CaseReply", status="201",
        ),
        change(
            ONE + "/files", "post", "attachFile", "Add a file to the conversation", status="201", is_file=True,
            parameters=(
                number, words("file_name", "What it is called.", required=True),
                choice("internal", ("0", "1"), "1: for staff alone."), ui(),
            ),
            problems=REFUSED | {"413": "The file is larger than the limit."},
        ),
        Door(
            ONE + "/files/{uid}", "get", "caseFile", "A file of a case", None, "cases:read", gives_file=True,
            parameters=(number, parameter("uid", {"type": "string", "pattern": "^[0-9a-f]{32}$"}, place="path")),
            problems=NO_CASE,
        ),
        change(
            link, "put", "linkArticle", "Link an article; staff alone", body="NewCaseLink",
            parameters=(number, article_number("article")),
        ),
        change(
            ONE + "/sprs/{spr}", "put", "linkSpr", "Link a software performance report; staff alone",
            parameters=(number, spr_number("spr")),
        ),
        change(
            ONE + "/sprs/{spr}", "delete", "unlinkSpr", "Take a link to a report back; staff alone",
            parameters=(number, spr_number("spr")),
        ),
        change(
            link, "delete", "unlinkArticle", "Take a link back; staff alone",
            parameters=(number, article_number("article")),
        ),
    ]  # fmt: skip
