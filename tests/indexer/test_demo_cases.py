"""The demo's cases: in every state, made once, over the shipped articles."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from indexer.demo import DOMAIN, add_demos
from indexer.demo_cases import CASES, Desk, add_demo_cases
from indexer.demo_history import HISTORY
from kb.accounts import Accounts
from kb.case_articles import CaseArticles
from kb.case_reports import CaseReports, Period
from kb.cases import STATUSES, Cases
from kb.config import Config
from kb.editing import Editing
from kb.entitlements import matrices
from kb.publishing import Publishing
from kb.store import Store
from kb.store.articles import Product
from kb.tasks import Tasks

NOW = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)


def test_a_dozen_in_every_state(tmp_path: Path) -> None:
    config = Config(home=tmp_path)
    with Store.create(f"sqlite:///{tmp_path / 'kb.sqlite3'}") as store:
        store.save_products(Product(name, {"en": name}) for name in ("windchill", "thingworx", "integrity", "creo"))
        accounts, cases = Accounts(store, config, matrices()), Cases(store, config, matrices())
        publishing = Publishing(store, config, matrices())
        articles = CaseArticles(store, cases, Editing(store, publishing))
        desk = Desk(store, cases, Tasks(store), articles, accounts, NOW)
        add_demos(accounts, date(2026, 3, 4))
        assert [add_demo_cases(desk) for _ in range(2)] == [len(CASES) + len(HISTORY), 0]
        engineer = accounts.viewer_of(f"engineer@{DOMAIN}", date(2026, 3, 4))
        found = [*cases.page(engineer), *cases.page(engineer, is_open=False)]
        half_a_year = CaseReports(store, config, cases).of_all(engineer, Period("2025-09", "2026-03"), None, NOW)
        publishing.close()
    assert half_a_year.total["new"] == 2 and sum(each.published for each in half_a_year.people) == 2
    assert all(half_a_year.by_month[month]["closed"] for month in half_a_year.period.months()[:-1])
    assert len(found) == len(CASES) + len(HISTORY) and len(CASES) >= 12
    assert {row.status for row in found} == set(STATUSES)
    assert {row.severity for row in found} == {0, 1, 2, 3}
