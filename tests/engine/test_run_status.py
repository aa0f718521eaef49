"""How a run stands, as its folder tells it, however that was left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ConfigProblem, RunProblem
from engine.events import LogLine, RunCreated
from engine.log.event_log import EventLog
from engine.runs import folder as runs
from engine.state.run_state import RunState
from tests.engine.runs_kit import CONFIG, HOST, create, finish, listening, occupy, root

__all__ = ["listening", "root"]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("completed", "finished"),
        ("early_stopped", "finished"),
        ("stopped", "stopped"),
        ("aborted", "aborted"),
        ("diverged", "diverged"),
        ("failed", "failed"),
    ],
)
def test_every_outcome_has_its_status(root: Path, outcome: str, status: str) -> None:
    run = create(root)
    finish(run, outcome)
    assert run.status() == status
    finished = run.finished()
    assert finished is not None
    assert finished.outcome == outcome


def test_a_run_without_a_word_was_interrupted(root: Path, listening: Path) -> None:
    run = create(root)
    assert run.status() == "interrupted"
    listening.unlink()
    occupy(run, listening)
    assert run.status() == "interrupted"


def test_a_run_whose_engine_answers_is_running(root: Path, listening: Path) -> None:
    run = create(root)
    finish(run)
    info = occupy(run, listening)
    assert run.live() == info
    assert run.status() == "running"
    assert runs.read_session(run) == info
    assert list(runs.live_runs(root)) == [(run, info)]


def test_another_host_is_believed_but_not_reached(root: Path) -> None:
    run = create(root)
    info = occupy(run, "/nowhere", host="elsewhere")
    assert run.live() == info
    assert run.status() == "running"
    assert list(runs.live_runs(root)) == []
    with pytest.raises(RunProblem, match="is running on elsewhere; log in there"):
        runs.read_session(run)


def test_a_run_that_is_not_running_has_no_session(root: Path) -> None:
    run = create(root)
    finish(run, "stopped")
    with pytest.raises(RunProblem, match=r"is not running \(stopped\)"):
        runs.read_session(run)


JUNK = {
    "empty": b"",
    "zero bytes": bytes(40),
    "torn": b'{"host":"here","pi',
    "other": b'{"a":1}',
    "list": b"[1]",
    "wrong types": b'{"host":1,"pid":"x","socket":[]}',
    "not utf-8": b'{"host":"\xff","pid":1,"socket":""}',
    "deep": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "zero in the path": b'{"host":"%s","pid":1,"socket":"a\\u0000b"}' % HOST.encode(),
    "long path": b'{"host":"%s","pid":1,"socket":"/%s"}' % (HOST.encode(), b"x" * 5000),
}


@pytest.mark.parametrize("content", JUNK.values(), ids=JUNK)
def test_a_damaged_folder_opens(root: Path, content: bytes) -> None:
    run = create(root)
    for path in (run.session, run.result, run.events):
        path.write_bytes(content)
    assert run.live() is None
    assert run.finished() is None
    assert run.status() == "interrupted"
    assert run.state() == RunState()


def test_a_run_is_what_its_log_tells_up_to_the_torn_end(root: Path) -> None:
    run = create(root, "mine")
    assert run.state().status == "none"
    log = EventLog(run.events)
    log.append(RunCreated(run="mine", config=CONFIG, version="0.1.0", host=HOST))
    log.append(LogLine(text="hello"))
    log.close()
    with run.events.open("ab") as file:
        file.write(b'{"type":"log","seq":2,"text":"torn')
    state = run.state()
    assert (state.run, state.status, state.log) == ("mine", "preparing", ("hello",))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(b"epochs = ="), "is not a TOML file"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "is not a TOML file"),
        (lambda path: path.write_bytes(bytes(100)), "is not a TOML file"),
        (lambda path: path.write_text("[train]\nepochs = -1\n"), "Epochs: -1 is out of range"),
        (lambda path: path.write_text("[train]\nepoch = 1\n"), "There is no hyperparameter 'epoch'"),
        (lambda path: path.write_text("train = 3\n"), "'train' must be a table"),
        (lambda path: path.unlink(), "cannot be read: No such file or directory"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read: Is a directory"),
    ],
)
def test_a_damaged_configuration_is_named_with_its_fault(
    root: Path, damage: Callable[[Path], object], words: str
) -> None:
    run = create(root)
    damage(run.config)
    with pytest.raises(ConfigProblem) as caught:
        run.read_config()
    assert str(caught.value).startswith(str(run.config))
    assert str(caught.value).count(str(run.config)) == 1
    assert words in str(caught.value)
