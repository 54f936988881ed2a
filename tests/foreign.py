"""Small exports as other systems write them: tables, nested lists, pictures, code, links; in 繁體 and 简体."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path


def png(width: int = 2, height: int = 2) -> bytes:
    """A real picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\xff\x80\x00" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def packed(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


BODY = """
<p>伺服器無法登入時，先看 <code>MethodServer.log</code>。<strong>注意：</strong>a_b &lt;x&gt; *y*</p>
<ul><li>第一層<ul><li>第二層<ol><li>第三層</li><li>又一項</li></ol></li></ul></li><li>另一項</li></ul>
<table><thead><tr><th>錯誤碼</th><th>原因</th></tr></thead>
<tbody><tr><td>CS123456</td><td>記憶體不足 | 逾時</td></tr><tr><td>0x80070005</td><td>權限</td></tr></tbody></table>
<pre><code class="language-bash">windchill stop
windchill start</code></pre>
"""
# The same in our Markdown.
MARKDOWN = r"""伺服器無法登入時，先看 `MethodServer.log`。**注意：**a_b &lt;x> \*y\*

-   第一層
    -   第二層
        1.  第三層
        2.  又一項
-   另一項

| 錯誤碼 | 原因 |
| --- | --- |
| CS123456 | 記憶體不足 \| 逾時 |
| 0x80070005 | 權限 |

```bash
windchill stop
windchill start
```
"""
HANS = "<p>服务器无法登录时，请重新启动应用程序。</p>"


def html_folder() -> dict[str, str | bytes]:
    """Pages as an editor saves them, one of them in Big5 and saying so."""
    page = f"""<!DOCTYPE html><html lang="zh-TW"><head><meta charset="utf-8"><title>無法登入</title><style>p {{}}</style></head>
<body><h1>無法登入</h1>{BODY}<p><a href="../other%20page.html#step">另一篇</a> <img src="img/shot.png" alt="畫面">
<a href="missing.html">沒有的</a> <img src="gone.png" alt="不見的圖"> <a href="https://example.com/">外部</a></p>
<script>alert(1)</script><iframe src="https://video.example/1"></iframe></body></html>"""
    big5 = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=big5"><title>其他</title></head>'
    return {
        "site/guide/login.html": page,
        "site/guide/img/shot.png": png(),
        "site/other page.html": (big5 + '<body><h2 id="step">步驟</h2><p>內文</p></body></html>').encode("big5"),
    }


def zendesk() -> dict[str, str | bytes]:
    """`GET /api/v2/help_center/zh-tw/articles.json?include=sections,translations`, and the files beside it."""
    link = '<a href="https://acme.zendesk.com/hc/zh-tw/articles/360002-Other">另一篇</a>'
    image = '<img src="https://acme.zendesk.com/hc/article_attachments/360009/shot.png" alt="畫面">'
    article = {
        "id": 360001, "url": "https://acme.zendesk.com/api/v2/help_center/zh-tw/articles/360001.json",
        "html_url": "https://acme.zendesk.com/hc/zh-tw/articles/360001", "author_id": 1, "comments_disabled": False,
        "draft": False, "promoted": False, "position": 0, "vote_sum": 0, "vote_count": 0, "section_id": 7,
        "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-02-03T04:05:06Z", "name": "無法登入",
        "title": "無法登入", "source_locale": "zh-tw", "locale": "zh-tw", "outdated": False, "outdated_locales": [],
        "edited_at": "2026-02-03T04:05:06Z", "user_segment_id": None, "permission_group_id": 2,
        "label_names": ["登不進去"], "body": f"{BODY}<p>{link} {image}</p>",
    }  # fmt: skip
    other = {**article, "id": 360002, "title": "另一篇", "body": "<p>內文</p>", "draft": True, "user_segment_id": 5}
    translation = {
        "id": 1, "source_id": 360001, "source_type": "Article", "locale": "zh-cn", "title": "无法登录", "body": HANS,
        "draft": False, "outdated": False, "updated_at": "2026-02-04T00:00:00Z",
    }  # fmt: skip
    sections = [{"id": 7, "name": "登入問題", "category_id": 8}]
    data = {"articles": [article, other], "sections": sections, "translations": [translation], "count": 2}
    return {
        "help/articles.json": json.dumps({**data, "next_page": None, "page": 1, "per_page": 30}),
        "help/article_attachments/shot.png": png(),
    }


def salesforce() -> dict[str, str | bytes]:
    """What Salesforce's own article importer takes: a CSV, HTML files beside it, their pictures, a properties file."""
    page = f'<html><body>{BODY}<p><img src="images/shot.png" alt="畫面"> <a href="/articles/Knowledge/other">另一篇</a></p></body></html>'
    return {
        "articles.csv": "IsMasterLanguage,Title,UrlName,Summary,Language,Channels,datacategorygroup.Topics,Answer__c\n"
        "1,無法登入,cannot-log-in,登入時的錯誤,zh_TW,application+csp+pkb,登入+帳號,html/login.html\n"
        "0,无法登录,cannot-log-in-zh-cn,,zh_CN,application+csp+pkb,,html/login_cn.html\n"
        '1,另一篇,other,,zh_TW,application,,"<p>內文</p>"\n',
        "html/login.html": page,
        "html/login_cn.html": HANS,
        "html/images/shot.png": png(),
        "import.properties": "CSVEncoding=UTF-8\nRTAEncoding=UTF-8\nCSVSeparator=,\nDateFormat=yyyy-MM-dd\n",
    }


def confluence() -> dict[str, str | bytes]:
    """A space exported as HTML."""

    def page(title: str, body: str, files: str = "") -> str:
        return f"""<!DOCTYPE html><html><head><title>支援 : {title}</title><link rel="stylesheet" href="styles/site.css"/>
<META http-equiv="Content-Type" content="text/html; charset=UTF-8"></head>
<body class="theme-default aui-theme-default"><div id="page"><div id="main" class="aui-page-panel"><div id="main-header">
<div id="breadcrumb-section"><ol id="breadcrumbs"><li class="first"><span><a href="index.html">支援</a></span></li></ol></div>
<h1 id="title-heading" class="pagetitle"><span id="title-text"> 支援 : {title} </span></h1></div>
<div id="content" class="view"><div class="page-metadata"> Created by <span class='author'> Lin</span>, last modified on Feb 03, 2026 </div>
<div id="main-content" class="wiki-content group">{body}</div>{files}</div></div>
<div id="footer" role="contentinfo"><section class="footer-body"><p>Document generated by Confluence</p></section></div></div></body></html>"""

    code = """<div class="code panel pdl"><div class="codeContent panelContent pdl">
<pre class="syntaxhighlighter-pre" data-syntaxhighlighter-params="brush: java; gutter: false">class A {
}</pre></div></div>"""
    macro = """<div class="confluence-information-macro confluence-information-macro-warning"><span class="aui-icon"></span>
<div class="confluence-information-macro-body"><p>先備份</p></div></div>"""
    image = '<span class="confluence-embedded-file-wrapper"><img class="confluence-embedded-image" src="attachments/101/900.png" alt="畫面"></span>'
    listed = """<div class="pageSection group"><div class="pageSectionHeader"><h2 id="attachments" class="pageSectionTitle">Attachments:</h2></div>
<div class="greybox" align="left"><img src="images/icons/bullet_blue.gif" height="8" width="8" alt=""/>
<a href="attachments/101/900.png">畫面.png</a> (image/png)<br/><a href="attachments/101/901.log">server.log</a> (text/plain)<br/></div></div>"""
    return {
        "KB/index.html": "<html><head><title>支援 (KB)</title></head><body><h2>Space Details:</h2><h2>Available Pages:</h2>"
        '<ul><li><a href="_101.html">無法登入</a></li></ul></body></html>',
        "KB/_101.html": page(
            "無法登入", f'{BODY}{macro}{code}<p><a href="Other_102.html">另一篇</a> {image}</p>', listed
        ),
        "KB/Other_102.html": page("另一篇", "<p>內文</p>"),
        "KB/attachments/101/900.png": png(),
        "KB/attachments/101/901.log": "ERROR out of memory",
        "KB/styles/site.css": "p {}",
    }


def notion() -> dict[str, str | bytes]:
    """A page of a database with its properties, a subpage, a picture and a callout."""
    first, second = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
    page = f"""# 無法登入

產品: Windchill
Tags: 登入, 帳號

伺服器無法登入時，先看 `MethodServer.log`。

- 第一層
    - 第二層
        1. 第三層

| 錯誤碼 | 原因 |
| --- | --- |
| CS123456 | 記憶體不足 |

```bash
windchill stop
```

<aside>
💡 先備份

</aside>

[另一篇](%E7%84%A1%E6%B3%95%E7%99%BB%E5%85%A5%20{first}/%E5%8F%A6%E4%B8%80%E7%AF%87%20{second}.md)

![畫面](%E7%84%A1%E6%B3%95%E7%99%BB%E5%85%A5%20{first}/shot.png)
"""
    return {
        f"無法登入 {first}.md": page,
        f"無法登入 {first}/另一篇 {second}.md": "# 另一篇\n\n产品: creo\n\n服务器无法登录时，请重新启动。\n",
        f"無法登入 {first}/shot.png": png(),
    }


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def docx() -> bytes:
    """A document as Word saves it, as far as it has to do with its text."""

    def paragraph(text: str, style: str = "", numbered: str = "") -> str:
        kind = f'<w:pStyle w:val="{style}"/>' if style else ""
        return f"<w:p><w:pPr>{kind}{numbered}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"

    def item(text: str, level: int) -> str:
        number = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>'
        return paragraph(text, "ListParagraph", number)

    def table(*rows: tuple[str, str]) -> str:
        cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
        return "<w:tbl><w:tblPr/>" + "".join(f"<w:tr>{each}</w:tr>" for each in cells) + "</w:tbl>"

    picture = (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        '<wp:docPr id="1" name="p" descr="畫面"/><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        '<a:graphicData uri="x"><pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill>'
        f'<a:blip r:embed="rId9" xmlns:r="{OFFICE}"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r></w:p>"
    )
    body = (
        paragraph("無法登入", "Title") + paragraph("症狀", "Heading1") + paragraph("伺服器無法登入。") + item("第一層", 0)
        + item("第二層", 1) + item("另一項", 0) + table(("錯誤碼", "原因"), ("CS123456", "記憶體不足"))
        + paragraph("原因", "Heading2") + paragraph("windchill stop", "Code") + paragraph("windchill start", "Code") + picture
    )  # fmt: skip
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{id_}"><w:name w:val="{name}"/></w:style>'
        for id_, name in (("Title", "Title"), ("Heading1", "heading 1"), ("Heading2", "heading 2"), ("Code", "Code"))
    )
    levels = "".join(f'<w:lvl w:ilvl="{n}"><w:numFmt w:val="bullet"/></w:lvl>' for n in range(3))
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'wordprocessingml.document.main+xml"/></Types>'
    )
    relations = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    links = "".join(
        f'<Relationship Id="{id_}" Type="{OFFICE}/{kind}" Target="{to}"/>'
        for id_, kind, to in (
            ("rId1", "styles", "styles.xml"), ("rId2", "numbering", "numbering.xml"), ("rId9", "image", "media/1.png"),
        )
    )  # fmt: skip
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr(
            "_rels/.rels",
            f'<Relationships {relations}><Relationship Id="r" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
            "</Relationships>",
        )
        archive.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/styles.xml", f"<w:styles {W}>{styles}</w:styles>")
        numbering = f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        archive.writestr("word/numbering.xml", f"<w:numbering {W}>{numbering}</w:numbering>")
        archive.writestr("word/_rels/document.xml.rels", f"<Relationships {relations}>{links}</Relationships>")
        archive.writestr("word/media/1.png", png())
    return written.getvalue()
