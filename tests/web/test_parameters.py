"""Whatever stands in the address: an answer, or one line that says what would be right. Never a fault of ours."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.question import FACETS
from tests.site import Visitor
from web.parameters import SearchParameters

RULES = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAMES = st.sampled_from(
    ["q", "product", "version", "type", "lang", "date", "sort", "page", "ui", "theme", "answer", "x"]
)
TEXTS = st.text(max_size=300) | st.sampled_from(
    [
        "登入",
        "solution",
        "zh-Hant",
        "month",
        "updated",
        "1",
        "2",
        "0",
        "-1",
        "1e9",
        "١",
        "９",
        "'\"<>&%00\x00",
        "\ud800",
    ]
)


@pytest.mark.parametrize(
    ("query", "name", "right"),
    [
        ("page=0", "page", "1 到 1000000 的整數"),
        ("page=x", "page", "1 到 1000000 的整數"),
        ("page=1.5", "page", "1 到 1000000 的整數"),
        ("page=%EF%BC%91", "page", "1 到 1000000 的整數"),
        ("page=1&page=2", "page", "只給一次"),
        ("sort=best", "sort", "relevance, updated, title"),
        ("lang=zh-TW", "lang", "zh-Hant, zh-Hans, en"),
        ("type=guide", "type", "solution, how_to"),
        ("date=today", "date", "month, quarter, year, older"),
        ("product=" + "x" * 201, "product", "1 到 200 個字元"),
        ("&".join(f"version={n}" for n in range(51)), "version", "至多 50 個值"),
        ("ui=fr", "ui", "zh-Hant, zh-Hans, en"),
        ("theme=blue", "theme", "auto, light, dark"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_would_be_right(
    visitor: Visitor, query: str, name: str, right: str
) -> None:
    for path in ("/search", "/api/v1/search"):
        answer = visitor.get(f"{path}?{query}")
        assert answer.status_code == 400
        said = answer.get_json()["detail"] if path.startswith("/api") else answer.get_data(as_text=True)
        assert f"參數 {name} " in said and right in said
    assert visitor.get(f"/api/v1/search?{query}").get_json()["parameter"] == name


@pytest.mark.parametrize("lang", ["zh-Hans", "en"])
def test_in_the_readers_language(visitor: Visitor, lang: str) -> None:
    said = visitor.get("/api/v1/search?page=x", headers={"Accept-Language": lang}).get_json()["detail"]
    assert (
        said
        == {
            "zh-Hans": "参数 page 的值“x”不正确；应为1 到 1000000 的整数。",
            "en": "The parameter page cannot be “x”; it must be a whole number from 1 to 1000000.",
        }[lang]
    )


def test_an_empty_parameter_of_a_form_is_none(visitor: Visitor) -> None:
    assert visitor.get("/search?q=登入&product=&type=&page=&sort=").status_code == 200


@pytest.mark.parametrize("text", ["登", "a" * 4_000, "記憶體不足 " * 600, "\n".join(["at x.y.Z(A.java:1)"] * 180)])
def test_long_text_is_answered(visitor: Visitor, text: str) -> None:
    assert visitor.get("/search", query_string={"q": text[:4_000]}).status_code == 200


@pytest.mark.parametrize("path", ["/search", "/suggest", "/api/v1/search", "/api/v1/suggest"])
@pytest.mark.parametrize("length", [4_001, 200_000])
def test_too_long_text_is_refused(visitor: Visitor, path: str, length: int) -> None:
    answer = visitor.get(path, query_string={"q": "登" * length})
    assert answer.status_code == 413
    said = answer.get_data(as_text=True) if path == "/search" else answer.get_json()["detail"]
    assert f"{length:,}" in said and "4,000" in said


def test_a_page_past_the_end_leads_back(visitor: Visitor) -> None:
    answer = visitor.get("/search?q=分頁&page=9")
    assert answer.status_code == 404
    assert f'href="/search?q={quote("分頁")}&amp;page=2"' in answer.get_data(as_text=True)


@RULES
@given(st.lists(st.tuples(NAMES, TEXTS), max_size=5))
def test_any_parameters(visitor: Visitor, pairs: list[tuple[str, str]]) -> None:
    query = urlencode(pairs, errors="surrogatepass")
    for path in ("/search", "/suggest", "/api/v1/search", "/sign-in", "/articles/KB900001"):
        assert visitor.get(f"{path}?{query}").status_code in (200, 400, 404), path


@RULES
@given(st.binary(max_size=200))
def test_any_bytes(visitor: Visitor, content: bytes) -> None:
    for path in ("/search", "/api/v1/search"):
        assert visitor.get(f"{path}?q={quote(content)}").status_code == 200
        assert visitor.get(path, environ_overrides={"QUERY_STRING": content.decode("latin-1")}).status_code in (
            200,
            400,
            404,
        )


@RULES
@given(st.text(min_size=1, max_size=60))
def test_any_number_and_name(visitor: Visitor, text: str) -> None:
    path = quote(text, safe="", errors="surrogatepass")
    for address in (f"/articles/{path}", f"/api/v1/articles/{path}", f"/articles/KB900002/attachments/{path}"):
        assert visitor.get(address).status_code in (404, 308), address


CHOSEN = st.lists(st.text(min_size=1, max_size=8), max_size=3, unique=True).map(tuple)


@RULES
@given(
    st.builds(SearchParameters.model_construct, q=st.text(max_size=20), product=CHOSEN, version=CHOSEN, lang=CHOSEN),
    st.sampled_from(FACETS),
    st.text(min_size=1, max_size=8),
)
def test_toggles_choose_a_value_or_take_it_back(asked: SearchParameters, facet: str, value: str) -> None:
    toggle, now = asked.toggles(facet, "/search"), asked.chosen(facet)
    for each in (value, *now):
        then = tuple(one for one in now if one != each) if each in now else (*now, each)
        assert toggle(each) == asked.changed(**{facet: then}).address("/search")
