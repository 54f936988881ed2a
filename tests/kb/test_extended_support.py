"""Extended support to the day: how long it is stands in the matrix, when it begins is said of each release."""

from __future__ import annotations

import json
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from kb.entitlements import ContractLine, matrices
from kb.extended_support import release_of, support_of
from kb.store.releases import Release

DAY = timedelta(1)
ENDS = date(2025, 12, 31)
RELEASE = Release("windchill", "12.0", ENDS)


def line(*, add_on: date | bool | None = True, **others: object) -> ContractLine:
    held = {} if add_on is False else {"extended_support": None if add_on is True else add_on}
    given = {"product": "windchill", "package": "gold", "starts": date(2020, 1, 1)} | others
    return ContractLine(add_ons=held, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("today", "with_it", "without"),
    [
        (ENDS - DAY, ("standard", ENDS), ("standard", ENDS)),
        (ENDS, ("standard", ENDS), ("standard", ENDS)),
        (ENDS + DAY, ("extended", date(2026, 12, 31)), ("optional", date(2026, 12, 31))),
        (date(2026, 12, 31), ("extended", date(2026, 12, 31)), ("optional", date(2026, 12, 31))),
        (date(2027, 1, 1), ("over", None), ("over", None)),
    ],
)
def test_one_year_from_the_end_of_standard_support(
    today: date, with_it: tuple[str, date | None], without: tuple[str, date | None]
) -> None:
    for lines, expected in (([line()], with_it), ([line(add_on=False)], without), ([], without)):
        found = support_of(RELEASE, lines, matrices(), today)
        assert (found.state, found.until) == expected


@pytest.mark.parametrize(
    ("lines", "state", "until"),
    [
        ([line(add_on=date(2026, 6, 30))], "extended", date(2026, 6, 30)),
        ([line(ends=date(2026, 5, 31))], "extended", date(2026, 5, 31)),
        ([line(ends=date(2026, 5, 31)), line(add_on=date(2026, 8, 1))], "extended", date(2026, 8, 1)),
        ([line(add_on=date(2026, 1, 31))], "optional", date(2026, 12, 31)),
        ([line(ends=date(2026, 1, 31))], "optional", date(2026, 12, 31)),
        ([line(product="creo")], "optional", date(2026, 12, 31)),
        # The guide offers it beside Gold and Gold Plus alone.
        ([line(package="silver")], "optional", date(2026, 12, 31)),
    ],
)
def test_as_long_as_the_contract_has_it(lines: list[ContractLine], state: str, until: date) -> None:
    found = support_of(RELEASE, lines, matrices(), date(2026, 3, 1))
    assert (found.state, found.until) == (state, until)


def test_a_year_from_a_leap_day() -> None:
    found = support_of(Release("windchill", "", date(2024, 2, 29)), [line()], matrices(), date(2024, 3, 1))
    assert found.until == date(2025, 2, 28)


def test_another_matrix_gives_another_length(tmp_path: Path) -> None:
    shipped = files("kb") / "data" / "matrix" / "2020-07.json"
    data = json.loads(shipped.read_text("utf-8"))
    row = next(row for row in data["rows"] if row["key"] == "extended_support")
    for package in ("gold", "gold_plus"):
        row["cells"][package]["limits"]["after_standard"]["years"] = 3
    (tmp_path / "m.json").write_text(json.dumps(data), "utf-8")
    assert support_of(RELEASE, [line()], matrices(tmp_path), date(2027, 6, 1)).until == date(2028, 12, 31)
    for package in ("gold", "gold_plus"):
        del row["cells"][package]["limits"]
    (tmp_path / "m.json").write_text(json.dumps(data), "utf-8")
    assert support_of(RELEASE, [line()], matrices(tmp_path), date(2026, 6, 1)).state == "over"


def test_a_version_is_of_the_nearest_release() -> None:
    every = [Release("windchill", name, ENDS) for name in ("", "12", "12.1", "12.10")]
    found = {version: release_of(version, every) for version in ("12.1.2.5", "12.10", "12.3", "13.0", "", "121")}
    names = {version: each and each.name for version, each in found.items()}
    assert names == {"12.1.2.5": "12.1", "12.10": "12.10", "12.3": "12", "13.0": "", "": "", "121": ""}
    assert release_of("13.0", every[1:]) is None
