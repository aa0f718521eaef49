"""Resuming a run without the app."""

from __future__ import annotations

import msgspec
import pytest

from engine import commands as cmd
from engine.events import Event, Renamed
from engine.protocol import encode
from tests.events_kit import RUN, confusion, ending, epoch_events, numbered, opening
from tests.fake_engine import FakeEngine
from tests.tui.cli_kit import CONFIG, engine_sending, home, make_run, use_engine
from tui.cli.main import main

__all__ = ["home"]


def half_a_run() -> list[Event]:
    events = [*opening(CONFIG), *epoch_events(CONFIG, 1, 2), *ending(CONFIG, 1, outcome="aborted")]
    return numbered(events)


def the_rest(first: int) -> list[Event]:
    started = msgspec.structs.replace(opening(CONFIG)[3], step=782, position=1.0, resumed=True)
    return numbered([started, *epoch_events(CONFIG, 2, 2), *ending(CONFIG, 2, table=confusion())], first=first)


@pytest.mark.parametrize("line", ["resume otter --epochs 3", "train --resume otter --epochs 3"])
def test_resume_tells_what_is_new_alone(
    line: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    before = half_a_run()
    make_run(before)
    after = the_rest(len(before))
    engine = use_engine(monkeypatch, engine_sending([*before, *after], "resume_run"))
    assert main([*line.split(), "--json"]) == 0
    assert engine.commands == [cmd.ResumeRun(run=RUN, epochs=3)]
    assert capfdbinary.readouterr().out == b"".join(map(encode, after))


def test_a_renamed_run_is_followed_to_its_new_end_and_not_to_the_old_one(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    before = half_a_run()
    folder = make_run(before)
    folder.path.rename(folder.path.with_name("badger"))
    after = numbered([Renamed(run="badger"), *the_rest(0)], first=len(before))
    use_engine(monkeypatch, engine_sending([*before, *after], "resume_run"))
    assert main(["resume", "badger", "--epochs", "3", "--json"]) == 0
    assert capfdbinary.readouterr().out == b"".join(map(encode, after))


def test_resume_without_epochs_keeps_their_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = half_a_run()
    make_run(before)
    engine = use_engine(monkeypatch, engine_sending([*before, *the_rest(len(before))], "resume_run"))
    assert main(["resume", "last"]) == 0
    assert engine.commands == [cmd.ResumeRun(run=RUN, epochs=None)]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Run {RUN} resumes at epoch 1.0"
    assert [line[:9] for line in lines if line.startswith("epoch")] == ["epoch 2/2"]


def test_a_run_of_which_nothing_was_saved_begins_again_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = numbered(opening(CONFIG))
    make_run(before)
    again = msgspec.structs.replace(opening(CONFIG)[3], resumed=True)
    after = numbered([again, *epoch_events(CONFIG, 1, 2), *ending(CONFIG, 1, table=confusion())], first=len(before))
    use_engine(monkeypatch, engine_sending([*before, *after], "resume_run"))
    assert main(["resume", "last"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"Run {RUN} starts again: nothing had been saved"


def test_resume_refuses_a_wrong_number_of_epochs_before_an_engine_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(half_a_run())
    engine = use_engine(monkeypatch, FakeEngine())
    assert main(["resume", "last", "--epochs", "0"]) == 2
    assert capsys.readouterr().err.startswith("mnist-tui: Epochs: 0 is out of range")
    assert engine.commands == []
