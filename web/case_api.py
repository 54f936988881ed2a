"""Cases for programs. What changes something takes a bearer token: with a cookie alone, other sites could do it."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, g, request, url_for
from werkzeug.exceptions import NotFound

from kb.cases import PAGE, Case, CaseRefused, NewCase, NoCase, Said, Stale
from kb.clocks import NEVER
from kb.store.case_files import CaseFile
from kb.store.cases import CaseRow, Sort, Walk
from web import cursors, errors, idempotency, parameters, schema, uploads
from web.api import json_of
from web.articles import download, readable
from web.bodies import body
from web.cases import told
from web.idempotency import once
from web.language import now
from web.messages import text
from web.problems import BadParameter, Conflicting, Refused
from web.site import site
from web.sprs import summary
from web.viewer import require_token

blueprint = Blueprint("case_api", __name__, url_prefix="/api/v1/cases")
PARAMETERS = {
    "case_api.cases": ("state", "sort", "limit", "cursor", "ui"),
    "case_api.case": ("ui",),
    "case_api.attach": ("file_name", "internal", "ui"),
}
STATES = ("open", "closed", "all")
SORTS: tuple[Sort, ...] = ("opened", "due")
MOST = 100

FORBIDDEN = ("not_entitled", "staff_only")


@blueprint.before_request
def check() -> None:
    """Whoever asks must be known, and for changes by a token."""
    require_token()
    if request.endpoint in PARAMETERS:
        parameters.check_names(request.args, PARAMETERS[request.endpoint])
    if request.endpoint == "case_api.attach":
        request.max_content_length = site().config.attachment_max_mb << 20


idempotency.install(blueprint)


@blueprint.errorhandler(NoCase)
def absent(_: NoCase) -> Response:
    return errors.told(NotFound())


@blueprint.errorhandler(CaseRefused)
def refused(error: CaseRefused) -> Response:
    return errors.told(Refused(told(error), error.reason in FORBIDDEN))


@blueprint.errorhandler(Stale)
def stale(_: Stale) -> Response:
    return errors.told(Conflicting(text("case.wrong.stale")))


@blueprint.get("")
def cases() -> Response:
    """A page of a walk through the cases, and where the next one begins."""
    state, sort = (_choice(name, allowed) for name, allowed in (("state", STATES), ("sort", SORTS)))
    limit = parameters.whole(request.args, "limit", PAGE, MOST)
    way, after = f"{state} {sort}", request.args.get("cursor")
    is_open = None if state == "all" else state == "open"
    walk = Walk(is_open, cast(Sort, sort), cursors.place(after, way) if after else None, limit + 1)
    found = site().cases.walk(g.viewer, walk)
    return json_of(
        schema.Cases(
            cases=[_summary(row) for row in found[:limit]],
            next=cursors.cursor(way, *walk.place(found[limit - 1])) if len(found) > limit else None,
        )
    )


def _choice(name: str, allowed: tuple[str, ...]) -> str:
    """What a parameter chooses; the first when it is not given."""
    given = request.args.get(name, allowed[0])
    if given not in allowed:
        raise BadParameter(name, given, text("wrong.choice", choices=", ".join(allowed)))
    return given


@blueprint.post("")
def open_case() -> Response:
    given = body(schema.NewCase)
    number = once(lambda: site().cases.open(g.viewer, NewCase(**given.model_dump()), now()))
    return _told(number, 201)


@blueprint.get("/<number>")
def case(number: str) -> Response:
    return _told(number)


@blueprint.patch("/<number>")
def change(number: str) -> Response:
    given = body(schema.CaseChange)
    wanted = given.model_dump(exclude_unset=True, exclude={"revision", "take"}, exclude_none=True)
    if given.take:
        wanted["owner_id"] = g.viewer.account_id
    site().cases.change(g.viewer, number, given.revision, wanted, now())
    return _told(number)


@blueprint.post("/<number>/replies")
def reply(number: str) -> Response:
    given = body(schema.CaseReply)
    once(lambda: site().cases.reply(g.viewer, number, given.text, now(), internal=given.internal))
    return _told(number, 201)


@blueprint.post("/<number>/files")
def attach(number: str) -> Response:
    """The file is the body of the request."""
    name = request.args.get("file_name", "")
    if not name:
        raise BadParameter("file_name", name, text("imports.file_name"))
    internal = request.args.get("internal", "0")
    if internal not in ("0", "1"):
        raise BadParameter("internal", internal, text("wrong.choice", choices="0, 1"))
    said = Said("", internal == "1", (uploads.attachment(name, request.get_data()),))
    once(lambda: site().cases.say(g.viewer, number, said, now()))
    return _told(number, 201)


@blueprint.get("/<number>/files/<uid>")
def file(number: str, uid: str) -> Response:
    found = site().cases.file(g.viewer, number, uid)
    if found is None:
        raise NotFound
    return download(found)


@blueprint.put("/<number>/links/<article>")
def link(number: str, article: str) -> Response:
    given = body(schema.NewCaseLink)
    site().cases.check_staff(g.viewer)
    site().cases.link(g.viewer, number, readable(article), given.role, now(), internal=given.internal)
    return _told(number)


@blueprint.delete("/<number>/links/<article>")
def unlink(number: str, article: str) -> Response:
    site().cases.check_staff(g.viewer)
    site().cases.unlink(g.viewer, number, readable(article).row.id, now())
    return _told(number)


@blueprint.put("/<number>/sprs/<spr>")
def link_spr(number: str, spr: str) -> Response:
    site().cases.link_spr(g.viewer, number, spr, now())
    return _told(number)


@blueprint.delete("/<number>/sprs/<spr>")
def unlink_spr(number: str, spr: str) -> Response:
    site().cases.unlink_spr(g.viewer, number, spr, now())
    return _told(number)


def _told(number: str, status: int = 200) -> Response:
    found = site().cases.case(g.viewer, number, now())
    if found is None:
        raise NotFound
    return json_of(_whole(found), status)


def _summary(row: CaseRow) -> schema.CaseSummary:
    return schema.CaseSummary(**_known(row))


def _known(row: CaseRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "subject": row.subject,
        "product": row.product,
        "version": row.version,
        "severity": row.severity,
        "status": row.status,
        "customer": row.customer,
        "contact": row.contact,
        "owner": row.owner,
        "opened_at": row.opened_at,
        "changed_at": row.changed_at,
        "due_at": row.due_at if row.due_at < NEVER else None,
        "url": url_for("cases.case", number=row.number),
    }


def _file(number: str, file: CaseFile) -> schema.File:
    url = url_for("case_api.file", number=number, uid=file.uid)
    return schema.File(name=file.name, media_type=file.media_type, size=file.size, url=url)


def _whole(found: Case) -> schema.Case:
    return schema.Case(
        **_known(found.row),
        revision=found.row.revision,
        environment=found.row.environment,
        package=found.package,
        clocks=[
            schema.Clock(kind=one.kind, state=one.state, due_at=one.due, used=float(one.used)) for one in found.clocks
        ],
        events=[
            schema.CaseEvent(
                at=one.at,
                by=one.by,
                kind=one.kind,
                internal=one.internal,
                text=one.text,
                data=dict(one.data),
                files=[_file(found.row.number, file) for file in found.files_of(one)],
            )
            for one in found.events
        ],
        links=[
            schema.CaseLink(
                number=one.link.number,
                title=one.article.row.title,
                role=one.link.role,
                internal=one.link.internal,
                open_to_customer=one.open_to_customer,
            )
            for one in found.links
        ],
        sprs=[summary(row) for row in found.sprs],
    )
