"""`kb cases`: a case from its opening to its closing, typed by the two who work it."""

from __future__ import annotations

import json
import re

import pytest

from tests.indexer.test_cli import KB, filled, kb

__all__ = ["filled", "kb"]
NEW = ("--product", "windchill", "--severity", "2", "--subject", "無法登入", "--text", "HTTP 401")
US, THEM, SILVER = "engineer@example.com", "gold@example.com", "silver@example.com"


@pytest.fixture
def staffed(filled: KB) -> KB:
    for email, role, package in ((US, "engineer", ""), (THEM, "customer", "gold"), (SILVER, "customer", "silver")):
        customer = ["--customer", f"{package} Ltd"] if package else []
        made = ["user", "add", email, "--name", email, "--role", role, "--password", "a long password", *customer]
        assert filled(*made).exit_code == 0
        if package:
            line = ["--customer", f"{package} Ltd", "--product", "windchill", "--package", package]
            assert filled("contract", "add", f"K-{package}", *line).exit_code == 0
    return filled


def test_a_case_from_opening_to_closing(staffed: KB) -> None:
    number = staffed("cases", "open", "--as", US, "--contact", THEM, *NEW).output.strip()
    assert re.fullmatch(r"C\d{8}", number)
    found = json.loads(staffed("search", "ORA-01017", "--grants", "windchill:gold", "--json").output)
    article = found["results"][0]["number"]
    steps = (
        (["change", number, "--take", "--severity", "1", "--as", US], "severity 1"),
        (["reply", number, "--text", "only for us", "--internal", "--as", US], "noted"),
        (["reply", number, "--text", "請見文章", "--as", US], "sent"),
        (["link", number, article, "--role", "resolution", "--as", US], "linked"),
        (["change", number, "--status", "solution_offered", "--as", US], "solution_offered"),
        (["reply", number, "--text", "還是不行", "--as", THEM], "sent"),
        (["unlink", number, article, "--as", US], "taken back"),
        (["link", number, article.lower(), "--as", US], "linked"),
        (["close", number, "--as", THEM], "closed"),
    )
    for words, told in steps:
        done = staffed("cases", *words)
        assert done.exit_code == 0 and told in done.output, (words, done.output)
    ours, theirs = (json.loads(staffed("cases", "show", number, "--json", "--as", who).output) for who in (US, THEM))
    assert "only for us" in str(ours) and "only for us" not in str(theirs)
    assert [link["role"] for link in theirs["links"]] == ["reference"] and theirs["status"] == "closed"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["open", "--as", SILVER, *NEW], "does not include assisted support"),
        (["open", "--as", US, "--contact", SILVER, *NEW], "does not include assisted support"),
        (["open", "--as", US, *NEW], "no such customer's account"),
        (["open", "--as", THEM, *NEW[:-1], " "], "the text is empty"),
        (["reply", "C99999999", "--text", "x", "--as", US], "sees no case C99999999"),
        (["close", "C99999999", "--as", THEM], "sees no case"),
        (["link", "C99999999", "KB999999", "--as", THEM], "staff alone"),
        (["link", "C99999999", "KB999999", "--as", US], "reads no article"),
        (["change", "C99999999", "--status", "closed", "--as", US], "sees no case"),
    ],
)
def test_what_cannot_be_done_is_told(staffed: KB, words: list[str], told: str) -> None:
    done = staffed("cases", *words)
    assert done.exit_code == 1 and told in done.output, done.output


def test_nothing_to_change_is_wrong_usage(staffed: KB) -> None:
    assert staffed("cases", "change", "C99999999", "--as", US).exit_code == 2
