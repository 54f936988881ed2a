"""Which column of a table is which key of ours: guessed from what columns are called in three languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from indexer.folding import to_simplified
from indexer.readers.rows import KEYS

# Simplified and small letters; Traditional names are folded to them.
CALLED: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "article id", "articleid", "external id", "key", "no", "编号", "文章编号", "序号", "识别码", "代码"),
    "title": ("title", "subject", "name", "headline", "question", "标题", "题目", "主题", "主旨", "名称", "问题"),
    "body_markdown": (
        "body markdown", "body", "content", "text", "markdown", "answer", "solution", "description", "article",
        "内文", "正文", "内容", "本文", "答案", "解答", "解决方案", "说明", "描述",
    ),
    "lang": ("lang", "language", "locale", "语言", "语系", "语种"),
    "product": ("product", "product name", "产品", "产品名称", "产品线"),
    "category": ("category", "topic", "section", "类别", "分类", "目录", "主题分类"),
    "versions": ("versions", "version", "release", "releases", "版本", "适用版本"),
    "updated": (
        "updated", "updated at", "last modified", "modified", "last updated", "date", "更新日期", "修改日期",
        "日期", "更新时间", "最后更新",
    ),
    "type": ("type", "article type", "kind", "类型", "文章类型"),
    "grants": ("grants", "readers", "audience", "visibility", "permissions", "授权", "权限", "读者", "可见范围"),
    "attachments": ("attachments", "files", "附件", "文件", "附加档案"),
    "number": ("number", "kb number", "article number", "kb编号"),
    "also_asked_as": ("also asked as", "keywords", "aliases", "synonyms", "关键词", "关键字", "别名", "同义词"),
    "confidence": ("confidence", "status", "状态", "可信度"),
    "group": ("group", "translation of", "translation group", "翻译组", "译文组"),
}  # fmt: skip


def guessed(columns: Iterable[str]) -> dict[str, str]:
    """Column → key, for those that are called like one; each key once, by the name that stands first in its list."""
    folded = {column: _folded(column) for column in columns}
    found: dict[str, str] = {column: column for column in folded if column in KEYS}
    taken = set(found.values())
    for key, names in CALLED.items():
        if key in taken:
            continue
        for name in names:
            if column := next((each for each, called in folded.items() if called == name and each not in found), None):
                found[column] = key
                break
    return found


def _folded(name: str) -> str:
    plain = to_simplified(unicodedata.normalize("NFKC", name)).casefold()
    return " ".join(re.sub(r"[_\-./*()（）:：]+", " ", plain).split())
