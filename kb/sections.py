"""The sections of an article's text, where `:::grants …` keeps some of it to fewer readers; and the text they make."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kb.articles import Problem, Section
from kb.entitlements import expand

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
GRANTS_BEGIN = re.compile(r":::\s*grants\b(.*)\Z")


def split(body: str, product: str) -> tuple[list[Section], list[Problem]]:
    """The sections of a text with what is wrong with its markers. `{product}` in a marker is the article's own."""
    if ":::" not in body or not re.search(r"^:::\s*grants\b", body, re.MULTILINE):
        return [Section(body)], []
    found: list[Section] = []
    problems: list[Problem] = []
    lines: list[str] = []
    grants: tuple[str, ...] | None = None
    fence = ""
    for number, line in enumerate(body.split("\n"), 1):
        fence = _fence(line, fence)
        begins = None if fence else GRANTS_BEGIN.match(line.rstrip())
        ends = not fence and grants is not None and line.rstrip() == ":::"
        if not begins and not ends:
            lines.append(line)
            continue
        if begins and grants is not None:
            problems.append(Problem("sections_nested", "body_markdown", {"line": number}))
        _end(lines, grants, found)
        grants = tuple(expand(begins[1].replace(",", " ").split(), product)) if begins else None
        if begins and not grants:
            problems.append(Problem("section_grants_missing", "body_markdown", {"line": number}))
    if grants is not None:
        problems.append(Problem("section_unclosed", "body_markdown"))
    _end(lines, grants, found)
    return found, problems


def _end(lines: list[str], grants: tuple[str, ...] | None, found: list[Section]) -> None:
    if "".join(lines).strip():
        found.append(Section("\n".join(lines), grants or ()))
    lines.clear()


def _fence(line: str, fence: str) -> str:
    """The fence of code that the text is in after this line; empty outside of code."""
    found = FENCE.match(line)
    if not found:
        return fence
    if not fence:
        return found[1]
    closes = found[1].startswith(fence) and not line.strip().strip(fence[0])
    return "" if closes else fence


def joined(sections: Iterable[Section]) -> str:
    """One text of them, which `split` takes apart again."""
    return "\n".join(
        f":::grants {' '.join(each.grants)}\n{each.markdown}\n:::" if each.grants else each.markdown
        for each in sections
    )
