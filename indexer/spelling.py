"""The words of a question in the spellings an article may have them in: what search goes by when no index answers."""

from __future__ import annotations

from indexer.analysis import Analysis
from indexer.folding import to_simplified, to_traditional
from indexer.planning import is_code

MAX_WORDS = 8


def spellings(text: str) -> list[tuple[str, ...]]:
    """At most MAX_WORDS words, codes and then long ones first; each in Traditional and Simplified characters."""
    words = list(dict.fromkeys(surface for surface, _, _ in Analysis().words(text)))
    telling = sorted(words, key=lambda word: (not is_code(word), -len(word)))[:MAX_WORDS]
    return [tuple(dict.fromkeys((word, to_simplified(word), to_traditional(word)))) for word in telling]
