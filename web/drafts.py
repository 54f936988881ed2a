"""A draft in the browser: written, looked at as readers would see it, sent on its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import RequestEntityTooLarge

from kb.articles import CONFIDENCES, LANGUAGES, TYPES, Problem
from kb.contents import Content, File
from kb.editing import MAX_NOTE, NotLicensed, NotNow, OpenDraft, Overtaken, Preview, Stale
from kb.files import attachment
from kb.messages import told
from kb.publishing import EditRefused
from kb.store.drafts import OPEN
from web import uploads
from web.articles import SHOWN_IN_PAGES
from web.draft_forms import (
    LARGEST_TEXT,
    ROOM,
    content_in,
    grant_choices,
    grant_told,
    grants_told,
    moment_in,
    other_grants,
    right_choices,
    typed,
)
from web.language import now
from web.messages import text
from web.security import FILE_POLICY
from web.site import site
from web.writers import admit

blueprint = Blueprint("drafts", __name__)
admit(blueprint)
FILES_AT_ONCE = 10
EVENTS = 12
# Fields of the form, and files, of which there may be many.
PARTS = 200


@blueprint.get("/authoring/drafts/<int(max=2147483647):number>")
def page(number: int) -> ResponseReturnValue:
    return _page(site().editing.draft(g.viewer, number))


def _page(found: OpenDraft, status: int = 200, **more: Any) -> ResponseReturnValue:
    """The form; `content`: what was typed, when that is not what was saved."""
    editing, row = site().editing, found.row
    content: Content = more.pop("content", found.content)
    page = render_template(
        "draft.html",
        draft=found,
        row=row,
        content=content,
        open=row.state in OPEN,
        languages_of=LANGUAGES,
        types=TYPES,
        confidences=CONFIDENCES,
        products=_products(content.product),
        grants=grant_choices(),
        other_grants=other_grants(content),
        rights=right_choices(),
        may_publish=editing.may(g.viewer, content.product, found.needs),
        difference=editing.difference(found),
        original=site().curating.original_of(g.viewer, row.article_id) if row.article_id else None,
        events=editing.events(g.viewer, row.id)[:EVENTS],
        why=told(Problem(**row.problem), g.language) if row.problem else "",
        typed=typed,
        grant_told=grant_told,
        grants_told=grants_told,
        limits={"note": MAX_NOTE, "mb": site().config.attachment_max_mb},
        **{"problems": (), "preview": None, "saved": request.args.get("saved"), **more},
    )
    return make_response(page, status)


def _products(chosen: str) -> list[tuple[str, str]]:
    """Products he may write about, and the one it is of."""
    products = site().catalogue.products()
    may = [each for each in products if each == chosen or site().editing.may(g.viewer, each)]
    return [(each, products[each].name(g.language)) for each in may]


@blueprint.post("/authoring/drafts/<int(max=2147483647):number>")
def act(number: int) -> ResponseReturnValue:
    """Keeps what was written, then does what the button says. Its form is read once it is clear who sends it."""
    found = site().editing.draft(g.viewer, number)
    try:
        _read_form()
    except RequestEntityTooLarge:
        return _page(found, 413, problems=(text("draft.too_large", limit=site().config.attachment_max_mb),))
    action, form = request.form.get("do", "save"), request.form
    revision = _revision(form.get("revision", ""))
    try:
        content = content_in(form, found.content)
    except EditRefused as refused:
        return _page(found, 422, problems=_told(refused))
    try:
        if action == "preview":
            return _page(found, content=content, preview=_preview(found, content))
        content = _with_files(found, content)
        saved = site().editing.save(g.viewer, number, revision, content, now())
        return _done(number, saved, action)
    except Stale as stale:
        return _conflict(stale.draft, content)
    except (EditRefused, NotLicensed, NotNow, Overtaken) as error:
        return _refused(number, error)


def _read_form() -> None:
    """As long a text as an article may have, and its files."""
    uploads.read_form(FILES_AT_ONCE, LARGEST_TEXT + ROOM, PARTS)


def _revision(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def _with_files(found: OpenDraft, content: Content) -> Content:
    """With the files that were sent: one of a name takes the place of the one that had it."""
    sent: dict[str, File] = {file.name: file for file in content.files}
    for each in uploads.sent_files():
        file = attachment(each.name, each.content)
        sent[file.name] = site().editing.add_file(g.viewer, found.row.id, file)
    return replace(content, files=tuple(sent.values()))


def _done(number: int, revision: int, action: str) -> ResponseReturnValue:
    editing, form = site().editing, request.form
    if action == "publish":
        published = editing.publish(g.viewer, number, revision, now())
        return redirect(url_for("articles.page", number=published), 303)
    acts: dict[str, Callable[[], None]] = {
        "submit": lambda: editing.submit(g.viewer, number, revision, now()),
        "send_back": lambda: editing.send_back(g.viewer, number, revision, form.get("note", ""), now()),
        "rebase": lambda: editing.rebase(g.viewer, number, revision, now()),
        "discard": lambda: editing.discard(g.viewer, number, revision, now()),
        "schedule": lambda: _schedule(number, revision),
        "save": lambda: None,
    }
    acts.get(action, acts["save"])()
    if action == "discard":
        return redirect(url_for("authoring.page"), 303)
    return redirect(url_for("drafts.page", number=number, saved=action if action in acts else "save"), 303)


def _schedule(number: int, revision: int) -> None:
    at = moment_in(request.form.get("publish_at", ""), "publish_at")
    site().editing.schedule(g.viewer, number, revision, at or now(), now())


def _refused(number: int, error: Exception) -> ResponseReturnValue:
    """What was written is kept by now, and shown with why it goes no further."""
    found = site().editing.draft(g.viewer, number)
    if isinstance(error, EditRefused):
        return _page(found, 422, problems=_told(error))
    if isinstance(error, NotLicensed):
        return _page(found, 403, problems=(text(f"draft.needs_{error.needed}"),))
    if isinstance(error, Overtaken):
        return _page(found, 409, problems=(text("draft.overtaken"),), overtaken=True)
    return _page(found, 409, problems=(text("draft.not_now"),))


def _told(refused: EditRefused) -> tuple[str, ...]:
    return tuple(told(each, g.language) for each in refused.problems)


def _conflict(found: OpenDraft, mine: Content) -> ResponseReturnValue:
    """Both texts, and a form that keeps one's own in the place of the other's."""
    page = render_template(
        "draft_conflict.html",
        draft=found,
        row=found.row,
        mine=mine,
        difference=site().editing.differ(found.content, mine),
        fields=[(name, value) for name, value in request.form.items(multi=True) if name not in ("revision", "do")],
        grants_told=grants_told,
    )
    return make_response(page, 409)


def _preview(found: OpenDraft, content: Content) -> Preview:
    number = found.row.id
    return site().editing.preview(
        g.viewer, number, content, lambda file: url_for("drafts.file", number=number, digest=file.digest)
    )


@blueprint.post("/authoring/drafts/<int(max=2147483647):number>/preview")
def preview(number: int) -> ResponseReturnValue:
    """What readers would see of what is typed, for the page to show beside it."""
    found = site().editing.draft(g.viewer, number)
    _read_form()
    try:
        content = content_in(request.form, found.content)
        made = _preview(found, content)
    except EditRefused as refused:
        return render_template("draft_preview.html", preview=None, problems=_told(refused), grants_told=grants_told)
    return render_template("draft_preview.html", preview=made, problems=(), lang=content.lang, grants_told=grants_told)


@blueprint.app_template_filter("clean")
def clean(html: str) -> Markup:
    """HTML that the renderer has cleaned."""
    return Markup(html)  # noqa: S704 - cleaned by kb.rendering


@blueprint.app_template_filter("problem")
def problem(given: Any) -> str:
    return told(given, g.language)


@blueprint.get("/authoring/drafts/<int(max=2147483647):number>/files/<digest>")
def file(number: int, digest: str) -> Response:
    """A file of a draft, never as a page of ours."""
    media_type, content = site().editing.file(g.viewer, number, digest)
    response = Response(content, content_type=media_type)
    shown = media_type in SHOWN_IN_PAGES
    response.headers["Content-Disposition"] = "inline" if shown else "attachment"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response
