"""Rows of the database as frozen values."""

from __future__ import annotations

from typing import Any

from kb.entitlements import STAFF, Grants, Scope
from kb.store.articles import ArticleRow, SectionRow, TocEntry, withdrawn
from kb.store.tables import article

ARTICLE = [column for column in article.c if column.name not in ("grant_set_id", "links", "text_digest", "sketch")]
# What `is_read_by` has to know of an article, beside the `grants` of its set.
WITHDRAWN = article.c.confidence, article.c.expires_at


def is_read_by(found: Any, scope: Scope) -> bool:
    """Whether a scope reads the article that a row tells of by `WITHDRAWN` and `grants`."""
    return scope.reads(found.grants) and (not withdrawn(found.confidence, found.expires_at) or STAFF in scope.grants)


def article_row(found: Any) -> ArticleRow:
    """From the columns `ARTICLE` and the `grants` of its set."""
    return ArticleRow(
        id=found.id,
        number=found.number,
        title=found.title,
        lang=found.lang,
        product=found.product,
        type=found.type,
        category=found.category,
        versions=tuple(found.versions),
        updated=found.updated,
        grants=frozenset(found.grants),
        also_asked_as=tuple(found.also_asked_as),
        confidence=found.confidence,
        group=found.group,
        source=found.source,
        external_id=found.external_id,
        digest=found.digest,
        extra=found.extra,
        created_at=found.created_at,
        changed_at=found.changed_at,
        owner=found.owner,
        review_on=found.review_on,
        expires_at=found.expires_at,
        text_at=found.text_at,
    )


def section_row(found: Any, grants: Grants, html: str) -> SectionRow:
    return SectionRow(
        ordinal=found.ordinal,
        grants=grants,
        html=html,
        text=found.text,
        headings=tuple(found.headings),
        toc=tuple(TocEntry(*entry) for entry in found.toc),
    )
