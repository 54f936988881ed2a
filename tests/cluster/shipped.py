"""The settings files and the unit that docs/deploy.md hands out, with the folders and passwords of a rehearsal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY, SYSTEMD = ROOT / "scripts" / "deploy", ROOT / "scripts" / "systemd"
PASSWORDS: Mapping[str, str] = {
    "SUPERUSER-PASSWORD": "superuser-of-a-rehearsal",
    "REPLICATION-PASSWORD": "replication-of-a-rehearsal",
    "KB-PASSWORD": "kb-of-a-rehearsal",
    "THE-SAME-ON-EVERY-WEB-HOST-AT-LEAST-32-CHARACTERS": "the-secret-of-a-rehearsal-which-is-long-enough",
    "AT-LEAST-16-CHARACTERS": "figures-of-a-rehearsal",
}


def shipped(path: Path, changes: Mapping[str, str]) -> str:
    """The text of a file with these words changed. KeyError for one that is not there: it is not what is shipped."""
    text = path.read_text("utf-8")
    for old, new in changes.items():
        if old not in text:
            raise KeyError(f"{path} does not say {old}")
        text = text.replace(old, new)
    for placeholder, password in PASSWORDS.items():
        text = text.replace(placeholder, password)
    return text


def environment(home: Path) -> dict[str, str]:
    """The settings of a web host."""
    text = shipped(SYSTEMD / "environment", {"/var/lib/kb": str(home)})
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def unit() -> Mapping[str, str]:
    """What the unit of a web host says, by name: ExecStart, RestartSec, …"""
    found = re.findall(r"^(\w+)=(.*)$", (SYSTEMD / "kb.service").read_text("utf-8"), re.MULTILINE)
    return dict(found)


def command(said: str) -> list[str]:
    """A command line of the unit, with the program of this folder."""
    program, *words = said.split()
    if program != "/opt/kb/.venv/bin/kb":
        raise KeyError(f"the unit runs {program}")
    return [str(ROOT / ".venv" / "bin" / "kb"), *words]
