"""Who may read what: the guide's matrix as data, contracts to grants, grants to scopes.

The only access rules there are.

A grant is `public`, `staff` or `product:right`. A contract line expands into grants through the matrix; a viewer's
scope is the frozen set of his grants; an article (and within it a section) names the grants that may read it. None
named: nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, TypeAlias

PUBLIC = "public"
STAFF = "staff"
PRODUCT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\Z")

Grants: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True)
class Scope:
    """The grants a viewer holds. Every way to articles takes one; the empty scope reads nothing."""

    grants: Grants

    def reads(self, required: Iterable[str]) -> bool:
        """Whether one of the required grants is held. Nothing required: nobody reads."""
        return not self.grants.isdisjoint(required)

    def __bool__(self) -> bool:
        return bool(self.grants)


NOBODY = Scope(frozenset())
EVERYONE = Scope(frozenset({PUBLIC}))


@dataclass(frozen=True, slots=True)
class Cell:
    """What a package gives of a service. `kind`: included, subscription, optional, not_offered, empty."""

    kind: Literal["included", "subscription", "optional", "not_offered", "empty"]
    text: Mapping[str, str]
    limits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A service of the guide: `right` is the grant it gives, None where the row states a figure only.

    `products` limits it to some products (None: all of them); `line` is its line in the guide.
    """

    key: str
    right: str | None
    section: str
    names: Mapping[str, str]
    cells: Mapping[str, Cell]
    line: int
    products: Grants | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """One version of the guide's matrix, in force from `effective_from` on."""

    effective_from: date
    version: Mapping[str, str]
    packages: Mapping[str, Mapping[str, str]]
    sections: Mapping[str, Mapping[str, str]]
    rows: tuple[Row, ...]

    @property
    def rights(self) -> Grants:
        """Every right an article may name beside a product: the packages and the services."""
        return frozenset(self.packages) | {row.right for row in self.rows if row.right}

    @property
    def add_ons(self) -> Grants:
        """Rights a contract line may add to a package: what some package has by subscription or as an option."""
        return frozenset(
            row.right
            for row in self.rows
            if row.right and any(cell.kind in ("subscription", "optional") for cell in row.cells.values())
        )


@dataclass(frozen=True, slots=True)
class ContractLine:
    """A package of one product, with add-ons, between two days (`ends` is the last day it holds; None: open)."""

    product: str
    package: str
    starts: date
    ends: date | None = None
    add_ons: Mapping[str, date | None] = field(default_factory=dict)


def matrices(folder: Path | None = None) -> tuple[Matrix, ...]:
    """Every version of the matrix, oldest first, from `folder` or the shipped data. ValueError names a faulty file."""
    root = folder or Path(str(files("kb") / "data" / "matrix"))
    found = [_matrix(path) for path in sorted(root.glob("*.json"))]
    if not found:
        raise ValueError(f"no matrix (*.json) in {root}")
    return tuple(sorted(found, key=lambda matrix: matrix.effective_from))


def matrix_on(day: date, versions: tuple[Matrix, ...]) -> Matrix:
    """The version in force on `day`; the oldest one for days before it."""
    past = [matrix for matrix in versions if matrix.effective_from <= day]
    return past[-1] if past else versions[0]


def _matrix(path: Path) -> Matrix:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(
            Row(
                key=row["key"],
                right=row.get("right"),
                section=row["section"],
                names=row["names"],
                cells={package: Cell(**cell) for package, cell in row["cells"].items()},
                line=row["line"],
                products=frozenset(row["products"]) if row.get("products") else None,
            )
            for row in data["rows"]
        )
        return Matrix(
            date.fromisoformat(data["effective_from"]), data["version"], data["packages"], data["sections"], rows
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: not a matrix: {error!r}") from error


def grants_of(lines: Iterable[ContractLine], versions: tuple[Matrix, ...], today: date) -> Grants:
    """What the contract lines in force on `today` grant. Unknown packages and add-ons grant nothing."""
    matrix = matrix_on(today, versions)
    granted: set[str] = set()
    for line in lines:
        if line.starts <= today and (line.ends is None or today <= line.ends) and line.package in matrix.packages:
            granted.add(f"{line.product}:{line.package}")
            granted.update(f"{line.product}:{right}" for right in _rights(line, matrix, today))
    return frozenset(granted)


def _rights(line: ContractLine, matrix: Matrix, today: date) -> Iterable[str]:
    for row in matrix.rows:
        if row.right is None or (row.products is not None and line.product not in row.products):
            continue
        kind = row.cells[line.package].kind
        bought = row.right in line.add_ons and _holds(line.add_ons[row.right], today)
        if kind == "included" or (bought and kind in ("subscription", "optional")):
            yield row.right


def _holds(ends: date | None, today: date) -> bool:
    return ends is None or today <= ends


def staff_grants(products: Iterable[str], versions: tuple[Matrix, ...]) -> Grants:
    """Every grant there is, spelled out, over these products."""
    rights = frozenset[str]().union(*(matrix.rights for matrix in versions))
    return frozenset({PUBLIC, STAFF}) | {f"{product}:{right}" for product in products for right in rights}


def unknown_grants(grants: Iterable[str], products: Iterable[str], rights: Grants) -> list[str]:
    """Those that are not `public`, not `staff` and not a known product with a known right, in the order given."""
    known = frozenset(products)

    def is_known(grant: str) -> bool:
        product, _, right = grant.partition(":")
        return grant in (PUBLIC, STAFF) or (product in known and right in rights)

    return [grant for grant in grants if not is_known(grant)]


def expand(grants: Iterable[str], product: str) -> list[str]:
    """The grants with `{product}` replaced, in order, each once."""
    return list(dict.fromkeys(grant.strip().replace("{product}", product) for grant in grants))


MAX_SECTION_GRANTS = 4


@dataclass(frozen=True, slots=True)
class Audience:
    """Those who see exactly one and the same part of an article.

    They hold a grant of every set in `needs` and none of any set in `lacks`. The audiences of an article never
    overlap, so an index that holds one document for each of them shows any viewer one at most: counts and statistics
    stay exact.
    """

    needs: tuple[tuple[str, ...], ...]
    lacks: tuple[tuple[str, ...], ...] = ()

    @property
    def key(self) -> str:
        """A stable text form, `a|b&c!d`: needs (a or b) and c, lacks d."""
        return "&".join("|".join(s) for s in self.needs) + "".join("!" + "|".join(s) for s in self.lacks)

    @classmethod
    def from_key(cls, key: str) -> Audience:
        needs, *lacks = key.split("!")
        return cls(tuple(tuple(s.split("|")) for s in needs.split("&")), tuple(tuple(s.split("|")) for s in lacks))

    def includes(self, scope: Scope) -> bool:
        """Whether a viewer with this scope belongs to it. An empty need is held by nobody."""
        return all(scope.reads(s) for s in self.needs) and not any(scope.reads(s) for s in self.lacks)


def audiences(article: Iterable[str], sections: Iterable[Iterable[str]]) -> list[tuple[Audience, frozenset[Grants]]]:
    """The audiences of an article with the section grants each may read. No article grants: none at all.

    `sections` are the grants of its restricted sections. Audiences that nobody could belong to (whoever holds what they
    need holds what they must lack) are left out.
    """
    own = tuple(sorted(set(article)))
    if not own:
        return []
    distinct = sorted({tuple(sorted(set(s))) for s in sections})
    found = []
    for size in range(len(distinct) + 1):
        for seen in combinations(distinct, size):
            unseen = tuple(s for s in distinct if s not in seen)
            needs = (own, *seen)
            if not any(set(need) <= set(lack) for need in needs for lack in unseen):
                found.append((Audience(needs, unseen), frozenset(frozenset(s) for s in seen)))
    return found
