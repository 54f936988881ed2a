"""The language of a text: as it says itself, or by its characters."""

from __future__ import annotations

import re

from indexer.folding import to_simplified, to_traditional
from kb.articles import Language

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
SAMPLE = 20_000
# Of a hundred letters so many Han characters make a text Chinese: commands and names are Latin in any language.
MOSTLY = 0.15


def language_of(said: str, text: str) -> Language:
    """`said`: a language tag of any system, `zh-tw`, `zh_CN`, `en-us`; "" or another: the text tells."""
    parts = said.strip().lower().replace("_", "-").split("-")
    if parts[0] == "zh" and set(parts) & {"tw", "hk", "mo", "hant"}:
        return "zh-Hant"
    if parts[0] == "zh" and set(parts) & {"cn", "sg", "hans"}:
        return "zh-Hans"
    sample = text[:SAMPLE]
    han = "".join(HAN.findall(sample))
    if parts[0] != "zh" and len(han) < MOSTLY * sum(map(str.isalpha, sample)):
        return "en"
    traditional = sum(a != b for a, b in zip(han, to_simplified(han), strict=True))
    simplified = sum(a != b for a, b in zip(han, to_traditional(han), strict=True))
    return "zh-Hans" if simplified > traditional else "zh-Hant"
