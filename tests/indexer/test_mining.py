"""Terms mined from the titles of translations."""

from __future__ import annotations

from datetime import UTC, date, datetime

from indexer.mining import proposals
from indexer.vocabulary import Vocabulary
from kb.store.articles import ArticleRow

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GROUPS = [
    ("無法移動滑鼠", "无法移动鼠标", "Cannot move the mouse"),
    ("滑鼠遺失", "鼠标丢失", "The mouse is lost"),
    ("更換滑鼠", "更换鼠标", "Replacing a mouse"),
    ("列印工程圖", "打印工程图", "Printing drawings"),
]


def rows() -> list[ArticleRow]:
    langs = ("zh-Hant", "zh-Hans", "en")
    titles = [
        (f"g{at}", lang, title) for at, group in enumerate(GROUPS) for lang, title in zip(langs, group, strict=True)
    ]
    return [
        ArticleRow(
            id=at, number=f"KB{at:06d}", source="test", external_id=str(at), group=f"g{group}", title=title, lang=lang,
            product="creo", type="faq", category="", versions=(), updated=date(2026, 1, 1),
            grants=frozenset({"public"}),
            also_asked_as=(), confidence="validated", digest="", extra={},
            created_at=NOW, changed_at=NOW,
        )
        for at, (group, lang, title) in enumerate(titles)
    ]  # fmt: skip


def test_what_translations_say_each_time_is_proposed() -> None:
    lines = [one.line for one in proposals(rows(), Vocabulary())]
    assert "滑鼠\t鼠标\t" in lines
    assert "滑鼠\t\tmouse" in lines and "\t鼠标\tmouse" in lines
    assert not [line for line in lines if "工程" in line], "the same in both scripts, or seen but once"


def test_what_the_vocabulary_has_is_not_proposed_again() -> None:
    known = Vocabulary([(("滑鼠",), ("鼠标",), ("mouse",))])
    assert not [one.line for one in proposals(rows(), known) if "滑鼠" in one.line and "鼠标" in one.line]
