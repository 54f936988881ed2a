"""Throwaway servers: started when a test first asks, shared by the workers of a run, gone after it."""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".cache"


@dataclass(frozen=True)
class SharedServer:
    """A server of a run of tests, all it writes in one folder. `start` and `stop` are given that folder.

    It runs as `user`, if there is one of this name, where the tests run as root: servers refuse to.
    """

    name: str
    start: Callable[[Path], None]
    stop: Callable[[Path], None]
    user: str = "nobody"

    @contextmanager
    def used(self) -> Iterator[Path]:
        """The folder of the run's server. The first caller starts it, the last one removes it."""
        run = self._state / os.environ.get("PYTEST_XDIST_TESTRUNUID", f"pid-{os.getpid()}")
        ticket = run / f"{os.getpid()}-{secrets.token_hex(8)}.ticket"
        with self._locked():
            self._remove_abandoned()
            folder = self._started(run)
            ticket.touch()
        try:
            yield folder
        finally:
            with self._locked():
                ticket.unlink()
                if not _users(run):
                    self._remove(run)

    @property
    def _state(self) -> Path:
        return CACHE / self.name / "runs"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._state.mkdir(parents=True, exist_ok=True)
        with (self._state / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _started(self, run: Path) -> Path:
        if (run / "folder").exists():
            return Path((run / "folder").read_text())
        # A socket's path may have about 100 characters: pytest's own folders are too deep.
        folder = Path(tempfile.mkdtemp(prefix=f"kb-{self.name}-"))
        if owner := unprivileged(self.user):
            shutil.chown(folder, owner)
        run.mkdir()
        (run / "folder").write_text(str(folder))
        try:
            self.start(folder)
        except BaseException:
            self._remove(run)
            raise
        return folder

    def _remove(self, run: Path) -> None:
        folder = Path((run / "folder").read_text())
        self.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(run)

    def _remove_abandoned(self) -> None:
        """Servers whose run was killed before it could clean up."""
        for folder in self._state.glob("*/folder"):
            if not _users(folder.parent):
                self._remove(folder.parent)


def unprivileged(preferred: str) -> str | None:
    """Who runs a server that refuses to run as root; None where the tests do not run as root."""
    if os.geteuid() != 0:
        return None
    return preferred if preferred in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def run_as(user: str | None, folder: Path, *command: str | Path, env: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of a command, run in a folder, and what it said."""
    # What it says goes to a file, not to a pipe: a server keeps it open for as long as it lives.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **env},
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            # What the command leaves running is not meant by the Ctrl-C of who runs the tests.
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output.seek(0)
        return done.returncode, output.read().decode(errors="replace")


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _users(run: Path) -> list[int]:
    """The living processes that still use a run's server."""
    pids = [int(ticket.name.partition("-")[0]) for ticket in run.glob("*.ticket")]
    return [pid for pid in pids if lives(pid)]
