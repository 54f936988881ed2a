"""`kb serve` as it runs: gunicorn, its workers, and the process beside them that indexes what changes."""

from __future__ import annotations

import errno
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from indexer.serving import Follower
from tests.command import KB, free_port, surroundings


@dataclass
class Running:
    """A site that serves, and how to reach it."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    def kb(self, *arguments: str | Path) -> None:
        subprocess.run([*KB, *map(str, arguments)], env=surroundings(self.home), check=True, stdout=subprocess.DEVNULL)

    def bring(self, title: str) -> None:
        path = self.home.parent / "faq.jsonl"
        row = {
            "id": "a",
            "title": title,
            "body_markdown": "內文",
            "lang": "zh-Hant",
            "product": "creo",
            "grants": ["public"],
        }
        path.write_text(json.dumps(row) + "\n", "utf-8")
        self.kb("import", path, "--new-products")

    def wait_for(self, path: str, what: bytes) -> None:
        for _ in range(300):
            try:
                status, body = self.get(path)
                if status == 200 and what in body:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{path} never gave {what!r}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("serving") / "home"
    port = free_port()
    subprocess.run([*KB, "init"], env=surroundings(home), check=True, stdout=subprocess.DEVNULL)
    environment = surroundings(home) | {"KB_PORT": str(port), "KB_WORKERS": "2"}
    process = subprocess.Popen([*KB, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    site = Running(home, port, process)
    site.wait_for("/livez", b"")
    yield site
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=30)


@pytest.mark.slow
def test_what_is_imported_while_it_serves_is_found_by_every_worker(running: Running) -> None:
    running.bring("無法登入的處理")
    running.wait_for("/api/v1/search?q=" + quote("登入"), "無法登入的處理".encode())
    running.bring("密碼過期的處理")
    running.wait_for("/api/v1/search?q=" + quote("密碼過期"), "密碼過期的處理".encode())
    for _ in range(20):
        assert json.loads(running.get("/api/v1/search?q=" + quote("密碼過期"))[1])["total"] == 1
    assert running.get("/readyz")[0] == 200


@pytest.mark.slow
def test_whichever_worker_is_asked_for_figures_tells_those_of_all(running: Running) -> None:
    def searches() -> float:
        lines = running.get("/metrics")[1].decode().splitlines()
        return sum(float(line.split()[1]) for line in lines if line.startswith("kb_search_seconds_count{"))

    running.wait_for("/readyz", b'"ok"')
    before = searches()
    for _ in range(20):
        running.get("/search?q=" + quote("登入"))
    assert [searches() - before for _ in range(6)] == [20] * 6


@pytest.mark.slow
def test_the_longest_query_is_answered_and_a_longer_one_refused(running: Running) -> None:
    running.wait_for("/readyz", b"")
    assert running.get("/search?q=" + quote("登" * 4_000))[0] == 200
    assert running.get("/search?q=" + quote("登" * 4_001))[0] == 413


@pytest.mark.slow
def test_told_to_stop_it_stops_with_all_it_started(running: Running) -> None:
    # A thread of the server starts the one that indexes: each thread has children of its own.
    threads = Path(f"/proc/{running.process.pid}/task").glob("*/children")
    children = [child for thread in threads for child in thread.read_text().split()]
    assert len(children) >= 3, "two workers and the one that indexes"
    running.process.send_signal(signal.SIGTERM)
    _, said = running.process.communicate(timeout=40)
    assert running.process.returncode == 0 and b"Traceback" not in said
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(int(child), 0)


def test_a_follower_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    started, popen = [], subprocess.Popen

    def failing_once(command: list[str]) -> subprocess.Popen[bytes]:
        started.append(command)
        if len(started) == 1:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return popen([sys.executable, "-c", "import time; time.sleep(60)"])

    monkeypatch.setattr("indexer.serving.subprocess.Popen", failing_once)
    follower = Follower("sync", "--follow")
    follower.start()
    for _ in range(100):
        if len(started) == 2:
            break
        time.sleep(0.1)
    follower.stop()
    assert len(started) == 2


def test_a_follower_that_will_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    popen, children = subprocess.Popen, []

    def start(_: list[str]) -> subprocess.Popen[bytes]:
        children.append(popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE))
        return children[-1]

    monkeypatch.setattr("indexer.serving.subprocess.Popen", start)
    monkeypatch.setattr("indexer.serving.DRAIN_SECONDS", 1)
    follower = Follower("sync", "--follow")
    follower.start()
    while not children:
        time.sleep(0.05)
    assert children[0].stdout and children[0].stdout.readline()
    follower.stop()
    assert children[0].poll() == -signal.SIGKILL
    children[0].stdout.close()
