"""What is exported is imported back as it was, and exported again to the same bytes."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from indexer.importing import ImportOptions, import_articles
from indexer.readers.exported import sources_of
from indexer.readers.tree import Folder
from kb.archives import write_folder, zipped
from kb.articles import CONFIDENCES, LANGUAGES, TYPES, Attachment, Draft, Section
from kb.config import Config
from kb.entitlements import EVERYONE, Scope
from kb.exporting import FORMATS, Format, Wanted, file_name, files
from kb.reports import Report
from kb.store import Store, originals, redirects
from kb.store.articles import ImportRun, Product, Rendered, RenderedAttachment
from kb.store.originals import Whole
from tests.contracts.stores import draft, rendered
from tests.foreign import png
from tests.indexer.test_cli import KB, kb

__all__ = ["kb"]

PRODUCTS = {
    "windchill": Product("windchill", {"en": "Windchill", "zh-Hant": '中"文\\'}, ("PDM", "a\u2028b")),
    "creo": Product("creo"),
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store that knows the products, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "kb.sqlite3"
    with Store.create(f"sqlite:///{path}"):
        return path


@contextmanager
def new_store(folder: Path, empty: Path) -> Iterator[Store]:
    folder.mkdir()
    shutil.copy(empty, folder / "kb.sqlite3")
    with Store.open(f"sqlite:///{folder / 'kb.sqlite3'}") as store:
        yield store


def exported(store: Store, format_: Format = "markdown", scope: Scope | Whole = Whole.STORE) -> list[tuple[str, bytes]]:
    with store.reading() as connection:
        found = files(connection, Wanted(scope, format_), lambda *_: None)
        return [(name, b"".join(content)) for name, content in found]


def archive(store: Store, format_: Format = "markdown") -> bytes:
    with store.reading() as connection:
        return b"".join(zipped(files(connection, Wanted(Whole.STORE, format_), lambda *_: None)))


def brought(folder: Path, into: Store, home: Path) -> list[Report]:
    config = Config(home=home)
    parts = sources_of(Folder(folder)).values()
    return [import_articles(folder, ImportOptions(part=source), into, config) for source in parts]


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
BODY = st.one_of(
    st.lists(
        st.sampled_from(
            ["---", "title: x", "...", "<!-- section -->", ":::note", ":::", "[a](b.md#c)",
             "![x](files/y.png)",
             "<!-- section 2 -->", "\r", "\x85", "\u2028", "\x0c", "\ufeff", "繁體 简体", "", "```", "  ", "> q\t"]
        ),
        max_size=8,
    ).map("\n".join),
    TEXT,
)  # fmt: skip
GRANTS = st.lists(st.sampled_from(["public", "staff", "windchill:gold", "creo:silver"]), unique=True, max_size=3)
VALUE: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXT, st.integers(-(10**6), 10**6), st.booleans(), st.just("null"), st.just("~"), st.just("- x")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=2)),
    max_leaves=4,
)
KEYS = st.one_of(
    TEXT, st.sampled_from(["links", "exported", "extra_json", "y", "null", "a b", "views", "section_mark"])
)
WORDS = TEXT.map(lambda text: f"字{text}".strip())
ROWS = st.fixed_dictionaries(
    {
        "title": st.one_of(WORDS, st.sampled_from(["- x", "#x", '"', "a: b", "null", "é", "é"])),
        "lang": st.sampled_from(LANGUAGES),
        "product": st.sampled_from(list(PRODUCTS)),
        "grants": GRANTS,
        "type": st.sampled_from(TYPES),
        "confidence": st.sampled_from(CONFIDENCES),
        "category": TEXT.map(str.strip),
        "versions": st.lists(WORDS, max_size=2, unique=True),
        "also_asked_as": st.lists(WORDS, max_size=3, unique=True),
        "updated": st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(str),
        "sections": st.tuples(
            st.lists(st.fixed_dictionaries({"markdown": BODY, "grants": GRANTS}), max_size=3), BODY, WORDS
        ).map(lambda each: [*each[0], {"markdown": each[1] + each[2], "grants": []}]),
    },
    optional={
        "group": WORDS,
        "owner": st.just("owner@example.com"),
        "review_on": st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(str),
        "expires_at": st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(str),
        "number": st.integers(0, 999_999).map(lambda number: f"KB{number:06}"),
        "attachments": st.dictionaries(
            st.sampled_from(["a.txt", "圖 表.bin", "files", "a b#c?.log".replace("?", "")]), st.binary(max_size=8)
        ).map(lambda found: [{"name": k, "content_base64": _base64(v)} for k, v in found.items()]),
        "extra": st.dictionaries(KEYS, VALUE, max_size=3),
    },
)


def _base64(content: bytes) -> str:
    import base64

    return base64.b64encode(content).decode()


@settings(max_examples=12, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=10), format_=st.sampled_from(FORMATS))
def test_what_is_exported_comes_back_as_it_was(empty: Path, rows: list[dict[str, Any]], format_: Format) -> None:
    lines = []
    for number, row in enumerate(rows):
        extra = {k: v for k, v in row.pop("extra", {}).items() if k not in row and k not in ("id", "exported")}
        lines.append(json.dumps({"id": f"文{number}/x", **row, **extra}))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given_file = folder / "what it: is?.jsonl"
        given_file.write_text("\n".join(lines), "utf-8")
        with new_store(folder / "a", empty) as first, new_store(folder / "b", empty) as second:
            first.save_products(PRODUCTS.values())
            refused = import_articles(given_file, ImportOptions(), first, Config(home=folder / "a")).counts["refused"]
            event(f"{len(rows)} articles" + (f", {refused} refused" if refused else ""))
            out = exported(first, format_)
            assert sorted(out) == sorted(exported(first, format_))
            write_folder(folder / "out", [(path, [content]) for path, content in out])
            reports = brought(folder / "out", second, folder / "b")
            assert [entry for report in reports for entry in report.entries] == []
            assert second.checksum() == first.checksum()
            assert exported(second, format_) == out
            # Where it came from, nothing of it is another's work.
            again = brought(folder / "out", first, folder / "a")
            assert sum(report.counts["same"] for report in again) == sum(report.articles for report in again)


def _files(*given: tuple[str, bytes, tuple[str, ...]]) -> tuple[RenderedAttachment, ...]:
    return tuple(RenderedAttachment(Attachment(name, "text/plain", content), grants) for name, content, grants in given)


def _filled(store: Store, *drafts: Draft, source: str = "test", **more: Any) -> None:
    """Articles as an editor may leave them: written without a reader having seen them."""
    written = [rendered(each) for each in drafts]
    store.apply(
        [Rendered(each.draft, each.updated, each.digest, each.sections, **more) for each in written],
        ImportRun(source, datetime.now(UTC), PRODUCTS),
    )


def test_files_links_and_sources_are_exported_as_they_are(tmp_path: Path, empty: Path) -> None:
    content = tmp_path / "guides"
    (content / "files").mkdir(parents=True)
    (content / "files" / "heap (1).png").write_bytes(png())
    (content / "files" / "gold.log").write_bytes(b"gold")
    head = 'product: windchill\ngrants: ["public"]\nupdated: 2026-01-02\n'
    text = "![圖](<files/heap (1).png>) [b](b.en.md#end)\n\n:::grants windchill:gold\n[log](files/gold.log)\n:::\n"
    (content / "a.zh-Hant.md").write_text(f"---\ntitle: 甲\n{head}---\n{text}", "utf-8")
    (content / "b.en.md").write_text(f"---\ntitle: B\n{head}views: [a, b]\n---\n# B\n\n## End\n", "utf-8")
    with new_store(tmp_path / "a", empty) as first, new_store(tmp_path / "b", empty) as second:
        first.save_products(PRODUCTS.values())
        import_articles(content, ImportOptions(), first, Config(home=tmp_path / "a"))
        import_articles(content, ImportOptions("Guides!"), first, Config(home=tmp_path / "a"))
        for number, format_ in enumerate(FORMATS):
            out = tmp_path / f"out-{format_}"
            write_folder(out, [(path, [data]) for path, data in exported(first, format_)])
            brought(out, second, tmp_path / "b")
            assert second.checksum() == first.checksum()
            assert len(second.batches()) == 2, "the second format finds what the first has brought"
            assert archive(second, format_) == archive(first, format_), number
        read = second.read("KB000001", Scope(frozenset({"public"})))
        assert read and 'href="/articles/KB000002#s-end"' in read.html and "gold.log" not in read.html
    names = [name for name, _ in exported_names(tmp_path / "out-markdown")]
    assert "Guides/windchill/KB000003-甲.zh-Hant.md" in names
    assert "guides-2/windchill/files/KB000001/heap (1).png" in names and "guides-2/windchill/KB000002-B.en.md" in names


def exported_names(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


@pytest.mark.parametrize("format_", FORMATS)
def test_markers_that_were_taken_as_text_come_back_as_they_were(tmp_path: Path, empty: Path, format_: Format) -> None:
    """Articles of before: an import refuses such texts now, and an export is to say what there is."""
    texts = ":::grants public\nx\n:::", " :::Grants staff", "```\n:::grants staff", ":::", "a\r:::grants staff"
    with new_store(tmp_path / "a", empty) as first, new_store(tmp_path / "b", empty) as second:
        _filled(first, *(draft(str(n), Section("a"), Section(each, ("staff",))) for n, each in enumerate(texts)))
        _filled(first, *(draft(str(n), each) for n, each in enumerate(texts)), source="open")
        out = exported(first, format_)
        write_folder(tmp_path / "out", [(path, [content]) for path, content in out])
        for report in brought(tmp_path / "out", second, tmp_path / "b"):
            assert report.counts == {"new": len(texts)}, report.entries
        assert second.checksum() == first.checksum() and exported(second, format_) == out


def test_an_edited_export_changes_what_was_edited_and_no_more(tmp_path: Path, empty: Path) -> None:
    with new_store(tmp_path / "a", empty) as store:
        _filled(store, draft("a", Section("一"), Section("二", ("staff",))), draft("b"), draft("c", "x\r\ny"))
        out = tmp_path / "out"
        write_folder(out, [(path, [data]) for path, data in exported(store)])
        edited = next(out.glob("*/*/KB000001*"))
        edited.write_text(edited.read_text("utf-8").replace("一", "壹"), "utf-8")
        (report,) = brought(out, store, tmp_path / "a")
        assert (report.counts["changed"], report.counts["same"]) == (1, 2)
        broken = next(out.glob("*/*/KB000002*"))
        broken.write_text(broken.read_text("utf-8").replace("exported:", "sections: []\nexported:"), "utf-8")
        (report,) = brought(out, store, tmp_path / "a")
        assert [problem.code for _, problem in report.entries[0].problems] == ["exported_sections"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("links", '["a | https://evil.example/"]'),
        ("links", '["a | javascript:alert(1)"]'),
        ("links", "x"),
        ("file_grants", '["a.png | public"]'),
        ("extra_json", "'[1]'"),
        ("extra_json", "'{'"),
        ("attachments", '["../../../etc/passwd"]'),
    ],
)
def test_what_no_export_writes_is_refused(tmp_path: Path, empty: Path, key: str, value: str) -> None:
    with new_store(tmp_path / "a", empty) as store:
        _filled(store, draft("a"))
        out = tmp_path / "out"
        write_folder(out, [(path, [data]) for path, data in exported(store)])
        file = next(out.glob("*/*/KB*"))
        file.write_text(file.read_text("utf-8").replace("exported:", f"{key}: {value}\nexported:"), "utf-8")
        (report,) = brought(out, store, tmp_path / "a")
        assert report.counts["refused"] == 1


def test_an_export_for_somebody_holds_what_he_may_read(tmp_path: Path, empty: Path) -> None:
    with new_store(tmp_path / "a", empty) as store:
        gold, both = Section("gold", ("windchill:gold",)), _files(("a", b"a", ()), ("g", b"g", ("windchill:gold",)))
        _filled(store, draft("a", Section("open"), gold), attachments=both)
        _filled(store, draft("hidden", grants=("windchill:gold",)), draft("nobody", grants=()), source="other")
        _filled(store, draft("old", confidence="archived"), source="old")
        for format_ in FORMATS:
            told = b"".join(content for _, content in exported(store, format_, scope=Scope(frozenset({"public"}))))
            assert b"open" in told and b"hidden" not in told and b"nobody" not in told and b"old" not in told
            assert b"creo" not in told and b"other" not in told
            assert b"\ngold" not in told and b'"gold"' not in told
        names = [name for name, _ in exported(store, scope=Scope(frozenset({"public", "windchill:gold"})))]
        assert (
            "test/windchill/files/KB000001/g" in names
            and "other/windchill/KB000002-Title-of-hidden.zh-Hant.md" in names
        )


def test_an_export_for_somebody_is_that_of_a_store_without_the_rest(tmp_path: Path, empty: Path) -> None:
    """To the byte: links to hidden articles and of hidden sections, hidden files, numbers that hidden ones gave up."""
    head = "product: windchill\nupdated: 2026-01-02\ngrants: "
    more = "\n:::grants windchill:gold\n[log](files/gold.log) [d](open/d.en.md)\n:::\n"
    text = "[b](secret.en.md#x) [c](c.en.md) [a](files/all.log)\n"
    told = []
    for name, whole in (("whole", True), ("seen", False)):
        folder = tmp_path / f"{name}-kb"
        for part in ("files", "open"):
            (folder / part).mkdir(parents=True)
        (folder / "files" / "all.log").write_bytes(b"all")
        (folder / "files" / "gold.log").write_bytes(b"gold")
        (folder / "a.en.md").write_text(f'---\ntitle: A\nnumber: KB000101\n{head}["public"]\n---\n{text}{more * whole}')
        (folder / "c.en.md").write_text(f'---\ntitle: C\nnumber: KB000103\n{head}["public"]\n---\nc')
        (folder / "open" / "d.en.md").write_text(f'---\ntitle: D\nnumber: KB000104\n{head}["public"]\n---\nd')
        if whole:
            (folder / "secret.en.md").write_text(f'---\ntitle: B\nnumber: KB000102\n{head}["staff"]\n---\n## x')
        with new_store(tmp_path / name, empty) as store:
            store.save_products(PRODUCTS.values())
            report = import_articles(folder, ImportOptions("kb"), store, Config(home=tmp_path / name))
            assert report.counts["new"] == 3 + whole, report
            if whole:
                with store.writing() as connection:
                    batch, c = report.batch or 0, originals.by_number(connection, "KB000103")
                    assert c
                    redirects.add(connection, batch, {"KB000102": c.id})
            told.append([exported(store, format_, Scope(frozenset({"public"}))) for format_ in FORMATS])
            staff = dict(exported(store, "jsonl", Scope(frozenset({"public", "staff", "windchill:gold"}))))
            assert (b'"secret.en.md":"/articles/KB000102"' in staff["kb.jsonl"]) == whole
            assert (b'"former_numbers":["KB000102"]' in staff["kb.jsonl"]) == whole
            assert b'"c.en.md":"/articles/KB000103"' in told[-1][1][-2][1]
    assert told[0] == told[1]


def test_an_archive_is_a_zip_that_others_open(tmp_path: Path, empty: Path) -> None:
    with new_store(tmp_path / "a", empty) as store:
        _filled(store, draft("a"), attachments=_files(("圖.txt", b"x" * 100_000, ())))
        packed = zipfile.ZipFile(BytesIO(archive(store)))
    assert packed.testzip() is None
    assert packed.read("test/windchill/files/KB000001/圖.txt") == b"x" * 100_000
    assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_names_are_fit_for_any_system() -> None:
    given = {"../a/b": "a-b", "CON?": "CON", "繁體 标题：一": "繁體-标题-一", "...": "x", "x" * 99: "x" * 50}
    assert {text: file_name(text) for text in given} == given


def test_a_command_exports_and_brings_back(kb: KB, tmp_path: Path) -> None:
    kb("init")
    rows = tmp_path / "faq.jsonl"
    row = {
        "id": "a",
        "title": "甲",
        "body_markdown": "一",
        "lang": "zh-Hant",
        "product": "windchill",
        "grants": ["staff"],
    }
    rows.write_text(json.dumps(row))
    kb("import", rows, "--new-products")
    done = kb("export", tmp_path / "out")
    assert done.exit_code == 0 and f"Exported to {tmp_path / 'out'}: 3 files" in done.output
    assert kb("export", tmp_path / "out.zip", "--source", "faq").exit_code == 0
    again = kb("export", tmp_path / "out")
    assert again.exit_code == 1 and "is there already" in again.output
    missing = kb("export", tmp_path / "other", "--source", "nothing")
    assert missing.exit_code == 1 and "there are some of: faq" in missing.output and not (tmp_path / "other").exists()
    assert "Imported faq: 0 new, 0 changed, 1 same" in kb("import", tmp_path / "out").output


@pytest.mark.parametrize("format_", ["markdown", "jsonl"])
def test_numbers_that_lead_on_are_exported_and_lead_on_again(tmp_path: Path, empty: Path, format_: Format) -> None:
    with new_store(tmp_path / "one", empty) as one, new_store(tmp_path / "two", empty) as two:
        one.save_products(PRODUCTS.values())
        for number in ("KB000100", "KB000200", "KB000300"):
            run = ImportRun("test", datetime.now(UTC), numbers=frozenset({number}))
            one.apply([rendered(draft("a", "內文", number=number)), rendered(draft("b", "別的"))], run)
        assert one.redirect("KB000100", EVERYONE) == "KB000300"
        given = exported(one, format_)
        for name, content in given:
            path = tmp_path / "out" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (report,) = brought(tmp_path / "out", two, tmp_path / "home")
        assert exported(two, format_) == given and two.checksum() == one.checksum()
        assert [two.redirect(number, EVERYONE) for number in ("KB000100", "KB000200")] == ["KB000300"] * 2
        assert brought(tmp_path / "out", one, tmp_path / "home")[0].counts == {"same": 2}
        two.roll_back(report.batch, None, datetime.now(UTC))
        assert two.redirect("KB000100", EVERYONE) is None
        # A number that an article of another source has is not taken from it.
        two.apply([rendered(draft("c", number="KB000100"))], ImportRun("other", datetime.now(UTC), PRODUCTS))
        brought(tmp_path / "out", two, tmp_path / "home")
        assert two.read("KB000100", EVERYONE) and exported(two, format_) != given
