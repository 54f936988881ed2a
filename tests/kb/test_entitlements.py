"""From the guide's matrix through contracts to scopes: the rules, one by one."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.entitlements import (
    Audience,
    ContractLine,
    Scope,
    audiences,
    expand,
    grants_of,
    matrices,
    matrix_on,
    staff_grants,
    unknown_grants,
)

DAY = date(2026, 6, 1)
MATRICES = matrices()


def held(package: str, product: str = "windchill", **add_ons: date | None) -> set[str]:
    line = ContractLine(product, package, date(2026, 1, 1), date(2026, 12, 31), add_ons)
    return {grant.partition(":")[2] for grant in grants_of([line], MATRICES, DAY)}


def test_the_guides_rows_become_rights() -> None:
    """The guide, lines of its table: what each package includes without buying more."""
    silver, gold, plus = held("silver"), held("gold"), held("gold_plus")
    for every in (silver, gold, plus):
        assert {"knowledge_base", "performance_advisor_core", "esupport_tools", "community_support"} <= every
    for not_silver in ("software_updates", "on_demand_system_scan", "assisted_support"):
        assert not_silver not in silver and not_silver in gold & plus
    assert "tsam" not in silver | gold | plus and "tsam" in held("gold", tsam=None)


def test_rights_are_not_a_ladder() -> None:
    """Performance Advisor advanced is 訂閱/訂閱/內含; proactive monitoring needs Gold Plus and one of two products."""
    assert "performance_advisor_advanced" not in held("silver") | held("gold")
    assert "performance_advisor_advanced" in held("gold_plus")
    assert "performance_advisor_advanced" in held("silver", performance_advisor_advanced=None)
    assert "gold" not in held("gold_plus") and "silver" not in held("gold")
    for product, expected in (("windchill", True), ("integrity", True), ("creo", False)):
        assert ("proactive_monitoring" in held("gold_plus", product)) is expected


def test_an_add_on_that_nobody_offers_gives_nothing() -> None:
    assert "dedicated_engineer" not in held("silver", dedicated_engineer=None), "the guide leaves the cell empty"
    assert "dedicated_engineer" in held("gold", dedicated_engineer=None)
    assert "nonsense" not in held("gold_plus", nonsense=None)


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 12, 31), True), (date(2027, 1, 1), False)],
)
def test_a_line_holds_from_its_first_day_to_its_last(day: date, expected: bool) -> None:
    line = ContractLine("creo", "gold", date(2026, 1, 1), date(2026, 12, 31))
    assert ("creo:gold" in grants_of([line], MATRICES, day)) is expected


def test_an_unknown_package_gives_nothing() -> None:
    assert grants_of([ContractLine("creo", "bronze", date(2026, 1, 1))], MATRICES, DAY) == frozenset()


def test_staff_hold_every_grant_spelled_out() -> None:
    grants = staff_grants(["creo"], MATRICES)
    assert {"public", "staff"} | {f"creo:{right}" for right in MATRICES[-1].rights} == grants


def test_every_row_of_the_matrix_names_its_line_in_the_guide() -> None:
    for matrix in MATRICES:
        assert all(row.line > 0 for row in matrix.rows)
        for row in matrix.rows:
            assert row.cells.keys() == matrix.packages.keys(), row.key
            assert {"zh-Hant", "zh-Hans", "en"} <= row.names.keys(), row.key


def test_the_matrix_in_force_is_the_latest_that_has_begun(tmp_path: Path) -> None:
    shipped = next(Path("kb/data/matrix").glob("*.json"))
    data = json.loads(shipped.read_text("utf-8"))
    for year in (2026, 2030):
        (tmp_path / f"{year}.json").write_text(json.dumps(data | {"effective_from": f"{year}-01-01"}), "utf-8")
    versions = matrices(tmp_path)
    assert [matrix_on(date(year, 6, 1), versions).effective_from.year for year in (2020, 2026, 2029, 2031)] == [
        2026, 2026, 2026, 2030,
    ]  # fmt: skip


def test_a_faulty_matrix_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no matrix"):
        matrices(tmp_path)
    (tmp_path / "broken.json").write_text('{"rows": [{}]}')
    with pytest.raises(ValueError, match=r"broken\.json"):
        matrices(tmp_path)


def test_grants_are_checked_and_expanded() -> None:
    rights = MATRICES[-1].rights
    assert expand(["{product}:gold", " {product}:gold ", "public"], "creo") == ["creo:gold", "public"]
    given_ = ["public", "staff", "creo:gold", "creo:tin", "none:gold", "gold", "", "PUBLIC"]
    assert unknown_grants(given_, ["creo"], rights) == ["creo:tin", "none:gold", "gold", "", "PUBLIC"]


RIGHTS = st.sampled_from(["public", "staff", "a:silver", "a:gold", "b:gold"])
sets = st.lists(RIGHTS, max_size=3, unique=True).map(tuple)


@given(own=sets, sections=st.lists(sets.filter(bool), max_size=3), grants=st.frozensets(RIGHTS))
def test_a_reader_belongs_to_one_audience_with_just_what_he_may_read(
    own: tuple[str, ...], sections: list[tuple[str, ...]], grants: frozenset[str]
) -> None:
    scope = Scope(grants)
    mine = [(audience, seen) for audience, seen in audiences(own, sections) if audience.includes(scope)]
    assert len(mine) == (1 if scope.reads(own) else 0)
    for audience, seen in mine:
        assert seen == {frozenset(section) for section in sections if scope.reads(section)}
        assert Audience.from_key(audience.key) == audience
