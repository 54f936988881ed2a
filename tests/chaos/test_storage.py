"""A few tries of `make chaos-import`, in every run."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import components


@pytest.mark.slow
def test_an_import_that_fails_at_any_storage_call_is_whole_or_absent() -> None:
    components.require("strace")
    # A process of its own: it forks, and must have no threads.
    command = [sys.executable, "-W", "ignore", "-m", "tests.chaos.storage", "--tries", "12", "--kills", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "14 tries, 0 wrong" in done.stdout
