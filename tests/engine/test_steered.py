"""A run that is steered over its socket, and then run again from its log to the same figures."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine
from engine.config import TrainConfig, make_config
from engine.errors import ConfigProblem, EngineProblem
from engine.settings import presets
from engine.state.run_state import fold
from tests.engine.steered_kit import an_engine
from tests.kit import home_of_our_own, write_tiny_set

pytestmark = [pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainConfig]:
    """The tutorial's run with SGD on a small set: 125 steps an epoch."""
    home = tmp_path_factory.mktemp("home")
    with home_of_our_own(home):
        data = write_tiny_set(home / "data", train=1200, test=64)
        values = {"batch_size": 8, "epochs": 12, "device": "cpu", "data_dir": str(data)}
        yield make_config(values, presets()["blog-sgd"].config)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(config: TrainConfig) -> AsyncIterator[Engine]:
    async with an_engine("screen") as started:
        yield started


def said(*words: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-P", "-m", "tui", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


async def test_changes_pause_undo_and_then_the_same_again(engine: Engine, config: TrainConfig) -> None:
    await engine.send(cmd.Start(config=config, name="steered"))
    events: list[ev.Event] = []
    changed = paused = False
    async for message in engine.events():
        if not isinstance(message, ev.Base):
            continue
        events.append(message)  # type: ignore[arg-type]
        match message:
            case ev.Progress(step=step) if step >= 500 and not changed:
                changed = True
                first = await engine.send(cmd.Change(values={"learning_rate": 0.01}))
                assert first.result == {"changed": {"learning_rate": 0.01}, "no_effect": {}}
                await engine.send(cmd.Change(values={"dropout": 0.2}))
                await engine.send(cmd.Change(values={"optimizer": "adam"}))
                with pytest.raises(
                    ConfigProblem, match="Dropout: 2 is out of range; expected a number from 0 to below 1"
                ):
                    await engine.send(cmd.Change(values={"dropout": 2}))
                with pytest.raises(ConfigProblem, match="Hidden sizes: cannot be changed during training"):
                    await engine.send(cmd.Change(values={"hidden": [3]}))
                await engine.send(cmd.Pause())
            case ev.Paused() if not paused:
                paused = True
                await engine.send(cmd.Undo())
                await engine.send(cmd.Continue())
            case ev.Finished():
                break
    told = [(e.name, e.old, e.new, e.note) for e in events if isinstance(e, ev.Changed)]
    assert told == [
        ("learning_rate", "0.001", "0.01", ""),
        ("dropout", "0.5", "0.2", ""),
        ("optimizer", "sgd", "adam", "its state is reset"),
        ("optimizer", "adam", "sgd", "its state is reset"),
    ]
    state = fold(events)
    assert [mark.kind for mark in state.marks] == ["changed", "changed", "changed", "paused", "changed", "continued"]
    assert (state.config.learning_rate, state.config.dropout, state.config.optimizer) == (0.01, 0.2, "sgd")
    with pytest.raises(EngineProblem, match="No run in progress"):
        await engine.send(cmd.Undo())

    assert said("replay", "steered", "--name", "again", "--quiet")[0] == 0
    code, words = said("replay", "again", "--name", "and-again")
    assert code == 0 and words.splitlines()[-1] == "All results are identical to again."


async def test_what_is_set_from_a_script_is_told_to_everybody(engine: Engine, config: TrainConfig) -> None:
    await engine.send(cmd.Start(config=make_config({"epochs": 10_000}, config), name="long"))

    assert said("set", "lr=3e-4", "dropout=0.2") == (0, "long continues with dropout 0.2, learning_rate 0.0003.\n")
    assert said("set", "long", "dropout=0.2") == (0, "long already has these values.\n")
    code, words = said("set", "dropout=nan")
    assert code == 2 and "Dropout" in words and "expected a number from 0 to below 1" in words
    assert said("set", "--undo") == (0, "long continues with dropout 0.5, learning_rate 0.001.\n")
    code, words = said("set")
    assert (code, words) == (2, "mnist-tui: Expected a change, for example lr=3e-4, or --undo.\n")
    await engine.send(cmd.Abort())
    seen = []
    async for message in engine.events():
        if isinstance(message, ev.Changed):
            seen.append((message.name, message.new))
        if isinstance(message, ev.Finished) and message.run == "long":
            break
    assert seen[-4:] == [
        ("dropout", "0.2"),
        ("learning_rate", "0.0003"),
        ("dropout", "0.5"),
        ("learning_rate", "0.001"),
    ]
