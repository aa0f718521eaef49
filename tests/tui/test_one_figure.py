"""A run has one test accuracy and one training loss, wherever they are told."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from engine import events as ev
from engine.log.event_log import EventLog
from engine.runs.folder import RunFolder, find_run
from engine.state.run_state import fold
from tests import events_kit as kit
from tests.recorded_kit import lay_out
from tests.tui.cli_kit import home
from tui.app import exit_messages
from tui.cli.main import main
from tui.views.results import panel
from tui.views.runs import read_row
from tui.views.snapshot import Snapshot
from tui.views.status import metrics_line, progress_line

__all__ = ["home"]


@pytest.fixture
def runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lay_out(home))


def look_with_the_last(run: RunFolder) -> None:
    """A look at the test set with the last weights, which read 7 of 200 wrongly."""
    before = find_run("finished").state().test
    assert before is not None
    log = EventLog(run.events)
    log.append(ev.Tested(test=msgspec.structs.replace(before, weights="last", accuracy=0.965, wrong=7)))
    log.close()


def said(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    assert main(list(line)) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("runs")
def test_a_look_with_the_last_weights_leaves_the_test_accuracy_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    run = find_run("finished")
    look_with_the_last(run)
    listed = {each["run"]: each for each in json.loads(said(capsys, "ls", "--json"))}["finished"]
    told = json.loads(said(capsys, "show", "finished", "--json"))
    assert listed["test_accuracy"] == told["test"]["accuracy"] == 0.6
    assert listed["validation_accuracy"] == 0.595
    assert [(test["weights"], test["accuracy"]) for test in told["tests"]] == [("best", 0.6), ("last", 0.965)]
    assert " 60.00% " in next(line for line in said(capsys, "ls").splitlines() if line.startswith("finished "))
    shown = said(capsys, "show", "finished").splitlines()
    assert "Test accuracy  60.00% (95% interval 53.08 to 66.54%)" in shown
    assert "Last weights   test accuracy 96.50%, epoch 3" in shown
    state = run.state()
    assert read_row(run).test == "60.00%"
    assert "test accuracy 60.00%" in exit_messages.of_run(state)
    snapshot = Snapshot(state=state, opened=True)
    assert "test accuracy 60.00%" in progress_line(snapshot, 160).plain
    assert "80 of 200 misclassified" in panel(snapshot, 120, 20).plain


@pytest.mark.usefixtures("runs")
def test_where_only_the_last_weights_were_looked_at_it_is_theirs_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    look_with_the_last(find_run("aborted"))
    assert {each["run"]: each["test_accuracy"] for each in json.loads(said(capsys, "ls", "--json"))}["aborted"] == 0.965
    assert json.loads(said(capsys, "show", "aborted", "--json"))["test"]["accuracy"] == 0.965
    shown = said(capsys, "show", "aborted").splitlines()
    assert any(line.startswith("Test accuracy  96.50%") for line in shown)
    assert "Weights        last (epoch 3); the best weights were not tested" in shown


def test_the_training_loss_is_that_of_the_step_it_stands_beside() -> None:
    told = kit.progress(kit.BLOG, 100, 50)
    for steps, mean in ((50, 0.7), (3, 0.2)):  # as an engine tells it often, or seldom
        piece = msgspec.structs.replace(
            told, steps=steps, loss=mean, gradient_norm=mean, last_loss=0.4321, last_gradient_norm=1.25
        )
        line = metrics_line(Snapshot(state=fold(kit.numbered([*kit.opening(), piece]))), 200).plain
        assert f"training loss 0.4321, step {told.step}" in line
        assert "gradient norm 1.25" in line


def test_in_a_log_of_version_0_1_0_it_is_the_mean_of_the_latest_steps() -> None:
    told = msgspec.structs.replace(kit.progress(kit.BLOG, 100, 50), loss=0.7)
    assert (told.last_loss, told.latest_loss) == (None, 0.7)
    assert msgspec.structs.replace(told, non_finite=1).latest_loss is None
