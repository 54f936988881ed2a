"""The API is what its document says: a client generated from the document calls it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.site import ReadySite, Visitor

RULES = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

OPERATIONS = ("/api/v1/search", "/api/v1/suggest", "/api/v1/articles/{number}")


@pytest.fixture(scope="module")
def document(site: ReadySite) -> OpenApiSchema:
    found: OpenApiSchema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", site.app)
    return found


def test_every_door_is_documented(document: OpenApiSchema) -> None:
    paths = document.raw_schema["paths"]
    assert set(paths) == set(OPERATIONS)


@pytest.mark.parametrize("path", OPERATIONS)
@pytest.mark.parametrize("kind", ["anonymous", "gold"])
def test_as_documented(site: ReadySite, document: OpenApiSchema, path: str, kind: str) -> None:
    """Right calls and wrong ones, made up from the document: every answer is as the document says."""
    headers = {"Authorization": f"Bearer {site.token(kind)}"} if kind != "anonymous" else None

    @RULES
    @given(document[path]["GET"].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def right(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=headers)

    @RULES
    @given(document[path]["GET"].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def wrong(case: schemathesis.Case[Any]) -> None:
        answer = case.call(headers=headers)
        # Its own check of refusals does not know 413.
        case.validate_response(answer, excluded_checks=[negative_data_rejection])
        # Some of what it takes for wrong is right once written in an address, where everything is text.
        assert answer.status_code in (200, 400, 404, 413)

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
    assert {"value": "windchill", "name": "Windchill", "count": 1} in answer["facets"]["product"]


def test_an_article_in_full(visitors: dict[str, Visitor]) -> None:
    article = visitors["gold"].get("/api/v1/articles/KB900002").get_json()
    assert {other["lang"] for other in article["translations"]} == {"zh-Hans", "en"}
    assert article["attachments"][0]["name"] == "sample.log"
    assert visitors["gold"].get(article["attachments"][0]["url"]).status_code == 200
    assert [heading["text"] for heading in article["headings"]][:2] == ["症狀", "原因"]
