"""``mnist-tui replay`` of branches, over the command line and with real engines."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine
from engine.config import TrainConfig, make_config
from engine.errors import ConfigProblem, Problem
from engine.runs.folder import all_runs, find_run
from tests.kit import home_of_our_own, write_tiny_set
from tui.views.mark_texts import mark_text

pytestmark = [pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainConfig]:
    home = tmp_path_factory.mktemp("home")
    with home_of_our_own(home):
        data = write_tiny_set(home / "data", train=600, test=64)
        values = {"hidden": (16,), "batch_size": 10, "epochs": 2, "device": "cpu", "data_dir": str(data)}
        yield make_config(values)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(config: TrainConfig) -> AsyncIterator[Engine]:
    """An engine in whose home there are the runs `root` and `first`, a branch of it."""
    started = await Engine.start()
    await started.send(cmd.Start(config=config, name="root"))
    await ended(started)
    await started.send(cmd.Branch(run="root", name="first", values={"epochs": 4, "learning_rate": 0.01}))
    await ended(started)
    yield started
    await started.close()
    with contextlib.suppress(ProcessLookupError):
        os.kill(started.hello.pid, signal.SIGKILL)


async def ended(engine: Engine) -> ev.Finished:
    async for message in engine.events():
        if isinstance(message, ev.Finished):
            return message
    raise AssertionError("no end")


def said(*words: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-P", "-m", "tui", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


async def test_a_branch_of_a_branch_with_a_change_and_a_stop_comes_out_the_same(engine: Engine) -> None:
    await engine.send(cmd.Branch(run="first", name="second", values={"epochs": 9999, "optimizer": "sgd"}))
    changed = False
    async for message in engine.events():
        match message:
            case ev.EpochEnded(epoch=6):
                await engine.send(cmd.Change(values={"learning_rate": 0.02, "dropout": 0.1}))
            case ev.Changed():
                changed = True
            case ev.Progress() if changed:
                await engine.send(cmd.Stop())
                changed = False
            case ev.Finished():
                break
    for name in ("first", "second"):
        code, words = said("replay", name, "--name", f"{name}-again")
        assert (code, words.splitlines()[-1]) == (0, f"All results are identical to {name}.")
    told, made = find_run("second").state(), find_run("second-again").state()
    assert told.parent is not None and told.parent == made.parent
    assert (told.preset, [mark_text(m) for m in told.marks if m.kind == "changed"]) == (
        made.preset,
        [mark_text(m) for m in made.marks if m.kind == "changed"],
    )
    assert made.finished is not None and made.finished.outcome == "stopped"


async def test_where_the_parent_has_gone_on_or_is_gone_one_sentence_says_what_is_missing(engine: Engine) -> None:
    shutil.copytree(find_run("root").path, find_run("root").path.parent / "kept-root")
    assert said("resume", "root", "--epochs", "5", "--quiet")[0] == 0
    before = len(all_runs())
    code, words = said("replay", "first")
    assert (code, words.count("\n")) == (2, 1)
    assert "The branch started from root's checkpoint of epoch 2, step 100, which no longer exists" in words
    assert "--keep-every N keeps checkpoints for this." in words
    find_run("root").path.rename(find_run("root").path.parent / "moved")
    code, words = said("replay", "first")  # and kept-root, whose name holds the other, is not taken for it
    assert (code, words) == (
        2,
        "mnist-tui: The branch started from a checkpoint of root, which no longer exists, so it cannot be replayed.\n",
    )
    assert len(all_runs()) == before


async def test_a_plan_that_cannot_be_made_is_refused_before_anything_is_made(engine: Engine) -> None:
    before = len(all_runs())
    change = cmd.PlannedChange(step=300, values={"dropout": 7})
    with pytest.raises(ConfigProblem, match="Dropout: 7 is out of range"):
        await engine.send(cmd.Branch(run="first", values={"epochs": 6}, changes=(change,)))
    origin = ev.Parent(run="nobody", at="last", epoch=1, step=1)
    with pytest.raises(Problem, match="a checkpoint of nobody, which no longer exists"):
        await engine.send(cmd.Branch(run="nobody", origin=origin))
    assert len(all_runs()) == before
