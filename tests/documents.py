"""Documents to index in tests, with everything a test does not care about filled in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from kb.entitlements import Audience, Scope
from kb.search import Document, Engine

PUBLIC = Scope(frozenset({"public"}))


def scope(*grants: str) -> Scope:
    return Scope(frozenset(grants))


def document(
    article: int, title: str, body: str = "", *, grants: Sequence[str] = ("public",), **others: object
) -> Document:
    made = Document(
        key=f"{article}.0",
        article=article,
        audience=Audience((tuple(sorted(grants)),)),
        number=f"KB{article:06d}",
        title=title,
        body=body,
        headings=(),
        also_asked_as=(),
        lang="zh-Hant",
        product="windchill",
        type="solution",
        versions=(),
        category="",
        updated=date(2026, 1, 1),
        digest=f"digest of {article} {title}".encode().hex(),
    )
    return replace(made, **others)  # type: ignore[arg-type]


def put(engine: Engine, documents: Iterable[Document], *, rebuild: bool = False) -> None:
    """Write documents, each in the place of what its article had."""
    by_article: dict[int, list[Document]] = {}
    for one in documents:
        by_article.setdefault(one.article, []).append(one)
    with engine.writer(rebuild=rebuild) as writer:
        for article, its in by_article.items():
            writer.replace(article, its)
