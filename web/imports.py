"""Imports for authors: send a file, see what would change and for whom, apply it, take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import IO
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, current_app, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from kb.exporting import FORMATS, Format
from kb.imports import ImportRefused, NoImport, NotNow, Sent, check_author, problem_of, report_of
from kb.messages import obstacle_told
from kb.messages import told as problem_told
from kb.reading import ENCODINGS, KEYS, Reading, unpacked
from kb.reading import FORMATS as READABLE
from kb.reports import STATUSES, Entry, csv_rows
from kb.store.articles import Batch, RollbackRefused
from kb.store.jobs import ENDED, ImportJob
from web import errors, names
from web.language import now, span
from web.messages import text
from web.site import site
from web.viewer import sign_in_first

blueprint = Blueprint("imports", __name__)
SHOWN = 50
SHOWS = ("refused", "readers", "told", "changed", "new")
CHUNK = 1 << 20
# The fields of the form beside its file.
ROOM = 64 * 1024
OBSTACLES = 20
EXPORTED = 500
MAX_COLUMNS = 500


@blueprint.before_request
def check() -> ResponseReturnValue | None:
    """To everyone but authors there are no imports."""
    if request.method == "GET" and (first := sign_in_first()):
        return first
    check_author(g.viewer)
    return None


@blueprint.errorhandler(NoImport)
def absent(_: NoImport) -> Response:
    return errors.told(NotFound())


@blueprint.get("/imports")
def page() -> ResponseReturnValue:
    return _page()


def _page(
    problem: str = "", obstacles: tuple[str, ...] = (), status: int = 200, given: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    jobs, batches = site().imports.newest(g.viewer), site().imports.batches(g.viewer)
    page = render_template(
        "imports.html",
        jobs=[job for job in jobs if job.state not in ("applied", "stopped")],
        batches=batches,
        job_of={job.batch_id: job.id for job in jobs if job.batch_id},
        people=_people(batches),
        problem=problem,
        obstacles=obstacles,
        readers=reader_choices(),
        given=given or {},
        sources=site().imports.exportable(g.viewer),
        max_mb=site().config.import_max_mb,
        formats=READABLE,
        encodings=ENCODINGS,
        products=site().store.products(),
    )
    return make_response(page, status)


def _people(batches: list[Batch]) -> dict[int, str]:
    wanted = {each for batch in batches for each in (batch.account_id, batch.rolled_back_by) if each}
    return {each.id: each.name for each in site().accounts.all() if each.id in wanted} if wanted else {}


def reader_choices() -> list[tuple[str, str]]:
    """Who may read articles that do not say: grants as an import takes them, and what they are called."""
    packages = list(names.matrix().packages)
    choices = [("", text("imports.readers_none")), ("public", text("audience.public"))]
    for first in range(len(packages)):
        grants = ",".join(f"{{product}}:{package}" for package in packages[first:])
        listed = (", " if g.language == "en" else "、").join(map(names.right, packages[first:]))
        choices.append((grants, text("imports.readers_packages", packages=listed)))
    return [*choices, ("staff", text("audience.staff"))]


@blueprint.get("/imports/export.zip")
def export() -> Response:
    """Everything the author may read, or one source of it, as a ZIP that imports back."""
    source, format_ = request.args.get("source") or None, request.args.get("format", FORMATS[0])
    if format_ not in FORMATS:
        abort(404)
    return export_of("jsonl" if format_ == "jsonl" else "markdown", source)


def export_of(format_: Format, source: str | None) -> Response:
    answer = Response(site().imports.export(g.viewer, format_, source), mimetype="application/zip")
    name = f"export-{now().astimezone(ZoneInfo(site().config.time_zone)):%Y-%m-%d}.zip"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


@blueprint.post("/imports")
def send() -> ResponseReturnValue:
    """Takes a file. Its form is read only once it is clear that an author sends it: others may not send as much."""
    request.max_content_length = (site().config.import_max_mb << 20) + ROOM
    csrf: CSRFProtect = current_app.extensions["csrf"]
    try:
        csrf.protect()
        form, file = request.form, request.files.get("file")
    except RequestEntityTooLarge:
        return _page(text("imports.too_large", limit=site().config.import_max_mb), status=413)
    if file is None or not file.filename:
        return _page(text("imports.no_file"), status=422, given=form)
    sent = Sent(
        file.filename,
        size_of(file.stream),
        pieces(file.stream),
        form.get("source", ""),
        grants_in(form.get("grants", "")),
        form.get("new_products") == "1",
        Reading.given(form),
    )
    try:
        number = site().imports.send(g.viewer, sent, now())
    except ImportRefused as refused:
        return _page(problem_told(refused.problem, g.language), status=422, given=form)
    return redirect(url_for("imports.job", number=number), 303)


def size_of(stream: IO[bytes]) -> int:
    """Of a file that was received; it is at its beginning afterwards."""
    size = stream.seek(0, 2)
    stream.seek(0)
    return size


def pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(CHUNK):
        yield piece


def grants_in(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


@blueprint.get("/imports/<int(max=2147483647):number>")
def job(number: int) -> ResponseReturnValue:
    """How far an import is; once it was looked at, what it would change, row by row."""
    return _job(number)


def _job(number: int, problem: str = "", status: int = 200) -> ResponseReturnValue:
    found = site().imports.job(g.viewer, number)
    show, after = request.args.get("show"), request.args.get("after", "0")
    if show not in (None, *SHOWS) or not (after.isascii() and after.isdigit() and len(after) < 10):
        abort(404)
    report = report_of(found)
    rows = site().imports.entries(g.viewer, number, show, int(after), SHOWN + 1) if report else []
    why = problem_of(found)
    page = render_template(
        "import.html",
        job=found,
        report=report,
        counts=counts(found),
        shows=SHOWS,
        show=show,
        after=int(after),
        rows=[entry for _, entry in rows[:SHOWN]],
        next=rows[SHOWN - 1][0] if len(rows) > SHOWN else None,
        problem=problem,
        why=problem_told(why, g.language) if why else "",
        told=lambda each: problem_told(each, g.language),
        ended=found.state in ENDED,
        keys=[key for key in KEYS if key != "sections"],
        left=left(found),
    )
    return make_response(page, status)


def counts(job: ImportJob) -> dict[str, int]:
    """How many rows there are to show, of each kind."""
    report = report_of(job)
    if report is None:
        return {}
    found: dict[str, int] = {status: report.counts[status] for status in STATUSES}
    return {**found, "readers": report.rights_changed, "told": report.to_look_at}


def left(job: ImportJob) -> str:
    """How long its step will still take, in words, at the rate so far; "": not known yet."""
    passed = job.beat_at - job.step_at
    if not job.done or not job.total or passed < timedelta(seconds=1):
        return ""
    return text("imports.left", span=span(passed * (job.total - job.done) / job.done))


@blueprint.get("/imports/<int(max=2147483647):number>/report.csv")
def report(number: int) -> Response:
    site().imports.job(g.viewer, number)
    return csv_of(number)


def csv_of(number: int) -> Response:
    """Every row of a report, for spreadsheets: with a mark by which these know that it is UTF-8."""
    lines = csv_rows(all_entries(number), g.language)
    answer = Response("\ufeff" + "".join(lines))
    answer.content_type = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f"attachment; filename=import-{number}.csv"
    return answer


def all_entries(number: int) -> Iterator[Entry]:
    after = 0
    while found := site().imports.entries(g.viewer, number, None, after, EXPORTED):
        yield from (entry for _, entry in found)
        after = found[-1][0]


@blueprint.post("/imports/<int(max=2147483647):number>/apply")
def apply(number: int) -> ResponseReturnValue:
    return _done(number, lambda: site().imports.approve(g.viewer, number, now()))


@blueprint.post("/imports/<int(max=2147483647):number>/columns")
def columns(number: int) -> ResponseReturnValue:
    """Looks at a table anew, its columns taken for what the author says they are."""
    before = unpacked(site().imports.job(g.viewer, number).reading)
    names, keys = request.form.getlist("column"), request.form.getlist("key")
    reading = replace(before, keys=dict(zip(names[:MAX_COLUMNS], keys, strict=False)))
    try:
        return _done(number, lambda: site().imports.reread(g.viewer, number, reading, now()))
    except ImportRefused as refused:
        return _job(number, problem_told(refused.problem, g.language), 422)


@blueprint.post("/imports/<int(max=2147483647):number>/stop")
def stop(number: int) -> ResponseReturnValue:
    return _done(number, lambda: site().imports.stop(g.viewer, number))


def _done(number: int, act: Callable[[], None]) -> ResponseReturnValue:
    try:
        act()
    except NotNow:
        return _job(number, text("imports.not_now"), 409)
    return redirect(url_for("imports.job", number=number), 303)


@blueprint.post("/imports/batches/<int(max=2147483647):batch>/take-back")
def take_back(batch: int) -> ResponseReturnValue:
    try:
        site().imports.roll_back(g.viewer, batch, now())
    except RollbackRefused as refused:
        return _page(text("imports.kept", batch=batch), obstacles_told(refused), 409)
    return redirect(url_for("imports.page", _anchor=f"batch-{batch}"), 303)


def obstacles_told(refused: RollbackRefused) -> tuple[str, ...]:
    """What stands in the way of taking a batch back, the first of it."""
    found = [f"{each.number} {each.title}: {obstacle_told(each, g.language)}" for each in refused.obstacles[:OBSTACLES]]
    if more := len(refused.obstacles) - OBSTACLES:
        found += [text("imports.more", number=more)] if more > 0 else []
    return tuple(found) or (text("imports.taken_already"),)
