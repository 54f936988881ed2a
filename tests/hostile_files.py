"""Files that mean harm, made by code: each alone or in a folder, with good neighbours where there is room.

`make hostile` runs all of them through the real import, one process each, and measures.
"""

from __future__ import annotations

import gzip
import io
import json
import lzma
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests import foreign
from tests.archives import DEVICE, ENCRYPTED, LINK, STORED, Member, archive

HEAD = "---\ntitle: 好鄰居\nproduct: windchill\ngrants: [public]\n---\n"
GOOD = (HEAD + "## 症狀\n\n無法登入\n").encode()
ROW = {"title": "好鄰居", "body_markdown": "無法登入", "lang": "zh-Hant", "product": "windchill", "grants": ["public"]}
COLUMNS = "id,title,body_markdown,lang,product,grants\n"
CELLS = "{},好鄰居,無法登入,zh-Hant,windchill,public\n"


@dataclass(frozen=True)
class Hostile:
    """`files`: one of that name, or a folder of them when there are many. `good`: articles that must go in.

    `refused`: at least so many rows are refused, each with its place and reason; None: the whole file may be.
    """

    name: str
    files: dict[str, bytes] = field(repr=False)
    good: int = 0
    refused: int | None = 1


def all_of_them() -> Iterator[Hostile]:
    for family in (
        archives,
        front_matter,
        markdown,
        tables,
        json_lines,
        packed,
        encodings,
        documents,
        pictures,
        exports,
    ):
        for each in family():
            yield Hostile(f"{family.__name__}: {each.name}", each.files, each.good, each.refused)


def _zip(name: str, *bad: Member, refused: int = 1) -> Hostile:
    """Bad entries between two good ones."""
    members = (Member("kb/a.zh-Hant.md", GOOD), *bad, Member("kb/b.zh-Hant.md", GOOD))
    return Hostile(name, {"kb.zip": archive(members)}, 2, refused)


def archives() -> Iterator[Hostile]:
    slips = (
        "../x.en.md", "../../../../tmp/x.en.md", "kb/../../x.en.md", "kb\\..\\..\\x.en.md", "..\\x.en.md", "kb/../../../etc/cron.d/x",
        "./../x.en.md", "kb/./../../x.en.md", "..", "kb/..", "../kb.sqlite3", "../home/secret",
    )  # fmt: skip
    for name in slips:
        yield _zip(f"slip {name}", Member(name, b"x"))
    for name in (
        "/etc/passwd",
        "//host/share/x",
        "\\\\host\\share\\x.md",
        "C:\\x.en.md",
        "c:x.en.md",
        "Z:/x.en.md",
        "/x.en.md",
    ):
        yield _zip(f"absolute {name}", Member(name, b"x"))
    reserved = (
        "CON",
        "con.en.md",
        "PRN.txt",
        "AUX",
        "NUL.md",
        "COM1.en.md",
        "lpt9.zip",
        "a. ",
        "b.",
        "folder ./x.md",
        "CONIN$",
    )
    for name in reserved:
        yield _zip(f"reserved {name}", Member(f"kb/{name}", b"x"))
    names = (
        "a\0.md",
        "a\n.md",
        "\x1b[31m.md",
        "a<b>.md",
        "a|b.md",
        'a".md',
        "a?.md",
        "a*.md",
        "長" * 90 + ".md",
        "x" * 300,
    )
    for name in names:
        yield _zip(f"name {name[:20]!r}", Member(f"kb/{name}", b"x"))
    for attributes, kind in ((LINK, "link"), (DEVICE, "device"), (0o010666 << 16, "pipe"), (0o140666 << 16, "socket")):
        yield _zip(kind, Member("kb/x.en.md", b"/etc/passwd", attributes=attributes))
        yield _zip(f"{kind} named like a picture", Member("kb/x.png", b"../../secret", attributes=attributes))
    yield _zip("encrypted", Member("kb/x.en.md", GOOD, flags=ENCRYPTED))
    for method in (1, 6, 9, 93, 95, 97, 98, 99):
        yield _zip(f"packed by method {method}", Member("kb/x.en.md", GOOD, method=method))
    yield _zip("deep", Member("kb/" + "d/" * 30 + "x.en.md", GOOD))
    yield _zip("very deep", Member("d/" * 20_000 + "x.en.md", GOOD))
    yield _zip("bomb", Member("kb/x.en.md", b"\0" * (64 << 20)))
    yield _zip("many small bombs", *(Member(f"kb/{n}.en.md", b"a" * (2 << 20)) for n in range(40)), refused=40)
    yield _zip("says more than there is", Member("kb/x.en.md", b"x" * 100, size=400 << 20, method=STORED))
    yield _zip("says gigabytes", Member("kb/x.en.md", b"", size=0xFFFFFFFE))
    yield _zip("says less than there is", Member("kb/x.en.md", b"x" * 10_000, size=10))
    yield _zip("wrong checksum", Member("kb/x.en.md", GOOD, crc=7))
    yield _zip("broken packing", Member("kb/x.en.md", GOOD, packed=b"\xff" * 50))
    yield _zip("packing that breaks off", Member("kb/x.en.md", GOOD, packed=Member("x", GOOD).data()[:-9]))
    yield _zip("there twice", Member("kb/a.zh-Hant.md", b"other"))
    yield _zip("a thousand times", *(Member("kb/a.zh-Hant.md", b"other") for _ in range(1000)), refused=1000)
    yield _zip("differs in case", Member("KB/A.zh-hant.MD", b"other"))
    yield _zip("differs in form", Member("kb/é.en.md", GOOD), Member("kb/e\u0301.en.md", GOOD))
    overlapping = [Member("kb/one.bin", b"x" * 5000, STORED)]
    overlapping += [Member(f"kb/{n}.bin", b"x" * 5000, STORED, offset=0) for n in range(2000)]
    yield Hostile("overlapping", {"kb.zip": archive([*overlapping, Member("kb/a.zh-Hant.md", GOOD)])}, 1, 2000)
    inner = archive([Member("kb/a.zh-Hant.md", GOOD)])
    for _ in range(20):
        inner = archive([Member("inner.zip", inner)])
    yield Hostile(
        "nested twenty times", {"kb.zip": archive([Member("a.zh-Hant.md", GOOD), Member("n.zip", inner)])}, 1, 0
    )
    yield Hostile("a million entries", {"kb.zip": _million()}, 0, None)
    whole = archive([Member("kb/a.zh-Hant.md", GOOD)])
    for cut in (1, 4, 22, 40, len(whole) // 2):
        yield Hostile(f"cut off by {cut}", {"kb.zip": whole[:-cut]}, 0, None)
    yield Hostile("nothing", {"kb.zip": b""}, 0, None)
    yield Hostile("no archive", {"kb.zip": b"GIF89a" * 500}, 0, None)
    yield Hostile("ends only", {"kb.zip": b"PK\x05\x06" + b"\xff" * 18}, 0, None)
    yield Hostile("a name that is no UTF-8", {"kb.zip": archive([Member(b"\xff\xfe.md", GOOD, flags=0x800)])}, 0, None)


def _million() -> bytes:
    one = archive([Member("a", b"", STORED)])
    local, central = one[:31], one[31:-22]
    return (
        local
        + central * 1_000_000
        + b"PK\x05\x06"
        + one[-18:-10]
        + len(central * 1_000_000).to_bytes(4, "little")
        + (31).to_bytes(4, "little")
        + b"\0\0"
    )


def _markdown(name: str, text: str | bytes, refused: int = 1) -> Hostile:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return Hostile(name, {"kb/a.zh-Hant.md": GOOD, "kb/bad.en.md": data, "kb/c.zh-Hant.md": GOOD}, 2, refused)


def front_matter() -> Iterator[Hostile]:
    laughs = "a: &a [x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)},*{chr(97 + n)}]\n" for n in range(20)
    )
    wrong = {
        "aliases that multiply": laughs, "an alias to itself": "a: &a [*a]", "an anchor": "title: &x y", "merge": "<<: *x",
        "a Python object": "title: !!python/object/apply:os.system ['id']", "a module": "title: !!python/module:os x",
        "a local tag": "title: !x y", "a binary": "title: !!binary aGk=", "a set": "title: !!set {a, b}",
        "a key twice": "title: x\ntitle: y", "deep lists": "title: " + "[" * 5000 + "]" * 5000,
        "deep objects": "title: " + "{a: " * 3000 + "}" * 3000, "deep blocks": "".join(" " * n + f"k{n}:\n" for n in range(900)),
        "a million keys": "".join(f"k{n}: v\n" for n in range(200_000)), "a directive": "%YAML 9.9\n--- x", "no mapping": "- x\n- y", "a key that is a list": "? [a, b]\n: x", "tabs": "\ttitle: x",
        "an open quote": "title: 'x", "controls": "title: \x07x", "NUL": "title: a\0b", "half a pair": "title: \ud800",
        "a number of a million digits": "title: " + "9" * 60_000 + "\nproduct: x", "a long title": "title: " + "長" * 5000,
        "a strange product": "title: x\nproduct: ../../etc\ngrants: [public]", "unknown rights": "title: x\nproduct: windchill\ngrants: [windchill:root]",
        "files outside": "title: x\nproduct: windchill\nattachments: [../../../../etc/passwd]",
        "a file by URL": "title: x\nproduct: windchill\nattachments: ['file:///etc/passwd']",
        "a file with NUL": 'title: x\nproduct: windchill\nattachments: ["a\\0b"]',
    }  # fmt: skip
    for name, text in wrong.items():
        yield _markdown(name, f"---\n{text}\n---\ntext\n")
    yield _markdown("no end", "---\ntitle: x\n" * 5000)
    yield _markdown("no front matter", "# x\n")


def markdown() -> Iterator[Hostile]:
    slow = {
        "quotes in quotes": ">" * 20_000 + " x", "lists in lists": "\n".join("  " * n + "- x" for n in range(1500)),
        "brackets": "[" * 60_000, "brackets and ends": "[a](" * 30_000, "emphasis": "*a **b " * 60_000, "underscores": "_" * 200_000,
        "backticks": "".join("`" * n for n in range(900)), "HTML": "<div>" * 30_000, "open tags": "<a " * 100_000,
        "comments": "<!--" * 60_000, "tables": "|" * 100_000 + "\n" + "|-" * 50_000, "wide tables": ("a|" * 3000 + "\n") * 60,
        "references": "".join(f"[{n}]: x\n" for n in range(60_000)), "images": "![" * 60_000, "entities": "&" * 300_000,
        "footnotes": "".join(f"[^{n}]" for n in range(20_000)), "definitions": "a\n: b\n" * 30_000,
        "admonitions": "".join("    " * n + "!!! note\n" for n in range(600)), "fences": "```\n~~~\n" * 30_000,
        "many small ones": "**a** `b` [c](d) " * 150_000, "headings": "# x\n" * 100_000, "spaces": " " * 2_000_000 + "x",
        "breaks": "a  \n" * 200_000, "autolinks": "<http://" * 60_000, "escapes": "\\" * 400_000, "one long word": "長" * 3_900_000,
    }  # fmt: skip
    for name, text in slow.items():
        yield _markdown(name, f"{HEAD}{text}\n", refused=0)
    yield _markdown("five million characters", HEAD + "字" * 5_000_000)
    yield _markdown("forty megabytes", HEAD.encode() + b"x" * (40 << 20))
    scripts = (
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "<svg onload=alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'>", "[x]: data:text/html,<script>alert(1)</script>\n[a][x]",
    )  # fmt: skip
    for script in scripts:
        yield _markdown(
            f"script {script[:20]}",
            f'---\ntitle: "{script[:5]}{script[5:30]}"\nproduct: windchill\ngrants: [public]\n---\n{script}\n'.replace(
                "\\", ""
            ),
            0,
        )
    grants = {
        "nested": ":::grants staff\n:::grants staff\nx\n:::", "open": ":::grants staff\nx", "of nobody": ":::grants\nx\n:::",
        "of no right": ":::grants windchill:tin\nx\n:::",
        "of many": "".join(f":::grants {{product}}:{each}\nx\n:::\n" for each in ("silver", "gold", "gold_plus", "tsam", "knowledge_base")),
    }  # fmt: skip
    for name, text in grants.items():
        yield _markdown(f"sections {name}", f"{HEAD}{text}\n")
    for name in (
        "../../secret.png",
        "/etc/passwd",
        "file:///etc/passwd",
        "..%2f..%2fsecret.png",
        "\\\\host\\x.png",
        "a%00.png",
    ):
        yield _markdown(f"picture {name}", f"{HEAD}![x]({name})\n", refused=0)


def _table(name: str, bad: bytes, good: int = 1, refused: int | None = 1) -> Hostile:
    return Hostile(name, {"kb.csv": COLUMNS.encode() + CELLS.format("a").encode() + bad}, good, refused)


def tables() -> Iterator[Hostile]:
    yield _table("NULs", b"b,\0,\0,en,windchill,public\n")
    yield _table("an open quote", b'b,"x,y,en,windchill,public\n' + CELLS.encode() * 1000)
    yield _table("an open quote of 90 MB", b'b,"' + b"x\n" * (45 << 20))
    yield _table("a quote within", b'b,"x"y,z,en,windchill,public\n')
    yield _table("too many cells", b"b" + b"," * 100_000 + b"\n")
    yield _table("too few cells", b"b,c\n")
    for formula in ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", '=HYPERLINK("http://x")'):
        yield _table(
            f"formula {formula[:8]}", b'"' + formula.replace('"', '""').encode() + b'",x,y,xx,windchill,public\n'
        )
    yield _table("carriage returns", b"b,x,y,en,windchill,public\r\r\r\n", 1, 0)
    yield _table("half a UTF-8 character", b"b,\xe7\x84,y,en,windchill,public\n")
    yield _table("a line of 70 MB", b"b," + b"x" * (70 << 20))
    yield Hostile("100,000 columns", {"kb.csv": ",".join(f"c{n}" for n in range(100_000)).encode() + b"\n"}, 0, 1)
    yield Hostile("one column 100,000 times", {"kb.csv": b"id," * 100_000 + b"\n"}, 0, 1)
    yield Hostile("no columns", {"kb.csv": b",,,,\n" * 1000}, 0, 1)
    yield Hostile("nothing but ends", {"kb.csv": b"\n" * 500_000}, 0, 1)
    yield Hostile("not a table", {"kb.csv": foreign.png()}, 0, 1)
    yield Hostile(
        "files outside",
        {"kb.csv": b"attachments," + COLUMNS.encode() + b"../../etc/passwd,b,x,y,en,windchill,public\n"},
        0,
        1,
    )


def json_lines() -> Iterator[Hostile]:
    deep = 100_000
    lines = {
        "deep lists": "[" * deep + "]" * deep, "deep objects": '{"a":' * deep + "1" + "}" * deep, "open lists": "[" * deep,
        "a huge number": '{"id": ' + "9" * 1_000_000 + "}", "a huge exponent": '{"id": 1e999999999}', "NaN": '{"id": NaN}',
        "Infinity": '{"id": -Infinity}', "a key twice": '{"id": "x", "id": "y"}', "a text": '"x"', "a number": "7", "null": "null",
        "half": '{"id": "x"', "two": "{}{}", "a comment": "/* x */ {}", "single quotes": "{'id': 'x'}", "a BOM within": "\ufeff{}",
        "half a pair": '{"id": "\\ud800", "title": "\\udc00"}', "controls": '{"id": "a\x01"}', "NUL": '{"id": "a\\u0000b"}',
        "a key of a megabyte": json.dumps({"k" * (1 << 20): 1}), "a million keys": json.dumps({f"k{n}": n for n in range(300_000)}),
        "deep of ours": json.dumps({"id": "x", **ROW, "deep": json.loads("[" * 500 + "]" * 500)}),
        "sections of nonsense": json.dumps({"id": "x", **ROW, "sections": [1, None]}),
        "files outside": json.dumps({"id": "x", **ROW, "attachments": ["../../../etc/passwd"]}),
        "a file named like a path": json.dumps({"id": "x", **ROW, "attachments": [{"name": "../x", "content_base64": ""}]}),
        "a file named con": json.dumps({"id": "x", **ROW, "attachments": [{"name": "x\0", "content_base64": "aGk="}]}),
        "a file that is no base64": json.dumps({"id": "x", **ROW, "attachments": [{"name": "x", "content_base64": "%"}]}),
        "a file of 30 MB": json.dumps({"id": "x", **ROW, "attachments": [{"name": "x", "content_base64": "A" * (40 << 20)}]}),
    }  # fmt: skip
    good = [json.dumps({"id": id_, **ROW}, ensure_ascii=False) for id_ in "ac"]
    for name, line in lines.items():
        yield Hostile(name, {"kb.jsonl": "\n".join([good[0], line, good[1]]).encode("utf-8", "surrogatepass")}, 2, 1)
    yield Hostile("a line of 70 MB", {"kb.jsonl": good[0].encode() + b'\n"' + b"x" * (70 << 20)}, 1, 1)


def packed() -> Iterator[Hostile]:
    zeros = b"\0" * (1 << 20)
    for ending, opened in ((".gz", gzip.open), (".xz", lzma.open)):
        written = io.BytesIO()
        for name, piece, times in (("zeros", zeros, 600), ("lines", b"{}\n" * 300_000, 300)):
            written = io.BytesIO()
            with opened(written, "wb") as file:
                for _ in range(times):
                    file.write(piece)
            yield Hostile(f"{ending} bomb of {name}", {f"kb.jsonl{ending}": written.getvalue()}, 0, 1)
        yield Hostile(f"{ending} that is none", {f"kb.csv{ending}": b"id,title\n"}, 0, 1)
        yield Hostile(
            f"{ending} that breaks off", {f"kb.jsonl{ending}": written.getvalue()[: len(written.getvalue()) // 2]}, 0, 1
        )


def encodings() -> Iterator[Hostile]:
    for encoding, text in (
        ("shift_jis", "日本語のテキスト"),
        ("euc_kr", "한국어 텍스트"),
        ("cp1251", "Привет мир"),
        ("cp950", "無"),
        ("utf-7", "無法登入"),
    ):
        yield _markdown(
            f"in {encoding}",
            (HEAD + text).replace("好鄰居", "x").encode(encoding),
            0 if encoding in ("utf-7", "cp950") else 1,
        )
    yield _markdown("says Big5 and is none", (HEAD.replace("---\n", "---\nencoding: big5\n", 1)).encode() + b"\xff\xff")
    yield _markdown(
        "says an encoding that runs code",
        HEAD.replace("---\n", "---\nencoding: unicode_escape\n", 1).encode() + b"\x80",
    )
    yield _markdown("two encodings", HEAD.encode() + "無法".encode("big5") + "无法".encode("gbk"))
    yield _markdown("UTF-16 that ends halfway", HEAD.encode("utf-16") + b"\x00", 0)
    yield _markdown("random", bytes(range(256)) * 200)


def documents() -> Iterator[Hostile]:
    def page(name: str, body: str, refused: int = 0) -> Hostile:
        html = f"<html><head><title>壞的</title></head><body>{body}</body></html>"
        files = {"kb/a.html": b"<p>x y</p>", "kb/bad.html": html.encode(), "kb/c.html": b"<p>x y</p>"}
        return Hostile(name, files, 2, refused)

    yield page("deep HTML", "<div>" * 30_000 + "x", 1)
    yield page("deep tables", "<table><tr><td>" * 3000 + "x", 1)
    yield page("tables in tables", "<table><tr><td>" * 60 + "x" + "</td></tr></table>" * 60)
    yield page("a wide table", "<table><tr>" + "<td colspan=99999999>x</td>" * 3000 + "</tr></table>")
    yield page("scripts", "<script>alert(1)</script><svg onload=alert(1)><a href='javascript:alert(1)'>x</a><p>y</p>")
    yield page("sections of grants", "<p>:::grants public</p><p>secret</p><p>:::</p>")
    yield page("a picture of 40 MB", '<p>x</p><img src="data:image/png;base64,' + "A" * (40 << 20) + '">', 1)
    yield page("open tags", "<p " * 100_000)
    yield page("entities", "<p>" + "&amp;" * 300_000)
    yield page("a picture outside", '<p>x</p><img src="../../../../etc/passwd.png"><img src="file:///etc/passwd.png">')
    whole = foreign.docx()
    yield Hostile("DOCX cut off", {"bad.docx": whole[: len(whole) // 2]}, 0, 1)
    yield Hostile("DOCX that is a ZIP", {"bad.docx": archive([Member("x", b"y")])}, 0, 1)
    yield Hostile("DOCX that is none", {"bad.docx": b"\xd0\xcf\x11\xe0" * 1000}, 0, 1)
    laughs = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(12)
    )
    yield Hostile(
        "DOCX of entities that multiply",
        {"bad.docx": _docx(whole, f"<?xml version='1.0'?>{laughs}]><w:document>&m;</w:document>")},
        0,
        1,
    )
    outside = "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><w:document>&a;</w:document>"
    yield Hostile("DOCX of an entity outside", {"bad.docx": _docx(whole, outside)}, 0, 1)
    yield Hostile("DOCX nested deeply", {"bad.docx": _docx(whole, "<w:p>" * 50_000)}, 0, 1)
    yield Hostile("DOCX that is a bomb", {"bad.docx": _docx(whole, " " * (300 << 20))}, 0, 1)


def _docx(whole: bytes, document: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as to:
        for name in source.namelist():
            to.writestr(name, document if name == "word/document.xml" else source.read(name))
    return written.getvalue()


def pictures() -> Iterator[Hostile]:
    """Files that pass for pictures: each refuses the article that shows it, or comes in as the picture alone."""
    png, page = foreign.png(), b"<html><script>alert(1)</script></html>"
    sizes = struct.pack("!II", 60_000, 60_000)
    bad = {
        "page.png": page, "cut.png": png[:50], "bomb.png": png[:16] + sizes + png[24:], "empty.gif": b"",
        "page.gif": b"GIF89a" + page, "page.jpg": b"\xff\xd8\xff\xe0" + page, "page.webp": b"RIFF\xff\xff\xff\x7fWEBP" + page,
        "endless.gif": b"GIF89a\x01\0\x01\0\x80\0\0" + b"\0" * 6 + b"!\xfe" + b"\xff" * 4_000_000,
        "chunks.png": png[:33] + b"\0\0\0\0tEXt\0\0\0\0" * 300_000, "length.png": png[:8] + b"\xff\xff\xff\xffIDAT" + png[33:],
        "marks.jpg": b"\xff\xd8" + b"\xff\xe1\0\x02" * 1_000_000, "program.png": b"MZ" + b"\0" * 100,
    }  # fmt: skip
    for name, content in bad.items():
        shown = f"{HEAD.replace('好鄰居', '壞的')}![x](files/{name})\n".encode()
        files = {"kb/a.zh-Hant.md": GOOD, "kb/bad.zh-Hant.md": shown, f"kb/files/{name}": content}
        yield Hostile(name, files, 1, 1)
    shown = f"{HEAD}![x](files/x.png)\n".encode()
    hung = {"kb/a.zh-Hant.md": GOOD, "kb/b.zh-Hant.md": shown, "kb/files/x.png": png + archive([Member("x", page)])}
    yield Hostile("an archive behind it", hung, 2, 0)


def exports() -> Iterator[Hostile]:
    articles = [{"id": n, "title": "x", "locale": "zh-tw", "body": "<p>x y</p>"} for n in (1, 2)]
    bodies: tuple[object, ...] = (None, 7, [], "<div>" * 20_000)
    for number, body in enumerate(bodies):
        bad = {"id": 9, "title": "壞的", "locale": "zh-tw", "body": body}
        data = json.dumps({"articles": [articles[0], bad, articles[1]]}, indent=1)
        yield Hostile(f"Zendesk body {number}", {"kb.json": data.encode()}, 2, 1)
    for number, text in enumerate(('{"articles": [7, null]}', '{"articles": [' + "[" * 100_000, '{"articles": [{}]}')):
        yield Hostile(f"Zendesk list {number}", {"kb.json": text.encode()}, 0, 1)
    csv_ = "Title,UrlName,Answer__c\n好的,good,<p>x y</p>\n壞的,bad,{}\n"
    for number, cell in enumerate(("../../../etc/passwd.html", "/etc/passwd.html", "html/none.html")):
        files = {"kb/articles.csv": csv_.format(cell).encode(), "kb/import.properties": b""}
        yield Hostile(f"Salesforce file {number}", files, 1, 1)
