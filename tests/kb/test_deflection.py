"""What is searched for while a case is typed, and which of the articles found come first."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from kb.deflection import MOST, Typed, asked_of, best
from kb.search import Result
from kb.store.articles import ArticleRow


def test_the_telling_lines_of_a_long_log_are_asked_for() -> None:
    frames = "\n".join(f"    at com.example.Deep{at}.call(Deep{at}.java:{at})" for at in range(500))
    log = f"今天早上開始\n{frames}\nCaused by: wt.util.WTException: ORA-01017\n{frames}"
    asked = asked_of(Typed("無法啟動", log))
    assert asked.splitlines()[:3] == ["無法啟動", "今天早上開始", "Caused by: wt.util.WTException: ORA-01017"]
    assert len(asked) <= MOST


@pytest.mark.parametrize(("subject", "text"), [("", ""), (" ", "\n\n"), ("\u202e", "\x00")])
def test_nothing_typed_asks_for_nothing(subject: str, text: str) -> None:
    assert asked_of(Typed(subject, text)) == ""


@pytest.mark.parametrize(
    ("version", "order"),
    [("", "abcd"), ("12.1", "acdb"), ("12.1.2.5", "acdb"), ("13.0", "bcda"), ("12", "acdb"), ("9", "cdab")],
)
def test_the_product_then_the_version_come_first(version: str, order: str) -> None:
    given = [
        found("a", ("12.1.2",)), found("e", (), "creo"), found("b", ("13.0",)), found("c", ()),
        found("d", ("12.1", "13.0", "9")),
    ]  # fmt: skip
    typed = Typed(product="windchill", version=version)
    assert "".join(one.article.title for one in best(given, typed, 5)) == f"{order}e"
    assert len(best(given, typed, 2)) == 2


def found(title: str, versions: tuple[str, ...], product: str = "windchill") -> Result:
    now: Any = datetime(2026, 3, 2, tzinfo=UTC)
    row = ArticleRow(
        1, "KB100001", title, "en", product, "faq", "", versions, date(2026, 1, 1), frozenset({"public"}), (),
        "validated", None, "test", title, "", {}, now, now,
    )  # fmt: skip
    return Result(row, 1.0, (), (), {})
