"""The server: gunicorn's workers; beside them one process that keeps the index in step, and one that imports."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.http import message

from indexer import figures
from indexer.sounds import read_dictionaries
from indexer.weights import weights_of
from kb import logs
from kb.config import Config

log = logging.getLogger(__name__)

TIMEOUT = 60
DRAIN_SECONDS = 20
LONGEST_PAUSE = 30.0
LOOKED_AT, KILLED_WITHIN = 0.5, 5
# The longest query, all of it Chinese, takes 36,000 octets in an address; gunicorn allows 8,190 whatever is set.
REQUEST_LINE = 65_536
message.MAX_REQUEST_LINE = REQUEST_LINE


class CannotListen(Exception):
    """The address to serve on is not to be had."""


@contextmanager
def start_listening(config: Config) -> Iterator[None]:
    """Holds the address for as long as the block runs; says at once when another has it."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            raise CannotListen(
                f"cannot serve on {config.host} port {config.port}: {error.strerror}; choose another with KB_PORT"
            ) from error
        yield


class Follower:
    """Runs a command of `kb` that does not end, and starts it again when it does."""

    def __init__(self, *words: str) -> None:
        self._words = words
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def stop(self) -> None:
        self.ask_to_stop()
        self._thread.join(LOOKED_AT + DRAIN_SECONDS + KILLED_WITHIN)

    def _keep_running(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            began = time.monotonic()
            command = [sys.executable, "-W", "ignore::SyntaxWarning", "-m", "indexer.cli", *self._words]
            try:
                self._process = subprocess.Popen(command)  # noqa: S603 (our own module, by our own interpreter)
            except OSError as error:
                log.error("kb %s cannot be started: %s", " ".join(self._words), error)
            while self._process and self._process.poll() is None and not self._stopping.wait(LOOKED_AT):
                pass
            if self._stopping.is_set():
                break
            pause = 1.0 if time.monotonic() - began > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            log.error("kb %s ended; it starts again in %.0f s", " ".join(self._words), pause)
            self._stopping.wait(pause)
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(DRAIN_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(KILLED_WITHIN)


def _start(followers: Sequence[Follower]) -> None:
    for each in followers:
        each.start()


def _stop(followers: Sequence[Follower]) -> None:
    for each in followers:
        each.ask_to_stop()
    for each in followers:
        each.stop()


class Server(BaseApplication):  # type: ignore[misc] # gunicorn has no annotations
    """gunicorn with our settings. Each worker opens store and index for itself."""

    def __init__(self, config: Config) -> None:
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self._config.host}]" if ":" in self._config.host else self._config.host
        memory = figures.in_memory()
        followers = Follower("sync", "--follow"), Follower("imports", "work"), Follower("cases", "work")
        settings: dict[str, Any] = {
            "bind": f"{host}:{self._config.port}",
            "workers": self._config.workers,
            "threads": self._config.threads,
            "worker_class": "gthread",
            "timeout": TIMEOUT,
            "graceful_timeout": DRAIN_SECONDS,
            "keepalive": 5,
            # A full disk takes no file that says a worker is alive.
            "worker_tmp_dir": memory and str(memory),
            "proc_name": "kb",
            "loglevel": "debug" if self._config.log_level == "debug" else "warning",
            "limit_request_line": REQUEST_LINE,
            "forwarded_allow_ips": "*" if self._config.trusted_proxies else "127.0.0.1",
            "on_starting": lambda server: _log_as(self._config.log_format, server),
            "post_fork": lambda _, worker: figures.take_room(),
            "child_exit": lambda _, worker: figures.give_room_back(worker.pid),
            "when_ready": lambda _: _start(followers),
            "on_exit": lambda _: _stop(followers),
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        # By name: `web` stands above this package and may import it, not the other way round.
        return import_module("web").create_app(self._config)


def _log_as(form: str, server: Any) -> None:
    """gunicorn has a logger of its own."""
    if form == "json":
        for handler in server.log.error_log.handlers:
            handler.setFormatter(logs.JsonFormatter())


def serve_forever(config: Config) -> None:
    """Serves until the process is told to stop; requests under way are finished."""
    weights_of(config.weights)
    # Before workers part: then they are in memory once.
    read_dictionaries()
    with figures.counted_together(config):
        Server(config).run()
