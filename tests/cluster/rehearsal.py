"""A rehearsal, inside namespaces of its own: the deployment put up, loaded, struck, and looked through at the end."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from kb.store import Store
from tests.cluster import faults, finding, restoring
from tests.cluster.corpus import EXAMPLE, SOURCE, Rights, articles
from tests.cluster.deployment import Deployment, wait
from tests.cluster.faults import Plan
from tests.cluster.load import Load
from tests.cluster.verdict import Found, tell
from tests.cluster.writes import Ledger, changing

WARMING_SECONDS = 10.0


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    plan: Plan
    per_second: float
    articles: int
    changing: int


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


def rehearse(folder: Path, asked: Asked) -> int:
    """The exit code."""
    deployment = Deployment.put_up(folder, say)
    given = articles(asked.articles)
    tokens = deployment.fill(given, folder)
    rights = Rights({one.at: one for one in given})
    with Store.open(deployment.config().store_url) as store:
        for id_, (number, *_) in store.digests(SOURCE).items():
            if number != EXAMPLE:
                rights.numbers[number] = int(id_.removeprefix("a"))
    deployment.start_web()
    say("web hosts and proxy are up")
    load = Load(deployment.proxy, rights, tokens)
    ledger = Ledger(load)
    began = time.monotonic()
    threads = [threading.Thread(target=load.run, args=(asked.per_second, [ledger.open_case, ledger.vote]))]
    threads += [threading.Thread(target=ledger.keep_changing, args=(at,)) for at in changing(asked.changing)]
    for thread in threads:
        thread.start()
    struck: list[faults.Fault] = []
    broke: list[str] = []
    try:
        time.sleep(WARMING_SECONDS)
        faults.run(deployment, asked.plan, say, struck)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        broke.append(f"the rehearsal broke off: {error}")
    finally:
        load.stop()
        for thread in threads:
            thread.join()
    seconds = time.monotonic() - began
    say("the load has ended; every change and right is looked for")
    found = _found(deployment, ledger, struck, folder)
    return tell(replace(found, broke=broke), seconds)


def _found(deployment: Deployment, ledger: Ledger, struck: list[faults.Fault], folder: Path) -> Found:
    """All that was noted, and what is found when everything is calm."""
    wait("everything whole", deployment.is_whole)
    outcomes = [*ledger.load.outcomes]
    lost = [*finding.lost(deployment, ledger), *restoring.missing(deployment, folder)]
    swept = finding.swept(ledger.load)
    wrong = [one for outcome in ledger.load.outcomes for one in outcome.wrong]
    deployment.kb("check")
    votes = sum(acknowledged for given in ledger.votes.values() for _, acknowledged in given)
    cases = Counter(number is not None for _, number in ledger.cases.values())
    acknowledged = {"cases": cases[True], "votes": votes, "imports": ledger.imports}
    return Found(struck, outcomes, lost, acknowledged, [*wrong, *swept])
