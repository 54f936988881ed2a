"""Two servers of one site, as two processes or two machines: neither holds what the other must see."""

from __future__ import annotations

import contextlib
import http.client
import secrets
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import pytest

from indexer.engines import open_engine
from indexer.sync import rebuild
from kb.accounts import Accounts, NewAccount
from kb.config import Config
from kb.entitlements import ContractLine, matrices
from kb.store import Store
from kb.store.articles import ImportRun, Product
from tests.command import KB, free_port, surroundings
from tests.contracts.stores import draft, rendered

EMAIL, PASSWORD = "reader@example.com", "a long enough password"
CHANGES = 20
SECONDS = 2.0


def _get(port: int, path: str, token: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.fixture(scope="module")
def settings(
    engine_name: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """Those of both servers."""
    home = tmp_path_factory.mktemp("two") / "home"
    settings = {"KB_HOME": str(home), "KB_ENGINE": engine_name}
    if engine_name == "opensearch":
        index = f"two-{secrets.token_hex(8)}"
        url = request.getfixturevalue("opensearch")
        settings |= {"KB_OPENSEARCH_URL": url, "KB_OPENSEARCH_INDEX": index, "KB_OPENSEARCH_REPLICAS": "0"}
    return settings


@pytest.fixture(scope="module")
def config(settings: Mapping[str, str]) -> Config:
    """The settings, of a site that has an article for everyone and one for Gold."""
    config = Config.from_env(settings)
    config.prepare_home()
    with Store.create(config.store_url) as store:
        products = {"windchill": Product("windchill", {"en": "Windchill"})}
        given = [rendered(draft("open", title="Round zero")), rendered(draft("gold", grants=("windchill:gold",)))]
        store.apply(given, ImportRun("test", datetime.now(UTC), products))
        engine = open_engine(config)
        rebuild(store, engine)
        engine.close()
    return config


@pytest.fixture(scope="module")
def ports(config: Config, settings: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    ports = free_port(), free_port()
    with contextlib.ExitStack() as stack:
        for port in ports:
            environment = surroundings(config.home) | {**settings, "KB_PORT": str(port), "KB_WORKERS": "1"}
            process = stack.enter_context(subprocess.Popen([*KB, "serve"], env=environment, stdout=subprocess.DEVNULL))
            stack.callback(process.terminate)
        for port in ports:
            _wait(port)
        yield ports


def _wait(port: int) -> None:
    for _ in range(1200):
        with contextlib.suppress(OSError):
            if _get(port, "/readyz")[0] == 200:
                return
        time.sleep(0.1)
    raise AssertionError("a server does not get ready")


@pytest.mark.slow
def test_words_of_a_changed_article_are_found_from_both_within_two_seconds(
    config: Config, ports: tuple[int, int]
) -> None:
    waits = []
    with Store.open(config.store_url) as store:
        for n in range(-1, CHANGES):
            word = f"wordnumber{n + 1}"
            changed = rendered(replace(draft("open", title=f"Round {word}"), source="test"))
            store.apply([changed], ImportRun("test", datetime.now(UTC)))
            began = time.monotonic()
            for port in ports:
                while b'"total":1' not in _get(port, f"/api/v1/search?q={quote(word)}")[1].replace(b" ", b""):
                    assert time.monotonic() - began < 30, "never found"
                    time.sleep(0.02)
            if n >= 0:  # the first finds everything just started
                waits.append(time.monotonic() - began)
    assert statistics.median(waits) < SECONDS
    # The machine may be busy with other tests.
    assert sorted(waits)[-2] < SECONDS * 2, f"p95 of {sorted(waits)[-3:]}"


@pytest.mark.slow
def test_a_right_that_is_withdrawn_is_gone_from_both_at_the_next_request(
    config: Config, ports: tuple[int, int]
) -> None:
    today = date.today()
    with Store.open(config.store_url) as store:
        accounts = Accounts(store, config, matrices())
        accounts.add(NewAccount(EMAIL, "Reader", "customer", PASSWORD, "Reader Ltd"))
        accounts.add_line("C-1", "Reader Ltd", ContractLine("windchill", "gold", today - timedelta(9)))
        number = store.digests("test")["gold"][0]
        token = accounts.add_token(EMAIL, "tests")
        for port in (*ports, *ports):
            assert _get(port, f"/api/v1/articles/{number}", token)[0] == 200
            assert number.encode() in _get(port, "/api/v1/search?q=gold", token)[1]
        accounts.end_contract("C-1", today - timedelta(1))
        for port in (*ports, *ports):
            assert _get(port, f"/api/v1/articles/{number}", token)[0] == 404
            assert number.encode() not in _get(port, "/api/v1/search?q=gold", token)[1]
