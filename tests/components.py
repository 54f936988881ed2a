"""What the tests need that is not on PyPI: where it is, and what to do when it is nowhere.

`scripts/setup-system` asks the same functions: `python -m tests.components chromium`.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.sharing import CACHE


def chromium() -> Path | None:
    """KB_CHROMIUM, else the system's browser, else the one that `playwright install chromium` fetched."""
    if named := os.environ.get("KB_CHROMIUM"):
        return Path(named)
    for name in ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    return _playwrights_own()


def _playwrights_own() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def chinese_font() -> Path | None:
    """A font that has Chinese characters; without one, pages are drawn as boxes."""
    if not shutil.which("fc-list"):
        return None
    listing = subprocess.run(["fc-list", ":lang=zh-tw", "file"], capture_output=True, text=True, check=False).stdout
    first = listing.partition("\n")[0].rstrip(": ")
    return Path(first) if first else None


def postgresql() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, of the newest server installed. Debian keeps them off PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = [found.parent for found in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


def java() -> Path | None:
    """The home of a Java that OpenSearch 3 runs on: 21 or newer."""
    named = [Path(value) for name in ("OPENSEARCH_JAVA_HOME", "JAVA_HOME") if (value := os.environ.get(name))]
    on_path = shutil.which("java")
    homes = [*named, *([Path(on_path).resolve().parents[1]] if on_path else []), *Path("/usr/lib/jvm").glob("*")]
    return next((home for home in homes if _java_version(home) >= 21), None)


def opensearch() -> Path | None:
    """The home of the newest OpenSearch that `scripts/setup-system` fetched."""
    homes = [program.parents[1] for program in (CACHE / "opensearch").glob("opensearch-*/bin/opensearch")]
    return max(homes, key=lambda home: [int(part) for part in re.findall(r"\d+", home.name)], default=None)


def strace() -> Path | None:
    """The tracer, where this process may trace its own children."""
    found = shutil.which("strace")
    tried = found and subprocess.run([found, "-qqq", "-o", os.devnull, "true"], capture_output=True, check=False)
    return Path(found) if found and tried and tried.returncode == 0 else None


def xapian() -> Path | None:
    """The system's Python, where it has Debian's bindings of Xapian: they come for no other."""
    python = Path("/usr/bin/python3")
    tried = python.exists() and subprocess.run([python, "-c", "import xapian"], capture_output=True, check=False)
    return python if tried and tried.returncode == 0 else None


def cluster() -> Path | None:
    """Where HAProxy is, when all is there that a rehearsal of a cluster needs beside the servers of the tests."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    found = [
        shutil.which(name, path=path) for name in ("haproxy", "patroni", "etcd", "ip", "bridge", "unshare", "setpriv")
    ]
    return Path(found[0]) if found[0] and all(found) else None


def _java_version(home: Path) -> int:
    program = home / "bin" / "java"
    if not program.exists():
        return 0
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    return int(version[1]) if version else 0


COMPONENTS: dict[str, Callable[[], Path | None]] = {
    "chromium": chromium,
    "chinese-font": chinese_font,
    "postgresql": postgresql,
    "java": java,
    "opensearch": opensearch,
    "strace": strace,
    "xapian": xapian,
    "cluster": cluster,
}


def require(name: str) -> Path:
    """Where a component is. Without it the test is skipped, and says so; with CI=true it fails."""
    return COMPONENTS[name]() or _without(name)


def _without(name: str) -> NoReturn:
    reason = f"MISSING {name}: scripts/setup-system installs it, or says how"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def main(name: str) -> int:
    found = COMPONENTS[name]()
    if found:
        print(found)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
