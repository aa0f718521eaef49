"""`doctor` and `fetch`."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import dataset
from engine.commands import Command, ListDevices
from engine.errors import DataProblem, EngineProblem
from engine.host.libraries import Library
from engine.protocol import Reply
from tests.fake_engine import FakeEngine, refusing
from tests.kit import write_tiny_set
from tests.tui.cli_kit import home, use_engine
from tui.cli.commands.fetch import Bars
from tui.cli.main import main
from tui.headless.survival import Fate

__all__ = ["home"]


class Knowing(FakeEngine):
    """An engine that reports devices."""

    async def send(self, command: Command) -> Reply:
        await super().send(command)
        assert isinstance(command, ListDevices)
        devices = [
            {"device": "cpu", "name": "2 cores usable", "fault": ""},
            {"device": "cuda:0", "name": "GPU", "memory": "8 GiB", "fault": "the driver is old"},
        ]
        default = {"device": "cpu", "reason": "no GPU works"}
        return Reply(id=0, result={"torch": "2.13.0", "devices": devices, "default": default, "threads": 2})


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_tiny_set(tmp_path / "digits")
    monkeypatch.setenv("MNIST_TUI_DATA_DIR", str(folder))
    return folder


def findings(capsys: pytest.CaptureFixture[str], status: int = 0) -> dict[str, tuple[str, str]]:
    assert main(["doctor", "--json"]) == status
    return {f["subject"]: (f["level"], f["found"]) for f in json.loads(capsys.readouterr().out)}


def test_doctor_tells_of_everything(
    home: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = use_engine(monkeypatch, Knowing())
    found = findings(capsys)
    assert engine.closed
    digest = dataset.load(data).identity.digest[:8]
    assert found["data"] == ("ok", f"digits in {data} (digest {digest}): 214 training, 42 validation, 64 test images")
    assert found["runs"] == ("ok", f"{home / 'runs'} (created on demand)")
    assert found["config"] == ("ok", f"{home / 'config.toml'} (not found, optional)")
    assert found["torch"] == ("ok", "2.13.0")
    assert found["cpu"] == ("ok", "2 cores usable")
    assert found["cuda:0"] == ("note", "GPU, 8 GiB: the driver is old")
    assert found["default"] == ("ok", "cpu: no GPU works")
    assert found["terminal"][0] == "note"
    assert found["logout"][0] in ("ok", "note")
    assert {"python", "mnist-tui", "textual", "rich", "numpy", "encoding", "sockets", "threads"} <= found.keys()


@pytest.mark.usefixtures("data")
def test_doctor_on_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    use_engine(monkeypatch, Knowing())
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"ok", "note"}
    assert ["ok", "torch", "2.13.0"] in [line.split() for line in lines]


def test_an_engine_that_does_not_start_is_a_problem(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_engine(monkeypatch, FakeEngine()).answer = refusing(EngineProblem("torch cannot be loaded."))
    assert findings(capsys, 4)["engine"] == ("problem", "torch cannot be loaded.")


def test_data_that_are_not_there_are_a_problem(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_engine(monkeypatch, Knowing())
    monkeypatch.setenv("MNIST_TUI_DATA_DIR", str(data / "nowhere"))
    level, sentence = findings(capsys, 4)["data"]
    assert level == "problem"
    assert sentence.startswith(f"{data / 'nowhere'} does not exist;")


@pytest.mark.usefixtures("data")
def test_settings_that_cannot_be_read_are_a_problem(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_engine(monkeypatch, Knowing())
    (home / "config.toml").write_text("[")
    found = findings(capsys, 4)
    assert found["config"][1].startswith(f"{home / 'config.toml'} is not a TOML file")
    assert found["data"][0] == "ok"  # with the default settings


@pytest.mark.usefixtures("data")
def test_a_folder_that_is_in_the_way_is_a_problem(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_engine(monkeypatch, Knowing())
    (home / "runs").write_text("a file")
    assert findings(capsys, 4)["runs"] == ("problem", f"{home / 'runs'} is not writable")


def fetching(monkeypatch: pytest.MonkeyPatch, work: Callable[..., list[Path]]) -> list[Path]:
    """Replace `fetch`; return the folders it was called with."""
    targets: list[Path] = []

    def fetch(target: Path, *, progress: Any) -> list[Path]:
        targets.append(target)
        target.mkdir(parents=True, exist_ok=True)
        return work(target, progress)

    monkeypatch.setattr(dataset, "fetch", fetch)
    return targets


def two_files(target: Path, progress: Any) -> list[Path]:
    for name in ("a.gz", "b.gz"):
        for done in (1_000_000, 2_000_000):
            progress(name, done, 2_000_000)
        (target / name).write_bytes(b"0" * 100_000)
    return [target / "a.gz", target / "b.gz"]


def test_fetch_tells_each_file_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    targets = fetching(monkeypatch, two_files)
    assert main(["fetch", "--data-dir", str(tmp_path / "x")]) == 0
    assert targets == [tmp_path / "x"]
    assert capsys.readouterr().out.splitlines() == [
        "Fetching a.gz, 2.0 MB",
        "Fetching b.gz, 2.0 MB",
        f"{tmp_path / 'x' / 'a.gz'}  0.1 MB",
        f"{tmp_path / 'x' / 'b.gz'}  0.1 MB",
    ]


def test_fetch_fills_the_folder_of_the_settings_or_the_cache(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    targets = fetching(monkeypatch, lambda target, progress: [])
    assert main(["fetch"]) == 0
    assert capsys.readouterr().out == f"All four files are already in {home / 'cache' / 'mnist'}.\n"
    monkeypatch.setenv("MNIST_TUI_DATA_DIR", str(home / "mine"))
    assert main(["fetch"]) == 0
    assert targets == [home / "cache" / "mnist", home / "mine"]


@pytest.mark.usefixtures("home")
def test_images_in_two_splits_are_noted(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for what in ("images-idx3", "labels-idx1"):
        (data / f"t10k-{what}-ubyte.gz").write_bytes((data / f"train-{what}-ubyte.gz").read_bytes())
    use_engine(monkeypatch, Knowing())
    level, sentence = findings(capsys)["data"]
    assert level == "note"
    assert "214 of 256 are also training images and 42 of 256 are also validation images" in sentence


def test_fetch_that_fails_has_the_status_of_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(target: Path, progress: Any) -> list[Path]:
        raise DataProblem("no mirror answers")

    fetching(monkeypatch, fails)
    assert main(["fetch"]) == 3
    assert capsys.readouterr() == ("", "mnist-tui: no mirror answers\n")


class Drawn:
    """Replaces rich's bars and counts the redraws."""

    def __init__(self) -> None:
        self.refreshes = 0
        self.completed: dict[int, int] = {}

    def add_task(self, name: str, total: int | None) -> int:
        self.completed[len(self.completed)] = 0
        return len(self.completed) - 1

    def update(self, task: int, completed: int, total: int | None) -> None:
        self.completed[task] = completed

    def refresh(self) -> None:
        self.refreshes += 1


def test_bars_are_drawn_four_times_a_second_and_at_the_end() -> None:
    drawn, now = Drawn(), [0.0]
    bars = Bars(drawn, clock=lambda: now[0])
    for step in range(1, 101):
        now[0] = step / 100
        bars("a", step, 100)
    assert drawn.refreshes == 5
    assert drawn.completed == {0: 100}


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    ("end", "level", "words"),
    [
        (None, "ok", "runs in the background survive a logout"),
        (Fate("you log out", "stay"), "note", "runs in the background continue only until you log out"),
        (Fate("it is first", "stay", at_once=True), "note", "runs in the background end immediately: it is first"),
    ],
)
def test_whether_a_run_outlives_a_logout(
    end: Fate | None,
    level: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_engine(monkeypatch, Knowing())
    monkeypatch.setattr("tui.headless.survival.fate", lambda: end)
    assert findings(capsys)["logout"] == (level, words)


@pytest.mark.usefixtures("data")
def test_libraries_that_do_not_fit_are_problems_with_the_command_that_puts_them_right(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_engine(monkeypatch, Knowing())
    found = [
        Library("plotext", ">=5.3,<6", "6.0.1", "/x/site-packages"),
        Library("pillow", ">=10"),
        Library("numpy", ">=1.26", "2.1", "/x/site-packages"),
    ]
    monkeypatch.setattr("engine.host.libraries.libraries", lambda: found)
    assert main(["doctor", "--json"]) == 4
    findings_by_subject = {f["subject"]: f for f in json.loads(capsys.readouterr().out)}
    assert findings_by_subject["plotext"]["found"] == "6.0.1, incompatible"
    assert f"{shlex.quote(sys.executable)} -m pip install 'plotext>=5.3,<6'" in findings_by_subject["plotext"]["advice"]
    assert (findings_by_subject["pillow"]["level"], findings_by_subject["pillow"]["found"]) == (
        "problem",
        "not installed",
    )
    assert (findings_by_subject["numpy"]["level"], findings_by_subject["numpy"]["found"]) == ("ok", "2.1")
