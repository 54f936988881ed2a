"""The form for a new case: what may answer already is shown first; files that were sent wait meanwhile."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from kb.articles import Attachment
from kb.cases import (
    MAX_FIELD,
    MAX_FILES,
    MAX_SUBJECT,
    MAX_TEXT,
    MAX_VERSION,
    SEVERITIES,
    CaseRefused,
    NewCase,
    is_staff,
)
from kb.deflection import Typed
from kb.store import Vote
from kb.store.case_uploads import Waiting
from web import articles, deflection, uploads
from web.asking import CASE_FORM
from web.cases import PARTS, file_limits, told, too_large
from web.language import now, today
from web.search import carrying
from web.site import site
from web.viewer import sign_in_first

blueprint = Blueprint("new_case", __name__, url_prefix="/cases/new")
LIMITS = {"subject": MAX_SUBJECT, "text": MAX_TEXT, "version": MAX_VERSION, "environment": MAX_FIELD}
UID = re.compile(r"[0-9a-f]{32}")


@blueprint.get("")
def form() -> ResponseReturnValue:
    """The form, or why there is none. `subject` and `product` may be carried over from a search."""
    if answer := sign_in_first():
        return answer
    given = {name: request.args.get(name, "")[:MAX_SUBJECT] for name in ("subject", "product", "contact")}
    return _form(given)


def _form(
    given: dict[str, str], problem: str = "", status: int = 200, waiting: Sequence[Waiting] = ()
) -> ResponseReturnValue:
    community, staff = site().config.community_url, is_staff(g.viewer)
    products = list(site().catalogue.products()) if staff else site().cases.products(g.viewer)
    typed = Typed(**{name: given.get(name, "") for name in deflection.FIELDS})
    page = render_template(
        "case_new.html",
        given=given,
        problem=problem,
        products=products,
        staff=staff,
        supports=site().extended_support.of_viewer(g.viewer, today()),
        severities=SEVERITIES,
        limits=LIMITS,
        file_limits=file_limits(),
        waiting=waiting,
        suggested=deflection.suggested(typed) if given.get("step") else [],
        community=community and carrying(community, given.get("subject", "")),
    )
    return make_response(page, status)


def _given(typed: MultiDict[str, str]) -> dict[str, str]:
    """What the form holds beside its files."""
    return {name: typed.get(name, "") for name in ("product", "severity", "contact", *LIMITS)}


def _waiting(typed: MultiDict[str, str]) -> tuple[str, ...]:
    """The files that the form says were sent before."""
    return tuple(dict.fromkeys(uid for uid in typed.getlist("waiting") if UID.fullmatch(uid)))[:MAX_FILES]


@blueprint.post("")
def send() -> ResponseReturnValue:
    """Shows first what may answer already; then opens the case. What was typed stays, and what was sent waits."""
    if g.viewer.account_id is None:
        abort(404)
    try:
        uploads.read_form(MAX_FILES, CASE_FORM, PARTS)
    except RequestEntityTooLarge:
        typed = uploads.typed_before_files()
        return _form(_given(typed), too_large(), 413, site().cases.files.waiting(g.viewer, _waiting(typed)))
    given, files, waiting = _given(request.form), uploads.sent_files(), _waiting(request.form)
    wanted = NewCase(
        given["product"], int(given["severity"]) if given["severity"] in map(str, SEVERITIES) else -1,
        given["subject"], given["text"], given["version"], given["environment"], given["contact"].strip(),
        tuple(files), waiting,
    )  # fmt: skip
    problem = ""
    try:
        site().cases.check(g.viewer, wanted, now())
        if request.form.get("step") == "open":
            number = site().cases.open(g.viewer, wanted, now())
            return redirect(url_for("cases.case", number=number), 303)
    except CaseRefused as refused:
        problem = told(refused)
    return _again(given, files, waiting, problem)


def _again(
    given: dict[str, str], files: Sequence[Attachment], waiting: Sequence[str], problem: str
) -> ResponseReturnValue:
    """The form once more, with the files that were sent; the next step of it, unless there is a problem."""
    if not is_staff(g.viewer) and not site().cases.products(g.viewer):
        return _form(given, problem, 422)
    kept, refused = site().cases.files.keep(g.viewer, waiting, files, now())
    if refused and told(refused) != problem:
        problem = f"{problem} {told(refused)}".strip()
    return _form({**given, "step": "" if problem else "suggested"}, problem, 422 if problem else 200, kept)


@blueprint.post("/solved")
def solved() -> ResponseReturnValue:
    """One of the articles shown before opening a case answered it: noted, and as good as a vote for it."""
    if g.viewer.account_id is None:
        abort(404)
    article = articles.readable(request.form.get("article", ""))
    typed = "\n".join(request.form.get(name, "") for name in ("subject", "text"))
    try:
        site().cases.solved(g.viewer, article, request.form.get("product", ""), typed, now())
    except CaseRefused as refused:
        return _form(_given(request.form), told(refused), 422)
    site().store.vote(Vote(article.row.id, articles.voter(), helpful=True))
    return redirect(url_for("articles.page", number=article.row.number, answer="yes", _anchor="helpful"), 303)
