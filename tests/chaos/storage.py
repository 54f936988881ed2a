"""An import of 50 articles killed at every storage system call, and at random moments: `make chaos-import`.

The same with the call failing: once (EIO), and from then on (ENOSPC: a disk that is full stays full). After each the
batch is whole or absent, whole if the import said so, and nothing needs a repair by hand: the same import and `kb sync`
once more, and `kb check` finds nothing.

Each try is a fork of one process that has everything loaded, on a copy of one store; strace counts and injects in its
main thread, where all of the storage is.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from indexer.audit import audit
from indexer.engines import open_engine
from indexer.importing import ImportOptions, import_articles
from indexer.sync import drain
from kb.config import Config
from kb.store import Store
from kb.store.articles import Product

Phase = Literal["look", "apply", "index"]
Fault = Literal["kill", "EIO", "ENOSPC"]
PHASES: tuple[Phase, ...] = ("look", "apply", "index")
FAULTS: tuple[Fault, ...] = ("kill", "EIO", "ENOSPC")
CALLS = (
    "write", "pwrite64", "pwritev", "writev", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink",
    "unlinkat", "ftruncate", "fallocate", "openat", "mkdir", "rmdir", "link", "linkat",
)  # fmt: skip
INJECTED = {"kill": "signal=KILL:when={n}", "EIO": "error=EIO:when={n}", "ENOSPC": "error=ENOSPC:when={n}+"}
ARTICLES, OLD = 50, 20
REFUSED = 10
PR_SET_PTRACER, ANY = 0x59616D61, ctypes.c_ulong(-1)


@dataclass(frozen=True)
class Bases:
    """Stores to copy: one before the import and one after it, whose index is yet to learn of it; and its file."""

    folder: Path
    before: str
    after: str

    @property
    def file(self) -> Path:
        return self.folder / "faq.jsonl"

    def copy(self, phase: Phase) -> Path:
        home = Path(tempfile.mkdtemp(prefix="try-", dir=self.folder))
        shutil.copytree(self.folder / ("applied" if phase == "index" else "base"), home, dirs_exist_ok=True)
        return home


def prepare(folder: Path) -> Bases:
    """The first version of some articles imported and indexed; then, in a copy, the second of all."""
    bases = Bases(folder, "", "")
    home = folder / "base"
    with Store.create(_url(home)) as store:
        store.save_products([Product("windchill", {"en": "Windchill"})])
    _write(bases.file, OLD, "first")
    act("apply", home, bases.file)
    act("index", home, bases.file)
    _write(bases.file, ARTICLES, "second")
    shutil.copytree(home, folder / "applied")
    act("look", folder / "applied", bases.file)
    act("apply", folder / "applied", bases.file)
    found = Bases(folder, _checksum(home), _checksum(folder / "applied"))
    # What is loaded late is loaded now.
    act("index", found.copy("index"), bases.file)
    return found


def _write(path: Path, count: int, word: str) -> None:
    text = f"# {word}\n\n無法登入 ORA-01017\n\n[x](b.log)"
    file = {"name": "b.log", "content_base64": "YQ=="}
    fields = {"lang": "zh-Hant", "product": "windchill", "grants": ["public"], "updated": "2026-01-01"}
    rows = (
        {"id": f"a{n}", "title": f"第 {n} 篇 {word}", "body_markdown": text, "attachments": [file][n % 5 :], **fields}
        for n in range(count)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _url(home: Path) -> str:
    return f"sqlite:///{home / 'kb.sqlite3'}"


def _checksum(home: Path) -> str:
    with Store.open(_url(home)) as store:
        return store.checksum()


def act(phase: Phase, home: Path, file: Path) -> None:
    """What `kb import --dry-run`, `kb import` and `kb sync` do."""
    config = Config(home=home)
    with Store.open(config.store_url) as store:
        if phase == "index":
            engine = open_engine(config)
            drain(store, engine)
            engine.close()
        else:
            report = import_articles(file, ImportOptions(dry_run=phase == "look"), store, config)
            if report.counts["refused"]:
                # The command ends with 1 then: nothing was promised of what could not be read.
                raise OSError(str(report.entries[0].problems))


def examine(home: Path, file: Path) -> dict[str, Any]:
    """What is left, and what the same commands once more make of it."""
    config = Config(home=home)
    with Store.open(config.store_url) as store:
        left = store.checksum()
        with store.reading() as connection:
            sound = connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        batches = len(store.batches())
        report = import_articles(file, ImportOptions(), store, config)
        engine = open_engine(config)
        drain(store, engine)
        clean = audit(store, engine).clean
        engine.close()
        return {
            "left": left, "sound": sound, "batches": batches, "again": dict(report.counts), "clean": clean,
            "after": store.checksum(), "last": len(store.batches()),
        }  # fmt: skip


def forked(what: Callable[[], None], traced: bool = False) -> int:
    """The id of a child that does it. A traced one waits to be continued first."""
    if child := os.fork():
        return child
    code = REFUSED
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        if traced:
            ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANY, 0, 0, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
        what()
        code = 0
    finally:
        os._exit(code)


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def traced(what: Callable[[], None], *options: str) -> int:
    """Does it under strace; gives how it ended."""
    child = forked(what, traced=True)
    os.waitpid(child, os.WUNTRACED)
    tracer = subprocess.Popen(
        ["strace", "-qqq", "-p", str(child), *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    status = Path(f"/proc/{child}/status")
    while "TracerPid:\t0\n" in status.read_text():
        if tracer.poll() is not None:
            os.kill(child, signal.SIGKILL)
            ended(child)
            raise RuntimeError(f"strace: {tracer.communicate()[1].decode()}")
        time.sleep(0.002)
    os.kill(child, signal.SIGCONT)
    code = ended(child)
    tracer.communicate()
    return code


def counted(bases: Bases, phase: Phase) -> Counter[str]:
    """How many of each of the calls a whole run makes."""
    home = bases.copy(phase)
    log = bases.folder / "calls"
    code = traced(
        lambda: act(phase, home, bases.file), "-o", str(log), "-e", "trace=" + ",".join(f"?{each}" for each in CALLS)
    )
    assert code == 0, f"{phase} ended with {code} where nothing was wrong"
    shutil.rmtree(home)
    names = (line.partition("(")[0].split()[-1] for line in log.read_text().splitlines() if "(" in line)
    return Counter(name for name in names if name in CALLS)


def check(bases: Bases, phase: Phase, home: Path, code: int) -> str:
    """What was left by a run that ended so: `whole` or `absent`. AssertionError: something that must not be."""
    told = home / "told.json"
    child = forked(lambda: (told.write_text(json.dumps(examine(home, bases.file))), None)[1])
    assert ended(child) == 0, "the same import, sync and check cannot be done"
    found = json.loads(told.read_text())
    whole = found["left"] == bases.after
    assert found["sound"], "SQLite finds the file broken"
    assert whole or found["left"] == bases.before, "half of a batch is there"
    assert found["batches"] == (2 if whole else 1), f"there are {found['batches']} batches"
    if phase == "look":
        assert not whole, "a dry run has written"
    elif phase == "index" or code == 0:
        assert whole, "what was acknowledged is lost"
    assert found["again"] == ({"same": ARTICLES} if whole else {"new": ARTICLES - OLD, "changed": OLD}), found["again"]
    assert found["after"] == bases.after and found["last"] == 2 and found["clean"]
    shutil.rmtree(home)
    return "whole" if whole else "absent"


def strike(bases: Bases, phase: Phase, call: str, number: int, fault: Fault) -> str:
    """Lets the so-many-th such call of a phase fail, and checks what is left. Says how it went."""
    home = bases.copy(phase)
    injected = f"inject={call}:{INJECTED[fault].format(n=number)}"
    code = traced(lambda: act(phase, home, bases.file), "-o", os.devnull, "-e", f"trace={call}", "-e", injected)
    assert code in (0, REFUSED, -signal.SIGKILL), f"it ended with {code}"
    ends = {0: "done", REFUSED: "refused"}.get(code, "killed")
    return f"{ends}, {check(bases, phase, home, code)}"


def kill(bases: Bases, phase: Phase, after: float) -> str:
    """Kills a phase after so many seconds."""
    home = bases.copy(phase)
    child = forked(lambda: act(phase, home, bases.file))
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    code = ended(child)
    return f"{'done' if code == 0 else 'killed'}, {check(bases, phase, home, code)}"


def duration(bases: Bases, phase: Phase) -> float:
    home, began = bases.copy(phase), time.monotonic()
    assert ended(forked(lambda: act(phase, home, bases.file))) == 0
    shutil.rmtree(home)
    return time.monotonic() - began


def strikes(bases: Bases) -> list[tuple[Fault, Phase, str, int]]:
    """Every fault at every call of every phase."""
    found: list[tuple[Fault, Phase, str, int]] = []
    for phase in PHASES:
        calls = counted(bases, phase)
        listed = ", ".join(f"{count} {call}" for call, count in calls.most_common())
        print(f"{phase}: {sum(calls.values())} calls: {listed}", flush=True)
        for call, count in sorted(calls.items()):
            found += ((fault, phase, call, number) for fault in FAULTS for number in range(1, count + 1))
    return found


@dataclass
class Tally:
    """How every try went."""

    outcomes: Counter[tuple[str, ...]] = field(default_factory=Counter)
    wrong: int = 0

    def take(self, name: tuple[str, ...], what: Callable[[], str]) -> None:
        try:
            self.outcomes[(*name[:3], what())] += 1
        except AssertionError as error:
            self.wrong += 1
            print(f"WRONG {' '.join(name)}: {error}", flush=True)

    def tell(self) -> None:
        for name, count in sorted(self.outcomes.items()):
            print(f"{count:>5}  {'  '.join(name)}")
        print(f"{sum(self.outcomes.values()) + self.wrong} tries, {self.wrong} wrong")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.storage", description=__doc__)
    parser.add_argument("--faults", default=",".join(FAULTS), help="of kill, EIO and ENOSPC")
    parser.add_argument("--tries", type=int, help="so many of the calls, at random; all if not given")
    parser.add_argument("--kills", type=int, default=200, help="how many at random moments")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance, tally = random.Random(given.seed), Tally()
    with tempfile.TemporaryDirectory(prefix="kb-chaos-") as folder:
        bases = prepare(Path(folder))
        chosen = [each for each in strikes(bases) if each[0] in given.faults.split(",")]
        if given.tries is not None:
            chosen = chance.sample(chosen, min(given.tries, len(chosen)))
        for fault, phase, call, number in chosen:
            tally.take((fault, phase, call, str(number)), partial(strike, bases, phase, call, number, fault))
        times = {phase: duration(bases, phase) for phase in PHASES}
        for _ in range(given.kills):
            phase = chance.choice(PHASES)
            moment = chance.uniform(0, times[phase])
            tally.take(("kill", phase, "at random"), partial(kill, bases, phase, moment))
    tally.tell()
    raise SystemExit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
