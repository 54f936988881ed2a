"""Throwaway servers: started when a test first asks, shared by the workers of a run, gone after it."""

import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from tests import components

STATE = Path(__file__).parents[1] / ".cache" / "postgres"
CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
timezone = 'UTC'
max_connections = 50
# Nothing here outlives the run, so nothing has to outlive a power cut.
fsync = off
synchronous_commit = off
full_page_writes = off
"""


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """One database of this worker's own, for the whole session."""
    with postgres_url() as url:
        yield url


@contextmanager
def postgres_url() -> Iterator[str]:
    """The URL of a fresh, empty database, gone at exit.

    The first caller of a run starts a cluster, the last one removes it; further databases in between are cheap.
    """
    programs = components.require("postgresql")
    run = STATE / os.environ.get("PYTEST_XDIST_TESTRUNUID", f"pid-{os.getpid()}")
    database = f"kb_{secrets.token_hex(8)}"
    ticket = run / f"{os.getpid()}-{database}"
    with _locked():
        _remove_abandoned(programs)
        cluster = _started(programs, run)
        ticket.touch()
    try:
        _administer(cluster, f"CREATE DATABASE {database}")
        yield f"postgresql+psycopg://kb@/{database}?host={quote(str(cluster))}"
        _administer(cluster, f"DROP DATABASE {database} WITH (FORCE)")
    finally:
        with _locked():
            ticket.unlink()
            if not _users(run):
                _remove(programs, run)


@contextmanager
def _locked() -> Iterator[None]:
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _started(programs: Path, run: Path) -> Path:
    """The folder of the run's cluster, which holds its data, its log and its socket."""
    if (run / "cluster").exists():
        return Path((run / "cluster").read_text())
    # A socket's path may have about 100 characters: pytest's own folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="kb-pg-"))
    if owner := _server_user():
        shutil.chown(folder, owner)
    run.mkdir()
    (run / "cluster").write_text(str(folder))
    # mkdtemp made the folder private, which is what guards the socket: whoever reaches it is trusted.
    _run(folder, programs / "initdb", "-U", "kb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    with (folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION.format(folder=folder))
    _run(folder, programs / "pg_ctl", "start", "--wait", "--silent", f"--log={folder / 'log'}")
    return folder


def _remove(programs: Path, run: Path) -> None:
    folder = Path((run / "cluster").read_text())
    if (folder / "data" / "postmaster.pid").exists():
        _run(folder, programs / "pg_ctl", "stop", "--wait", "--silent", "--mode=immediate")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(run)


def _remove_abandoned(programs: Path) -> None:
    """Clusters whose run was killed before it could clean up."""
    for cluster in STATE.glob("*/cluster"):
        if not _users(cluster.parent):
            _remove(programs, cluster.parent)


def _users(run: Path) -> list[int]:
    """The living processes that still use a run's cluster."""
    pids = [int(ticket.name.partition("-")[0]) for ticket in run.glob("*-kb_*")]
    return [pid for pid in pids if _lives(pid)]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as its own user, or as nobody."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(folder: Path, *command: str | Path) -> None:
    user = _server_user()
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PGDATA": str(folder / "data")},
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        stdin=subprocess.DEVNULL,
        # A file, not a pipe: the server keeps it open for as long as it lives.
        stdout=(output := tempfile.TemporaryFile()),
        stderr=subprocess.STDOUT,
        check=False,
    )
    with output:
        if done.returncode:
            output.seek(0)
            log = folder / "log"
            said = output.read().decode(errors="replace") + (log.read_text() if log.exists() else "")
            raise RuntimeError(f"{command[0]} failed:\n{said}")


def _administer(cluster: Path, statement: str) -> None:
    with psycopg.connect(host=str(cluster), user="kb", dbname="postgres", autocommit=True) as connection:
        connection.execute(statement.encode())
