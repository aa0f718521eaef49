"""Inspecting runs: `ls`, `show`, `eval`, `attach`."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.client import Lost
from engine.config import TrainConfig
from engine.errors import ConfigProblem
from engine.events import Event, WrongImage
from engine.runs.folder import RunFolder, create_run, find_run
from engine.runs.presence import SessionInfo
from tests.engine.diagnosis.kit import events as recorded
from tests.events_kit import BLOG, RUN, confusion, ending, epoch_events, numbered, opening, test_result
from tests.fake_engine import FakeEngine, refusing
from tests.tui.cli_kit import engine_that, home, make_run, short_run, use_engine
from tui.cli.commands import app
from tui.cli.main import main
from tui.views.runs import read_row

__all__ = ["home"]


def printed(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    assert main(list(line)) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def diverged(name: str) -> list[Event]:
    return numbered([*opening(run=name), *ending(BLOG, 0, outcome="diverged", run=name)])


@contextmanager
def being_live(folder: RunFolder, host: str | None = None) -> Iterator[SessionInfo]:
    """A responding socket, and the session file that names it."""
    path = folder.path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        info = SessionInfo(host or socket.gethostname(), 1, str(path))
        folder.session.write_bytes(msgspec.json.encode(info))
        yield info
        folder.session.unlink()


def test_show_ends_with_hints_where_something_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    make_run(recorded("overfit"), "overfit")
    captured = printed(capsys, "show", "overfit")
    before, _, hints = captured.partition("\nHints:\n")
    assert "Best epoch" in before
    assert hints.startswith("  warning: validation loss rose from ")
    assert "    try: train images 500 → 0 (all)\n" in hints
    assert "\n  note: best by loss keeps epoch " in hints
    document = json.loads(printed(capsys, "show", "overfit", "--json"))
    assert [hint["rule"] for hint in document["hints"]] == ["overfitting", "best_by"]
    assert document["hints"][0]["remedy"]["changes"] == [{"name": "train_images", "old": "500", "new": "0"}]


def test_show_sees_what_only_the_curve_within_an_epoch_tells(capsys: pytest.CaptureFixture[str]) -> None:
    make_run(recorded("lr-too-high"), "wild")
    assert "  fault: loss is not a number any more at step " in printed(capsys, "show", "wild")


def test_show_has_no_hints_of_a_sound_run(capsys: pytest.CaptureFixture[str]) -> None:
    make_run(recorded("quick"), "quick")
    assert "Hints" not in printed(capsys, "show", "quick")
    assert json.loads(printed(capsys, "show", "quick", "--json"))["hints"] == []


def test_ls_without_runs_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "ls") == f"There are no runs in {home / 'runs'} yet; `mnist-tui train` starts one.\n"
    assert json.loads(printed(capsys, "ls", "--json")) == []


def test_ls_has_a_line_for_each_run_the_newest_last(capsys: pytest.CaptureFixture[str]) -> None:
    make_run(short_run())
    make_run(diverged("b"), "b")
    make_run(numbered([*opening(run="c"), *epoch_events(BLOG, 1, 2)]), "c")
    heading, *lines = printed(capsys, "ls").splitlines()
    assert heading.split() == ["RUN", "STATUS", "PRESET", "EPOCHS", "VALIDATION", "TEST", "STARTED"]
    assert [line.split()[:4] for line in lines] == [
        [RUN, "finished", "blog-adam", "2/25"],
        ["b", "diverged", "blog-adam", "0/25"],
        ["c", "interrupted", "blog-adam", "1/25"],
    ]
    assert " 97.81%  2026-03-14 " in lines[0]
    assert "%" not in lines[1]


def test_ls_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = short_run()
    make_run(events)
    [found] = json.loads(printed(capsys, "ls", "--json"))
    assert found == {
        "run": RUN,
        "status": "finished",
        "paused": False,
        "remote": None,
        "preset": "blog-adam",
        "host": "laptop",
        "parent": None,
        "experiment": None,
        "created": events[0].time,
        "epochs": 2,
        "epochs_asked": 25,
        "validation_accuracy": 0.9554,
        "best_validation_accuracy": max(e.validation_accuracy for e in events if hasattr(e, "validation_accuracy")),
        "test_accuracy": 0.9781,
        "folder": str(home / "runs" / RUN),
        "unsaved": [],
    }


def test_a_live_run_is_listed_as_running(capsys: pytest.CaptureFixture[str]) -> None:
    with being_live(make_run(numbered(opening()))):
        [found] = json.loads(printed(capsys, "ls", "--json"))
    assert (found["status"], found["paused"]) == ("running", False)


def test_a_live_run_that_waits_is_listed_as_paused(capsys: pytest.CaptureFixture[str]) -> None:
    waits = [*opening(), ev.Paused(step=3, position=0.01)]
    folder = make_run(numbered(waits))
    make_run(numbered([*waits[:-1], ev.Paused(step=3, position=0.01)]), "killed")
    with being_live(folder):
        lines = printed(capsys, "ls").splitlines()
        [found, other] = json.loads(printed(capsys, "ls", "--json"))
        shown = json.loads(printed(capsys, "show", RUN, "--json"))
        assert "Status   paused" in printed(capsys, "show", RUN)
    assert [line.split()[1] for line in lines[1:]] == ["paused", "interrupted"]
    assert [(each["status"], each["paused"]) for each in (found, other)] == [("running", True), ("interrupted", False)]
    assert (shown["status"], shown["paused"]) == ("running", True)


def of_epochs(*accuracies: float, best: int) -> list[Event]:
    """A run with these validation accuracies, whose best epoch by loss is `best`."""
    logged: list[Event] = [*opening()]
    for number, accuracy in enumerate(accuracies, 1):
        for event in epoch_events(BLOG, number, 1, best=number <= best):
            is_end = isinstance(event, ev.EpochEnded)
            logged.append(msgspec.structs.replace(event, validation_accuracy=accuracy) if is_end else event)
    return logged


@pytest.mark.parametrize("weights", ["best", "last", "none"])
def test_the_validation_beside_a_test_is_that_of_the_weights_that_were_tested(
    weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logged = of_epochs(0.91, 0.92, 0.99, best=2)
    if weights != "none":
        of: Any = {"weights": weights, "epoch": 2 if weights == "best" else 3}
        logged.append(ev.Tested(test=msgspec.structs.replace(test_result(confusion(), 2), **of)))
    folder = make_run(numbered(logged))
    wanted = 0.99 if weights == "last" else 0.92
    [found] = json.loads(printed(capsys, "ls", "--json"))
    assert (found["validation_accuracy"], found["best_validation_accuracy"]) == (wanted, 0.99)
    assert f" {wanted:.2%}" in printed(capsys, "ls")
    assert read_row(folder).validation == f"{wanted:.2%}"


def test_weights_of_a_stop_within_an_epoch_have_the_validation_that_was_made_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = ev.Validation(step=900, position=1.15, loss=0.01, accuracy=0.97, seconds=0.5, best=True)
    tested = ev.Tested(test=test_result(confusion(), 2))
    for name, rest in (("a", [there]), ("b", [there, tested])):
        make_run(numbered([*of_epochs(0.91, best=1), *rest]), name)
    assert [each["validation_accuracy"] for each in json.loads(printed(capsys, "ls", "--json"))] == [0.97, 0.97]


def test_folders_that_are_not_whole_do_not_hide_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    create_run(TrainConfig(epochs=7), preset="", version="0.1.0", name="empty")
    broken = create_run(TrainConfig(), preset="", version="0.1.0", name="broken")
    broken.config.write_text("[train]\nepochs = 'many'\n")
    torn = make_run(short_run(), "torn")
    torn.events.write_bytes(torn.events.read_bytes()[:-20])
    found = {one["run"]: one for one in json.loads(printed(capsys, "ls", "--json"))}
    assert found["empty"]["epochs_asked"] == 7
    assert found["broken"]["epochs_asked"] is None
    assert found["torn"]["epochs"] == 2
    assert printed(capsys, "ls").count("\n") == 4


def test_show(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(short_run())
    text = printed(capsys, "show", "otter")
    lines = text.splitlines()
    assert lines[0].split() == ["Run", RUN]
    assert f"Folder   {home / 'runs' / RUN}" in lines
    assert "  init  torch" in lines
    assert [line.split()[0] for line in lines if line.rstrip().endswith("best")] == ["1", "2"]
    assert "Test accuracy  97.81% (95% interval 97.50 to 98.08%)" in lines


def test_show_tells_what_was_changed_while_it_trained_since_the_settings_are_those_of_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    change = ev.Changed(step=400, position=400 / 782, name="learning_rate", old="0.001", new="0.0003")
    make_run(numbered([*opening(), change]))
    make_run(numbered(opening(run="b")), "b")
    assert json.loads(printed(capsys, "show", "otter", "--json"))["changes"] == [
        {
            "step": 400,
            "position": 400 / 782,
            "name": "learning_rate",
            "old": "0.001",
            "new": "0.0003",
            "note": "",
        }
    ]
    assert json.loads(printed(capsys, "show", "b", "--json"))["changes"] == []
    lines = printed(capsys, "show", "otter").splitlines()
    place = lines.index("Changed during training, after:")
    assert "  learning_rate  0.0003" in lines[:place]
    assert lines[place + 1 : place + 3] == ["  step 400  epoch 0.51  learning rate 0.001 → 0.0003", ""]
    assert "Changed" not in printed(capsys, "show", "b")


def test_show_json(capsys: pytest.CaptureFixture[str]) -> None:
    events = short_run()
    make_run(events)
    found: dict[str, Any] = json.loads(printed(capsys, "show", "last", "--json"))
    by_type = {event.__struct_config__.tag: json.loads(msgspec.json.encode(event)) for event in events}
    assert found["run"] == RUN
    assert found["status"] == "finished"
    assert found["config"] == by_type["run_created"]["config"]
    assert found["changed"] == {"init": "torch"}
    assert found["machine"] == by_type["run_started"]["machine"]
    assert found["test"] == by_type["tested"]["test"]
    assert found["looks"] == 1
    assert [epoch["epoch"] for epoch in found["epochs"]] == [1, 2]
    last = {k: v for k, v in by_type["epoch_ended"].items() if k not in ("type", "seq", "time")}
    assert found["epochs"][-1] == last
    assert found["finished"]["outcome"] == "completed"
    assert "test" not in found["finished"]
    assert found["stopped_at"] is None


def test_a_run_that_was_stopped_within_an_epoch_shows_its_last_validation(capsys: pytest.CaptureFixture[str]) -> None:
    last = ev.Validation(step=900, position=1.15, loss=0.25, accuracy=0.9375, seconds=0.5, best=True)
    make_run(numbered([*opening(), *epoch_events(BLOG, 1, 2), last, *ending(BLOG, 1, outcome="stopped", step=900)]))
    found = json.loads(printed(capsys, "show", "last", "--json"))
    assert found["stopped_at"] == {
        "step": 900,
        "position": 1.15,
        "loss": 0.25,
        "accuracy": 0.9375,
        "seconds": 0.5,
        "best": True,
    }
    assert found["status"] == "stopped"


def test_show_of_a_run_without_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    create_run(TrainConfig(epochs=7), preset="", version="0.1.0", name="empty")
    found = json.loads(printed(capsys, "show", "empty", "--json"))
    assert found["config"]["epochs"] == 7
    assert (found["machine"], found["test"], found["finished"], found["epochs"]) == (None, None, None, [])
    assert "No epoch was completed." in printed(capsys, "show", "empty")


def test_what_a_resume_took_back_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    begin = [*opening(), *epoch_events(BLOG, 1, 2), *epoch_events(BLOG, 2, 2)]
    again = msgspec.structs.replace(opening()[3], step=782, position=1.0, resumed=True)
    make_run(numbered([*begin, again]))
    assert len(json.loads(printed(capsys, "show", "last", "--json"))["epochs"]) == 1
    assert json.loads(printed(capsys, "ls", "--json"))[0]["epochs"] == 1


def a_look(seq: int) -> ev.Tested:
    result = msgspec.structs.replace(
        test_result(confusion(), 2), weights="last", wrong_images=(WrongImage(3, 4, 9, 0.75),)
    )
    return ev.Tested(test=result, seq=seq, time=1.0)


def evaluating(events: list[Event]) -> FakeEngine:
    return engine_that(lambda engine, command: engine.push(*events, a_look(len(events))))


def test_eval_asks_for_the_weights_and_prints_the_look(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = short_run()
    make_run(events)
    engine = use_engine(monkeypatch, evaluating(events))
    lines = printed(capsys, "eval", "otter", "--weights", "last").splitlines()
    assert engine.commands == [cmd.EvaluateRun(run=RUN, weights="last")]
    assert engine.closed
    assert lines[:2] == [f"Run {RUN}", "Test accuracy  97.81% (95% interval 97.50 to 98.08%)"]
    assert "  true 4, predicted 9: 22" in lines
    assert [line.split()[0] for line in lines if line.endswith("%")] == [str(digit) for digit in range(10)]
    assert lines[-1].startswith("The test set has been evaluated 2 times in this run;")


def test_eval_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    events = short_run()
    make_run(events)
    use_engine(monkeypatch, evaluating(events))
    found = json.loads(printed(capsys, "eval", "otter", "--json"))
    dated = {"looks": 2, "looked_at": [events[-2].time, 1.0]}
    best = json.loads(msgspec.json.encode(test_result(confusion(), 2)))
    data = {"identity": None, "is_other_data": False}
    assert found == {"run": RUN, **dated, **json.loads(msgspec.json.encode(a_look(0).test)), "other": best, **data}
    assert found["wrong_images"] == [[3, 4, 9, 0.75]]


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_a_look_that_could_not_be_recorded_is_shown_and_said_to_be_so(
    how: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = short_run()
    run = make_run(events)
    fault = ev.SaveFailed(path=str(run.events), reason="No space left on device", seq=len(events), time=1.0)
    look = msgspec.structs.replace(a_look(0), seq=len(events) + 1)
    use_engine(monkeypatch, engine_that(lambda engine, command: engine.push(fault, look)))
    assert main(["eval", "otter", *how]) == 4
    captured = capsys.readouterr()
    assert "97.81" in captured.out or "0.9781" in captured.out
    assert captured.err.startswith("mnist-tui: The evaluation was not recorded. ")
    assert f"{run.events} (No space left on device)" in captured.err


def test_eval_that_is_refused_or_lost(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(short_run())
    engine = use_engine(monkeypatch, FakeEngine())
    engine.answer = refusing(ConfigProblem("There are no best weights."))
    assert main(["eval", "last"]) == 2
    assert capsys.readouterr() == ("", "mnist-tui: There are no best weights.\n")
    engine = use_engine(monkeypatch, FakeEngine([Lost("The engine was ended by SIGKILL.")]))
    assert main(["eval", "last"]) == 4
    assert capsys.readouterr() == ("", "mnist-tui: The engine was ended by SIGKILL.\n")
    assert engine.closed


def attached(monkeypatch: pytest.MonkeyPatch, *line: str) -> tuple[int, list[str | None]]:
    """The exit status of `attach`, and the runs that the app was opened on."""
    opened: list[str | None] = []
    monkeypatch.setattr("tui.cli.commands.attach.require_terminal", lambda: None)
    monkeypatch.setattr(app, "open_app", lambda settings, connect, args, run=None: opened.append(run) or 0)
    return main(["attach", *line]), opened


def test_attach_opens_the_run_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(short_run(), "old")
    with being_live(make_run(numbered(opening()))):
        assert attached(monkeypatch) == (0, [RUN])
        assert attached(monkeypatch, "otter") == (0, [RUN])


def test_attach_asks_which_of_several(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with being_live(make_run(numbered(opening()), "a")), being_live(make_run(numbered(opening()), "b")):
        assert attached(monkeypatch) == (2, [])
    assert capsys.readouterr().err == "mnist-tui: 2 runs are in progress: b, a; add the name of one, or part of it.\n"


def test_attach_by_name_shows_a_run_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(short_run())
    assert attached(monkeypatch, "otter") == (0, [RUN])


def test_attach_names_the_last_run_where_none_is_under_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(short_run())
    assert attached(monkeypatch) == (2, [])
    assert capsys.readouterr().err == (
        f"mnist-tui: No run is in progress on this machine; `mnist-tui attach {RUN}` shows the last one, "
        "`mnist-tui ls` lists them all.\n"
    )


def test_attach_to_a_run_of_another_host_says_where_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run(short_run())
    folder.session.write_bytes(msgspec.json.encode(SessionInfo("elsewhere", 1, "/nowhere")))
    assert attached(monkeypatch, RUN) == (2, [])
    assert capsys.readouterr().err == f"mnist-tui: {RUN} is running on elsewhere; log in there to reach it.\n"


def test_ls_as_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    parent = ev.Parent(run="root", at="best", epoch=2, step=90)
    for name, of in (("root", None), ("other", None), ("twig", parent)):
        first, *rest = opening(run=name)
        assert isinstance(first, ev.RunCreated)
        make_run(numbered([msgspec.structs.replace(first, parent=of), *rest]), name)
    lines = printed(capsys, "ls", "--tree").splitlines()
    assert [line.split("  ")[0].rstrip() for line in lines] == ["RUN", "root", "└ twig", "other"]


# whose run it is


def unreachable(name: str) -> RunFolder:
    """A run of a machine called c1 whose last heartbeat was in 1970."""
    run = make_run(numbered([*opening(run=name), *epoch_events(BLOG, 1)]), name)
    info = SessionInfo("c1", 7, "/nowhere", "another boot", "another engine")
    run.session.write_bytes(msgspec.json.encode(info))
    os.utime(run.session, (3600, 3600))
    return run


def test_a_run_that_cannot_be_reached_says_so_and_when_it_was_heard_from(capsys: pytest.CaptureFixture[str]) -> None:
    unreachable("far")
    assert printed(capsys, "ls").splitlines()[1].split()[:2] == ["far", "unreachable"]
    [found] = json.loads(printed(capsys, "ls", "--json"))
    assert (found["status"], found["remote"]) == ("unreachable", {"host": "c1", "heard": 3600.0})
    assert "unreachable, last heard from c1 at 1970-01-01" in printed(capsys, "show", "far")
    assert json.loads(printed(capsys, "show", "far", "--json"))["remote"] == found["remote"]


@pytest.mark.parametrize("command", [["stop"], ["abort"], ["pause"], ["step"], ["set", "lr=0.1"]])
def test_what_cannot_be_reached_is_refused_with_the_way_out(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    unreachable("far")
    assert main([command[0], "far", *command[1:]]) == 2
    err = capsys.readouterr().err
    assert "far was last heard from c1 at 1970-01-01" in err
    assert "`mnist-tui resume far --take-over`" in err


def test_a_renamed_parent_still_has_its_branch_under_it(capsys: pytest.CaptureFixture[str]) -> None:
    parent = ev.Parent(run="root", at="best", epoch=2, step=90)
    for name, of in (("root", None), ("twig", parent), ("other", None)):
        first, *rest = opening(run=name)
        make_run(numbered([msgspec.structs.replace(first, parent=of), *rest]), name)
    root = find_run("root")
    root.path.rename(root.path.with_name("stem"))
    lines = printed(capsys, "ls", "--tree").splitlines()
    assert [line.split("  ")[0].rstrip() for line in lines] == ["RUN", "stem", "└ twig", "other"]
    assert json.loads(printed(capsys, "ls", "--json"))[1]["parent"] == "stem"
    assert printed(capsys, "show", "root").splitlines()[0].split() == ["Run", "stem"]
