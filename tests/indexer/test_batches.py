"""An import shows what it would change before it does, and is taken back as one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.importing import ImportOptions, import_articles
from kb.articles import Section
from kb.comparing import readers
from kb.config import Config
from kb.entitlements import Scope
from kb.reports import Change, Place, Readers, Report, entry_packed, entry_unpacked, packed, unpacked
from kb.store import Store
from kb.store.articles import Product, SourceChanged
from tests.contracts.stores import draft
from tests.indexer.test_cli import KB, kb

__all__ = ["kb"]

Bring = Callable[..., Report]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(f"sqlite:///{tmp_path / 'kb.sqlite3'}") as opened:
        opened.save_products([Product("windchill", {"en": "Windchill"})])
        yield opened


@pytest.fixture
def bring(store: Store, tmp_path: Path) -> Bring:
    def run(*rows: dict[str, Any], **options: Any) -> Report:
        path = tmp_path / "faq.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return import_articles(path, ImportOptions(**options), store, Config(home=tmp_path / "home"))

    return run


def row(id_: str, body: str = "一\n\n二\n\n三", **others: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "title": f"第 {id_} 篇",
        "body_markdown": body,
        "lang": "zh-Hant",
        "product": "windchill",
        "grants": ["{product}:gold"],
        **others,
    }


def test_a_dry_run_tells_what_changes_and_who_reads(bring: Bring, store: Store) -> None:
    bring(row("a"), row("b"), row("c"))
    before = store.checksum()
    changed = row(
        "a", "一\n\n貳\n\n三", title="新題", versions=["12.1"], grants=["public"],
        attachments=[{"name": "a.log", "content_base64": "YQ=="}],
    )  # fmt: skip
    report = bring(changed, row("b"), row("d"), dry_run=True)
    assert store.checksum() == before
    assert dict(report.counts) == {"new": 1, "changed": 1, "same": 1}
    entry = next(each for each in report.entries if each.status == "changed")
    assert entry.number == "KB000001"
    assert entry.changes == (
        Change("title", "第 a 篇", "新題"),
        Change("versions", "", "12.1"),
        Change("grants", "windchill:gold", "public"),
        Change("attachments", "", "a.log"),
    )
    assert entry.readers == Readers(("public",), ("windchill:gold",))
    assert [line for line in entry.lines if line[0] in "+-"] == ["-二", "+貳"]
    assert report.rights_changed == 1
    kept = unpacked(json.loads(json.dumps(packed(report))))
    kept.entries = [entry_unpacked(json.loads(json.dumps(entry_packed(entry)))) for entry in report.entries]
    assert kept == replace(report, readers_changed=1)


def test_a_long_change_says_how_much_is_not_shown(bring: Bring) -> None:
    for lines in (1_000, 5_000):
        bring(row("a", "\n".join(f"line {n}" for n in range(lines))))
        report = bring(row("a", "\n".join(f"other {n}" for n in range(lines))), dry_run=True)
        assert len(report.entries[0].lines) == 200 and report.entries[0].cut > lines


def test_what_was_looked_at_is_what_is_written(bring: Bring, store: Store) -> None:
    seen = bring(row("a"), dry_run=True)
    bring(row("b"))
    before = store.checksum()
    with pytest.raises(SourceChanged):
        bring(row("a"), basis=seen.basis)
    assert store.checksum() == before
    again = bring(row("a"), dry_run=True)
    assert bring(row("a"), basis=again.basis).batch


GRANTS = st.lists(st.sampled_from(["public", "windchill:gold", "windchill:silver", "staff"]), unique=True, max_size=3)
SECTIONS = st.lists(st.builds(lambda grants: Section("內文", tuple(grants)), GRANTS), min_size=1, max_size=3)


@given(GRANTS, SECTIONS, GRANTS, SECTIONS)
def test_the_readers_told_are_those_for_whom_something_opens_or_closes(
    old: list[str], old_sections: list[Section], new: list[str], new_sections: list[Section]
) -> None:
    before, after = (
        replace(draft("a"), grants=tuple(grants), sections=tuple(sections))
        for grants, sections in ((old, old_sections), (new, new_sections))
    )
    found = readers(before, after)
    for grant in ("public", "windchill:gold", "windchill:silver", "staff"):
        was, is_ = (_opened(each.grants, each.sections, grant) for each in (before, after))
        assert (grant in found.gained, grant in found.lost) == (bool(is_ - was), bool(was - is_)), grant


def _opened(grants: tuple[str, ...], sections: tuple[Section, ...], grant: str) -> set[frozenset[str]]:
    """What a reader holding this one grant alone reads: the article and its sections, by their grants."""
    scope = Scope(frozenset([grant]))
    if not scope.reads(frozenset(grants)):
        return set()
    return {frozenset()} | {frozenset(each.grants) for each in sections if scope.reads(frozenset(each.grants))}


def test_the_command_line_shows_takes_and_takes_back(kb: KB, tmp_path: Path) -> None:
    kb("init")
    path = tmp_path / "faq.jsonl"
    path.write_text(json.dumps(row("a")))
    assert kb("imports", "list").output == "Nothing was imported yet: kb import --help\n"
    assert "This is batch 1; to take it back: kb imports rollback 1" in kb("import", path, "--new-products").output
    path.write_text(json.dumps(row("a", "一\n\n貳", grants=["public"])))
    shown = kb("import", path, "--dry-run").output
    assert "! readers +public -windchill:gold" in shown and "text: 1 lines added, 3 removed; --diff" in shown
    assert "+貳" in kb("import", path, "--dry-run", "--diff").output
    kb("import", path)
    stays = kb("imports", "rollback", "1")
    assert stays.exit_code == 1 and "was changed since, by batch 2; take that back first" in stays.output
    assert kb("imports", "rollback", "2").output.startswith("Took batch 2 of faq back: 0 articles removed, 1 as they")
    again = kb("imports", "rollback", "2")
    assert again.exit_code == 1 and "there is no batch 2 that could be taken back" in again.output
    listed = kb("imports", "list").output.splitlines()
    heads = next(line for line in listed if "Batch" in line)
    assert re.search(r"Batch +When +Source +New +Changed +By +Taken back", heads)
    assert any(re.search(r"^ +1 +\d{4}-\d\d-\d\d \d\d:\d\d +faq +1 +0 ", line) for line in listed), listed


def test_a_place_reads_as_editors_know_it() -> None:
    assert [str(Place("a.md", 3, 7)), str(Place("a.md", 3)), str(Place("a.md"))] == ["a.md:3:7", "a.md:3", "a.md"]
