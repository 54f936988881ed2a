"""Which articles may make a case needless: what to search for while it is typed, and which of the found come first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kb.query import clean
from kb.search import Result
from kb.store.articles import ArticleRow

# What is asked of a pasted log: more of it finds no better, and takes longer than a person types.
MOST = 1_000
_TELLING = re.compile(
    r"""(?-i:\b[A-Z]{2,}-?[0-9]{2,}) | 0x[0-9a-f]{4,} | [a-z](?:Exception|Error)\b
        | caused[ ]by | fail(?:ed|ure) | denied | refused | fatal | severe | 錯誤 | 错误 | 失敗 | 失败 | 異常 | 异常""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a customer has typed so far of a case; any of it may be empty."""

    subject: str = ""
    text: str = ""
    product: str = ""
    version: str = ""


def asked_of(typed: Typed, most: int = MOST) -> str:
    """What to search for: the subject, how the text begins, the telling lines of a pasted log, then the rest of it."""
    lines = [line.strip() for line in typed.text.splitlines() if line.strip()]
    telling = [line for line in lines if _TELLING.search(line)]
    ordered = dict.fromkeys(line for line in (typed.subject.strip(), *lines[:1], *telling, *lines) if line)
    return clean("\n".join(ordered)[: min(most, MOST)])


def best(found: Iterable[Result], typed: Typed, limit: int) -> Sequence[Result]:
    """The first of those found: of the product before others, for the version before those for other versions alone."""
    return sorted(found, key=lambda one: _distance(one.article, typed))[:limit]


def _distance(article: ArticleRow, typed: Typed) -> tuple[bool, bool]:
    return article.product != typed.product, not _fits(typed.version.strip(), article.versions)


def _fits(version: str, versions: Sequence[str]) -> bool:
    """12.1.2.5 is a 12.1, and whoever says 12.1 may mean 12.1.2."""
    if not version or not versions:
        return True
    return any(f"{one}.".startswith(f"{version}.") or f"{version}.".startswith(f"{one}.") for one in versions)
