"""Writing articles for programs, as the browser does it. What changes something takes a bearer token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, g, request, url_for
from werkzeug.exceptions import NotFound, ServiceUnavailable

from kb.articles import Problem
from kb.contents import Content, File
from kb.editing import NoDraft, NotLicensed, NotNow, OpenDraft, Overtaken, Stale
from kb.files import attachment
from kb.messages import told
from kb.publishing import EditRefused
from kb.rendering.waiting import Crowded
from kb.store.drafts import DraftRow
from web import draft_schema as schema
from web import errors, idempotency, parameters
from web.api import json_of
from web.bodies import body
from web.draft_forms import LARGEST_TEXT, ROOM, listed
from web.idempotency import once
from web.language import now
from web.messages import text
from web.problems import BadParameter, Conflicting, Refused
from web.site import site
from web.viewer import require_token

blueprint = Blueprint("draft_api", __name__, url_prefix="/api/v1/drafts")
PARAMETERS = {"draft_api.drafts": ("ui",), "draft_api.draft": ("ui",), "draft_api.add_file": ("name", "ui")}
ONE = "/<int:draft>"
MOST = 2**31 - 1
LISTS = ("grants", "versions", "also_asked_as")
AS_GIVEN = ("title", "lang", "product", "type", "category", "confidence")


@blueprint.before_request
def check() -> None:
    """Whoever asks must be known, and for changes by a token; to those who write nothing there are no drafts."""
    require_token()
    site().editing.check_editor(g.viewer)
    if (request.view_args or {}).get("draft", 0) > MOST:
        raise NoDraft
    if request.endpoint in PARAMETERS:
        parameters.check_names(request.args, PARAMETERS[request.endpoint])
    is_file = request.endpoint == "draft_api.add_file"
    request.max_content_length = site().config.attachment_max_mb << 20 if is_file else LARGEST_TEXT + ROOM


idempotency.install(blueprint)


@blueprint.errorhandler(NoDraft)
def absent(_: NoDraft) -> Response:
    return errors.told(NotFound())


@blueprint.errorhandler(EditRefused)
def refused(error: EditRefused) -> Response:
    return errors.told(Refused("; ".join(told(each, g.language) for each in error.problems)))


@blueprint.errorhandler(NotLicensed)
def not_licensed(error: NotLicensed) -> Response:
    return errors.told(Refused(text(f"draft.needs_{error.needed}"), forbidden=True))


@blueprint.errorhandler(NotNow)
def not_now(_: NotNow) -> Response:
    return errors.told(Conflicting(text("draft.not_now")))


@blueprint.errorhandler(Overtaken)
def overtaken(_: Overtaken) -> Response:
    return errors.told(Conflicting(text("draft.overtaken")))


@blueprint.errorhandler(Stale)
def stale(error: Stale) -> Response:
    return errors.told(Conflicting(text("draft.stale", revision=error.draft.row.revision)))


@blueprint.errorhandler(Crowded)
def crowded(_: Crowded) -> Response:
    return errors.told(ServiceUnavailable())


@blueprint.get("")
def drafts() -> Response:
    found = site().editing.under_way(g.viewer)
    return json_of(schema.Drafts(drafts=[schema.DraftSummary(**_known(row)) for row in found]))


@blueprint.post("")
def begin() -> Response:
    """A draft of an article, the one under way or a new one; or of a new article."""
    given = body(schema.NewDraft)
    editing = site().editing
    if given.article is not None:
        if more := given.model_fields_set - {"article"}:
            # Another may be at it: what is to change goes by a revision.
            raise BadParameter(min(more), given.article, text("api.draft_alone"))
        number = given.article
        return _told(once(lambda: editing.open(g.viewer, number, now())), 201)
    content = _content(given, None, Content("", given.lang or g.language, given.product or "", ""))
    return _told(once(lambda: editing.new(g.viewer, content, now(), given.beside)), 201)


@blueprint.get(ONE)
def draft(draft: int) -> Response:
    return _told(draft)


@blueprint.patch(ONE)
def save(draft: int) -> Response:
    given = body(schema.DraftSave)
    found = site().editing.draft(g.viewer, draft)
    site().editing.save(g.viewer, draft, given.revision, _content(given, found), now())
    return _told(draft)


@blueprint.post(ONE + "/files")
def add_file(draft: int) -> Response:
    """The body is the file; a save names it by its digest then."""
    name = request.args.get("name", "")
    if not name:
        raise BadParameter("name", name, text("api.file_name"))
    site().editing.draft(g.viewer, draft)
    kept = once(lambda: asdict(site().editing.add_file(g.viewer, draft, attachment(name, request.get_data()))))
    return json_of(_file(File(**kept)), 201)


@blueprint.post(ONE + "/preview")
def preview(draft: int) -> Response:
    """What readers would see of it, changed by what is sent; nothing is saved."""
    found = site().editing.draft(g.viewer, draft)
    content = _content(body(schema.DraftText), found)
    made = site().editing.preview(
        g.viewer, draft, content, lambda file: url_for("drafts.file", number=draft, digest=file.digest)
    )
    sections = [
        schema.PreviewSection(grants=list(each.grants), html=each.html, text=each.text) for each in made.sections
    ]
    return json_of(schema.DraftPreview(sections=sections, remarks=[told(each, g.language) for each in made.remarks]))


@blueprint.post(ONE + "/submit")
def submit(draft: int) -> Response:
    return _turned(draft, lambda revision, _: site().editing.submit(g.viewer, draft, revision, now()))


@blueprint.post(ONE + "/send-back")
def send_back(draft: int) -> Response:
    return _turned(draft, lambda revision, note: site().editing.send_back(g.viewer, draft, revision, note, now()))


@blueprint.post(ONE + "/rebase")
def rebase(draft: int) -> Response:
    return _turned(draft, lambda revision, _: site().editing.rebase(g.viewer, draft, revision, now()))


@blueprint.post(ONE + "/discard")
def discard(draft: int) -> Response:
    return _turned(draft, lambda revision, _: site().editing.discard(g.viewer, draft, revision, now()))


@blueprint.post(ONE + "/publish")
def publish(draft: int) -> Response:
    return _turned(draft, lambda revision, _: site().editing.publish(g.viewer, draft, revision, now()))


def _turned(draft: int, act: Callable[[int, str], object]) -> Response:
    given = body(schema.DraftTurn)
    once(lambda: act(given.revision, given.note))
    return _told(draft)


@blueprint.post(ONE + "/schedule")
def schedule(draft: int) -> Response:
    given = body(schema.DraftSchedule)
    at = _moment(given.publish_at, "publish_at")
    once(lambda: site().editing.schedule(g.viewer, draft, given.revision, at, now()))
    return _told(draft)


# From what is sent to a content


def _content(given: schema.DraftText, found: OpenDraft | None, empty: Content | None = None) -> Content:
    """What was written; what was not sent stays as it was."""
    before = found.content if found else empty
    assert before is not None  # noqa: S101 (one of the two is given)
    sent = {name: value for name, value in given.model_dump(exclude_unset=True).items() if value is not None}
    values: dict[str, Any] = {name: sent[name] for name in AS_GIVEN if name in sent}
    values |= {name: listed(sent[name]) for name in LISTS if name in sent}
    if "title" in values:
        values["title"] = values["title"].replace("\0", " ").strip()
    if "body" in sent:
        values["body"] = sent["body"].replace("\r\n", "\n").replace("\r", "\n")
    if "owner" in sent:
        values["owner"] = sent["owner"].strip() or None
    if "review_on" in sent:
        values["review_on"] = _day(sent["review_on"]) if sent["review_on"] else None
    if "expires_at" in sent:
        values["expires_at"] = _moment(sent["expires_at"], "expires_at") if sent["expires_at"] else None
    if "new_number" in sent:
        values["number"] = sent["new_number"]
    if given.files is not None:
        values["files"] = tuple(_named(each, found) for each in given.files)
    return replace(before, **values)


def _named(given: schema.NamedFile, found: OpenDraft | None) -> File:
    if found is None:
        raise BadParameter("files", given.name, text("api.no_files_yet"))
    there = next((each for each in found.content.files if each.digest == given.digest), None)
    if there is None:
        try:
            media_type, content = site().editing.file(g.viewer, found.row.id, given.digest)
        except NoDraft:
            raise BadParameter("files", given.digest, text("api.no_such_file")) from None
        there = File(given.name, given.digest, media_type, len(content))
    return replace(there, name=given.name)


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise EditRefused(Problem("wrong_date", "review_on", {"value": given})) from None


def _moment(given: str, field: str) -> datetime:
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise EditRefused(Problem("wrong_moment", field, {"value": given})) from None
    if found.tzinfo is None:
        raise EditRefused(Problem("wrong_moment", field, {"value": given}))
    return found


# From a draft to what is told of it


def _told(draft: int, status: int = 200) -> Response:
    found = site().editing.draft(g.viewer, draft)
    content, row = found.content, found.row
    answer = json_of(
        schema.Draft(
            **_known(row),
            **{name: getattr(content, name) for name in ("type", "confidence")},
            body=content.body,
            grants=list(content.grants),
            category=content.category,
            versions=list(content.versions),
            also_asked_as=list(content.also_asked_as),
            owner=content.owner,
            review_on=content.review_on,
            expires_at=content.expires_at,
            new_number=content.number,
            files=[_file(each) for each in content.files],
            needs=found.needs,
            may_publish=site().editing.may(g.viewer, content.product, found.needs),
            is_published=found.published is not None,
            problem=told(Problem(**row.problem), g.language) if row.problem else None,
        ),
        status,
    )
    if status == 201:
        answer.headers["Location"] = url_for("draft_api.draft", draft=draft)
    return answer


def _known(row: DraftRow) -> dict[str, Any]:
    names = ("id", "number", "title", "lang", "product", "state", "revision", "publish_at", "by", "changed_at")
    return {**{name: getattr(row, name) for name in names}, "url": url_for("drafts.page", number=row.id)}


def _file(file: File) -> schema.DraftFile:
    return schema.DraftFile(
        name=file.name, digest=file.digest, media_type=file.media_type, size=file.size, grants=list(file.grants)
    )
