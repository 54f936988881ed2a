"""Each reader in his own language."""

from __future__ import annotations

import pytest

from tests.site import ReadySite, Visitor

WORDS = {"zh-Hant": "依產品瀏覽", "zh-Hans": "按产品浏览", "en": "Browse by product"}


@pytest.fixture
def stranger(site: ReadySite) -> Visitor:
    return Visitor(site.app.test_client())


def language(page: str) -> str:
    (lang,) = [lang for lang, word in WORDS.items() if word in page]
    assert f'<html lang="{lang}"' in page
    return lang


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "zh-Hant"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-SG", "zh-Hant"),
        ("zh-CN,zh;q=0.9", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("en-GB,en;q=0.9,zh-TW;q=0.5", "en"),
        ("fr,de;q=0.9", "zh-Hant"),
        ("fr,en;q=0.1", "en"),
        ("x" * 2000, "zh-Hant"),
    ],
)
def test_as_the_browser_asks(stranger: Visitor, header: str, lang: str) -> None:
    assert language(stranger.get("/", headers={"Accept-Language": header}).get_data(as_text=True)) == lang


@pytest.mark.parametrize("lang", WORDS)
def test_a_choice_stays(stranger: Visitor, lang: str) -> None:
    assert language(stranger.get(f"/?ui={lang}").get_data(as_text=True)) == lang
    page = stranger.get("/", headers={"Accept-Language": "en" if lang != "en" else "zh-CN"})
    assert language(page.get_data(as_text=True)) == lang


def test_the_theme_stays(stranger: Visitor) -> None:
    assert 'data-theme="auto"' in stranger.get("/").get_data(as_text=True)
    assert 'data-theme="dark"' in stranger.get("/?theme=dark").get_data(as_text=True)
    assert 'data-theme="dark"' in stranger.get("/").get_data(as_text=True)


def test_switching_keeps_the_search(stranger: Visitor) -> None:
    page = stranger.get("/search?q=登入&type=solution&ui=en").get_data(as_text=True)
    assert 'href="?q=%E7%99%BB%E5%85%A5&amp;type=solution&amp;ui=zh-Hans"' in page


@pytest.mark.parametrize("lang", WORDS)
def test_the_matrix_is_the_guides(visitors: dict[str, Visitor], lang: str) -> None:
    page = visitors["gold"].get(f"/entitlements?ui={lang}").get_data(as_text=True)
    visitors["gold"].client.delete_cookie("kb_lang")
    says = {
        "zh-Hant": "金級增值 主動式監控與指引 訂閱 嚴重性_0 &lt;_30_分鐘 24_小時_x_7_天 選擇性 指南第_60_行",
        "zh-Hans": "金级增值 主动式监控与指导 订阅 严重性_0 &lt;_30_分钟 24_小时_x_7_天 可选 指南第_60_行",
        "en": "Gold_Plus Proactive_monitoring By_subscription Severity_0 &lt;_30_minutes Optional line_60",
    }
    for words in (*says[lang].split(), "版本_7/2020", "10/19"):
        assert words.replace("_", " ") in page, words
    assert page.count('colspan="2"') == 4, "one text over Gold and Gold Plus"


def test_an_article_is_marked_with_its_own_language(visitors: dict[str, Visitor]) -> None:
    page = visitors["gold"].get("/articles/KB900004").get_data(as_text=True)
    assert '<html lang="zh-Hant"' in page
    assert '<div class="prose" lang="en">' in page
    assert 'lang="zh-Hans" hreflang="zh-Hans"' in page, "its translation"
