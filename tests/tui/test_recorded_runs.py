"""Runs of version 0.1.0, looked at from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from engine import events as ev
from engine.log.event_log import EventLog
from engine.runs.folder import find_run
from engine.runs.test_predictions import read_test_predictions
from engine.runs.validation_predictions import read_predictions
from tests.recorded_kit import NAMES, lay_out
from tests.tui.app_kit import stage
from tests.tui.cli_kit import home
from tui.cli.main import main
from tui.data.digit_selection import Choice
from tui.data.predictions import inspect

__all__ = ["home"]

STATUS = {
    "aborted": "aborted",
    "diverged": "diverged",
    "interrupted": "interrupted",
    "stopped": "stopped",
}
"""Of those that are not finished."""
EPOCHS = {"aborted": 1, "branch": 2, "changed": 4, "diverged": 1, "elsewhere": 1, "finished": 3}
"""That ended in a run's own log; 2 in those that are not named."""


@pytest.fixture
def runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(lay_out(home))
    return home / "runs"


def printed(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    assert main(list(line)) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


@pytest.mark.usefixtures("runs")
def test_ls_lists_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {each["run"]: each for each in json.loads(printed(capsys, "ls", "--json"))}
    assert sorted(listed) == NAMES
    for name, each in listed.items():
        if name != "elsewhere":  # whether that one lives cannot be told from here
            assert each["status"] == STATUS.get(name, "finished")
    assert listed["branch"]["parent"] == "finished"
    assert {each["experiment"] for name, each in listed.items() if name.startswith("batch")} == {"batch-noise-1"}
    assert (listed["finished"]["validation_accuracy"], listed["finished"]["test_accuracy"]) == (0.595, 0.6)
    assert printed(capsys, "ls", "--tree").count("└") + printed(capsys, "ls", "--tree").count("`") > 0


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("name", NAMES)
def test_show_tells_each(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"Run      {name}\n" in printed(capsys, "show", name)
    told = json.loads(printed(capsys, "show", name, "--json"))
    assert (told["version"], told["config"]["data_dir"], told["machine"]["threads"]) == ("0.1.0", "digits", 1)
    assert len(told["epochs"]) == EPOCHS.get(name, 2)
    assert (told["finished"] is None) == (name in ("interrupted", "elsewhere"))


@pytest.mark.usefixtures("runs")
def test_show_tells_the_changes_of_one_that_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(printed(capsys, "show", "changed", "--json"))
    changes = [(change["name"], change["old"], change["new"]) for change in told["changes"]]
    assert changes == [("learning_rate", "0.05", "0.02"), ("batch_size", "2", "10"), ("epochs", "50", "4")]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("name", NAMES)
def test_what_was_read_in_single_images_is_there(name: str) -> None:
    run, epochs = find_run(name), EPOCHS.get(name, 2)
    predictions = read_predictions(run.predictions)
    assert predictions.digits.shape == (epochs, 200)
    assert predictions.epochs.tolist() == list(
        range(5 - epochs if name == "branch" else 1, (4 if name == "branch" else epochs) + 1)
    )
    look = read_test_predictions(run.look("best"))
    end = run.finished()
    assert (look is None) == (end is None or end.test is None)
    if look and end and end.test:
        assert int((look.predictions != look.labels).sum()) == end.test.wrong


@pytest.mark.usefixtures("runs")
def test_the_experiment_is_shown_with_its_conclusion(capsys: pytest.CaptureFixture[str]) -> None:
    told = printed(capsys, "experiment", "batch-noise", "--show")
    assert [line.split()[:4] for line in told.splitlines() if line.startswith("batch ")] == [
        ["batch", str(size), "finished", str(steps)] for size, steps in ((8, 250), (64, 32), (512, 4))
    ]
    assert "A batch of 8 ends highest" in told


def test_damaged_files_are_shown_with_what_gives_them_back(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = runs / "finished" / "look-best.npz"
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    words = f"{path} is damaged: probabilities.npy in it does not match its checksum; "
    remedy = "`mnist-tui eval finished --weights best` looks again"
    assert printed(capsys, "show", "finished").endswith(f"\nDamaged files:\n  {words}{remedy}.\n")
    assert json.loads(printed(capsys, "show", "finished", "--json"))["damaged"] == [
        {"path": str(path), "reason": "probabilities.npy in it does not match its checksum", "remedy": remedy}
    ]
    assert main(["compare", "finished", "branch"]) == 2
    assert capsys.readouterr().err == f"mnist-tui: {words}{remedy}.\n"
    run = find_run("finished")
    assert inspect(run, run.state(), Choice("test")) == f"{words}press e on the Test screen to evaluate again."


def test_what_was_read_after_each_epoch_is_told_to_be_lost_where_its_file_is_damaged(runs: Path) -> None:
    run = find_run("finished")
    content = bytearray(run.predictions.read_bytes())
    content[3] ^= 1
    run.predictions.write_bytes(content)
    assert inspect(run, run.state(), Choice()) == (
        f"{run.predictions} is damaged: its header does not match its checksum; the predictions of all epochs are lost."
    )


def test_a_finished_run_whose_folder_took_no_result_is_listed_as_finished(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "finished" / "result.json").unlink()
    (runs / "diverged" / "result.json").unlink()
    listed = {each["run"]: each["status"] for each in json.loads(printed(capsys, "ls", "--json"))}
    assert (listed["finished"], listed["diverged"], listed["interrupted"]) == ("finished", "diverged", "interrupted")


@pytest.mark.usefixtures("runs")
def test_what_of_an_ended_run_could_not_be_saved_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    run = find_run("finished")
    run.result.unlink()
    lines = run.events.read_bytes().splitlines(keepends=True)
    end = json.loads(lines.pop())
    failed = {"type": "save_failed", "seq": end["seq"], "path": str(run.result), "reason": "Operation not permitted"}
    run.events.write_bytes(b"".join(lines) + json.dumps(failed, separators=(",", ":")).encode() + b"\n")
    log = EventLog(run.events)
    log.append(msgspec.convert({key: value for key, value in end.items() if key != "seq"}, ev.Finished))
    log.close()
    assert main(["ls"]) == 0
    told = capsys.readouterr()
    assert next(line for line in told.out.splitlines() if line.startswith("finished ")).split()[1] == "finished"
    assert (
        told.err == "Note: finished could not be saved completely; `mnist-tui show finished` lists what is missing.\n"
    )
    assert f"Not saved      {run.result}: Operation not permitted\n" in printed(capsys, "show", "finished")
    assert json.loads(printed(capsys, "show", "finished", "--json"))["unsaved"] == [
        {"path": str(run.result), "reason": "Operation not permitted"}
    ]
    listed = {each["run"]: each["unsaved"] for each in json.loads(printed(capsys, "ls", "--json"))}
    assert listed == {name: [str(run.result)] if name == "finished" else [] for name in NAMES}


async def test_the_app_tells_of_damaged_files_when_it_opens_a_run(runs: Path) -> None:
    path = runs / "finished" / "best.pt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    async with stage(size=(120, 40)) as on:
        await on.app.open_run("finished").wait()
        notes = [str(note.message) for note in on.app._notifications]
        assert len(notes) == 1
        assert notes[0].startswith(f"{path} is damaged: archive/data/")
        assert notes[0].endswith(" in it does not match its checksum; last.pt is whole.")
