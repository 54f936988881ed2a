"""The same for programs: JSON with the parameters of the pages, and bearer tokens."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request, url_for
from pydantic import BaseModel

from kb.question import FACETS
from kb.search import Result
from kb.snippets import Pieces
from kb.store.articles import ArticleRow
from web import names, openapi, parameters, schema
from web.articles import RELATED, readable_here
from web.parameters import SearchParameters
from web.search import found, suggestions, with_typed
from web.site import site
from web.sprs import summary

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


PARAMETERS = {"api.search": (*SearchParameters.model_fields, "ui"), "api.suggest": ("q", "ui"), "api.article": ("ui",)}


@blueprint.before_request
def check_names() -> None:
    if request.endpoint in PARAMETERS:
        parameters.check_names(request.args, PARAMETERS[request.endpoint])


@blueprint.get("/search")
def search() -> Response:
    asked = with_typed(parameters.read(request.args, site().config.max_query, empty_is_absent=False))
    results = found(asked)
    facets = {
        facet: [
            schema.FacetValue(value=value, name=names.facet_value(facet, value), count=count)
            for value, count in results.facets.get(facet, ())
        ]
        for facet in FACETS
    }
    return json_of(
        schema.SearchAnswer(
            total=results.total,
            plain=results.plain,
            unquoted=results.unquoted,
            literal=list(results.literal),
            page=asked.page,
            pages=results.pages,
            page_size=results.query.page_size,
            results=[_result(result) for result in results.results],
            spr=summary(spr) if (spr := site().sprs.lookup(g.viewer, asked.q)) else None,
            facets=facets,
        )
    )


def _result(result: Result) -> schema.Result:
    return schema.Result(
        **_known(result.article),
        title_pieces=_pieces(result.title),
        passage=_pieces(result.passage),
        file=_file(result),
        score=round(result.score, 6),
    )


def _pieces(given: Pieces) -> list[schema.Piece]:
    return [schema.Piece(text=text, marked=marked) for text, marked in given]


def _file(result: Result) -> schema.FilePassage | None:
    if result.file is None:
        return None
    name = result.file.name
    url = url_for("articles.attachment", number=result.article.number, name=name)
    return schema.FilePassage(name=name, url=url, passage=_pieces(result.file.passage))


def _known(row: ArticleRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "source": row.source,
        "id": row.external_id,
        "title": row.title,
        "lang": row.lang,
        "product": row.product,
        "type": row.type,
        "category": row.category,
        "versions": list(row.versions),
        "updated": row.updated,
        "url": url_for("articles.page", number=row.number),
    }


@blueprint.get("/suggest")
def suggest() -> Response:
    prefix = parameters.prefix(request.args, site().config.max_query)
    return json_of(schema.SuggestAnswer.model_validate({"suggestions": suggestions(prefix)}))


@blueprint.get("/articles/<number>")
def article(number: str) -> Response:
    read = readable_here(number, "api.article")
    scope = g.viewer.scope
    files = site().store.attachments(read.row.id, scope)
    return json_of(
        schema.Article(
            **_known(read.row),
            confidence=read.row.confidence,
            html=read.html,
            text=read.text,
            headings=[schema.Heading(level=h.level, text=h.text, anchor=h.anchor) for h in read.toc],
            attachments=[
                schema.File(
                    name=file.name,
                    media_type=file.media_type,
                    size=file.size,
                    url=url_for("articles.attachment", number=number, name=file.name),
                )
                for file in files
            ],
            translations=[
                schema.Translation.model_validate(
                    {**other._asdict(), "url": url_for("articles.page", number=other.number)}
                )
                for other in read.translations
            ],
            sprs=[summary(row) for row in site().sprs.of_article(read)],
            related=[schema.Summary(**_known(row)) for row in site().search.related(read, scope, RELATED)],
        )
    )


@blueprint.get("/openapi.json")
def document() -> Response:
    config = current_app.extensions["kb-config"]
    return jsonify(openapi.document(config.max_query))


def json_of(answer: BaseModel, status: int = 200) -> Response:
    return Response(answer.model_dump_json(), status, content_type="application/json")
