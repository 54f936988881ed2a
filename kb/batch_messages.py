"""What is said of the articles of an import beside one another. Part of `kb.messages`."""

from __future__ import annotations

from collections.abc import Mapping

# code → (English, 繁體中文, 简体中文)
TEXTS: Mapping[str, tuple[str, str, str]] = {
    "near_duplicate": (
        "{percent} % of its text is that of {value} {title}",
        "內文有 {percent}% 與 {value} {title} 相同",
        "正文有 {percent}% 与 {value} {title} 相同",
    ),
    "near_duplicate_rows": (
        "near duplicates of other articles",
        "內文與其他文章幾乎相同",
        "正文与其他文章几乎相同",
    ),
    "translation_missing": (
        "there is no translation: {value}",
        "缺少譯文：{value}",
        "缺少译文：{value}",
    ),
    "translation_missing_rows": (
        "articles that are not in every language of their source",
        "缺少來源其他語言的譯文",
        "缺少来源其他语言的译文",
    ),
}
