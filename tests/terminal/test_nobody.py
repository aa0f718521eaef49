"""A user id without name, home or passwd entry, as in containers: everything works, and files go to a given folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.term import Term
from tests.terminal.under_way import SMALL

UID = 54321
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv"),
]


@pytest.fixture
def place() -> Iterator[Path]:
    """A world-writable temporary folder with a short name, because socket paths are limited."""
    path = Path(tempfile.mkdtemp(prefix="nobody-"))
    path.chmod(0o1777)
    yield path
    shutil.rmtree(path)


def command(place: Path, *arguments: str) -> list[str]:
    """mnist-tui as that user, with permission to search all folders: Python may be installed in root's home."""
    become = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
    look = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    unset = [f"--unset={name}" for name in os.environ if name in _WHO or name.startswith(("XDG_", "MNIST_TUI_"))]
    settings = [f"TMPDIR={place}", "OMP_NUM_THREADS=1", "LANG=C.UTF-8"]
    return ["env", *unset, *settings, *become, *look, sys.executable, "-P", "-m", "tui", *arguments]


_WHO = ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "PYTHONPATH")


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(place, *arguments), capture_output=True, text=True, timeout=120, check=False, cwd="/")


def test_training_without_a_screen(place: Path) -> None:
    done = run(place, "train", "--preset", "quick", "--train-images", "256", "--epochs", "1", "--device", "cpu")
    assert (done.returncode, done.stderr) == (0, "")
    runs = place / f"mnist-tui-{UID}" / "data" / "runs"
    (folder,) = runs.iterdir()
    assert f"Folder         {folder}" in done.stdout
    assert (folder / "last.pt").stat().st_uid == UID
    listed = run(place, "ls")
    assert folder.name in listed.stdout


def test_doctor_says_where_files_go(place: Path) -> None:
    done = run(place, "doctor")
    assert done.returncode == 0
    assert f"ok runs {place}/mnist-tui-{UID}/data/runs " in " ".join(done.stdout.split())


def test_the_app(place: Path) -> None:
    with Term(command(place, *SMALL, "--epochs", "2")) as term:
        term.wait("engine: ready", 60)
        term.key("r")
        term.wait("finished.*test accuracy", 60)
        term.key("q")
        assert term.wait_end(10) == 0
        assert term.left_behind() == []
    (folder,) = (place / f"mnist-tui-{UID}" / "data" / "runs").iterdir()
    assert folder.name in term.text
