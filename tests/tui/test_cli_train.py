"""Training without the app: its command, its output, its exit status."""

from __future__ import annotations

import os
import re
from typing import get_args

import msgspec
import pytest

from engine import commands as cmd
from engine.client import Lost
from engine.errors import ConfigProblem, DataProblem, EngineProblem, Problem
from engine.events import Fault, Finished, Outcome, SavedAgain, SaveFailed
from engine.protocol import encode
from engine.settings import find_preset
from tests.events_kit import RUN, collapsed, confusion, ending, numbered, opening
from tests.fake_engine import FakeEngine, refusing
from tests.tui.cli_kit import CONFIG, engine_sending, home, short_run, use_engine
from tui.cli.main import main
from tui.headless.follow import exit_code

__all__ = ["home"]


def finished(outcome: Outcome = "completed", fault: Fault = "") -> Finished:
    [event] = ending(CONFIG, 2, outcome=outcome, fault=fault)
    assert isinstance(event, Finished)
    return event


@pytest.mark.parametrize(
    ("outcome", "fault", "status"),
    [
        ("completed", "", 0),
        ("early_stopped", "", 0),
        ("stopped", "", 0),
        ("aborted", "", 130),
        ("diverged", "", 4),
        ("failed", "data", 3),
        ("failed", "config", 2),
        *(("failed", fault, 4) for fault in get_args(Fault) if fault not in ("data", "config")),
    ],
)
def test_the_exit_status_of_each_end(outcome: Outcome, fault: Fault, status: int) -> None:
    assert exit_code(finished(outcome, fault)) == status


def test_every_outcome_has_an_exit_status() -> None:
    assert {exit_code(finished(outcome)) for outcome in get_args(Outcome)} == {0, 4, 130}


def test_the_settings_reach_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = use_engine(monkeypatch, engine_sending(short_run()))
    assert main(["train", "--preset", "cnn", "--lr", "0.01", "--name", "mine"]) == 0
    config = msgspec.structs.replace(find_preset("cnn").config, learning_rate=0.01)
    assert engine.commands == [cmd.Start(config=config, preset="cnn", name="mine")]
    assert engine.closed


def test_json_is_every_event_as_the_log_has_it(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    events = short_run()
    use_engine(monkeypatch, engine_sending(events))
    assert main(["train", "--json", "--nesterov"]) == 0
    captured = capfdbinary.readouterr()
    assert captured.out == b"".join(map(encode, events))
    assert b'"type":"finished"' in captured.out.splitlines()[-1]
    assert captured.err == b"Note: --nesterov has no effect with these settings; it is ignored.\n"


def test_lines_are_an_opening_one_for_each_epoch_and_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_engine(monkeypatch, engine_sending(short_run()))
    assert main(["train"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].startswith(f"Run {RUN}: preset blog-adam, mlp, adam")
    assert [line[:12] for line in lines if line.startswith("epoch")] == ["epoch  1/25 ", "epoch  2/25 "]
    assert "Test accuracy  97.81% (95% interval 97.50 to 98.08%)" in lines
    assert "Errors         219 of 10,000" in lines
    assert "Best epoch     2 (lowest validation loss)" in lines
    assert "Device         cpu, 2 threads" in lines
    assert captured.err == ""


def test_the_end_names_the_run_and_its_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: os.PathLike[str]
) -> None:
    use_engine(monkeypatch, engine_sending(short_run()))
    main(["train", "--quiet"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Status         completed"
    assert lines[-2:] == [f"Run            {RUN}", f"Folder         {os.fspath(home)}/runs/{RUN}"]


def test_a_network_that_learned_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = numbered([*opening(CONFIG), *ending(CONFIG, 2, table=collapsed(3))])
    use_engine(monkeypatch, engine_sending(events))
    main(["train", "--quiet"])
    assert "every image was predicted as 3: the network has learned nothing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("outcome", "fault", "status"), [("diverged", "", 4), ("failed", "data", 3), ("failed", "memory", 4)]
)
@pytest.mark.parametrize("how", ["--json", "--quiet"])
def test_a_run_that_fails_says_why_on_standard_error(
    how: str,
    outcome: Outcome,
    fault: Fault,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    end = ending(CONFIG, 0, outcome=outcome, fault=fault, reason="It went\x1b[2J wrong.")
    use_engine(monkeypatch, engine_sending(numbered([*opening(CONFIG), *end])))
    assert main(["train", how]) == status
    captured = capsys.readouterr()
    assert captured.err == "mnist-tui: It went?[2J wrong.\n"
    assert "\x1b" not in captured.out


UNSAVED = [
    SaveFailed(path="/runs/x/last.pt", reason="No space left on device"),
    SaveFailed(path="/runs/x\n/result.json", reason="File too\x1b[2J large"),
]


@pytest.mark.parametrize(
    ("outcome", "status"), [("completed", 4), ("stopped", 4), ("early_stopped", 4), ("aborted", 130)]
)
@pytest.mark.parametrize("how", ["--json", "--quiet"])
def test_a_run_that_could_not_be_saved_says_so_on_standard_error_and_still_shows_its_result(
    how: str, outcome: Outcome, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tested = None if outcome == "aborted" else confusion()
    end = ending(CONFIG, 2, outcome=outcome, table=tested)
    use_engine(monkeypatch, engine_sending(numbered([*opening(CONFIG), *UNSAVED, *end])))
    assert main(["train", how]) == status
    captured = capsys.readouterr()
    begin = "Interrupted at epoch 2.0. " if outcome == "aborted" else "mnist-tui: "
    assert captured.err == (
        f"{begin}{RUN} could not be saved completely: /runs/x/last.pt (No space left on device), "
        "/runs/x?/result.json (File too?[2J large). Earlier files are intact.\n"
    )
    if how == "--quiet":
        assert ("Test accuracy  97.81%" in captured.out) == (tested is not None)
        assert re.search(r"^Not saved +/runs/x/last\.pt: No space left on device$", captured.out, re.MULTILINE)
        assert ("Status " in captured.out) == (outcome != "aborted")


def test_a_run_that_was_saved_in_the_end_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    again = [SavedAgain(path=fault.path) for fault in UNSAVED]
    use_engine(
        monkeypatch,
        engine_sending(numbered([*opening(CONFIG), *UNSAVED, *again, *ending(CONFIG, 2, table=confusion())])),
    )
    assert main(["train", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "Not saved" not in captured.out


@pytest.mark.parametrize(
    ("problem", "status"), [(ConfigProblem("No."), 2), (DataProblem("No."), 3), (EngineProblem("No."), 4)]
)
def test_an_engine_that_refuses(
    problem: Problem, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = use_engine(monkeypatch, FakeEngine())
    engine.answer = refusing(problem)
    assert main(["train", "--json"]) == status
    assert capsys.readouterr() == ("", "mnist-tui: No.\n")
    assert engine.closed


def test_an_engine_that_is_lost(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    engine = use_engine(monkeypatch, engine_sending(numbered(opening(CONFIG))))
    engine.answer = lambda _: engine.push(
        *numbered(opening(CONFIG)), Lost("The engine was ended by SIGKILL.", log=("a", "b"))
    )
    assert main(["train", "--quiet"]) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "mnist-tui: The engine was ended by SIGKILL. Its last output: b "
        f"Resume from the last checkpoint with: mnist-tui resume {RUN}\n"
    )
