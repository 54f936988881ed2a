"""The real servers that tests run against: PostgreSQL and OpenSearch, see `tests.sharing`."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from tests import components
from tests.sharing import SharedServer, lives, run_as, unprivileged

POSTGRES_CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
timezone = 'UTC'
max_connections = 50
# Nothing here outlives the run, so nothing has to outlive a power cut.
fsync = off
synchronous_commit = off
full_page_writes = off
"""

# The system gives a free port, which no other run can have, and the server writes it down.
OPENSEARCH_CONFIGURATION = """
cluster.name: kb-tests
discovery.type: single-node
network.host: 127.0.0.1
http.port: 0
transport.port: 0
node.portsfile: true
path.data: {folder}/data
path.logs: {folder}/logs
cluster.routing.allocation.disk.threshold_enabled: false
cluster.max_shards_per_node: 5000
"""
# Small, and quick to start rather than quick for ever. In half of it a rebuild leaves no room for searches.
OPENSEARCH_JAVA = "-Xms512m -Xmx1g -XX:TieredStopAtLevel=1"
OPENSEARCH_SECONDS = 300


@contextmanager
def postgres_url() -> Iterator[str]:
    """The URL of a fresh, empty database, gone at exit. The first of a run starts the server; others are cheap."""
    components.require("postgresql")
    database = f"kb_{secrets.token_hex(8)}"
    with POSTGRES.used() as cluster:
        _administer(cluster, f"CREATE DATABASE {database}")
        yield f"postgresql+psycopg://kb@/{database}?host={quote(str(cluster))}"
        _administer(cluster, f"DROP DATABASE {database} WITH (FORCE)")


def _start_postgres(folder: Path) -> None:
    # The folder is private, which is what guards the socket: whoever reaches it is trusted.
    _run_postgres(folder, "initdb", "-U", "kb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    with (folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write(POSTGRES_CONFIGURATION.format(folder=folder))
    _run_postgres(folder, "pg_ctl", "start", "--wait", "--silent", f"--log={folder / 'log'}")


def _stop_postgres(folder: Path) -> None:
    if (folder / "data" / "postmaster.pid").exists():
        _run_postgres(folder, "pg_ctl", "stop", "--wait", "--silent", "--mode=immediate")


def _run_postgres(folder: Path, program: str, *arguments: str) -> None:
    path, user = components.require("postgresql") / program, unprivileged("postgres")
    code, said = run_as(user, folder, path, *arguments, env={"PGDATA": str(folder / "data")})
    if code:
        log = folder / "log"
        raise RuntimeError(f"{program} failed:\n{said}{log.read_text() if log.exists() else ''}")


def _administer(cluster: Path, statement: str) -> None:
    with psycopg.connect(host=str(cluster), user="kb", dbname="postgres", autocommit=True) as connection:
        connection.execute(statement.encode())


POSTGRES = SharedServer("postgres", _start_postgres, _stop_postgres, "postgres")


@contextmanager
def opensearch_url() -> Iterator[str]:
    """The URL of the run's OpenSearch, which all tests share: an index of theirs needs a name of its own."""
    components.require("java")
    components.require("opensearch")
    with OPENSEARCH.used() as folder:
        yield _opensearch_address(folder)


def answer(url: str) -> Any:
    """What a server on this machine answers with, by no proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=90) as response:
        return json.load(response)


def _opensearch_address(folder: Path) -> str:
    return f"http://{(folder / 'logs' / 'http.ports').read_text().split()[0]}"


def _start_opensearch(folder: Path) -> None:
    home, user = components.require("opensearch"), unprivileged("nobody")
    if user and run_as(user, folder, "test", "-r", home / "lib", env={})[0]:
        # The project lies where that user may not look, as in root's home.
        home = shutil.copytree(home, folder / "home")
    _configure_opensearch(home, folder)
    if user:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user)
    environment = {
        "OPENSEARCH_PATH_CONF": str(folder / "config"),
        "OPENSEARCH_JAVA_HOME": str(components.require("java")),
        "OPENSEARCH_JAVA_OPTS": OPENSEARCH_JAVA,
        "OPENSEARCH_TMPDIR": str(folder / "tmp"),
    }
    program = home / "bin" / "opensearch"
    run_as(user, folder, "sh", "-c", '"$0" >said 2>&1 </dev/null & echo $! >pid', program, env=environment)
    if not _opensearch_answers(folder):
        log = folder / "logs" / "kb-tests.log"
        more = log.read_text()[-5000:] if log.exists() else ""
        raise RuntimeError(f"OpenSearch did not start:\n{(folder / 'said').read_text()}{more}")


def _configure_opensearch(home: Path, folder: Path) -> None:
    config = shutil.copytree(home / "config", folder / "config")
    (folder / "tmp").mkdir()
    (config / "opensearch.yml").write_text(OPENSEARCH_CONFIGURATION.format(folder=folder))
    # It would write its log of garbage collections and its dumps beside its programs.
    lines = (config / "jvm.options").read_text().splitlines()
    kept = [line for line in lines if "logs/" not in line and "HeapDump" not in line]
    (config / "jvm.options").write_text("\n".join(kept) + "\n")


def _opensearch_answers(folder: Path) -> bool:
    """Whether it becomes ready. It writes its port down some time after it was started."""
    began = time.monotonic()
    while _opensearch_pid(folder) and time.monotonic() - began < OPENSEARCH_SECONDS:
        if (folder / "logs" / "http.ports").exists():
            health = f"{_opensearch_address(folder)}/_cluster/health?wait_for_status=yellow&timeout=60s"
            return answer(health)["timed_out"] is False
        time.sleep(0.2)
    return False


def _stop_opensearch(folder: Path) -> None:
    # Nothing of it is kept: it need not tidy up.
    if pid := _opensearch_pid(folder):
        os.kill(pid, signal.SIGKILL)
        for _ in range(100):
            if not lives(pid):
                break
            time.sleep(0.05)


def _opensearch_pid(folder: Path) -> int | None:
    try:
        pid = int((folder / "pid").read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if lives(pid) else None


OPENSEARCH = SharedServer("opensearch", _start_opensearch, _stop_opensearch)
