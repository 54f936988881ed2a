"""The deployment: its hosts, put up as docs/deploy.md says, filled, and looked at from outside."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from kb.accounts import TOKEN_SCOPES, Accounts, NewAccount
from kb.config import Config
from kb.entitlements import ContractLine, matrices
from kb.store import Store, StoreError
from tests import components
from tests.cluster import services
from tests.cluster.asking import Question, ask
from tests.cluster.corpus import PEOPLE, SOURCE, Article, write
from tests.cluster.hosts import Host
from tests.cluster.network import Network
from tests.cluster.shipped import PASSWORDS, ROOT
from tests.cluster.writes import PASSWORD, email

STARTING, BETWEEN, STOPPING = 240.0, 4.0, 45.0


def wait(what: str, holds: Callable[[], bool], seconds: float = STARTING, pause: float = 0.5) -> float:
    """How long it took until it held. RuntimeError when it never does."""
    began, said = time.monotonic(), "no"
    while time.monotonic() - began < seconds:
        try:
            if holds():
                return time.monotonic() - began
        except (OSError, StoreError, ValueError) as error:
            said = repr(error)
        time.sleep(pause)
    raise RuntimeError(f"after {seconds:.0f} s still not: {what} ({said})")


def looked_at(address: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{address}", timeout=3) as answer:
        return json.load(answer)


@dataclass
class Deployment:
    """Three search nodes, two database servers, two web hosts and a proxy."""

    network: Network
    hosts: Mapping[str, Host]

    @classmethod
    def put_up(cls, folder: Path, say: Callable[[str], None]) -> Deployment:
        network = Network(services.NAMES, folder)
        hosts = {name: Host(name, folder / name) for name in services.NAMES}
        for host in hosts.values():
            host.folder.mkdir(mode=0o755)
        made = cls(network, hosts)
        made._start_search(folder)
        made._start_databases()
        say(f"the database is up, {made.primary()} is the primary")
        wait("a whole OpenSearch", made._search_whole)
        say("OpenSearch is up")
        return made

    def _start_search(self, folder: Path) -> None:
        # Where their user may look, which in somebody's home he may not.
        import shutil

        home = shutil.copytree(components.require("opensearch"), folder / "opensearch-home")
        for name in services.SEARCH:
            services.add_search(self.hosts[name], home)
            self.hosts[name].switch_on()
            time.sleep(BETWEEN)

    def _start_databases(self) -> None:
        for name in services.DATABASES:
            services.add_database(self.hosts[name], name)
            self.hosts[name].switch_on()
        wait("a primary and its synchronous standby", self._databases_whole)
        self._administer(f"CREATE ROLE kb LOGIN PASSWORD '{PASSWORDS['KB-PASSWORD']}'")
        self.make_database("kb")

    def make_database(self, name: str) -> None:
        """One that the standby has by then, too: whoever asks it first would be told that there is none."""
        self._administer(f"CREATE DATABASE {name} OWNER kb")

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self._superuser(self.primary()), autocommit=True) as connection:
            connection.execute("SET synchronous_commit = remote_apply")
            connection.execute(statement.encode())

    def start_web(self) -> None:
        for name in services.WEB:
            services.add_web(self.hosts[name])
            self.hosts[name].switch_on()
        services.add_proxy(self.hosts[services.PROXY])
        self.hosts[services.PROXY].switch_on()
        wait("two web hosts that are ready", self._web_whole)

    def fill(self, articles: Sequence[Article], folder: Path) -> dict[str, str]:
        """Imports, by the command line of a web host; people's tokens by name."""
        path = folder / "articles.jsonl"
        write(articles, path)
        self.kb("init")
        self.kb("import", path, "--source", SOURCE, "--new-products")
        self.kb("sync")
        with Store.open(self.config().store_url) as store:
            return _people(Accounts(store, self.config(), matrices()))

    def kb(self, *words: str | Path) -> str:
        host = self.hosts[services.WEB[0]]
        return host.run(ROOT / ".venv" / "bin" / "kb", *words, env=services.web_environment(host))

    def restart(self, name: str) -> None:
        """As `systemctl restart` does."""
        self.hosts[name].stop(STOPPING)
        self.hosts[name].switch_on()

    def switch_over(self, primary: str) -> None:
        """Makes the standby the primary, and the primary its standby."""
        path = self.hosts[primary].folder / "postgresql" / "patroni.yml"
        how = ["switchover", "kb", "--force"]
        self.hosts[primary].run("/usr/bin/patronictl", "-c", path, *how, user="postgres")
        wait("another primary", lambda: self.primary() not in ("", primary))

    def config(self) -> Config:
        return Config.from_env(services.web_environment(self.hosts[services.WEB[0]]))

    @property
    def proxy(self) -> str:
        return self.network.address(services.PROXY)

    def primary(self) -> str:
        """The database server that takes writes; "" while there is none."""
        members = self._members()
        return next((name for name, role in members.items() if role == "leader"), "")

    def manager(self) -> str:
        """The search node that manages the cluster."""
        for name in services.SEARCH:
            with contextlib.suppress(OSError):
                found = looked_at(f"{self.network.address(name)}:9200/_cat/cluster_manager?format=json")
                return str(found[0]["node"])
        return ""

    def is_whole(self) -> bool:
        """Whether everything is there, redundant as it should be."""
        return self._search_whole() and self._databases_whole() and self._web_whole()

    def _search_whole(self) -> bool:
        health = looked_at(f"{self.network.address(services.SEARCH[0])}:9200/_cluster/health")
        return bool(health["status"] == "green" and health["number_of_nodes"] == len(services.SEARCH))

    def _databases_whole(self) -> bool:
        return sorted(self._members().values()) == ["leader", "sync_standby"]

    def _web_whole(self) -> bool:
        answers = [ask_ready(self.network.address(name)) for name in services.WEB]
        through = ask(self.proxy, Question("", "", "/readyz")) if services.PROXY in self.hosts else None
        return all(answers) and through is not None and through.status == 200

    def _members(self) -> dict[str, str]:
        """The roles of the servers that run, as Patroni tells them."""
        for name in services.DATABASES:
            with contextlib.suppress(OSError):
                found = looked_at(f"{self.network.address(name)}:8008/cluster")["members"]
                return {each["name"]: each["role"] for each in found if each["state"] in ("running", "streaming")}
        return {}

    def _superuser(self, name: str) -> str:
        return f"postgresql://postgres:{quote(PASSWORDS['SUPERUSER-PASSWORD'])}@{self.network.address(name)}/postgres"


def ask_ready(address: str) -> bool:
    found = looked_at(f"{address}:8000/readyz")
    return bool(found["status"] == "ok")


def _people(accounts: Accounts) -> dict[str, str]:
    today, tokens = date.today(), {}
    for person in PEOPLE:
        if not person.role:
            continue
        customer = None if person.is_staff else f"{person.name} company"
        for product, package in person.lines:
            line = ContractLine(product, package, today - timedelta(9))
            accounts.add_line(f"C-{person.name}", customer, line)
        accounts.add(NewAccount(email(person), person.name, person.role, PASSWORD, customer))
        tokens[person.name] = accounts.add_token(email(person), "rehearsal", scopes=TOKEN_SCOPES)
    return tokens
