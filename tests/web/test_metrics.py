"""The figures for whoever watches the site: told to this machine or for a token, and nothing of what was asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from kb.config import Config
from kb.store import Store
from tests.relaying import relayed
from tests.site import ReadySite, Visitor
from web import close, create_app

TOKEN = "a-token-for-tests"
ASKED = "登入"


def figures(client: FlaskClient, **given: str) -> dict[str, float]:
    answer = client.get("/metrics", headers=given)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    text = answer.get_data(as_text=True)
    assert ASKED not in text and "KB9" not in text
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[f"{sample.name}{sorted(sample.labels.values())}"] = sample.value
    return found


def test_searches_are_counted_by_who_answered_with_how_long_they_took(visitor: Visitor) -> None:
    before = figures(visitor.client)
    visitor.get(f"/search?q={ASKED}")
    after = figures(visitor.client)
    name = "kb_search_seconds_count['full', 'whoosh']"
    assert after[name] == before.get(name, 0) + 1
    assert after["kb_search_seconds_sum['full', 'whoosh']"] > before.get("kb_search_seconds_sum['full', 'whoosh']", 0)
    assert after["kb_requests_total['200', 'search.page']"] >= 1


def test_what_stands_is_told_of_store_index_and_imports(visitor: Visitor) -> None:
    told = figures(visitor.client)
    assert told["kb_up['store']"] == told["kb_up['index']"] == 1
    assert {"kb_changes_waiting[]", "kb_import_jobs['waiting']", "kb_index_stale[]"} <= told.keys()
    assert any(name.startswith("kb_index_documents['gen-") for name in told)


def test_a_plain_answer_counts_as_the_stores(plain_site: ReadySite) -> None:
    client = plain_site.app.test_client()
    client.get(f"/search?q={ASKED}")
    told = figures(client)
    assert told["kb_search_seconds_count['plain', 'store']"] >= 1 and told["kb_up['index']"] == 0


def test_a_database_that_is_away_is_told_before_prometheus_gives_up(tmp_path: Path) -> None:
    with relayed() as (relay, url):
        Store.create(url).close()
        app = create_app(Config(home=tmp_path, store_url=url))
        client = app.test_client()
        assert figures(client)["kb_up['store']"] == 1
        relay.stop()
        began = time.monotonic()
        assert figures(client)["kb_up['store']"] == 0
        assert time.monotonic() - began < 5
        close(app)


@pytest.mark.parametrize(
    "asked",
    [
        {"environ_base": {"REMOTE_ADDR": "10.0.0.7"}},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
    ],
)
def test_to_other_machines_there_is_no_such_page(visitor: Visitor, asked: dict[str, dict[str, str]]) -> None:
    absent = visitor.client.get("/nowhere", **asked)
    refused = visitor.client.get("/metrics", **asked)
    assert (refused.status_code, refused.data) == (404, absent.data)


@pytest.fixture
def with_token(site: ReadySite) -> Iterator[FlaskClient]:
    app = create_app(replace(site.config, metrics_token=TOKEN))
    yield app.test_client()
    close(app)


def test_with_a_token_it_is_told_to_who_has_it_wherever_he_is(with_token: FlaskClient) -> None:
    assert figures(with_token, Authorization=f"Bearer {TOKEN}")
    for given in ({}, {"Authorization": "Bearer other"}, {"Authorization": "Bearer ü"}):
        assert with_token.get("/metrics", headers=given).status_code == 404
