"""The OpenAPI document: from the same parameters and answers that the code checks and sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kb.accounts import TOKEN_SCOPES
from kb.articles import LANGUAGES
from kb.exporting import FORMATS
from kb.reading import ENCODINGS
from kb.reading import FORMATS as READABLE
from web import openapi_cases, openapi_drafts, openapi_sprs, openapi_webhooks
from web.openapi_parts import Door, article_number, choice, parameter, paths, ui, whole, words
from web.parameters import SearchParameters
from web.schema import components

VERSION = "1"
ABSENT = {"404": "There is no such article for the one who asks."}
NO_PAGE = {"404": "There is no such page of results."}
NO_IMPORT = {"404": "There is no such import for the one who asks: authors alone see them."}
IMPORT_PROBLEMS = NO_IMPORT | {
    "409": "It is not at that point, later work would be lost, or the same key is at work; `detail` says which.",
    "422": "It cannot be taken; `detail` says why.",
}


def document(longest: int) -> dict[str, Any]:
    """`longest`: how many characters a query may have."""
    told = f"A token is for one or more of: {', '.join(TOKEN_SCOPES)}. Each request says which it needs."
    doors = (*_search_doors(longest), *openapi_cases.doors(), *openapi_sprs.doors(), *_import_doors())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Support knowledge base",
            "version": VERSION,
            "description": "Search and read what the owner of the token may read; without a token, what is public.",
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"bearer": []}],
        "paths": paths((*doors, *openapi_drafts.doors(), *openapi_webhooks.doors())),
        "components": {
            "schemas": components(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": told}},
        },
    }


def _doors(longest: int) -> Iterator[Door]:
    yield from _search_doors(longest)
    yield from openapi_cases.doors()
    yield from openapi_drafts.doors()
    yield from _import_doors()
    yield from openapi_webhooks.doors()


def _search_doors(longest: int) -> list[Door]:
    found = (*search_parameters(longest), ui())
    typed = parameter("q", {"type": "string", "default": "", "maxLength": longest}, "What has been typed so far.")
    return [
        Door(
            "/api/v1/search", "get", "search", "Articles that answer a query", "SearchAnswer", "read",
            parameters=found, problems=NO_PAGE, known=False,
        ),
        Door(
            "/api/v1/suggest", "get", "suggest", "What may be meant by what has been typed", "SuggestAnswer", "read",
            parameters=(typed, ui()), known=False,
        ),
        Door(
            "/api/v1/articles/{number}", "get", "article", "An article", "Article", "read",
            parameters=(article_number(), ui()), problems=ABSENT, known=False,
        ),
    ]  # fmt: skip


def _import_doors() -> list[Door]:
    root, one = "/api/v1/imports", "/api/v1/imports/{number}"
    number = whole("number", 1, 2**31 - 1, place="path")
    after, shown = whole("after", 0, 10**9 - 1, 0), ("refused", "readers", "told", "changed", "new")
    show = parameter("show", {"type": "string", "enum": list(shown)})
    file = (
        words("file_name", "What the file is called; its ending says of what kind it is.", required=True),
        words("source", "What later imports are compared with; else the file's name without its endings."),
        words("grants", "Who reads articles that do not say, e.g. public or {product}:gold,{product}:silver."),
        choice("new_products", ("0", "1")),
        parameter("format", {"type": "string", "enum": list(READABLE)}),
        parameter("encoding", {"type": "string", "enum": list(ENCODINGS)}),
        words("product", "What articles are about that do not say."),
        parameter("lang", {"type": "string", "enum": list(LANGUAGES)}),
        words("map", "Which column of a table is which key of ours, e.g. 標題=title;內文=body_markdown."),
        ui(),
    )

    def door(path: str, method: str, name: str, summary: str, answer: str | None, **others: Any) -> Door:
        problems = IMPORT_PROBLEMS if method == "post" else NO_IMPORT
        return Door(path, method, name, summary, answer, "imports", problems=problems, **others)

    back = root + "/batches/{batch}/take-back"
    return [
        door(root, "get", "imports", "The last imports that were sent", "Imports", parameters=(ui(),)),
        door(
            root, "post", "sendImport", "Send a file, to see what would change", "Import", status="202",
            parameters=file, is_file=True,
        ),
        door(
            root + "/export.zip", "get", "export", "What you may read, as a ZIP that imports back", None,
            parameters=(words("source", "Only the articles of this source."), choice("format", FORMATS), ui()),
            gives_file=True,
        ),
        door(one, "get", "import", "An import, how far it is, and its report", "Import", parameters=(number, ui())),
        door(
            one + "/rows", "get", "importRows", "The rows of its report", "ImportRows",
            parameters=(number, show, after, ui()),
        ),
        door(
            one + "/apply", "post", "applyImport", "Write what was looked at", "Import", status="202",
            parameters=(number,),
        ),
        door(one + "/stop", "post", "stopImport", "Stop or drop it", "Import", status="202", parameters=(number,)),
        door(
            back, "post", "takeBack", "Everything as before it", "Batch",
            parameters=(whole("batch", 1, 2**31 - 1, place="path"),),
        ),
    ]  # fmt: skip


def search_parameters(longest: int) -> list[dict[str, Any]]:
    properties = SearchParameters.model_json_schema()["properties"]
    found = []
    for name, described in properties.items():
        schema = {key: value for key, value in described.items() if key not in ("title", "description")}
        if name == "q":
            schema["maxLength"] = longest
        found.append(parameter(name, schema, described["description"]))
    return found
