"""Drafts in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from web.openapi_parts import Door, ui, whole, words

NO_DRAFT = {"404": "There is no such draft, or no such article, for the one who asks: those who write see them."}
REFUSED = NO_DRAFT | {
    "409": "It was saved since `revision`, is not at that point, its article was changed, or the same key is at work.",
    "422": "It cannot be; `detail` says everything that is wrong.",
}
NO_CHANGE = {
    "404": "There is no such batch, or nothing to change, for the one who asks: those who write see them.",
    "409": "Articles were written since the look, or since the batch; or the same key is at work.",
    "422": "Nothing is to be changed.",
}
CHANGES = "/api/v1/changes"
ROOT, ONE = "/api/v1/drafts", "/api/v1/drafts/{draft}"


def doors() -> list[Door]:
    number = whole("draft", 1, 2**31 - 1, place="path")

    def door(path: str, method: str, name: str, summary: str, answer: str, **others: Any) -> Door:
        given = {"problems": NO_DRAFT if method == "get" else REFUSED, "parameters": (number,), **others}
        return Door(path, method, name, summary, answer, "drafts", **given)

    def turn(name: str, operation: str, summary: str, body: str = "DraftTurn") -> Door:
        return door(f"{ONE}/{name}", "post", operation, summary, "Draft", body=body)

    return [
        door(ROOT, "get", "drafts", "The drafts under way", "Drafts", parameters=(ui(),)),
        door(
            ROOT, "post", "beginDraft", "Begin a draft, of an article or of a new one", "Draft", status="201",
            body="NewDraft", parameters=(),
        ),
        door(ONE, "get", "draft", "A draft with its text", "Draft", parameters=(number, ui())),
        door(ONE, "patch", "saveDraft", "Save it", "Draft", body="DraftSave"),
        door(
            ONE + "/files", "post", "addDraftFile", "Send a file; a save names it then", "DraftFile", status="201",
            parameters=(number, words("name", "What the file is called.", required=True), ui()), is_file=True,
        ),
        door(ONE + "/preview", "post", "previewDraft", "What readers would see", "DraftPreview", body="DraftText"),
        turn("submit", "submitDraft", "Send it to review"),
        turn("send-back", "sendDraftBack", "From review or its schedule back to its author"),
        turn("rebase", "rebaseDraft", "Go on from what changed of the article since"),
        turn("discard", "discardDraft", "End it without a trace for readers"),
        turn("publish", "publishDraft", "Make it the article"),
        turn("schedule", "scheduleDraft", "Publish it at a moment", "DraftSchedule"),
        *_change_doors(),
    ]  # fmt: skip


def _change_doors() -> list[Door]:
    """Many articles changed at once."""
    batch = whole("batch", 1, 2**31 - 1, place="path")

    def door(path: str, name: str, summary: str, answer: str, **others: Any) -> Door:
        return Door(CHANGES + path, "post", name, summary, answer, "drafts", problems=NO_CHANGE, **others)

    return [
        door("/look", "lookAtChange", "What would change of each article", "ChangeLook", body="ArticlesToChange"),
        door("", "writeChange", "Write what was looked at, as one batch", "Batch", body="ChangeToWrite"),
        door("/{batch}/take-back", "takeChangeBack", "Everything as before it", "Batch", parameters=(batch,)),
    ]
