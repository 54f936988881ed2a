from __future__ import annotations

import pytest

from tests.site import (
    Visitor,
    asking_site,
    broken_site,
    import_site,
    plain_site,
    secure_site,
    site,
    throttled_site,
    untouched,
    visitors,
)

__all__ = [
    "asking_site",
    "broken_site",
    "import_site",
    "plain_site",
    "secure_site",
    "site",
    "throttled_site",
    "untouched",
    "visitors",
]


@pytest.fixture
def visitor(visitors: dict[str, Visitor]) -> Visitor:
    """Someone who has not signed in."""
    return visitors["anonymous"]
