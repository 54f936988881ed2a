"""Six hundred hostile queries: an answer or a clear refusal, on every surface that takes a query."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.hostile import COUNT, MOST, queries
from tests.site import Visitor


def test_there_are_six_hundred() -> None:
    assert len(queries()) == COUNT == 600 and max(map(len, queries())) <= MOST


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/search", "/api/v1/search", "/suggest", "/api/v1/suggest"])
def test_every_one_has_an_answer(visitors: dict[str, Visitor], path: str) -> None:
    for text in queries():
        answer = visitors["gold"].get(f"{path}?q={quote(text, errors='surrogatepass')}")
        # Half of a surrogate pair is three wrong octets in an address, each read as a character of its own.
        assert answer.status_code in (200, 413), (answer.status_code, text[:80])
        assert b"Traceback" not in answer.get_data()


def test_beyond_the_limit_is_refused_by_its_length(visitors: dict[str, Visitor]) -> None:
    for path in ("/search", "/api/v1/search", "/suggest"):
        assert visitors["gold"].get(f"{path}?q={'x' * (MOST + 1)}").status_code == 413
