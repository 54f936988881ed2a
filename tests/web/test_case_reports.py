"""Reports of cases, as staff and customers read them in pages and as CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from kb.articles import Draft, Section
from kb.store.articles import ImportRun, Product
from tests.contracts.stores import rendered
from tests.site import KINDS, ReadySite, Visitor
from tests.web.test_cases import PUBLIC, WINDCHILL, opened, shown

CUSTOMERS = [kind for kind in KINDS if kind not in ("anonymous", "engineer", "author", "operator")]
STAFF_PARTS = ("links_months", "times", "clocks", "reuse", "people", "products")
OWN_PARTS = ("months", "clocks", "severities", "own_products")


@pytest.fixture
def site(import_site: ReadySite) -> ReadySite:
    """One without cases, of one's own."""
    return import_site


def table(visitor: Visitor, path: str) -> list[dict[str, str]]:
    answer = visitor.get(path)
    assert answer.status_code == 200 and answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def test_the_numbers_move_with_the_day(site: ReadySite) -> None:
    gold, engineer = site.visitor("gold"), site.visitor("engineer")
    assert "這段期間沒有資料" in shown(engineer, "/reports")
    case = opened(gold)
    engineer.post(f"{case}/link", {"article": WINDCHILL, "role": "resolution"}, case)
    engineer.post(f"{case}/reply", {"text": "請看", "kind": "reply"}, case)
    gold.post(f"{case}/change", {"revision": "1", "status": "closed"}, case)
    gold.post("/cases/new/solved", {"product": "windchill", "subject": "x", "article": PUBLIC}, "/cases/new")

    this = table(engineer, "/reports/links_months.csv")[-1]
    assert [this[name] for name in ("開立的案例", "已結案", "有連結", "連結率")] == ["1", "1", "1", "100%"]
    assert table(engineer, "/reports/reuse.csv")[0]["文章編號"] == WINDCHILL
    assert table(engineer, "/reports/people.csv")[0]["人員"] == "Engineer"
    assert table(engineer, "/reports/times.csv")[0]["案例"] == "1"
    [kept] = [row for row in table(engineer, "/reports/clocks.csv") if row["時限"] == "首次回應"]
    assert (kept["套件"], kept["嚴重性"], kept["達成"], kept["逾時"]) == ("金級", "嚴重性 1", "1", "0")
    assert table(gold, "/reports/activity/own_products.csv")[0]["未開案即解決"] == "1"
    page = shown(engineer, "/reports")
    assert page.count('<svg class="chart" role="img"') == len(STAFF_PARTS) and "100%" in page


def test_period_and_product_are_in_the_address(site: ReadySite) -> None:
    gold, engineer = site.visitor("gold"), site.visitor("engineer")
    opened(gold)
    assert table(engineer, "/reports/links_months.csv?from=2024-11&to=2025-02") == []
    # As the site counts: in Taipei a month begins hours before it does elsewhere.
    this = datetime.now(ZoneInfo(site.config.time_zone)).strftime("%Y-%m")
    assert len(table(engineer, f"/reports/links_months.csv?from={this}&to={this}")) == 1
    assert table(engineer, "/reports/products.csv?product=creo") == []
    page = shown(engineer, f"/reports?from={this}&to={this}&product=windchill")
    assert f"/reports/links_months.csv?from={this}&amp;to={this}&amp;product=windchill" in page


@pytest.mark.parametrize(
    "address", ["from=2026-13", "to=x", "from=1999-01", "from=2026-03&to=2026-02", "from=2001-01", "product=none"]
)
def test_what_cannot_be_asked_for_is_said(site: ReadySite, address: str) -> None:
    for visitor, path in ((site.visitor("engineer"), "/reports"), (site.visitor("gold"), "/reports/activity")):
        answer = visitor.get(f"{path}?{address}")
        assert answer.status_code == 400 and address.split("=")[0].split("&")[0] in answer.get_data(as_text=True)


def test_a_customer_reads_his_own_and_no_byte_of_others(site: ReadySite) -> None:
    engineer = site.visitor("engineer")
    everyone = {kind: site.visitor(kind) for kind in CUSTOMERS}
    case = opened(everyone["gold"], subject="只有金級看得到")
    engineer.post(f"{case}/link", {"article": WINDCHILL, "role": "reference", "internal": "1"}, case)
    addresses = ["/reports/activity", *(f"/reports/activity/{part}.csv" for part in OWN_PARTS)]
    before = {kind: [seen(visitor, each) for each in addresses] for kind, visitor in everyone.items() if kind != "gold"}
    for at in range(3):
        more = opened(everyone["gold"], subject=f"更多 {at}")
        engineer.post(f"{more}/link", {"article": WINDCHILL, "role": "resolution"}, more)
    after = {kind: [seen(visitor, each) for each in addresses] for kind, visitor in everyone.items() if kind != "gold"}
    assert after == before
    own = shown(everyone["gold"], "/reports/activity")
    assert "只有金級看得到" in own and own.count(WINDCHILL) == 6, "three links, each with address and number"
    for kind, visitor in everyone.items():
        naming = seen(visitor, "/reports/activity?customer=gold+company").replace("customer=gold+company&amp;", "")
        assert naming == seen(visitor, "/reports/activity"), f"{kind} reads his own, whomever the address names"
        for path in ("/reports", *(f"/reports/{part}.csv" for part in STAFF_PARTS)):
            assert visitor.get(path).data == visitor.get("/reports/none.csv").data
            assert visitor.get(path).status_code == 404


def seen(visitor: Visitor, path: str) -> str:
    return re.sub(r'(name="csrf_token" value=)"[^"]+"', "", shown(visitor, path))


def test_a_product_of_which_one_reads_nothing_is_like_one_that_there_is_not(site: ReadySite) -> None:
    """It is not offered, and asking for it says as much as asking for any other name; the reader's own are offered."""
    hidden = Draft("own", "1", "未公開", "zh-Hant", "nova", (Section("未公開"),), ("nova:gold", "staff"), "KB990001")
    run = ImportRun("own", datetime.now(UTC), {"nova": Product("nova", {"en": "Nova"})})
    site.store.apply([rendered(hidden)], run)
    for kind, offered in (("silver", ["creo", "support"]), ("gold_plus", ["integrity", "support", "windchill"])):
        visitor = site.visitor(kind)
        assert re.findall(r'<option value="([a-z]+)"', shown(visitor, "/reports/activity")) == offered, kind
        answers = [visitor.get(f"/reports/activity?product={name}") for name in ("nova", "nope")]
        assert [answer.status_code for answer in answers] == [400, 400]
        texts = [answer.get_data(as_text=True) for answer in answers]
        assert texts[0].replace("nova", "nope") == texts[1], f"{kind} learns that there is a product"
        assert visitor.get(f"/reports/activity?product={offered[0]}").status_code == 200
        assert visitor.get("/reports/activity/months.csv?product=nova").status_code == 400
    engineer = site.visitor("engineer")
    assert 'value="nova"' in shown(engineer, "/reports/activity")
    assert engineer.get("/reports?product=nova").status_code == 200


def test_staff_read_what_the_customer_would(site: ReadySite) -> None:
    gold, engineer = site.visitor("gold"), site.visitor("engineer")
    case = opened(gold, subject="給客戶的報告")
    engineer.post(f"{case}/link", {"article": "KB900009", "role": "reference", "internal": "1"}, case)
    page = shown(engineer, "/reports/activity?customer=gold+company")
    assert "給客戶的報告" in page and "KB900009" not in page
    assert "沒有這個名稱的客戶" in shown(engineer, "/reports/activity?customer=nobody")
    assert engineer.get("/reports/activity/months.csv?customer=nobody").status_code == 404
    assert table(engineer, "/reports/activity/months.csv?customer=gold+company")[-1]["開立的案例"] == "1"


@pytest.mark.parametrize("language", ["zh-Hant", "zh-Hans", "en"])
def test_every_report_is_in_the_readers_language(site: ReadySite, language: str) -> None:
    opened(site.visitor("gold"))
    for kind, path in (("engineer", "/reports"), ("gold", "/reports/activity")):
        assert f'<html lang="{language}"' in shown(site.visitor(kind), f"{path}?ui={language}")
