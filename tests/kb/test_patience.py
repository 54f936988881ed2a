"""How long somebody waits, and for whom."""

from __future__ import annotations

import time

from kb import patience


def test_what_is_inside_has_no_more_time_than_is_left_outside() -> None:
    assert patience.left(5) == 5
    with patience.within(1):
        assert 0.5 < patience.left(5) <= 1
        with patience.within(10):
            assert patience.left(5) <= 1
        with patience.within(0.01):
            time.sleep(0.02)
            assert patience.left(5) == 0
    assert patience.left(5) == 5
