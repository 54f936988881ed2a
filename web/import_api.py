"""Imports for programs. What changes something takes a bearer token: with a cookie alone, other sites could do it."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryFile

from flask import Blueprint, Response, g, request, url_for
from werkzeug.exceptions import NotFound

from kb.exporting import FORMATS
from kb.imports import ImportRefused, NoImport, NotNow, Sent, check_author, problem_of, report_of
from kb.messages import told
from kb.reading import Reading
from kb.reports import as_data, entry_data
from kb.store.articles import RollbackRefused
from kb.store.jobs import ImportJob
from web import errors, idempotency, parameters, schema
from web.api import json_of
from web.idempotency import once
from web.imports import SHOWN, SHOWS, csv_of, export_of, grants_in, left, obstacles_told, pieces, size_of
from web.language import now
from web.messages import text
from web.problems import BadParameter, Conflicting, Refused
from web.site import site
from web.viewer import require_token

blueprint = Blueprint("import_api", __name__, url_prefix="/api/v1/imports")
PARAMETERS = {
    "import_api.imports": ("ui",),
    "import_api.send": (
        "file_name",
        "source",
        "grants",
        "new_products",
        "format",
        "encoding",
        "product",
        "lang",
        "map",
        "ui",
    ),
    "import_api.export": ("source", "format", "ui"),
    "import_api.job": ("ui",),
    "import_api.rows": ("show", "after", "ui"),
    "import_api.report": ("ui",),
}
LONGEST_AFTER = 10**9


@blueprint.before_request
def check() -> None:
    """Whoever asks must be known, and for changes by a token; to everyone but authors there are no imports."""
    require_token()
    check_author(g.viewer)
    if request.endpoint in PARAMETERS:
        parameters.check_names(request.args, PARAMETERS[request.endpoint])
    if request.endpoint == "import_api.send":
        request.max_content_length = site().config.import_max_mb << 20


idempotency.install(blueprint)


@blueprint.errorhandler(NoImport)
def absent(_: NoImport) -> Response:
    return errors.told(NotFound())


@blueprint.errorhandler(ImportRefused)
def refused(error: ImportRefused) -> Response:
    return errors.told(Refused(told(error.problem, g.language)))


@blueprint.errorhandler(NotNow)
def not_now(_: NotNow) -> Response:
    return errors.told(Conflicting(text("imports.not_now")))


@blueprint.errorhandler(RollbackRefused)
def kept(error: RollbackRefused) -> Response:
    return errors.told(Conflicting("; ".join(obstacles_told(error))))


@blueprint.get("")
def imports() -> Response:
    return json_of(schema.Imports(imports=[_told(each) for each in site().imports.newest(g.viewer)]))


@blueprint.post("")
def send() -> Response:
    """The file is the body of the request."""
    name = request.args.get("file_name", "")
    if not name:
        raise BadParameter("file_name", name, text("imports.file_name"))
    with TemporaryFile() as file:
        for piece in iter(lambda: request.stream.read(1 << 20), b""):
            file.write(piece)
        sent = Sent(
            name,
            size_of(file),
            pieces(file),
            request.args.get("source", ""),
            grants_in(request.args.get("grants", "")),
            request.args.get("new_products") == "1",
            Reading.given(request.args, [each for each in request.args.get("map", "").split(";") if each.strip()]),
        )
        number = once(lambda: site().imports.send(g.viewer, sent, now()))
    answer = json_of(_told(site().imports.job(g.viewer, number)), 202)
    answer.headers["Location"] = url_for("import_api.job", number=number)
    return answer


@blueprint.get("/export.zip")
def export() -> Response:
    """What the one who asks may read, of one source or of all."""
    source, format_ = request.args.get("source") or None, request.args.get("format", FORMATS[0])
    if format_ not in FORMATS:
        raise BadParameter("format", format_, text("wrong.choice", choices=", ".join(FORMATS)))
    return export_of("jsonl" if format_ == "jsonl" else "markdown", source)


@blueprint.get("/<int(max=2147483647):number>")
def job(number: int) -> Response:
    return json_of(_told(site().imports.job(g.viewer, number)))


@blueprint.get("/<int(max=2147483647):number>/rows")
def rows(number: int) -> Response:
    """The rows of its report beyond `after`: refused ones, and what is new or would change."""
    show, after = request.args.get("show"), request.args.get("after", "0")
    if show not in (None, *SHOWS):
        raise BadParameter("show", show, text("wrong.choice", choices=", ".join(SHOWS)))
    if not (after.isascii() and after.isdigit() and len(after) < len(str(LONGEST_AFTER))):
        raise BadParameter("after", after, text("wrong.whole", most=LONGEST_AFTER - 1))
    site().imports.job(g.viewer, number)
    found = site().imports.entries(g.viewer, number, show, int(after), SHOWN + 1)
    shown = [schema.ImportRow(ordinal=ordinal, **entry_data(entry, g.language)) for ordinal, entry in found[:SHOWN]]
    return json_of(schema.ImportRows(rows=shown, next=found[SHOWN - 1][0] if len(found) > SHOWN else None))


@blueprint.get("/<int(max=2147483647):number>/report.csv")
def report(number: int) -> Response:
    site().imports.job(g.viewer, number)
    return csv_of(number)


@blueprint.post("/<int(max=2147483647):number>/apply")
def apply(number: int) -> Response:
    return _after(number, lambda: site().imports.approve(g.viewer, number, now()))


@blueprint.post("/<int(max=2147483647):number>/stop")
def stop(number: int) -> Response:
    return _after(number, lambda: site().imports.stop(g.viewer, number))


def _after(number: int, act: Callable[[], None]) -> Response:
    once(act)
    return json_of(_told(site().imports.job(g.viewer, number)), 202)


@blueprint.post("/batches/<int(max=2147483647):batch>/take-back")
def take_back(batch: int) -> Response:
    once(lambda: site().imports.roll_back(g.viewer, batch, now()).id)
    return batch_told(batch)


def batch_told(number: int) -> Response:
    found = site().store.batch(number)
    if found is None:
        raise NotFound
    taken_back = found.rolled_back_at is not None
    told = schema.Batch(batch=found.id, source=found.source, counts=dict(found.counts), taken_back=taken_back)
    return json_of(told)


def _told(job: ImportJob) -> schema.Import:
    report, problem = report_of(job), problem_of(job)
    data = as_data(report, g.language) if report else None
    if data:
        del data["rows"]
    return schema.Import(
        id=job.id,
        source=job.source,
        file_name=job.file_name,
        size=job.size,
        by=job.by,
        state=job.state,
        step=job.step or None,
        done=job.done,
        total=job.total or None,
        left=left(job) or None,
        created_at=job.created_at,
        batch=job.batch_id,
        taken_back=job.rolled_back,
        problem=told(problem, g.language) if problem else None,
        report=data,
        url=url_for("imports.job", number=job.id),
    )
