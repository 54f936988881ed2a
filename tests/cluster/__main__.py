"""`make cluster-test`: a whole deployment in network namespaces, under load, while its nodes are killed and cut off.

Everything runs in namespaces of networks, mounts and processes that end with this command, however it ends.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

from tests import components
from tests.cluster.faults import STRUCK, Plan
from tests.cluster.rehearsal import Asked, rehearse

INSIDE = "--inside"
PREFIX = "kb-cluster-"


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make cluster-test", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--partitions", type=int, default=20)
    parser.add_argument("--nodes", nargs="+", choices=STRUCK, default=STRUCK, help="those that are struck, in turn")
    parser.add_argument("--per-second", type=float, default=20.0)
    parser.add_argument("--articles", type=int, default=140)
    parser.add_argument("--changing", type=int, default=2, help="articles imported again and again")
    parser.add_argument("--keep", action="store_true", help="leave the folder with all logs")
    parser.add_argument(INSIDE, type=Path, help=argparse.SUPPRESS)
    return parser


def main() -> int:
    given = arguments().parse_args()
    if given.inside:
        plan = Plan(given.kills, given.partitions, given.nodes)
        return rehearse(given.inside, Asked(plan, given.per_second, given.articles, given.changing))
    if missing := _missing():
        print(f"make cluster-test needs {missing}", file=sys.stderr)
        return 2
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o755)
    try:
        return _in_namespaces(folder)
    finally:
        if given.keep:
            print(f"logs are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _missing() -> str:
    if os.geteuid() != 0:
        return "root, to make networks"
    found = [name for name in ("postgresql", "java", "opensearch", "cluster") if not components.COMPONENTS[name]()]
    return ", ".join(found) and f"{', '.join(found)}: scripts/setup-system cluster installs them, or says how"


def _in_namespaces(folder: Path) -> int:
    """Runs this command again in new namespaces: when their first process ends, so does all that it started."""
    separate = ["--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"]
    # The shell takes away the dead whose parents are dead, too: Patroni would take a server among them for alive.
    init = ["bash", "-c", '"$@"; exit $?', "init"]
    again = [*init, sys.executable, "-W", "ignore", "-m", "tests.cluster", INSIDE, str(folder), *sys.argv[1:]]
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", *separate, *again]) as process:

        def end(_signal: int, _frame: FrameType | None) -> None:
            process.kill()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        return process.wait()


def _remove_abandoned() -> None:
    """Folders of runs that were killed before they could remove them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
