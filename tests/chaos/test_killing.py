"""A few moments of `make chaos`, in every run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.killing import Base, strike


@pytest.mark.slow
def test_what_is_killed_leaves_store_and_index_whole(tmp_path: Path) -> None:
    base = Base(tmp_path / "home", 150)
    base.prepare()
    for target, fraction in (("import", 0.8), ("build", 0.7), ("sync", 0.85), ("import", 0.95)):
        strike(base, target, fraction)  # type: ignore[arg-type] # a literal in a tuple is a str
