"""The OpenAPI document: from the same parameters and answers that the code checks and sends."""

from __future__ import annotations

from typing import Any

from kb.articles import LANGUAGES
from web.parameters import SearchParameters
from web.schema import components

VERSION = "1"
PROBLEMS = {
    "400": "A parameter is wrong; `parameter` names it.",
    "401": "The token is not known, or has ended.",
    "413": "The query is longer than the limit.",
    "503": "The store or the index cannot answer now.",
}
ABSENT = "There is no such article for the one who asks."
NO_CASE = "There is no such case, or no such article, for the one who asks."
CASE_PROBLEMS = {
    "403": "The asker may not; `detail` says why.",
    "409": "The case has changed since `revision`.",
    "422": "It cannot be done; `detail` says why.",
}
NO_IMPORT = "There is no such import for the one who asks: authors alone see them."
IMPORT_PROBLEMS = {
    "409": "It is not at that point, or later work would be lost; `detail` says which.",
    "422": "It cannot be taken; `detail` says why.",
}
NO_PAGE = "There is no such page of results."


def document(longest: int) -> dict[str, Any]:
    """`longest`: how many characters a query may have."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Support knowledge base",
            "version": VERSION,
            "description": "Search and read what the owner of the token may read; without a token, what is public.",
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"bearer": []}],
        "paths": {
            "/api/v1/search": _get(
                "search", "Articles that answer a query", "SearchAnswer", [*search_parameters(longest), _ui()], NO_PAGE
            ),
            "/api/v1/suggest": _get(
                "suggest", "What may be meant by what has been typed", "SuggestAnswer", [_prefix(longest), _ui()]
            ),
            "/api/v1/articles/{number}": _get("article", "An article", "Article", [_number(), _ui()], ABSENT),
            **_case_paths(),
            **_import_paths(),
        },
        "components": {
            "schemas": components(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _get(name: str, summary: str, answer: str, parameters: list[dict[str, Any]], absent: str = "") -> dict[str, Any]:
    problems = PROBLEMS | ({"404": absent} if absent else {})
    responses = {
        "200": {
            "description": summary,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{answer}"}}},
        }
    }
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses |= {
        status: {"description": description, "content": problem} for status, description in sorted(problems.items())
    }
    return {"get": {"operationId": name, "summary": summary, "parameters": parameters, "responses": responses}}


def _case_paths() -> dict[str, Any]:
    number, article = _case_number(), {**_number(), "name": "article"}
    page = {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1}}
    state = {
        "name": "state",
        "in": "query",
        "schema": {"type": "string", "enum": ["open", "closed"], "default": "open"},
    }
    one, link = "/api/v1/cases/{number}", "/api/v1/cases/{number}/links/{article}"
    known: list[dict[str, list[str]]] = [{"bearer": []}]
    listed = _get("cases", "The cases the asker sees", "Cases", [state, page, _ui()])["get"]
    read = _get("case", "A case", "Case", [number, _ui()], NO_CASE)["get"]
    changes: tuple[tuple[str, str, str, str, str, str], ...] = (
        ("/api/v1/cases", "post", "openCase", "Open a case", "NewCase", "201"),
        (one, "patch", "changeCase", "Change a case", "CaseChange", "200"),
        (one + "/replies", "post", "replyToCase", "Add to the conversation", "CaseReply", "201"),
        (link, "put", "linkArticle", "Link an article; staff alone", "NewCaseLink", "200"),
        (link, "delete", "unlinkArticle", "Take a link back; staff alone", "", "200"),
    )
    paths: dict[str, Any] = {"/api/v1/cases": {"get": listed | {"security": known}}}
    paths[one] = {"get": read | {"security": known}}
    for path, method, name, summary, body, status in changes:
        described = _get(name, summary, "Case", [], NO_CASE)["get"]
        responses = described["responses"]
        problem = responses["400"]["content"]
        responses[status] = responses.pop("200")
        responses |= {code: {"description": what, "content": problem} for code, what in CASE_PROBLEMS.items()}
        given = [each for each in (number, article) if "{%s}" % each["name"] in path]  # noqa: UP031 - braces meant
        described |= {"parameters": given, "security": known}
        if body:
            content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{body}"}}}
            described["requestBody"] = {"required": True, "content": content}
        paths.setdefault(path, {})[method] = described
    return paths


def _import_paths() -> dict[str, Any]:
    root, one = "/api/v1/imports", "/api/v1/imports/{number}"
    number = {
        "name": "number",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    }
    batch = {**number, "name": "batch"}
    after = {
        "name": "after",
        "in": "query",
        "schema": {"type": "integer", "minimum": 0, "maximum": 10**9 - 1, "default": 0},
    }
    show = {
        "name": "show",
        "in": "query",
        "schema": {"type": "string", "enum": ["refused", "readers", "changed", "new"]},
    }
    file = [
        _text("file_name", "What the file is called; its ending says of what kind it is.", required=True),
        _text("source", "What later imports are compared with; else the file's name without its endings."),
        _text("grants", "Who reads articles that do not say, e.g. public or {product}:gold,{product}:silver."),
        {"name": "new_products", "in": "query", "schema": {"type": "string", "enum": ["0", "1"], "default": "0"}},
    ]
    doors: tuple[tuple[str, str, str, str, str, str, list[dict[str, Any]]], ...] = (
        (root, "get", "imports", "The last imports that were sent", "Imports", "200", [_ui()]),
        (root, "post", "sendImport", "Send a file, to see what would change", "Import", "202", [*file, _ui()]),
        (one, "get", "import", "An import, how far it is, and its report", "Import", "200", [number, _ui()]),
        (
            one + "/rows",
            "get",
            "importRows",
            "The rows of its report",
            "ImportRows",
            "200",
            [number, show, after, _ui()],
        ),
        (one + "/apply", "post", "applyImport", "Write what was looked at", "Import", "202", [number]),
        (one + "/stop", "post", "stopImport", "Stop or drop it", "Import", "202", [number]),
        (root + "/batches/{batch}/take-back", "post", "takeBack", "Everything as before it", "Batch", "200", [batch]),
    )
    paths: dict[str, Any] = {}
    for path, method, name, summary, answer, status, parameters in doors:
        described = _get(name, summary, answer, parameters, NO_IMPORT)["get"]
        responses = described["responses"]
        responses[status] = responses.pop("200")
        problem = responses["400"]["content"]
        if method == "post":
            responses |= {code: {"description": what, "content": problem} for code, what in IMPORT_PROBLEMS.items()}
        if name == "sendImport":
            content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
            described["requestBody"] = {"required": True, "content": content}
        described["security"] = [{"bearer": []}]
        paths.setdefault(path, {})[method] = described
    return paths


def _text(name: str, description: str, required: bool = False) -> dict[str, Any]:
    return {
        "name": name, "in": "query", "description": description, "required": required,
        "schema": {"type": "string", **({"minLength": 1} if required else {})},
    }  # fmt: skip


def search_parameters(longest: int) -> list[dict[str, Any]]:
    properties = SearchParameters.model_json_schema()["properties"]
    found = []
    for name, described in properties.items():
        schema = {key: value for key, value in described.items() if key not in ("title", "description")}
        if name == "q":
            schema["maxLength"] = longest
        found.append({"name": name, "in": "query", "description": described["description"], "schema": schema})
    return found


def _prefix(longest: int) -> dict[str, Any]:
    return {
        "name": "q",
        "in": "query",
        "description": "What has been typed so far.",
        "schema": {"type": "string", "default": "", "maxLength": longest},
    }


def _number() -> dict[str, Any]:
    return {
        "name": "number",
        "in": "path",
        "required": True,
        "description": "The article's number.",
        "schema": {"type": "string", "pattern": "^KB[0-9]{6,9}$"},
        "example": "KB000001",
    }


def _case_number() -> dict[str, Any]:
    return {
        "name": "number",
        "in": "path",
        "required": True,
        "description": "The case's number.",
        "schema": {"type": "string", "pattern": "^C[0-9]{8}$"},
        "example": "C00000001",
    }


def _ui() -> dict[str, Any]:
    return {
        "name": "ui",
        "in": "query",
        "description": "The language of names and messages; else as Accept-Language says.",
        "schema": {"type": "string", "enum": list(LANGUAGES)},
    }
