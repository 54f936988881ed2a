"""A marker of a section is one, or is code for readers, or is refused: none is shown to everyone by mistake."""

from __future__ import annotations

import random
import re

import pytest

from kb.articles import LANGUAGES, Section
from kb.messages import told
from kb.rendering import Renderer
from kb.rendering.markdown import Part
from kb.sections import MOST_TOLD, joined, markers_in, split

SECRET = "## Internal\n\nsecretword\n"


def found(body: str) -> tuple[list[Section], list[tuple[str, int | None]]]:
    """The sections, and what refuses the text, with its lines."""
    sections, problems = split(body, "windchill")
    for problem in problems:
        assert all(told(problem, lang).strip() for lang in LANGUAGES)
    return sections, [(each.code, each.values.get("line")) for each in problems if each.refuses]


@pytest.mark.parametrize(
    "before",
    [
        "```wt.properties``` in the folder.\n",
        "`` ` `` and ```\n",
        "```\na\n````\n",
        "```\na\n```\n",
        "~~~~ text\na\n~~~~\n",
        "- list\n\n    ```\n    code\n",
        "- ```\n  code\n  ```\n",
        "```java\na\n```  \n",
        "a\u2028b",
    ],
)
def test_a_section_after_what_is_no_open_fence_is_one(before: str) -> None:
    for end in ("\n", "\r\n", "\r"):
        body = f"{before}\n:::grants staff\n{SECRET}:::\n\nEnd".replace("\n", end)
        sections, refused = found(body)
        assert not refused, before
        assert [each.grants for each in sections] == [(), ("staff",), ()]
        assert not any("secretword" in each.markdown for each in sections if not each.grants)


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("Log:\n\n```\njava.lang.Error\n", 6),
        ("~~~ strike ~~~ text\n", 3),
        ("~~~~\na\n~~~\n", 5),
        ("``` \n", 3),
    ],
)
def test_a_marker_in_a_fence_that_is_open_at_the_end_is_refused(before: str, line: int) -> None:
    assert ("section_in_doubt", line) in found(f"{before}\n:::grants staff\n{SECRET}:::\n\nEnd")[1]


def test_a_marker_that_readers_see_as_code_and_editors_do_not_is_refused() -> None:
    body = f'```java title="x"\ncode\n```\n\n:::grants staff\n{SECRET}:::\n\n```\nother\n```'
    assert ("section_in_doubt", 5) in found(body)[1]
    # A fence that was forgotten before, and so the code of the section ends it.
    assert found("```\nlog\n\n:::grants staff\nsecretword\n```\na\n```\nb\n:::\n")[1]
    assert found("```\nlog\n\n:::grants staff\nsecretword\n```\na\n```\nb\n:::\n\n```\nc\n```\n")[1]


@pytest.mark.parametrize(
    "marker",
    [
        " :::grants staff", "   :::grants staff", "    :::grants staff", "\t:::grants staff", "\u3000:::grants staff",
        ":::Grants staff", ":::GRANTS staff", ":::grant staff", "::::grants staff", "::grants staff",
        "：：：grants staff",
        ":：:grants staff", ":::ｇｒａｎｔｓ staff", "：：：grants：staff", ":::gratns staff", ":::grantsstaff",
        ":::{grants staff}", "::: {.grants}", ":::staff", "::: public", ":::windchill:gold", ":::{product}:gold",
        ":::授權 staff", ":::权限 staff", "- :::grants staff", "  * :::grants staff", "1. :::grants staff",
        "> :::grants staff", "> > - :::grants staff", "\ufeff:::grants staff", ":::\u200bgrants staff",
        "\u200b:::grants staff", "# :::grants staff", "**:::grants staff**", "\\:::grants staff", "<p>:::grants staff",
        ":   :::grants staff", "text\u2028:::grants staff", "text\x0b:::grants staff", "· :::grants staff",
        "|:::grants",
    ],
)  # fmt: skip
def test_a_line_that_is_nearly_a_marker_is_refused_with_its_line(marker: str) -> None:
    _, refused = found(f"a\n\n{marker}\n{SECRET}:::\n")
    assert ("section_marker", 3) in refused
    assert ("section_marker", 1) in found(f"{marker}\n{SECRET}")[1]
    # As an example it is what it is.
    assert not found(f"a\n\n```\n{marker}\nx\n:::\n```\n\nb `{marker}` c")[1] or len(marker.splitlines()) > 1


@pytest.mark.parametrize(
    "line",
    [
        "a `:::grants staff` b", "- `:::grants staff` begins one", "&#58;::grants staff", "std::grants",
        "a :::grants b",
        "::note", ":::note", ":::", "::: warning", "::", "::::", ":grants", "Term\n:   grants", "a ：grants",
        "::after { color: red }", "| a | :::grants |", ":::tip Title",
    ],
)  # fmt: skip
def test_other_lines_with_colons_are_taken(line: str) -> None:
    body = f"a\n\n{line}\n\nb"
    sections, refused = found(body)
    assert sections == [Section(body)] and not refused


def test_colons_that_are_no_marker_are_told() -> None:
    for line in (":::note", ":::", " ::: tip"):
        assert [(each.code, each.refuses) for each in split(f"a\n\n{line}\nb\n:::", "windchill")[1]] == [
            ("marker_shown", False)
        ]
    assert not split("```\n:::note\n:::\n```", "windchill")[1]


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        # The end of the note ended the section.
        (":::grants staff\n:::note\nx\n:::\nsecretword\n:::\n", "section_end_alone", 6),
        (":::grants staff\nx\n:::\n:::", "section_end_alone", 4),
        (":::\n:::grants staff\nx\n:::", "section_end_alone", 1),
        (":::grants staff\nx\n :::\ny\n:::", "section_marker", 3),
        (":::grants staff\nx\n：：：\ny\n:::", "section_marker", 3),
        (":::grants staff\nx\n::::\ny\n:::", "section_marker", 3),
        (":::grants staff\nx\n- :::\n:::", "section_marker", 3),
        (":::grants staff\n```\n:::\n", "section_in_doubt", 3),
        (":::grants\nx\n:::", "section_grants_missing", 1),
        (":::grants staff\n:::grants staff\nx\n:::", "sections_nested", 2),
        (":::grants staff\nx", "section_unclosed", None),
    ],
)
def test_ends_that_end_nothing(body: str, code: str, line: int | None) -> None:
    assert (code, line) in found(body)[1]


def test_an_article_may_document_the_markers() -> None:
    body = "如下：\n\n```\n:::grants staff\n內部\n:::\n```\n\n~~~~ text\n```\n :::Grants staff\n~~~~\n\n完。"
    assert found(body) == ([Section(body)], [])
    within = f":::grants staff\n{body}\n:::"
    assert found(within) == ([Section(body, ("staff",))], [])


def test_no_text_is_told_of_without_end() -> None:
    assert len(split(" :::grants staff\n" * 5_000, "windchill")[1]) == MOST_TOLD


def test_what_is_shown_of_a_text_that_names_its_readers_itself() -> None:
    assert [each.code for each in markers_in("a\n:::grants staff\nb\n:::")] == ["section_marker"]
    assert not markers_in("a\n```\n:::grants staff\nb\n:::\n```\n:::\n:::note")


LINES = (
    "```", "````", "~~~", "~~~~", "```java", "```java x", "```a``` b", "~~~ a ~~~ b", " ```", "    ```", "- ```",
    "> ```", ":::grants staff", ":::grants windchill:gold", " :::grants staff", "> :::grants staff", ":::Grants staff",
    ":::", ":::", "text", "", "", "- item", "    deep", "    :::grants staff", "\t:::grants staff", "<div>", "</div>",
    "`", "<!--", "-->",
)  # fmt: skip


def test_no_marker_is_shown_but_as_code() -> None:
    """Of texts that are taken, the renderer itself is asked what readers see."""
    chance, renderer, taken = random.Random(11), Renderer(), 0
    for _ in range(6_000):
        body = "\n".join(chance.choices(LINES, k=chance.randint(1, 12)))
        sections, refused = found(body)
        if refused or ":::" not in body:
            continue
        taken += 1
        parts = [Part(each.markdown, each.grants) for each in sections]
        for section, html in zip(sections, renderer.sections(parts), strict=True):
            seen = re.sub(r"<pre.*?</pre>", "", html.html, flags=re.DOTALL)
            assert "grants" not in seen.lower(), (body, section, html.html)
        again = split(joined(sections), "windchill")[0]
        assert [each.grants for each in again if each.grants] == [each.grants for each in sections if each.grants]
    assert taken > 400
