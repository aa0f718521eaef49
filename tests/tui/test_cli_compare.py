"""`mnist-tui compare`, and the details that `eval` prints."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.analysis.mcnemar import exact_p
from engine.log.event_log import read_events
from engine.runs.test_predictions import read_test_predictions
from tests.fake_engine import FakeEngine
from tests.tui.cli_kit import engine_that, home, use_engine
from tests.tui.test_cli_runs import being_live, printed
from tests.tui.tested_kit import Digital, look_of, result_of
from tui.cli.main import main

__all__ = ["home"]


@pytest.fixture
def digital(tmp_path: Path) -> Digital:
    return Digital(tmp_path / "digits")


def test_two_runs_as_text(digital: Digital, capsys: pytest.CaptureFixture[str]) -> None:
    digital.run("brave-otter", test=digital.off(digital.test, 5))
    digital.run("calm-fox", test=digital.off(digital.test, *range(10, 22)))
    lines = printed(capsys, "compare", "otter", "fox").splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["brave-otter", "2"], ["calm-fox", "2"]]
    assert "98.44%" in lines[1]
    assert "On 12 images only brave-otter is right, on 1 only calm-fox." in lines
    assert any(line.endswith("once in 290 test sets like this: the difference is real.") for line in lines)
    assert lines[-1].startswith("McNemar's test (exact): p = 0.003.")


def test_two_runs_as_json(digital: Digital, capsys: pytest.CaptureFixture[str]) -> None:
    digital.run("brave-otter", test=digital.off(digital.test, 5, 30))
    digital.run("calm-fox", test=digital.off(digital.test, 5, 11, 12, 13))
    found = json.loads(printed(capsys, "compare", "otter", "fox", "--json"))
    assert found["images"] == 64
    assert [run["run"] for run in found["runs"]] == ["brave-otter", "calm-fox"]
    assert [run["right"] for run in found["runs"]] == [62, 60]
    assert all(run["low"] < run["accuracy"] < run["high"] for run in found["runs"])
    assert (found["both_right"], found["only_right"], found["both_wrong"]) == (59, [3, 1], 1)
    assert (found["method"], found["p"], found["is_real"]) == ("exact", exact_p(3, 1), False)
    assert found["sentence"].endswith(": not statistically significant.")


def test_no_look_is_made(digital: Digital, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    engine = use_engine(monkeypatch, FakeEngine())
    folders = [digital.run(name) for name in ("brave-otter", "calm-fox")]
    before = [folder.events.read_bytes() for folder in folders]
    printed(capsys, "compare", "otter", "fox")
    assert engine.commands == []
    assert [folder.events.read_bytes() for folder in folders] == before


def refused(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    assert main(list(line)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_a_run_that_was_never_tested_is_refused(digital: Digital, capsys: pytest.CaptureFixture[str]) -> None:
    digital.run("brave-otter")
    digital.run("calm-fox", test_evaluations=0)
    captured = refused(capsys, "compare", "otter", "fox")
    assert "no stored test predictions of its best weights: it was never tested" in captured
    assert "`mnist-tui eval calm-fox`" in captured


def test_runs_on_different_images_are_refused(
    digital: Digital, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digital.run("brave-otter")
    Digital(tmp_path / "others", seed=5).run("calm-fox")
    assert "were tested on different images" in refused(capsys, "compare", "otter", "fox", "--json")


def test_a_run_is_not_compared_with_itself(digital: Digital, capsys: pytest.CaptureFixture[str]) -> None:
    digital.run("brave-otter")
    assert "name two different runs" in refused(capsys, "compare", "otter", "last")


def test_one_run_is_too_few(capsys: pytest.CaptureFixture[str]) -> None:
    assert "RUN" in refused(capsys, "compare", "otter")


@pytest.mark.parametrize("command", ["eval", "compare"])
def test_a_run_in_training_is_not_tested(
    digital: Digital, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    engine = use_engine(monkeypatch, FakeEngine())
    digital.run("calm-fox")
    folder = digital.run("brave-otter", test_evaluations=0)
    with being_live(folder):
        captured = refused(capsys, command, "otter", *(["fox"] if command == "compare" else []))
    assert "brave-otter is" in captured and "running" in captured
    assert engine.commands == []


# eval


def test_eval_shows_both_weights_and_when_the_test_set_was_looked_at(
    digital: Digital, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = digital.run("brave-otter")
    events = list(read_events(folder.events))
    result = result_of(look_of(digital.off(digital.test, 1, 2), digital.test), "last")
    look = ev.Tested(test=result, seq=len(events), time=1_800_000_000.0)
    use_engine(monkeypatch, engine_that(lambda engine, command: engine.push(*events, look)))
    lines = printed(capsys, "eval", "otter", "--weights", "last").splitlines()
    [when] = [line for line in lines if line.startswith("Evaluated")]
    assert "Mar 2026" in when
    assert "Jan 2027" in when
    place = lines.index("With the best (by validation) and the last weights:")
    assert [line.split()[:3] for line in lines[place + 2 : place + 4]] == [
        ["best", "2", "100.00%"],
        ["last", "2", "96.88%"],
    ]
    assert lines[-1] == (
        "The test set has been evaluated 2 times in this run; picking the best of several test evaluations biases the result."
    )


def test_the_probability_of_a_wrong_image_is_the_same_wherever_it_is_read(
    digital: Digital, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = digital.run("brave-otter", test=digital.off(digital.test, 5, 9, 30), sure=0.7654321)
    events = list(read_events(folder.events))
    kept = read_test_predictions(folder.look("best"))
    assert kept is not None
    look = ev.Tested(test=result_of(kept), seq=len(events), time=2.0)
    engine = use_engine(monkeypatch, engine_that(lambda engine, command: engine.push(*events, look)))
    found = json.loads(printed(capsys, "eval", "otter", "--json"))
    assert engine.commands == [cmd.EvaluateRun(run="brave-otter")]
    assert [row[0] for row in found["wrong_images"]] == [5, 9, 30]
    for index, label, prediction, probability in found["wrong_images"]:
        assert (label, prediction) == (kept.labels[index], kept.predictions[index])
        assert probability == round(float(kept.confidences[index]), 6)
    assert found["looks"] == len(found["looked_at"]) == 2
    assert found["other"] is None
    assert msgspec.json.decode(msgspec.json.encode(events[-1])) is not None
