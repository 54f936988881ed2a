"""Articles that may answer a case before it is opened: while it is typed, and again when it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, abort, g, jsonify, request, url_for

from kb.deflection import Typed, asked_of, best
from kb.question import Query
from kb.search import Result
from kb.store.articles import ArticleRow
from web import names
from web.language import day, today
from web.messages import text
from web.site import site

blueprint = Blueprint("deflection", __name__)
SUGGESTED = 5
FIELDS = ("subject", "text", "product", "version")


def suggested(typed: Typed) -> Sequence[Result]:
    """The articles the reader may read that answer what is typed, the best first."""
    asked = asked_of(typed, site().config.max_query)
    if not asked:
        return []
    query = Query(asked, plain=True, loose=True, prefers=(g.language,), today=today())
    return best(site().search.find(query, g.viewer.scope).results, typed, SUGGESTED)


@blueprint.post("/cases/new/suggest")
def suggest() -> Response:
    """For scripts: what answers the case as far as it is typed. Sent in the body: what is typed stands in no log."""
    typed = Typed(**{name: request.form.get(name, "") for name in FIELDS})
    if typed.product not in site().cases.products(g.viewer):
        abort(404)
    return jsonify({"suggestions": [_told(one.article) for one in suggested(typed)]})


def _told(row: ArticleRow) -> dict[str, str]:
    about = (names.product(row.product), text(f"type.{row.type}"), day(row.updated))
    return {
        "number": row.number,
        "title": row.title,
        "lang": row.lang,
        "url": url_for("articles.page", number=row.number),
        "about": " · ".join(about),
    }
