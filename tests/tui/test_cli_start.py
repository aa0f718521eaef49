"""Startup: which modules are loaded, what is rejected, and how errors end the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import ConfigProblem, DataProblem, EngineProblem, Problem, RunProblem
from tests.tui.cli_kit import home, make_run, short_run
from tui.cli import main as cli
from tui.cli.commands import ls
from tui.cli.main import main
from tui.terminal.capabilities import require_terminal, speaks_utf8

__all__ = ["home"]

HEAVY = ("torch", "textual", "rich", "numpy", "plotext", "asyncio", "engine.client")
PROGRAM = """
import sys
from tui.cli.main import main
status = main(sys.argv[1:])
print(status, [name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""


def run_program(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    code = PROGRAM.format(heavy=HEAVY)
    root = str(Path(cli.__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "PYTHONIOENCODING": "utf-8", **more.pop("env", {})}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment, **more)


@pytest.mark.parametrize("line", ["--help", "train --help", "ls", "show last", "presets", "config --lr 0.1"])
def test_commands_that_answer_at_once_load_nothing_heavy(line: str) -> None:
    make_run(short_run())
    done = run_program(*line.split())
    assert done.stdout
    assert done.stderr == "0 []\n"


def test_without_a_terminal_the_app_is_refused_before_textual_is_loaded() -> None:
    done = run_program(stdin=subprocess.DEVNULL)
    sentence, after = done.stderr.splitlines()
    assert sentence.startswith("mnist-tui: The app needs a terminal, but standard input is not one: ")
    for way_out in ("`ssh -t`", "`docker run -it`", "`mnist-tui train`"):
        assert way_out in sentence
    assert done.stdout == ""
    assert after.startswith("2 ")
    assert "textual" not in after


def streams(*terminals: bool) -> tuple[Any, ...]:
    return tuple(SimpleNamespace(isatty=lambda yes=yes: yes) for yes in terminals)


@pytest.mark.parametrize(
    ("given", "environ", "said"),
    [
        (streams(False, True, True), {"TERM": "xterm"}, "standard input is not one"),
        (streams(True, False, True), {"TERM": "xterm"}, "standard output is not one"),
        (streams(True, True, False), {"TERM": "xterm"}, "standard error is not one"),
        ((None, None, None), {"TERM": "xterm"}, "standard input is not one"),
        (streams(True, True, True), {"TERM": "dumb"}, "TERM is 'dumb'"),
        (streams(True, True, True), {"TERM": "unknown"}, "TERM is 'unknown'"),
        (streams(True, True, True), {"TERM": ""}, "TERM is not set"),
        (streams(True, True, True), {}, "TERM is not set"),
    ],
)
def test_what_is_no_terminal_to_draw_in(given: tuple[Any, ...], environ: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigProblem, match=said):
        require_terminal(given, environ)


def test_a_terminal_to_draw_in() -> None:
    require_terminal(streams(True, True, True), {"TERM": "xterm-256color"})


@pytest.mark.parametrize(
    ("encoding", "utf8"),
    [("utf-8", True), ("UTF8", True), ("ascii", False), ("latin-1", False), ("x", False), (None, False)],
)
def test_which_encodings_have_the_characters_of_the_screen(encoding: str | None, utf8: bool) -> None:
    assert speaks_utf8(SimpleNamespace(encoding=encoding)) is utf8


def failing(fault: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def run(args: object) -> int:
        raise fault

    monkeypatch.setattr(ls, "run", run)
    return main(["ls"])


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (ConfigProblem("This is so."), 2),
        (RunProblem("This is so."), 2),
        (DataProblem("This is so."), 3),
        (EngineProblem("This is so."), 4),
        (Problem("This is so."), 4),
    ],
)
def test_a_problem_is_its_sentence_and_its_status(
    fault: Problem, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(fault, monkeypatch) == status
    assert capsys.readouterr() == ("", "mnist-tui: This is so.\n")


def test_ctrl_c_ends_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert failing(KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr() == ("", "")


def test_an_unexpected_fault_is_a_sentence_and_a_file(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(ZeroDivisionError("by\nzero"), monkeypatch) == 4
    captured = capsys.readouterr()
    [file] = (home / "cache").iterdir()
    assert captured.out == ""
    assert captured.err == (
        f"mnist-tui: This is a bug in mnist-tui (ZeroDivisionError: by zero); "
        f"the traceback is in {file}. Please report it.\n"
    )
    assert "Traceback (most recent call last)" in file.read_text()
    assert "['ls']" in file.read_text()


def test_a_traceback_goes_to_the_temporary_folder_where_the_cache_is_closed(
    home: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (home / "cache").write_text("in the way")
    other = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(other))
    assert failing(ZeroDivisionError(), monkeypatch) == 4
    [file] = other.iterdir()
    assert str(file) in capsys.readouterr().err


def test_a_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(ModuleNotFoundError("No module named 'rich'", name="rich.console"), monkeypatch) == 4
    assert capsys.readouterr().err.startswith("mnist-tui: The Python package 'rich.console' is not installed;")


def test_a_reader_that_has_gone_ends_quietly(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prediction, writing = os.pipe()
    os.close(prediction)
    with os.fdopen(writing, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert main(["presets"]) == 141
        monkeypatch.undo()
    assert capsys.readouterr().err == ""


def test_output_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert main(["presets"]) == 4
        monkeypatch.undo()
    assert capsys.readouterr().err == "mnist-tui: The output cannot be written: No space left on device.\n"


def test_closed_output_is_no_fault(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["presets"]) == 0
    sys.stdout.close()
    monkeypatch.undo()
    assert capsys.readouterr() == ("", "")


def test_a_character_the_encoding_lacks_is_no_fault() -> None:
    done = run_program("presets", env={"PYTHONIOENCODING": "ascii"})
    assert "5?5 convolutions" in done.stdout
