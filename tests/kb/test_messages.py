"""Everything that can be wrong with an article has words in three languages."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import get_args

from indexer import converting as convert
from kb.articles import LANGUAGES, Problem
from kb.messages import TEXTS, told
from kb.rendering.pool import Failure

ROOT = Path(__file__).parents[2]
RAISED = re.compile(r'(?:Problem|FileProblem|FrontMatterError|_error|wrong|_wrong)\(\s*"([a-z0-9_]+)"')
PLACED = re.compile(r'Unreadable\(.*?,\s*"([a-z0-9_]+)"', re.DOTALL)


def codes() -> set[str]:
    """What the code can find wrong: every code that stands in it."""
    sources = [*ROOT.glob("kb/*.py"), *ROOT.glob("indexer/*.py"), *ROOT.glob("indexer/readers/*.py")]
    sources += ROOT.glob("indexer/formats/*.py")
    texts = [path.read_text("utf-8") for path in sources]
    found = {code for text in texts for pattern in (RAISED, PLACED) for code in pattern.findall(text)}
    return found | set(get_args(Failure)) | set(get_args(convert.Failure))


def test_every_code_has_words_in_three_languages() -> None:
    assert codes() - TEXTS.keys() == set()
    for code, texts in TEXTS.items():
        assert len(texts) == len(LANGUAGES) and all(texts), code
        fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts]
        assert fields[0] == fields[1] == fields[2], code


def test_a_value_that_looks_like_a_place_for_one_is_text() -> None:
    for lang in LANGUAGES:
        assert "{code}" in told(Problem("product_unknown", "product", {"value": "{code}", "known": "creo"}), lang)


def test_languages_are_named_in_the_readers_own() -> None:
    missing = Problem("translation_missing", "", {"value": "zh-Hans, en"}, refuses=False)
    assert [told(missing, lang) for lang in ("en", "zh-Hant", "zh-Hans")] == [
        "there is no translation: Simplified Chinese, English",
        "缺少譯文：簡體中文、英文",
        "缺少译文：简体中文、英文",
    ]
