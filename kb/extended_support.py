"""Extended support: after standard support of a product ends, so long access to its software performance reports.

How long is data of the guide's matrix; when standard support of a release ends is said by the operator, product by
product; who has it, by contract, as an add-on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from kb.accounts import Viewer
from kb.entitlements import ContractLine, Matrix, grants_of, matrix_on
from kb.store import Store
from kb.store import accounts as account_rows
from kb.store import releases as rows
from kb.store.cases import CaseRow
from kb.store.releases import Release

EXTENDED = "extended_support"
# So long before standard support ends, it is said.
AHEAD = timedelta(days=365)
# standard: not over yet; extended: it is over, and the customer has more; optional: he could; over: nobody has.
State = Literal["standard", "extended", "optional", "over"]
STATES: tuple[State, ...] = get_args(State)


class UnknownProduct(Exception):
    """There is no such product."""


@dataclass(frozen=True, slots=True)
class Support:
    """How a customer's release is supported on a day. `until` is the last day of its state, None where it has none."""

    release: Release
    state: State
    until: date | None


def release_of(version: str, releases: Iterable[Release]) -> Release | None:
    """The release a version belongs to: 12.1.2.5 is of 12.1 rather than of 12."""
    fits = [each for each in releases if not each.name or f"{version.strip()}.".startswith(f"{each.name}.")]
    return max(fits, key=lambda each: len(each.name), default=None)


def support_of(release: Release, lines: Sequence[ContractLine], versions: tuple[Matrix, ...], today: date) -> Support:
    """How a release is supported for a customer with these contract lines."""
    if today <= release.standard_ends:
        return Support(release, "standard", release.standard_ends)
    last = extended_ends(release, matrix_on(today, versions))
    if last is None or today > last:
        return Support(release, "over", None)
    held = [line for line in lines if _extends(line, release.product, versions, today)]
    if not held:
        return Support(release, "optional", last)
    return Support(release, "extended", min(last, max(_ends(line, last) for line in held)))


def extended_ends(release: Release, matrix: Matrix) -> date | None:
    """The last day that extended support of a release can have; None: the guide says nothing of how long it is."""
    cells = [cell for row in matrix.rows if row.key == EXTENDED for cell in row.cells.values()]
    given = [cell.limits["after_standard"]["years"] for cell in cells if "after_standard" in cell.limits]
    return _years_after(release.standard_ends, max(given)) if given else None


def _years_after(day: date, years: int) -> date:
    """The same day of a later year; of a leap day the one before."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=day.day - 1)


def _extends(line: ContractLine, product: str, versions: tuple[Matrix, ...], today: date) -> bool:
    return line.product == product and f"{product}:{EXTENDED}" in grants_of([line], versions, today)


def _ends(line: ContractLine, last: date) -> date:
    """When a contract line no longer has it, as far as it says."""
    given = (line.ends, line.add_ons.get(EXTENDED))
    return min((each for each in given if each is not None), default=last)


class ExtendedSupport:
    """Releases, and how customers' are supported. Safe to share between threads."""

    def __init__(self, store: Store, matrices: tuple[Matrix, ...]) -> None:
        self._store, self._matrices = store, matrices

    def of_viewer(self, viewer: Viewer, today: date) -> list[Support]:
        """Of the releases of the products he has a contract for, those whose standard support is over, or soon will
        be; nothing for staff, who hold no contract."""
        if viewer.role != "customer" or not viewer.products:
            return []
        with self._store.reading() as connection:
            found = rows.releases(connection, viewer.products)
        told = (support_of(each, viewer.lines, self._matrices, today) for each in found)
        return [each for each in told if each.release.standard_ends <= today + AHEAD]

    def of_case(self, row: CaseRow, today: date) -> Support | None:
        """How the release that a case is about is supported for its customer; None: nothing is said of it."""
        with self._store.reading() as connection:
            release = release_of(row.version, rows.releases(connection, [row.product]))
            lines = account_rows.lines_of(connection, row.customer_id)
        return support_of(release, lines, self._matrices, today) if release else None

    # For whoever runs the server

    def releases(self) -> list[Release]:
        with self._store.reading() as connection:
            return rows.releases(connection)

    def save(self, given: Release) -> None:
        """Says when standard support of a release ends, in the place of what was said before. UnknownProduct."""
        if given.product not in self._store.products():
            raise UnknownProduct(given.product)
        with self._store.writing() as connection:
            rows.save(connection, given)

    def remove(self, product: str, name: str) -> bool:
        """False: nothing was said of it."""
        with self._store.writing() as connection:
            return rows.remove(connection, product, name)
