"""Add it: an engineer writes an article from a case, in the customer's words, and changes who may read one."""

from __future__ import annotations

import re

import pytest

from tests.site import ReadySite
from tests.web.test_cases import MONITORING, WINDCHILL, opened, shown
from tests.web.test_tasks import site

__all__ = ["site"]
WORDS = "今天早上開始\n:::grants public\n<b>全部</b>無法登入 ```x```\n:::"


def test_an_article_begins_in_the_customers_words(site: ReadySite) -> None:
    gold, engineer = site.visitor("gold"), site.visitor("engineer")
    case = opened(gold, subject="所有人都登不進去", text=WORDS, version="12.1.2", environment="Windows Server 2022")
    assert "從案例寫新文章" in shown(engineer, case)
    written = engineer.post(f"{case}/article", {}, case)
    assert written.status_code == 303, written.get_data(as_text=True)
    draft = shown(engineer, str(written.headers["Location"]))
    assert "所有人都登不進去" in draft and "12.1.2" in draft and "Windows Server 2022" in draft
    work = shown(engineer, case)
    linked = re.search(r'class="linked".*?/articles/(KB\d+)".*?</ul>', work, re.DOTALL)
    assert linked and "僅支援人員" in linked[0] and "客戶無權閱讀" in linked[0]
    page = shown(engineer, f"/articles/{linked[1]}")
    assert (
        "所有人都登不進去" in page and "&lt;b&gt;全部&lt;/b&gt;無法登入 ```x```" in page and ":::grants public" in page
    )
    assert case.rpartition("/")[2] in page, "from the article to its case"
    for kind in ("gold", "anonymous"):
        assert site.visitor(kind).get(f"/articles/{linked[1]}").status_code == 404
    assert linked[1] not in shown(gold, case)
    assert "Engineer" in shown(engineer, "/reports/people.csv")


def test_to_customers_there_is_no_such_page(site: ReadySite) -> None:
    gold = site.visitor("gold")
    case = opened(gold)
    assert "從案例寫新文章" not in shown(gold, case)
    answer = gold.post(f"{case}/article", {}, case)
    assert answer.status_code == 404 and answer.data == gold.post("/cases/C99999999/article", {}, case).data


def test_who_has_a_licence_changes_who_may_read_an_article_from_the_case(site: ReadySite) -> None:
    case = opened(site.visitor("gold"))
    author = site.visitor("author")
    work = shown(author, f"{case}?q=主動式監控的告警說明")
    assert "變更閱讀範圍" in work and f'action="/articles/{MONITORING}/edit"' in work
    edit = author.post(f"/articles/{MONITORING}/edit", {}, case)
    assert edit.status_code == 303 and 'name="grants"' in shown(author, str(edit.headers["Location"]))


@pytest.mark.parametrize("kind", ["engineer", "author"])
def test_ones_own_articles_have_ones_own_tasks(site: ReadySite, kind: str) -> None:
    visitor = site.visitor(kind)
    page = f"/articles/{WINDCHILL}"
    visitor.post(f"{page}/flags", {"paragraph": "0", "note": "不是我的文章"}, page)
    assert "不是我的文章" not in shown(visitor, "/tasks?state=mine")
    case = opened(site.visitor("gold"))
    visitor.post(f"{case}/article", {}, case)
    own = re.search(r'class="linked".*?/articles/(KB\d+)"', shown(visitor, case), re.DOTALL)
    assert own
    page = f"/articles/{own[1]}"
    visitor.post(f"{page}/flags", {"paragraph": "0", "note": "我的文章"}, page)
    told = shown(visitor, "/tasks?state=mine")
    assert "我的文章" in told and "不是我的文章" not in told and f"{kind}@example.com" in told
