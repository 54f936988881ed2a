"""A host: a namespace with services that are started again when they end, as systemd does, until it is switched off."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

POLL = 0.1


@dataclass(frozen=True)
class Service:
    """What systemd would run: `before` (ExecStartPre) and `command` (ExecStart), as a user."""

    name: str
    command: Sequence[str | Path]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    before: Sequence[str | Path] = ()
    restart_seconds: float = 2.0


class Host:
    """What runs in one namespace, its files in one folder."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self._services: list[Service] = []
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._on = threading.Event()

    def add(self, service: Service) -> None:
        """Runs from now on whenever the host is on."""
        self._services.append(service)
        threading.Thread(target=self._keep_running, args=(service,), daemon=True).start()

    def switch_on(self) -> None:
        self._on.set()

    def kill(self) -> None:
        """As if its power went: every process ends at once, none comes back before it is switched on."""
        self._on.clear()
        while pids := self._pids():
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.02)

    def stop(self, seconds: float) -> None:
        """As systemd does (KillMode=mixed): each service is told to end; what is left after some time is killed."""
        self._on.clear()
        for process in [*self._running.values()]:
            process.terminate()
        ends = time.monotonic() + seconds
        while self._pids() and time.monotonic() < ends:
            time.sleep(POLL)
        self.kill()

    def run(self, *command: str | Path, env: Mapping[str, str] | None = None, user: str | None = None) -> str:
        """What a command says that is run to its end on this host. RuntimeError when it fails."""
        done = subprocess.run(
            self._here(command, user), env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{self.name}: {command} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _pids(self) -> list[int]:
        said = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=False).stdout
        return [int(pid) for pid in said.split()]

    def _here(self, command: Sequence[str | Path], user: str | None) -> list[str]:
        group = pwd.getpwnam(user).pw_gid if user else 0
        as_user = ["setpriv", f"--reuid={user}", f"--regid={group}", "--init-groups"] if user else []
        return ["ip", "netns", "exec", self.name, *as_user, *map(str, command)]

    def _keep_running(self, service: Service) -> None:
        while True:
            self._on.wait()
            with (self.folder / f"{service.name}.log").open("ab") as log:
                if not service.before or self._run_once(service, service.before, log.fileno()) == 0:
                    self._run_once(service, service.command, log.fileno())
            if self._on.is_set():
                time.sleep(service.restart_seconds)

    def _run_once(self, service: Service, command: Sequence[str | Path], log: int) -> int:
        if not self._on.is_set():
            return -1
        process = subprocess.Popen(
            self._here(command, service.user),
            env={**os.environ, **service.env},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self._running[service.name] = process
        if not self._on.is_set():  # switched off meanwhile
            process.kill()
        return process.wait()
