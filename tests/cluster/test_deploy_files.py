"""The files that docs/deploy.md hands out fit together, and into the program; and the rehearsal would notice."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import yaml

from kb.config import Config
from tests.cluster.asking import Answer, Outcome, Question
from tests.cluster.corpus import MUTABLE, PEOPLE, TOPICS, Rights, State, articles
from tests.cluster.faults import STRUCK, Fault, Plan, planned
from tests.cluster.load import Load
from tests.cluster.shipped import DEPLOY, command, environment, shipped, unit
from tests.cluster.verdict import Found

PERSON = {person.name: person for person in PEOPLE}


def test_the_settings_of_a_web_host_are_settings() -> None:
    config = Config.from_env(environment(Path("/srv/home")))
    assert config.engine == "opensearch" and len(config.opensearch_url) == 3
    assert config.trusted_proxies == 1 and config.cookie_secure and not config.demo


def test_the_proxy_sends_a_host_no_more_at_once_than_it_has_threads_for() -> None:
    config = Config.from_env(environment(Path("/srv/home")))
    found = re.search(r"default-server maxconn (\d+)", (DEPLOY / "haproxy.cfg").read_text())
    assert found and int(found[1]) == config.workers * config.threads
    assert f":{config.port} check" in (DEPLOY / "haproxy.cfg").read_text()


@pytest.mark.parametrize("name", ["patroni.yml", "etcd.yml", "opensearch.yml"])
def test_settings_files_are_yaml(name: str) -> None:
    assert yaml.safe_load((DEPLOY / name).read_text())


def test_patroni_keeps_its_own_rule_of_times() -> None:
    dcs = yaml.safe_load((DEPLOY / "patroni.yml").read_text())["bootstrap"]["dcs"]
    assert dcs["loop_wait"] + 2 * dcs["retry_timeout"] <= dcs["ttl"]
    assert dcs["synchronous_mode"] is True


def test_the_unit_runs_the_command_line_of_this_program() -> None:
    assert command(unit()["ExecStart"])[1:] == ["serve"]
    with pytest.raises(KeyError):
        shipped(DEPLOY / "haproxy.cfg", {"what is not in it": ""})


def test_every_node_is_killed_and_cut_off() -> None:
    steps = [*planned(Plan(20, 20))]
    for kind in ("kill", "partition"):
        assert {host for found, host, _ in steps if found == kind} == set(STRUCK)
        assert sum(found == kind for found, _, _ in steps) == 20


@pytest.fixture
def rights() -> Rights:
    given = {one.at: one for one in articles(14)}
    return Rights(given, {f"KB{at:06d}": at for at in given})


def test_what_somebody_may_not_read_is_noticed(rights: Rights) -> None:
    gold = next(at for at, one in rights.articles.items() if "windchill:gold" in one.grants)
    for body in (f"kbmark{gold:04d}x", f"KB{gold:06d}"):
        assert rights.forbidden(PERSON["silver"], body.encode(), 0.0)
        assert not rights.forbidden(PERSON["gold"], body.encode(), 0.0)
    assert rights.forbidden(PERSON["gold"], b"kbmark0000s", 0.0), "a section for Gold Plus"
    assert not rights.forbidden(PERSON["plus"], b"kbmark0000s", 0.0)
    assert rights.forbidden(PERSON["gold"], b"kbcase-plus-1", 0.0)


def test_a_right_that_was_withdrawn_is_gone_once_that_is_acknowledged(rights: Rights) -> None:
    mark = f"kbmark{MUTABLE}x".encode()
    for grants in (("public",), ("staff",)):
        rights.change(MUTABLE, State(grants, grants[0]))
    open_, kept = rights.possible(MUTABLE, 0.0)
    rights.acknowledge(open_)
    assert not rights.forbidden(PERSON["silver"], mark, time.monotonic())
    before = time.monotonic()
    rights.acknowledge(kept)
    assert not rights.forbidden(PERSON["silver"], mark, before)
    assert rights.forbidden(PERSON["silver"], mark, time.monotonic())


def test_an_answer_that_counts_wrongly_is_noticed(rights: Rights) -> None:
    load, person = Load("", rights, {}), PERSON["gold"]
    question = load.signed(person, "search", f"/api/v1/search?q={TOPICS[0]}")
    right = len(rights.about(TOPICS[0], person))
    for total, wrong in ((right, 0), (right + 1, 1)):
        assert len(load.incomplete(person, question, Answer(200, f'{{"total":{total}}}'.encode()))) == wrong
    assert not load.incomplete(person, question, Answer(200, b'{"total":0,"plain":true}'))


def test_a_verdict_tells_what_was_lost_and_what_was_late() -> None:
    def outcome(status: int, began: float) -> Outcome:
        return Outcome(Question("search", "gold", "/"), Answer(status, b""), began, 0.1)

    fault = Fault("kill", "web1", "kill -9", "", began=0.0, back=10.0, whole=100.0)
    good = Found([fault], [outcome(200, at / 10) for at in range(1000)], [], {})
    assert not good.failings()
    assert len(Found([fault], [*good.outcomes, outcome(503, 70.0)], [], {}).failings()) == 1, "late, and few"
    assert len(Found([fault], [outcome(503, 1.0)], ["a case"], {}, ["a number"]).failings()) == 3
