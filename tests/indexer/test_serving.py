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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from prometheus_client.mmap_dict import MmapedDict

from indexer import figures
from indexer.serving import Follower
from kb.config import Config
from kb.store import Store, StoreError
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

    def children(self) -> list[int]:
        # A thread of the server starts the one that indexes: each thread has children of its own.
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return sorted(int(child) for thread in threads for child in thread.read_text().split())

    def workers(self) -> list[int]:
        """Forked, not started: they have the server's own command line."""
        own = Path(f"/proc/{self.process.pid}/cmdline").read_bytes()
        return [child for child in self.children() if Path(f"/proc/{child}/cmdline").read_bytes() == own]

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


@contextmanager
def serving(home: Path) -> Iterator[Running]:
    port = free_port()
    subprocess.run([*KB, "init"], env=surroundings(home), check=True, stdout=subprocess.DEVNULL)
    environment = surroundings(home) | {"KB_PORT": str(port), "KB_WORKERS": "2"}
    process = subprocess.Popen([*KB, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    site = Running(home, port, process)
    try:
        site.wait_for("/livez", b"")
        yield site
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=40)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("serving") / "home") as site:
        yield site


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 160 MB."""
    if os.geteuid():
        pytest.skip("only root mounts")
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("this root does not mount either")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(home=tmp_path / "home")


@pytest.mark.slow
def test_what_is_imported_while_it_serves_is_found_by_every_worker(running: Running) -> None:
    # Before there is an index, the store answers, which may be ahead of the one that comes.
    running.wait_for("/readyz", b'"index":"ok"')
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
    children = running.children()
    assert len(children) >= 3, "two workers and the one that indexes"
    running.process.send_signal(signal.SIGTERM)
    _, said = running.process.communicate(timeout=40)
    assert running.process.returncode == 0 and b"Traceback" not in said
    assert not list(figures.MEMORY.glob(f"kb-*-{running.port}"))
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


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


def counts_in(folder: Path) -> Any:
    return MmapedDict(str(folder / f"counter_{os.getpid()}.db"))  # type: ignore[no-untyped-call]


def until(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it never was so")


def fill(folder: Path) -> Path:
    path = folder / "filling"
    with pytest.raises(OSError, match="No space left"), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
    return path


@pytest.mark.slow
def test_an_index_damaged_under_it_is_told_and_made_anew_by_itself(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as site:
        site.wait_for("/readyz", b'"index":"ok"')
        site.bring("無法登入的處理")
        site.wait_for("/api/v1/search?q=" + quote("登入"), "無法登入的處理".encode())
        pointer = site.home / "index/whoosh/CURRENT"
        before = pointer.read_text("ascii")
        for file in (site.home / "index/whoosh").glob("gen-*/*.pst"):
            with file.open("r+b") as postings:
                postings.write(bytes(file.stat().st_size))
        time.sleep(1.1)
        for _ in range(6):
            # Damaged, or made anew by now: the store or the engine answers, and neither that there is none.
            assert json.loads(site.get("/api/v1/search?q=" + quote("登入"))[1])["total"] == 1
        site.bring("密碼過期的處理")
        until(lambda: pointer.read_text("ascii") != before)
        site.wait_for("/readyz", b'"index":"ok"')
        site.wait_for("/api/v1/search?q=" + quote("密碼過期"), "密碼過期的處理".encode())


@pytest.mark.slow
def test_on_a_full_disk_it_is_read_on_and_readyz_names_the_disk(disk: Path) -> None:
    with serving(disk / "home") as site:
        site.wait_for("/readyz", b'"index":"ok"')
        site.bring("無法登入的處理")
        site.wait_for("/api/v1/search?q=" + quote("登入"), "無法登入的處理".encode())
        workers = site.children()
        filling = fill(disk)
        for _ in range(10):
            assert json.loads(site.get("/api/v1/search?q=" + quote("登入"))[1])["total"] == 1
            for path, status in (("/", 200), ("/search?q=nothing", 200), ("/nowhere", 404), ("/livez", 200)):
                assert site.get(path)[0] == status
            status, body = site.get("/readyz")
            assert status == 503 and json.loads(body) == {
                "status": "failing",
                "store": "ok",
                "index": "ok",
                "disk": "failing",
            }
        assert site.get("/metrics")[0] == 200
        # A worker that dies now is followed by one that serves.
        assert site.children() == workers
        killed = site.workers()[0]
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(site.workers()) == 2 and killed not in site.workers())
        for _ in range(20):
            site.wait_for("/api/v1/search?q=" + quote("登入"), "無法登入的處理".encode())
        assert site.get("/metrics")[0] == 200
        filling.unlink()
        site.wait_for("/readyz", b'"ok"')


def test_a_store_that_is_opened_first_on_a_full_disk_says_that_it_is_full(disk: Path) -> None:
    url = f"sqlite:///{disk / 'kb.sqlite3'}"
    Store.create(url).close()
    fill(disk)
    with pytest.raises(StoreError, match=r"cannot be opened: disk I/O error .its disk is full."):
        Store.open(url)


def test_figures_are_of_one_site_and_gone_with_it(config: Config) -> None:
    with figures.counted_together(config):
        folder = Path(os.environ[figures.SETTING])
        (folder / "counter_1.db").write_bytes(b"x")
        with figures.counted_together(replace(config, port=config.port + 1)):
            assert folder != Path(os.environ[figures.SETTING])
        os.environ[figures.SETTING] = str(folder)
        with figures.counted_together(replace(config, home=config.home.with_name("other"))):
            assert folder != Path(os.environ[figures.SETTING])
    assert figures.SETTING not in os.environ and not folder.exists()


def test_figures_of_a_site_that_was_killed_are_forgotten(config: Config) -> None:
    left = figures.counted_together(config)
    left.__enter__()
    folder = Path(os.environ[figures.SETTING])
    (folder / "counter_1.db").write_bytes(b"x")
    with figures.counted_together(config):
        assert Path(os.environ[figures.SETTING]) == folder and not list(folder.iterdir())
    assert not folder.exists()


def test_a_folder_of_somebody_else_is_not_used_for_figures(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, theirs = tmp_path / "memory", tmp_path / "theirs"
    memory.mkdir()
    theirs.mkdir()
    monkeypatch.setattr(figures, "MEMORY", memory)
    with figures.counted_together(config):
        name = Path(os.environ[figures.SETTING]).name
    (memory / name).symlink_to(theirs)
    with figures.counted_together(config):
        assert Path(os.environ[figures.SETTING]).parent == config.home
    assert theirs.is_dir() and not list(config.home.iterdir())


def test_a_worker_has_all_the_room_for_its_figures_or_counts_for_itself(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with figures.counted_together(config):
        figures.take_room()
        folder = Path(os.environ[figures.SETTING])
        assert {path.stat().st_blocks * 512 >= figures.ROOM for path in folder.iterdir()} == {True}
        counting = counts_in(folder)
        counting.write_value("a", 3.0, 0.0)
        counting.close()
        figures.give_room_back(os.getpid())
        assert sum(path.stat().st_size for path in folder.iterdir()) < 1024
        # Another of the same number goes on where it ended.
        figures.take_room()
        counting = counts_in(folder)
        assert counting.read_value("a") == (3.0, 0.0)
        counting.close()
        monkeypatch.setattr(Path, "write_bytes", lambda *_: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
        figures.take_room()
        assert figures.SETTING not in os.environ and not list(folder.glob("*.new"))
