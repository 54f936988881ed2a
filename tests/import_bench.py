"""An import through a running site: articles as a ZIP of Markdown with images, looked at, written and taken back.

Meanwhile somebody reads and searches without a pause, and somebody writes: how long do they wait? Beside it, in the
same run, what `markdown`, `nh3` and segmenting alone take for the same texts in one process.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import random
import statistics
import struct
import subprocess
import tempfile
import threading
import time
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import nh3
from markdown import Markdown

from indexer.folding import fold
from indexer.segmenting import open_segmenter
from kb.accounts import TOKEN_SCOPES, Accounts
from kb.config import Config
from kb.entitlements import EVERYONE, matrices
from kb.rendering.markdown import EXTENSIONS, SETTINGS
from kb.store import Store
from tests.command import KB, free_port, surroundings
from tests.site import fill

PAGES = ("/", "/search?q=Windchill", "/search?q=%E7%99%BB%E5%85%A5+401", "/articles/KB900001", "/search?q=server+error")
IDLE_SECONDS = 15.0
EVERY_IMAGE = 5


def articles(path: Path, count: int) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in islice(file, count)]


def pack(path: Path, given: list[dict[str, Any]]) -> None:
    """A ZIP of Markdown; some have a picture of their own."""
    chance = random.Random(1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, row in enumerate(given):
            body = row["body_markdown"]
            if number % EVERY_IMAGE == 0:
                archive.writestr(f"files/p{number}.png", _png(chance.randbytes(4_000)))
                body += f"\n\n![picture](files/p{number}.png)\n"
            keys = {key: row[key] for key in ("title", "product", "lang", "updated", "category") if row.get(key)}
            head = "".join(f"{key}: {json.dumps(str(value), ensure_ascii=False)}\n" for key, value in keys.items())
            archive.writestr(f"a{number:05}.md", f'---\n{head}grants: ["public"]\n---\n{body}')


def _png(noise: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = int(len(noise) ** 0.5)
    lines = b"".join(b"\0" + noise[row * size : (row + 1) * size] for row in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def bare(given: list[dict[str, Any]]) -> float:
    """Seconds of rendering, cleaning and segmenting alone."""
    cuts = open_segmenter().cuts
    began = time.perf_counter()
    md = Markdown(extensions=[*EXTENSIONS, "footnotes"], extension_configs=SETTINGS)
    for row in given:
        md.reset()
        nh3.clean(md.convert(row["body_markdown"]))
        deque(cuts(fold(f"{row['title']}\n{row['body_markdown']}")), 0)
    return time.perf_counter() - began


@contextmanager
def served(config: Config) -> Iterator[subprocess.Popen[bytes]]:
    environment = surroundings(config.home) | {"KB_PORT": str(config.port)}
    server = subprocess.Popen([*KB, "serve"], env=environment, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                if ask(config, "GET", "/livez")[0] == 200:
                    break
            except OSError:
                time.sleep(0.2)
        yield server
    finally:
        server.terminate()
        server.wait()


def ask(config: Config, method: str, path: str, token: str = "", body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", config.port, timeout=300)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


class Waiting:
    """Does something over and over, and remembers how long each time took, by what was going on."""

    def __init__(self, what: Callable[[], object], pause: float) -> None:
        self.times: dict[str, list[float]] = {}
        self.phase = "idle"
        self._what, self._pause, self._over = what, pause, threading.Event()
        self._thread = threading.Thread(target=self._keep_on, daemon=True)
        self._thread.start()

    def _keep_on(self) -> None:
        while not self._over.wait(self._pause):
            phase, began = self.phase, time.perf_counter()
            self._what()
            self.times.setdefault(phase, []).append(time.perf_counter() - began)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


class Memory:
    """The most memory that the importing process had, and that it had together with those that render for it."""

    def __init__(self, server: int) -> None:
        self.alone = self.together = 0
        self._server, self._over = server, threading.Event()
        self._thread = threading.Thread(target=self._keep_on, daemon=True)
        self._thread.start()

    def _keep_on(self) -> None:
        while not self._over.wait(0.3):
            for worker in _children(self._server):
                if b"imports" in _read(worker, "cmdline"):
                    self.alone = max(self.alone, _resident(worker))
                    whole = _resident(worker) + sum(map(_resident, _children(worker)))
                    self.together = max(self.together, whole)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _children(pid: int) -> list[int]:
    lists = (thread.joinpath("children") for thread in Path(f"/proc/{pid}/task").glob("*"))
    try:
        return [int(child) for found in lists for child in found.read_text().split()]
    except OSError:
        return []


def _resident(pid: int) -> int:
    fields = _read(pid, "statm").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if fields else 0


def settled(config: Config, token: str, number: int, *states: str) -> dict[str, Any]:
    """The import once it is in one of the states."""
    while True:
        found: dict[str, Any] = json.loads(ask(config, "GET", f"/api/v1/imports/{number}", token)[1])
        if found["state"] in states:
            return found
        if found["state"] in ("failed", "stopped"):
            raise SystemExit(f"the import {found['state']}: {found['problem']}")
        time.sleep(0.5)


def send(config: Config, token: str, path: Path) -> tuple[dict[str, Any], float]:
    """A file looked at, and how many seconds that took from its sending on."""
    began = time.perf_counter()
    status, body = ask(
        config, "POST", f"/api/v1/imports?file_name={path.name}&new_products=1", token, path.read_bytes()
    )
    assert status == 202, body
    return settled(config, token, json.loads(body)["id"], "checked"), time.perf_counter() - began


def measure(config: Config, given: list[dict[str, Any]]) -> None:
    archive = config.home / "articles.zip"
    pack(archive, given)
    print(f"{len(given):,} articles in a ZIP of {archive.stat().st_size / 1e6:,.1f} MB", flush=True)
    with Store.open(config.store_url) as store, served(config) as server:
        token = Accounts(store, config, matrices()).add_token("author@example.com", "bench", scopes=TOKEN_SCOPES)
        before = store.checksum()
        chance = random.Random(2)
        for page in PAGES * 5:
            ask(config, "GET", page)
        reading = Waiting(lambda: ask(config, "GET", chance.choice(PAGES)), 0.02)
        writing = Waiting(lambda: store.search_gap("bench", "en", EVERYONE), 0.2)
        memory = Memory(server.pid)

        def phase(name: str) -> None:
            reading.phase = writing.phase = name

        time.sleep(IDLE_SECONDS)
        phase("dry run")
        looked, seconds = send(config, token, archive)
        _tell("dry run", len(given), seconds)
        phase("apply")
        began = time.perf_counter()
        ask(config, "POST", f"/api/v1/imports/{looked['id']}/apply", token)
        applied = settled(config, token, looked["id"], "applied")
        _tell("apply", len(given), time.perf_counter() - began)
        phase("index")
        began = time.perf_counter()
        while store.waiting():
            time.sleep(0.5)
        _tell("index", len(given), time.perf_counter() - began)
        phase("again")
        again, seconds = send(config, token, archive)
        _tell("again", len(given), seconds)
        ask(config, "POST", f"/api/v1/imports/{again['id']}/stop", token)
        phase("taking back")
        began = time.perf_counter()
        status, _ = ask(config, "POST", f"/api/v1/imports/batches/{applied['batch']}/take-back", token)
        _tell("taking back", len(given), time.perf_counter() - began)
        for each in (reading, writing, memory):
            each.stop()
        same = again["report"]
        print(f"again: {same['same']:,} same, {same['changed']:,} changed, {same['new']:,} new")
        print(f"taken back: {status}, the store is {'as before' if store.checksum() == before else 'NOT as before'}")
    _tell_waits(reading, writing)
    print(f"memory of the worker: {memory.alone / 1e6:,.0f} MB, with its renderers {memory.together / 1e6:,.0f} MB")
    for words in (["sync"], ["check"]):
        done = subprocess.run([*KB, *words], env=surroundings(config.home), capture_output=True, text=True, check=False)
        print(f"kb {words[0]}: {done.returncode} {done.stdout.strip()}")


def _tell(name: str, count: int, seconds: float) -> None:
    print(f"{name:<12} {seconds:7.1f} s {count / seconds:8,.0f} articles/s", flush=True)


def _tell_waits(reading: Waiting, writing: Waiting) -> None:
    for phase, times in reading.times.items():
        ordered = sorted(times)
        p95 = ordered[int(len(ordered) * 0.95)] * 1000
        most = max(writing.times.get(phase, [0.0]))
        middle = statistics.median(ordered) * 1000
        pages = f"pages p50 {middle:6.0f} ms, p95 {p95:6.0f} ms ({len(times)} of them)"
        print(f"{phase:<12} {pages}; a write waits {most:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.import_bench", description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    asked = parser.parse_args()
    given = articles(asked.corpus, asked.count)
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        config = Config(home=Path(folder), port=free_port())
        fill(config)
        measure(config, given)
    _tell("bare", len(given), bare(given))


if __name__ == "__main__":
    main()
