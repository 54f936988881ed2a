"""A ZIP is a folder; each bad entry of it is refused alone, and nothing is written for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.articles import LANGUAGES
from kb.entitlements import EVERYONE
from kb.messages import told
from kb.store import Store
from tests.archives import DEVICE, ENCRYPTED, LINK, STORED, Member, archive, unicode_path
from tests.foreign import png
from tests.indexer.conftest import Bring

ARTICLE = "---\ntitle: 無法登入\nproduct: windchill\ngrants: [public]\n---\n## 症狀\n\n內文\n"
PNG = png()
GOOD = Member("docs/a.zh-Hant.md", ARTICLE.encode())
SAME_BYTES = Member("docs/one.bin", b"x" * 500, STORED)


def zipped(tmp_path: Path, *members: Member) -> Path:
    path = tmp_path / "docs.zip"
    path.write_bytes(archive(members))
    return path


def test_a_zip_of_markdown_is_imported_like_the_folder(bring: Bring, store: Store, tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "docs/windchill/login.zh-Hant.md": ARTICLE + "\n[另一篇](other.zh-Hant.md) ![圖](files/圖%20一.png)\n",
        "docs/windchill/other.zh-Hant.md": ARTICLE,
        "docs/windchill/files/圖 一.png": PNG,
        "docs/products.toml": '[creo]\nnames = { en = "Creo Parametric" }\n',
        "__MACOSX/docs/windchill/._login.zh-Hant.md": "not looked at",
        "docs/.hidden/x.zh-Hant.md": "not looked at",
    }
    packed = zipped(tmp_path, *(Member(name, c if isinstance(c, bytes) else c.encode()) for name, c in members.items()))
    report = bring(packed)
    assert report.counts == {"new": 2} and report.remarks == [], report
    numbers = {id_: number for id_, (number, _) in store.digests("docs").items()}
    assert set(numbers) == {"windchill/login.zh-Hant", "windchill/other.zh-Hant"}
    found = store.read(numbers["windchill/login.zh-Hant"], EVERYONE)
    assert found and [file.name for file in store.attachments(found.row.id, EVERYONE)] == ["圖 一.png"]
    assert f'href="/articles/{numbers["windchill/other.zh-Hant"]}"' in found.html
    folder = tmp_path / "folder" / "docs"
    for name, content in members.items():
        if name.startswith("docs/"):
            path = folder.parent / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert bring(folder).counts == {"same": 2}


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (Member("../docs/x.en.md", b"x"), "zip_slip"),
        (Member("docs/../../x.en.md", b"x"), "zip_slip"),
        (Member("docs\\..\\..\\x.en.md", b"x"), "zip_slip"),
        (Member("/etc/passwd", b"x"), "zip_absolute"),
        (Member("C:\\x.en.md", b"x"), "zip_absolute"),
        (Member("\\\\host\\share\\x.en.md", b"x"), "zip_absolute"),
        (Member("docs/x.en.md", b"/etc/passwd", attributes=LINK), "zip_special"),
        (Member("docs/x.en.md", b"", attributes=DEVICE), "zip_special"),
        (Member("docs/x.en.md", b"x", flags=ENCRYPTED), "zip_encrypted"),
        (Member("docs/x.en.md", b"x", method=99), "zip_method"),
        (Member("docs/CON.en.md", b"x"), "zip_name_reserved"),
        (Member("docs/nul", b"x"), "zip_name_reserved"),
        (Member("docs/folder./x.en.md", b"x"), "zip_name_reserved"),
        (Member("docs/x.en.md ", b"x"), "zip_name_reserved"),
        (Member("docs/a\x07.md", b"x"), "zip_name"),
        (Member("docs/" + "長" * 100 + ".md", b"x"), "zip_name"),
        (Member("docs/" + "d/" * 40 + "x.en.md", b"x"), "zip_depth"),
        (Member("docs/A.ZH-hant.md", ARTICLE.encode()), "zip_names_collide"),
        (Member("docs/a.zh-Hant.md", b"other"), "zip_name_twice"),
        (Member("docs/x.en.md", b"a" * (3 << 20)), "zip_ratio"),
        (Member("docs/x.en.md", b"", size=600 << 20), "zip_entry_size"),
        (Member("docs/x.en.md", b"x" * 100, crc=1), "zip_entry_broken"),
        (Member("docs/x.en.md", b"x" * 100, size=1000), "zip_entry_broken"),
        (Member("docs/x.en.md", b"x" * 100, packed=b"\xff\xff\xff\xff"), "zip_entry_broken"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_entry_is_refused_alone(bring: Bring, store: Store, tmp_path: Path, bad: Member, code: str) -> None:
    before = {path for path in tmp_path.parent.rglob("*")}
    path = zipped(tmp_path, GOOD, bad, Member("docs/b.zh-Hant.md", ARTICLE.encode()))
    report = bring(path)
    assert report.counts == {"new": 2, "refused": 1}, report.entries
    ((place, problem),) = report.entries[0].problems
    assert problem.code == code and place.file.startswith("docs.zip/")
    assert all(told(problem, lang) for lang in LANGUAGES)
    created = {path for path in tmp_path.parent.rglob("*")} - before
    assert all(each == path or each.is_relative_to(tmp_path / "home") for each in created), created


def test_entries_that_share_their_bytes_are_refused(bring: Bring, tmp_path: Path) -> None:
    other = Member("docs/two.bin", b"x" * 500, STORED, offset=0)
    report = bring(zipped(tmp_path, SAME_BYTES, other, GOOD))
    assert report.counts == {"new": 1, "refused": 2}
    assert {problem.code for entry in report.entries for _, problem in entry.problems} == {"zip_overlap"}


@pytest.mark.parametrize(
    ("limit", "code"), [({"zip_mb": 1}, "zip_total"), ({"zip_entries": 2}, "zip_entries")], ids=str
)
def test_limits_are_settings_and_told(bring: Bring, tmp_path: Path, limit: dict[str, int], code: str) -> None:
    big = (Member(f"docs/{n}.bin", bytes([n]) * (600 << 10)) for n in range(2))
    path = zipped(tmp_path, GOOD, *big)
    if code == "zip_entries":
        with pytest.raises(match="more than 2 entries"):
            bring(path, settings=limit)
        return
    report = bring(path, settings=limit)
    assert [told(problem) for entry in report.entries for _, problem in entry.problems] == [
        "what the ZIP unpacks to is more than 1 MB with it; see KB_ZIP_MB"
    ]


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip" * 100, archive([GOOD])[:-30]])
def test_what_is_no_zip_is_refused_whole(bring: Bring, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "docs.zip").write_bytes(content)
    with pytest.raises(match="the ZIP cannot be read"):
        bring(tmp_path / "docs.zip")


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp950", ("安裝手冊/無法登入伺服器.zh-Hant.md", "安裝手冊/檔案/畫面截圖.png")),
        ("gbk", ("安装手册/无法登录服务器.zh-Hans.md", "安装手册/文件/画面截图.png")),
        ("utf-8", ("安裝手冊/無法登入伺服器.zh-Hant.md", "安裝手冊/檔案/畫面截圖.png")),
    ],
)
@pytest.mark.parametrize("field", [False, True], ids=["detected", "unicode field"])
def test_names_come_out_right(
    bring: Bring, store: Store, tmp_path: Path, encoding: str, names: tuple[str, str], field: bool
) -> None:
    page, picture = names
    link = "/".join(picture.split("/")[1:])
    content = {page: f"{ARTICLE}\n![圖]({link})\n".encode(), picture: PNG}
    members = [
        Member(raw := name.encode(encoding), content[name], extra=unicode_path(raw, name) if field else b"")
        for name in names
    ]
    report = bring(zipped(tmp_path, *members))
    assert report.counts == {"new": 1} and report.remarks == [], report
    assert [*store.digests("docs")] == [page.split("/")[1].removesuffix(".md")]


def test_an_archive_within_is_not_opened(bring: Bring, tmp_path: Path) -> None:
    report = bring(zipped(tmp_path, GOOD, Member("docs/more.zip", archive([GOOD]))))
    assert report.counts == {"new": 1}
    assert [(remark.problem.code, str(remark.first)) for remark in report.remarks] == [
        ("zip_nested", "docs.zip/docs/more.zip")
    ]
