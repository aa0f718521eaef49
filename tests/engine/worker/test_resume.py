"""Where a run is resumed: at its last checkpoint, or at the start without one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine import commands as cmd
from engine import events as ev
from engine.config import make_config
from engine.errors import RunProblem
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder, create_run
from tests.engine.worker.conftest import settings
from tests.torture.instants import obey
from tests.torture.kills import numbers


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    return tmp_path


def start(tiny: Path, home: Path, **values: object) -> RunFolder:
    """A run that has been trained to its end."""
    config = settings(tiny, **{"epochs": 2, **values})
    return RunFolder(home / "runs" / asyncio.run(obey(cmd.Start(config=config, preset="quick"))))


def resume(run: RunFolder, epochs: int | None = None) -> None:
    asyncio.run(obey(cmd.ResumeRun(run=run.name, epochs=epochs)))


def cut(run: RunFolder, *kinds: type) -> None:
    """Take the end of a run's log away, from the first event of one of these kinds on."""
    lines = run.events.read_bytes().splitlines(keepends=True)
    events = list(read_events(run.events))
    end = next(n for n, event in enumerate(events) if isinstance(event, kinds))
    run.events.write_bytes(b"".join(lines[:end]))


def test_without_a_log_a_run_begins_as_it_was_asked_for(tiny: Path, home: Path) -> None:
    straight = start(tiny, home)
    run = create_run(settings(tiny, epochs=2), preset="quick", version="1", name="otter")
    resume(run)
    first = next(read_events(run.events))
    assert isinstance(first, ev.RunCreated)
    assert (first.run, first.preset, first.config) == ("otter", "quick", run.read_config())
    assert numbers(run.state()) == numbers(straight.state())


def test_before_the_first_checkpoint_a_run_begins_again_with_the_same_numbers(tiny: Path, home: Path) -> None:
    run = start(tiny, home)
    expected = numbers(run.state())
    cut(run, ev.EpochEnded)
    for path in (run.checkpoint("last"), run.checkpoint("best"), run.result):
        path.unlink()
    resume(run)
    started = [event for event in read_events(run.events) if isinstance(event, ev.RunStarted)]
    assert [(event.step, event.resumed) for event in started] == [(0, False), (0, True)]
    assert numbers(run.state()) == expected


def test_beginning_again_takes_another_number_of_epochs(tiny: Path, home: Path) -> None:
    run = create_run(settings(tiny, epochs=2), preset="", version="1", name="otter")
    resume(run, epochs=3)
    assert run.state().config.epochs == 3
    assert len(run.state().epochs) == 3


@pytest.mark.parametrize("values", [{}, {"epochs": 9, "learning_rate": 0.0, "patience": 1}], ids=["last", "early"])
@pytest.mark.parametrize("result", [True, False])
def test_with_only_its_test_to_come_a_run_is_tested_and_ends(
    tiny: Path, home: Path, values: dict[str, object], result: bool
) -> None:
    run = start(tiny, home, **values)
    expected = numbers(run.state())
    cut(run, ev.Finished)
    if not result:
        run.result.unlink()
    resume(run)
    assert numbers(run.state()) == expected
    assert run.status() == "finished"


def test_a_checkpoint_that_was_deleted_is_missed(tiny: Path, home: Path) -> None:
    run = start(tiny, home)
    run.checkpoint("last").unlink()
    with pytest.raises(RunProblem, match=r"last\.pt is missing, and .* cannot be resumed without it"):
        resume(run, epochs=5)


def test_what_diverged_before_its_first_checkpoint_would_do_so_again(tiny: Path, home: Path) -> None:
    run = start(tiny, home, optimizer="sgd", learning_rate=1e6, activation="leaky_relu", dropout=0.0)
    with pytest.raises(RunProblem, match=r"diverged before its first checkpoint .* a lower learning rate"):
        resume(run)


def test_a_config_that_cannot_be_used_is_named(tiny: Path, home: Path) -> None:
    run = create_run(make_config({}), preset="", version="1", name="otter")
    run.config.write_text("[train]\nepochs = 'many'\n")
    with pytest.raises(RunProblem, match=r"config\.toml: Epochs"):
        resume(run)


def test_a_run_that_stopped_early_can_be_resumed(tiny: Path, home: Path) -> None:
    run = start(tiny, home, epochs=9, learning_rate=0.0, patience=1)
    assert len(run.state().epochs) == 2
    resume(run)
    assert len(run.state().epochs) == 3
