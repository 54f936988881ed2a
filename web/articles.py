"""An article, its files, and whether it helped."""

from __future__ import annotations

import secrets
from typing import NoReturn
from urllib.parse import quote

from flask import Blueprint, Response, abort, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from kb.articles import ATTACHMENT_NAME, NUMBER, Attachment
from kb.cases import is_staff
from kb.store import Vote
from kb.store.articles import Readable
from kb.tasks import MAX_NOTE, paragraphs
from web.messages import text
from web.problems import BadParameter
from web.security import FILE_POLICY
from web.site import site

blueprint = Blueprint("articles", __name__)
RELATED = 5
LONGEST_COMMENT = 1_000
SHOWN_IN_PAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
ANSWERS = ("yes", "no", "thanks")
REASONS = ("not_solved", "unclear", "outdated", "not_mine", "other")


@blueprint.get("/articles/<number>")
def page(number: str) -> ResponseReturnValue:
    """`answer` is what the reader just said of the article: yes, no (then it asks why), thanks (for saying why)."""
    answer = request.args.get("answer") or None
    if answer not in (None, *ANSWERS):
        raise BadParameter("answer", str(answer), text("wrong.choice", choices=", ".join(ANSWERS)))
    article = readable_here(number, "articles.page")
    store, scope = site().store, g.viewer.scope
    return render_template(
        "article.html",
        article=article,
        row=article.row,
        sections=[(section, Markup(section.html)) for section in article.sections],  # noqa: S704 - cleaned at import
        toc=[entry for entry in article.toc if entry.level <= 3],
        attachments=store.attachments(article.row.id, scope),
        unread=store.file_problems(article.row.id) if is_staff(g.viewer) else {},
        related=site().search.related(article, scope, RELATED),
        behind=site().curating.behind(g.viewer, article.row.id),
        moved_to=store.redirect(number, scope) if article.row.is_withdrawn else None,
        sprs=site().sprs.of_article(article),
        cases=site().cases.of_article(g.viewer, article.row.id),
        staff=is_staff(g.viewer),
        tasks=site().tasks.of_article(g.viewer, article.row.id),
        review=site().tasks.review(g.viewer, article.row.id),
        said=paragraphs(article) if is_staff(g.viewer) else [],
        longest_note=MAX_NOTE,
        answer=answer,
        reasons=REASONS,
    )


def readable(number: str) -> Readable:
    """The article as the reader may see it; 404, the same for one that is not there and one that is not his."""
    article = site().store.read(number, g.viewer.scope) if NUMBER.fullmatch(number) else None
    return article or abort(404)


def readable_here(number: str, endpoint: str) -> Readable:
    """The same; a number that leads to another article the reader may see redirects there."""
    if not NUMBER.fullmatch(number):
        abort(404)
    return site().store.read(number, g.viewer.scope) or moved(number, endpoint)


def moved(number: str, endpoint: str, name: str | None = None) -> NoReturn:
    """To where a number leads; 404, the same for one that leads nowhere and one whose article is not his."""
    target = site().store.redirect(number, g.viewer.scope)
    abort(redirect(url_for(endpoint, number=target, name=name), 301) if target else 404)


@blueprint.get("/articles/<number>/attachments/<name>")
def attachment(number: str, name: str) -> Response:
    if not (NUMBER.fullmatch(number) and ATTACHMENT_NAME.fullmatch(name)):
        abort(404)
    file = site().store.attachment(number, name, g.viewer.scope)
    return (
        sent(file, shown=file.media_type in SHOWN_IN_PAGES) if file else moved(number, "articles.attachment", name=name)
    )


def download(file: Attachment) -> Response:
    """A file that is saved, whatever it is."""
    return sent(file, shown=False)


def sent(file: Attachment, *, shown: bool) -> Response:
    """The file, never as a page of ours: shown, as pictures may be, or saved."""
    response = Response(file.content, content_type=file.media_type)
    response.headers["Content-Disposition"] = (
        f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(file.name, safe='')}"
    )
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.set_etag(file.digest)
    response.make_conditional(request)
    return response


@blueprint.post("/articles/<number>/helpful")
def helpful(number: str) -> ResponseReturnValue:
    """Notes what a reader thinks; saying it again replaces it."""
    answer = request.form.get("helpful", "")
    reason = request.form.get("reason") or None
    comment = request.form.get("comment", "").strip() or None
    if answer not in ("yes", "no"):
        raise BadParameter("helpful", answer, text("wrong.choice", choices="yes, no"))
    if reason is not None and reason not in REASONS:
        raise BadParameter("reason", reason, text("wrong.choice", choices=", ".join(REASONS)))
    if comment and len(comment) > LONGEST_COMMENT:
        raise BadParameter("comment", comment, text("wrong.characters", most=LONGEST_COMMENT))
    article = readable(number)
    site().store.vote(Vote(article.row.id, voter(), answer == "yes", reason, comment))
    told = "thanks" if reason or comment else answer
    return redirect(url_for("articles.page", number=number, answer=told, _anchor="helpful"), 303)


def voter() -> str:
    """The account, or this browser."""
    if g.viewer.account_id is not None:
        return f"account:{g.viewer.account_id}"
    if "voter" not in session:
        session["voter"] = secrets.token_urlsafe(16)
        session.permanent = True
    return f"browser:{session['voter']}"
