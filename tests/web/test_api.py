"""The API is what its document says: a client generated from the document calls it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance
from schemathesis.specs.openapi.schemas import OpenApiSchema
from werkzeug.test import TestResponse

from tests.site import ReadySite, Visitor

RULES = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

CASE = "/api/v1/cases/{number}"
OPERATIONS = (
    ("/api/v1/search", "GET"),
    ("/api/v1/suggest", "GET"),
    ("/api/v1/articles/{number}", "GET"),
    ("/api/v1/cases", "GET"),
    ("/api/v1/cases", "POST"),
    (CASE, "GET"),
    (CASE, "PATCH"),
    (CASE + "/replies", "POST"),
    (CASE + "/links/{article}", "PUT"),
    (CASE + "/links/{article}", "DELETE"),
    (CASE + "/files", "POST"),
    (CASE + "/files/{uid}", "GET"),
    (CASE + "/sprs/{spr}", "PUT"),
    (CASE + "/sprs/{spr}", "DELETE"),
)
SPR = "/api/v1/sprs/{number}"
SPRS = (
    ("/api/v1/sprs", "GET"),
    (SPR, "GET"),
    (SPR, "PUT"),
    (SPR + "/articles/{article}", "PUT"),
    (SPR + "/articles/{article}", "DELETE"),
)
IMPORT = "/api/v1/imports/{number}"
IMPORTS = (
    ("/api/v1/imports", "GET"),
    ("/api/v1/imports", "POST"),
    (IMPORT, "GET"),
    (IMPORT + "/rows", "GET"),
    (IMPORT + "/apply", "POST"),
    (IMPORT + "/stop", "POST"),
    ("/api/v1/imports/batches/{batch}/take-back", "POST"),
)
DRAFT = "/api/v1/drafts/{draft}"
DRAFTS = (
    ("/api/v1/drafts", "GET"),
    ("/api/v1/drafts", "POST"),
    (DRAFT, "GET"),
    (DRAFT, "PATCH"),
    *((f"{DRAFT}/{turn}", "POST") for turn in ("files", "preview", "submit", "send-back", "rebase", "discard")),
    *((f"{DRAFT}/{turn}", "POST") for turn in ("publish", "schedule")),
    *((f"/api/v1/changes{path}", "POST") for path in ("", "/look", "/{batch}/take-back")),
)
WEBHOOK = "/api/v1/webhooks/{name}"
WEBHOOKS = (
    ("/api/v1/webhooks", "GET"),
    ("/api/v1/webhooks", "POST"),
    (WEBHOOK, "PATCH"),
    (WEBHOOK, "DELETE"),
    (WEBHOOK + "/rotate", "POST"),
    ("/api/v1/webhooks/deliveries", "GET"),
    ("/api/v1/webhooks/deliveries/{delivery}/replay", "POST"),
    ("/api/v1/webhooks/deliveries/replay", "POST"),
)
# What can be taken of them, a document cannot say.
UNKNOWABLE = (
    (CASE + "/files", "POST"), (SPR, "PUT"), ("/api/v1/drafts", "POST"),
    (f"{DRAFT}/schedule", "POST"), ("/api/v1/imports", "POST"), ("/api/v1/webhooks", "POST"),
    ("/api/v1/changes", "POST"), ("/api/v1/changes/look", "POST"),
)  # fmt: skip
# Whom staff may open a case for, it cannot say either.
FOR_STAFF = ("/api/v1/cases", "POST")
ASKED = [(kind, *door) for door in (*OPERATIONS, *SPRS, *IMPORTS) for kind in ("anonymous", "gold", "engineer")]


@pytest.fixture(scope="module")
def document(site: ReadySite) -> OpenApiSchema:
    found: OpenApiSchema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", site.app)
    return found


def test_every_door_is_documented(document: OpenApiSchema) -> None:
    paths = document.raw_schema["paths"]
    assert {(path, method.upper()) for path, doors in paths.items() for method in doors} == {
        *OPERATIONS, *SPRS, *DRAFTS, *IMPORTS, *WEBHOOKS, ("/api/v1/imports/export.zip", "GET"),
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "method"), ASKED)
def test_as_documented(site: ReadySite, document: OpenApiSchema, kind: str, path: str, method: str) -> None:
    """Right calls and wrong ones, made up from the document: every answer is as the document says."""
    _ask(site, document, kind, path, method)


@pytest.mark.parametrize(("path", "method"), WEBHOOKS)
@pytest.mark.parametrize("kind", ["engineer", "operator"])
def test_webhooks_are_as_documented(
    site: ReadySite, document: OpenApiSchema, kind: str, path: str, method: str
) -> None:
    _ask(site, document, kind, path, method)


@pytest.mark.parametrize(("path", "method"), DRAFTS)
@pytest.mark.parametrize("kind", ["gold", "author"])
def test_drafts_are_as_documented(import_site: ReadySite, kind: str, path: str, method: str) -> None:
    found: OpenApiSchema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", import_site.app)
    _ask(import_site, found, kind, path, method)


@pytest.mark.parametrize(("path", "method"), IMPORTS)
def test_imports_are_as_documented(import_site: ReadySite, path: str, method: str) -> None:
    found: OpenApiSchema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", import_site.app)
    _ask(import_site, found, "author", path, method)


def _ask(site: ReadySite, document: OpenApiSchema, kind: str, path: str, method: str) -> None:
    headers = {"Authorization": f"Bearer {site.token(kind)}"} if kind != "anonymous" else None

    @RULES
    @given(document[path][method].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def right(case: schemathesis.Case[Any]) -> None:
        # What can be taken, the document cannot always say; nor where a walk is, which keys were used.
        case.query.pop("cursor", None)
        case.headers.pop("Idempotency-Key", None)
        unknowable = (path, method) in UNKNOWABLE or (kind == "engineer" and (path, method) == FOR_STAFF)
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance] if unknowable else None)

    @RULES
    @given(document[path][method].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def wrong(case: schemathesis.Case[Any]) -> None:
        answer = case.call(headers=headers)
        # Its own check of refusals does not know 413, that of tokens not that ours takes the place of the one made up.
        case.validate_response(answer, excluded_checks=[negative_data_rejection, ignored_auth])
        # Some of what it takes for wrong is right once written in an address, where everything is text.
        assert answer.status_code in (200, 201, 202, 204, 400, 401, 403, 404, 409, 413, 422)

    right()
    wrong()


def test_a_token_shows_what_its_owner_may_read(site: ReadySite) -> None:
    client = site.app.test_client()
    bearer = {"Authorization": f"Bearer {site.token('gold')}"}
    assert client.get("/api/v1/articles/KB900002").status_code == 404
    article = client.get("/api/v1/articles/KB900002", headers=bearer)
    assert article.get_json()["number"] == "KB900002"
    assert article.headers["Cache-Control"] == "private, no-store"
    assert client.get("/articles/KB900002", headers=bearer).status_code == 404, "pages take no tokens"


@pytest.mark.parametrize("path", ["/api/v1/search?q=登入&prodct=creo", "/api/v1/suggest?q=a&page=2"])
def test_a_parameter_that_there_is_not_is_named(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 400
    assert answer.get_json()["parameter"] in ("prodct", "page")
    assert visitor.get("/search?q=登入&utm_source=mail").status_code == 200, "pages take what other sites add"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer", "Basic Z29sZDpnb2xk", "Bearer \x7f"])
def test_a_token_that_is_not_known_is_refused(visitor: Visitor, header: str) -> None:
    answer = visitor.get("/api/v1/search?q=登入", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.content_type == "application/problem+json"


def test_a_result_has_number_and_identity(visitors: dict[str, Visitor]) -> None:
    answer = visitors["gold"].get("/api/v1/search?q=登入+Windchill+失敗&lang=zh-Hant").get_json()
    first = answer["results"][0]
    assert (first["number"], first["source"], first["id"]) == ("KB900002", "test", "login")
    assert "".join(piece["text"] for piece in first["title_pieces"]) == first["title"]
    assert any(piece["marked"] for piece in first["title_pieces"])
    assert answer["total"] == len(answer["results"])
    assert {"value": "windchill", "name": "Windchill", "count": 3} in answer["facets"]["product"]


def test_an_article_in_full(visitors: dict[str, Visitor]) -> None:
    article = visitors["gold"].get("/api/v1/articles/KB900002").get_json()
    assert {other["lang"] for other in article["translations"]} == {"zh-Hans", "en"}
    assert article["attachments"][0]["name"] == "sample.log"
    assert visitors["gold"].get(article["attachments"][0]["url"]).status_code == 200
    assert [heading["text"] for heading in article["headings"]][:2] == ["症狀", "原因"]


def told(answer: TestResponse) -> Any:
    return answer.get_json()


def test_a_case_from_beginning_to_end(site: ReadySite) -> None:
    client = site.app.test_client()
    gold, engineer, other = (
        {"Authorization": f"Bearer {site.token(kind)}"} for kind in ("gold", "engineer", "gold_plus")
    )
    new = {"product": "windchill", "severity": 1, "subject": "登入失敗", "text": "HTTP 401"}
    opened = client.post("/api/v1/cases", json=new, headers=gold)
    assert opened.status_code == 201
    number, address = told(opened)["number"], f"/api/v1/cases/{told(opened)['number']}"
    assert [clock["kind"] for clock in told(opened)["clocks"]] == ["first_response", "next_update"]
    assert number in [each["number"] for each in told(client.get("/api/v1/cases", headers=engineer))["cases"]]
    for hidden in (
        client.get(address, headers=other),
        client.post(f"{address}/replies", json={"text": "x"}, headers=other),
    ):
        assert hidden.status_code == 404
        assert number not in client.get("/api/v1/cases", headers=other).get_data(as_text=True)

    closed = client.put(f"{address}/links/KB900009", json={"role": "reference"}, headers=engineer)
    assert closed.status_code == 422 and "KB900009" in told(closed)["detail"]
    linked = client.put(f"{address}/links/KB900002", json={"role": "resolution"}, headers=engineer)
    assert [link["number"] for link in told(linked)["links"]] == ["KB900002"]
    internal = {"role": "reference", "internal": True}
    assert client.put(f"{address}/links/KB900009", json=internal, headers=engineer).status_code == 200
    client.post(f"{address}/replies", json={"text": "內部", "internal": True}, headers=engineer)
    client.post(f"{address}/replies", json={"text": "請見 KB900002"}, headers=engineer)
    change = {"revision": 1, "status": "solution_offered", "take": True}
    changed = client.patch(address, json=change, headers=engineer)
    assert (told(changed)["status"], told(changed)["owner"], told(changed)["revision"]) == (
        "solution_offered",
        "Engineer",
        2,
    )
    assert client.patch(address, json=change, headers=engineer).status_code == 409

    seen = told(client.get(address, headers=gold))
    assert [event["text"] for event in seen["events"] if event["kind"] != "change"] == ["HTTP 401", "請見 KB900002"]
    assert [link["number"] for link in seen["links"]] == ["KB900002"]
    assert client.patch(address, json={"revision": 2, "severity": 0}, headers=gold).status_code == 403
    assert told(client.patch(address, json={"revision": 2, "status": "closed"}, headers=gold))["status"] == "closed"
    wrong = client.post("/api/v1/cases", json={**new, "severity": 7}, headers=gold)
    assert (wrong.status_code, told(wrong)["parameter"]) == (400, "severity")


def test_the_longest_text_of_a_case_fits(site: ReadySite) -> None:
    bearer = {"Authorization": f"Bearer {site.token('gold')}"}
    new = {"product": "windchill", "severity": 1, "subject": "登入失敗", "text": "長" * 20_000}
    assert site.app.test_client().post("/api/v1/cases", json=new, headers=bearer).status_code == 201
    wrong = site.app.test_client().post("/api/v1/cases?ui=zh-Hant", json={**new, "severity": 7}, headers=bearer)
    assert "Input" not in told(wrong)["detail"]
