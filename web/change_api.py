"""Many articles changed at once, for programs, as the browser does it. What changes something takes a bearer token."""

from __future__ import annotations

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import NotFound

from kb.changing import SOURCE, Change
from kb.editing import NoDraft
from kb.imports import NoImport
from kb.reports import as_data
from kb.store.articles import RollbackRefused, SourceChanged
from web import draft_schema as schema
from web import errors, idempotency
from web.api import json_of
from web.bodies import body
from web.draft_forms import ROOM, listed
from web.idempotency import once
from web.import_api import batch_told
from web.imports import obstacles_told
from web.language import now
from web.messages import text
from web.problems import Conflicting, Refused
from web.schema import ImportRow
from web.site import site
from web.viewer import require_token

blueprint = Blueprint("change_api", __name__, url_prefix="/api/v1/changes")


@blueprint.before_request
def check() -> None:
    """Whoever asks must be known, by a token; to those who write nothing there is nothing here."""
    require_token()
    site().editing.check_editor(g.viewer)
    request.max_content_length = ROOM


idempotency.install(blueprint)


@blueprint.errorhandler(NoDraft)
@blueprint.errorhandler(NoImport)
def absent(_: Exception) -> Response:
    return errors.told(NotFound())


@blueprint.errorhandler(SourceChanged)
def look_again(_: SourceChanged) -> Response:
    return errors.told(Conflicting(text("change.look_again")))


@blueprint.errorhandler(RollbackRefused)
def kept(error: RollbackRefused) -> Response:
    return errors.told(Conflicting("; ".join(obstacles_told(error))))


@blueprint.post("/look")
def look() -> Response:
    """What it would change of each; nothing is written."""
    given = body(schema.ArticlesToChange)
    report = site().changing.look(g.viewer, given.numbers, _change(given))
    told = as_data(report, g.language)
    rows = [ImportRow(ordinal=ordinal, **row) for ordinal, row in enumerate(told["rows"], 1)]
    counts = {name: told[name] for name in ("changed", "same", "refused", "rights_changed")}
    return json_of(schema.ChangeLook(basis=report.basis, rows=rows, **counts))


@blueprint.post("")
def write() -> Response:
    """Writes what was looked at, as one batch."""
    given = body(schema.ChangeToWrite)
    change = _change(given)
    return batch_told(once(lambda: site().changing.apply(g.viewer, given.numbers, change, given.basis, now()).batch))


@blueprint.post("/<int(max=2147483647):batch>/take-back")
def take_back(batch: int) -> Response:
    found = site().store.batch(batch)
    if found is None or found.source != SOURCE:
        raise NoImport
    once(lambda: site().imports.roll_back(g.viewer, batch, now()).id)
    return batch_told(batch)


def _change(given: schema.ArticlesToChange) -> Change:
    change = Change(
        given.product,
        listed(given.versions) if given.versions is not None else None,
        tuple(given.grants) if given.grants is not None else None,
        given.owner.strip() if given.owner is not None else None,
    )
    if change == Change():
        raise Refused(text("change.nothing_chosen"))
    return change
