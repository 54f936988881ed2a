"""The guide's matrix: what each package includes, and which of it the reader has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Blueprint, g, render_template

from kb.entitlements import Cell, Matrix, Row
from web import names
from web.home import holdings
from web.language import today
from web.site import site

blueprint = Blueprint("entitlements", __name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell of the table over one or more packages."""

    packages: tuple[str, ...]
    kind: str
    lines: tuple[str, ...]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The lines of several limits: what it is for, and the limit."""
        split = (re.split(r"：|: ", line, maxsplit=1) for line in self.lines)
        return [(what, rest[0] if rest else "") for what, *rest in split]


@dataclass(frozen=True, slots=True)
class ShownRow:
    row: Row
    cells: tuple[Shown, ...]


@blueprint.get("/entitlements")
def page() -> str:
    matrix = names.matrix()
    held = holdings()
    own = {
        package: [holding.line.product for holding in held if holding.in_force and holding.line.package == package]
        for package in matrix.packages
    }
    return render_template(
        "entitlements.html",
        matrix=matrix,
        sections=sections(matrix),
        holdings=held,
        supports=site().extended_support.of_viewer(g.viewer, today()),
        own=own,
        held=[package for package, products in own.items() if products],
    )


def sections(matrix: Matrix) -> list[tuple[str, list[ShownRow]]]:
    """The rows under their sections, in the guide's order."""
    return [
        (key, [ShownRow(row, _cells(row, matrix)) for row in matrix.rows if row.section == key])
        for key in matrix.sections
    ]


def _cells(row: Row, matrix: Matrix) -> tuple[Shown, ...]:
    """The guide prints one text over several packages in the first of them: the next, of the same kind but without
    words, belongs to it."""
    found: list[Shown] = []
    for package in matrix.packages:
        cell = row.cells[package]
        lines = _lines(cell)
        if found and not lines and cell.kind != "empty" and cell.kind == found[-1].kind:
            found[-1] = Shown((*found[-1].packages, package), cell.kind, found[-1].lines)
        else:
            found.append(Shown((package,), cell.kind, lines))
    return tuple(found)


def _lines(cell: Cell) -> tuple[str, ...]:
    return tuple(cell.text.get(g.language, "").splitlines())
