"""What a fresh machine installs is what pyproject.toml asks for, pinned."""

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FILES = ("requirements.txt", "requirements-dev.txt")


def pins(file: str) -> Iterator[tuple[Requirement, str]]:
    """Each requirement of a file with its line, hashes and all."""
    text = re.sub(r"\s*#.*", "", (ROOT / file).read_text()).replace("\\\n", " ")
    for line in filter(None, map(str.strip, text.splitlines())):
        yield Requirement(line.partition(" --hash")[0]), line


def asked(*, everything: bool) -> list[Requirement]:
    texts: list[str] = [*PROJECT["project"]["dependencies"]]
    if everything:
        texts += [text for extra in PROJECT["project"]["optional-dependencies"].values() for text in extra]
        texts += PROJECT["dependency-groups"]["dev"]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("file", FILES)
def test_every_requirement_is_pinned_and_hashed(file: str) -> None:
    for requirement, line in pins(file):
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), line
        assert "--hash=sha256:" in line, line


@pytest.mark.parametrize("file", FILES)
def test_no_registry_and_no_machine_is_named(file: str) -> None:
    assert not re.findall(r"https?://\S+|--\S*index\S*|--find-links|file:|/home/|/work/", (ROOT / file).read_text())


@pytest.mark.parametrize(("file", "everything"), [("requirements.txt", False), ("requirements-dev.txt", True)])
def test_what_pyproject_asks_for_is_there(file: str, everything: bool) -> None:
    """Fails after a change of pyproject.toml without `make lock`."""
    pinned: dict[str, list[str]] = {}
    for requirement, _ in pins(file):
        pinned.setdefault(canonicalize_name(requirement.name), []).append(str(requirement.specifier).removeprefix("=="))
    for requirement in asked(everything=everything):
        versions = pinned.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement} is not pinned: make lock"
        assert all(version in requirement.specifier for version in versions), f"{requirement} has {versions}: make lock"


def test_the_tests_run_with_what_the_server_runs_with() -> None:
    assert {line for _, line in pins("requirements.txt")} <= {line for _, line in pins("requirements-dev.txt")}


@pytest.mark.slow
def test_the_wheel_holds_everything_beside_the_code(tmp_path: Path) -> None:
    """Migrations, data, dictionaries, templates, static files and translations, and nothing but the three packages."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], cwd=ROOT, check=True
    )
    (wheel,) = tmp_path.iterdir()
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    written = {path for package in ("kb", "indexer", "web") for path in (ROOT / package).rglob("*") if path.is_file()}
    assert shipped == {str(path.relative_to(ROOT)) for path in written if path.parent.name != "__pycache__"}
