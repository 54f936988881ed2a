"""A few of the hostile files, of every family one; `make hostile` runs them all."""

from __future__ import annotations

import pytest

from tests.hostile_files import Hostile, archives, front_matter, json_lines, tables
from tests.hostile_run import MOST_SECONDS, run


@pytest.mark.parametrize("family", [archives, front_matter, json_lines, tables], ids=lambda family: family.__name__)
def test_it_is_refused_alone_and_writes_nothing(family: object) -> None:
    hostile: Hostile = next(family())  # type: ignore[operator]
    outcome = run(hostile)
    # How long it takes beside other tests is not what it takes alone.
    wrong = [each for each in outcome.wrong if not each.endswith(" s")]
    assert wrong == [] and outcome.seconds < 4 * MOST_SECONDS, hostile.name
