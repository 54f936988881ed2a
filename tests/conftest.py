from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.engines import EMBEDDED, NAMES, Opener, served_by
from tests.servers import opensearch_url


@pytest.fixture(scope="session")
def opensearch() -> Iterator[str]:
    """The address of the run's OpenSearch."""
    with opensearch_url() as url:
        yield url


@pytest.fixture(params=NAMES, scope="session")
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def opening(engine_name: str, request: pytest.FixtureRequest) -> Opener:
    """Opens indexes of that engine."""
    found = EMBEDDED.get(engine_name)
    return found or served_by(request.getfixturevalue("opensearch"))
