"""Imports and builds killed with `kill -9` at random moments: `make chaos`. What was acknowledged must be there after.

After each: `kb sync` and `kb check` find nothing wrong, the store holds the last import that said it was done or the
one killed whole, never a mixture, and a search finds it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kb.entitlements import EVERYONE
from kb.store import Store
from tests.command import surroundings

Target = Literal["import", "build", "sync"]
# `kb` whose children analyse articles when there are few, too: what they are at can be killed with a small base.
SET_UP = "import indexer.making; indexer.making.AT_ONCE = 20; from indexer.cli import main; main()"
KB = [sys.executable, "-W", "ignore", "-c", SET_UP]
PARAGRAPH = "伺服器 無法啟動，記錄檔出現 ORA-01017。Restart the method server and check the port.\n\n"


@dataclass
class Base:
    """A knowledge base of `size` articles that is imported again and again, each time as the next version."""

    home: Path
    size: int
    version: int = 0
    seconds: dict[Target, float] = field(default_factory=dict)

    def prepare(self) -> None:
        self.succeed("init")
        steps: dict[Target, list[str]] = {"import": self.arguments(), "sync": ["sync"], "build": ["build"]}
        for target, arguments in steps.items():
            began = time.monotonic()
            self.succeed(*arguments)
            self.seconds[target] = time.monotonic() - began

    def arguments(self) -> list[str]:
        return ["import", str(self.file(self.version)), "--source", "chaos", "--new-products"]

    def file(self, version: int) -> Path:
        path = self.home.parent / f"version-{version}.jsonl"
        rows = (
            {
                "id": f"a{n}",
                "title": f"第 {n} 篇 version{version}",
                "body_markdown": f"# word{version}\n\n" + PARAGRAPH * 5,
                "lang": "zh-Hant",
                "product": "support",
                "category": "",
                "updated": "2026-01-01",
                "grants": ["public"],
            }
            for n in range(self.size)
        )
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*KB, *arguments], env=surroundings(self.home), capture_output=True, text=True)

    def succeed(self, *arguments: str) -> str:
        done = self.run(*arguments)
        if done.returncode:
            raise AssertionError(f"kb {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def killed(self, arguments: Sequence[str], after: float) -> bool:
        """Whether it was still at work when it was killed."""
        process = subprocess.Popen(
            [*KB, *arguments], env=surroundings(self.home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return True
        return False

    def versions(self) -> set[str]:
        """Of which version the articles in the store are."""
        with Store.open(f"sqlite:///{self.home / 'kb.sqlite3'}") as store:
            found = store.readable(store.article_ids(), EVERYONE)
            assert len(found) == self.size
            return {each.row.title.rpartition("version")[2] for each in found.values()}


def strike(base: Base, target: Target, fraction: float) -> str:
    """Kills one command at this fraction of the time it takes, and checks what is left. Says how it went."""
    if target == "import":
        base.version += 1
        arguments = base.arguments()
    else:
        arguments = [target]
        if target == "sync":
            # Something to index.
            base.version += 1
            base.succeed(*base.arguments())
    expected = {str(base.version)} if target != "import" else {str(base.version - 1), str(base.version)}
    at_work = base.killed(arguments, base.seconds[target] * fraction)
    base.succeed("sync")
    base.succeed("check")
    versions = base.versions()
    assert len(versions) == 1 and versions <= expected, f"the store holds versions {versions}, expected {expected}"
    base.version = int(versions.pop())
    shown = base.succeed("search", f"word{base.version}", "--grants", "public")
    assert f"version{base.version}" in shown, shown
    if base.version > 0:
        assert f"version{base.version - 1}" not in base.succeed(
            "search", f"word{base.version - 1}", "--grants", "public"
        )
    return "killed at work" if at_work else "done before"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.killing", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    targets: tuple[Target, ...] = ("import", "build", "sync")
    with tempfile.TemporaryDirectory(prefix="kb-chaos-") as folder:
        base = Base(Path(folder, "home"), given.articles)
        base.prepare()
        print(", ".join(f"{target} takes {seconds:.1f} s" for target, seconds in base.seconds.items()), flush=True)
        struck = 0
        tries = 0
        while struck < given.kills:
            target, fraction = targets[tries % len(targets)], chance.uniform(0.2, 1.0)
            tries += 1
            how = strike(base, target, fraction)
            struck += how == "killed at work"
            print(f"{tries:>3} {target:<7} at {fraction:4.0%}: {how}; store and index agree", flush=True)
    print(f"{struck} killed at work, nothing lost, nothing half-written")


if __name__ == "__main__":
    main()
