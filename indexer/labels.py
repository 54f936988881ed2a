"""Pasted entries of logs: what is written before what they say tells nothing of the trouble."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

# The first line of every Python traceback, and what PowerShell puts under the command that failed.
_FIXED = r"^Traceback \(most recent call last\):|^[ +~]+$"


def without_labels(text: str) -> str:
    """A text of several lines without the labels of `dictionaries/labels.txt` in it; as it was, where nothing else is
    left, and any other text."""
    if "\n" not in text:
        return text
    left = _labels().sub(" ", text)
    return left if any(map(str.isalnum, left)) else text


@cache
def _labels() -> re.Pattern[str]:
    lines = files("indexer").joinpath("dictionaries/labels.txt").read_text(encoding="utf-8").splitlines()
    labels = sorted((line.strip() for line in lines if line and not line.startswith("#")), key=len, reverse=True)
    named = "|".join(map(re.escape, labels))
    return re.compile(rf"(?:^[ +]*|(?<=,)[ ]|(?<=[0-9])[ ])(?:{named})[ ]*[:：]|{_FIXED}", re.IGNORECASE | re.MULTILINE)
