"""Which parts of the simulated world this machine supports; tests that need more are skipped with a reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world.kit import World

_KINDS = ("--mount", "--uts", "--pid", "--net", "--fork", "--mount-proc")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The world needs Linux, and tests get more time on a busy machine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(180))
            if sys.platform != "linux":
                item.add_marker(pytest.mark.skip("made of what Linux offers: namespaces, /proc"))


@pytest.fixture(scope="session")
def namespaces() -> tuple[str, ...]:
    """The `unshare` options that work here."""
    for tool in ("unshare", "nsenter", "hostname"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed (util-linux, hostname)")
    said = ""
    for user in (), ("--user", "--map-root-user"):
        tried = subprocess.run(
            ["unshare", *user, *_KINDS, "sh", "-ec", "hostname elsewhere; mount -t tmpfs none /mnt"],
            capture_output=True,
            text=True,
            check=False,
        )
        if tried.returncode == 0:
            return user
        said = tried.stderr.strip()
    pytest.skip(f"no namespaces can be made here: {said}")


@pytest.fixture
def world() -> Iterator[World]:
    """A world without namespaces."""
    with World() as made:
        yield made


@pytest.fixture
def wide_world(namespaces: tuple[str, ...]) -> Iterator[World]:
    """A world with containers and other machines."""
    with World(namespaces) as made:
        yield made


@pytest.fixture(scope="session")
def faketime() -> dict[str, str]:
    """The environment for a program with a shifted clock; `FAKETIME` sets the offset."""
    if not (tool := shutil.which("faketime")):
        pytest.skip("faketime is not installed")
    probe = subprocess.run([tool, "-m", "-f", "+0", "env"], capture_output=True, text=True, check=False)
    preload = [line for line in probe.stdout.splitlines() if line.startswith("LD_PRELOAD=")]
    if not preload:
        pytest.skip(f"faketime does not work here: {probe.stderr.strip() or probe.returncode}")
    return {
        "LD_PRELOAD": preload[0].partition("=")[2],
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_CACHE_DURATION": "1",
        "NO_FAKE_STAT": "1",
        "PATH": os.environ["PATH"],
    }
