"""Controlling a run in training from the command line, with a real engine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine, Message
from engine.config import make_config
from engine.runs.folder import find_run
from tests.kit import write_tiny_set
from tui.cli.main import main


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    """An engine that trains for a long time, in its own home."""
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    data = write_tiny_set(tmp_path / "data")
    values = {"hidden": (8,), "epochs": 9999, "device": "cpu", "data_dir": str(data)}
    started = await Engine.start()
    await started.send(cmd.Start(config=make_config(values), name="long"))
    yield started
    await started.close()
    with contextlib.suppress(ProcessLookupError):
        os.kill(started.hello.pid, signal.SIGKILL)


async def until(engine: Engine, *kinds: type) -> Message:
    """The next message of one of these types."""
    async for message in engine.events():
        if isinstance(message, kinds):
            return message
    raise AssertionError(f"no {kinds}")


async def command_line(*words: str) -> int:
    """Run mnist-tui while the test's event loop runs."""
    return await asyncio.to_thread(main, words)


async def test_a_run_is_steered_from_the_command_line(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    await until(engine, ev.EpochEnded)
    assert await command_line("pause", "long") == 0
    paused = await until(engine, ev.Paused)
    assert capsys.readouterr().out == "long pauses after the current step.\n"
    assert await command_line("step") == 0  # the only run in progress
    stepped = await until(engine, ev.Paused)
    assert (paused.step + 1, stepped.step) == (stepped.step, stepped.step)  # type: ignore[union-attr]
    assert await command_line("resume", "long") == 0
    await until(engine, ev.Continued)
    assert await command_line("stop", "lon") == 0
    end = await until(engine, ev.Finished)
    assert (end.outcome, end.test is None) == ("stopped", False)  # type: ignore[union-attr]
    capsys.readouterr()
    assert await command_line("abort", "long") == 2
    assert "long is not running" in capsys.readouterr().err


async def test_a_change_without_an_effect_is_made_and_said_to_have_none(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    await until(engine, ev.Progress)
    for words, said in (
        (["momentum=0.5"], "momentum 0.5 (has no effect with adam)"),
        (["dropout=0.1"], "dropout 0.1"),
        (["optimizer=sgd", "momentum=0.9"], "optimizer sgd, momentum 0.9"),
        (["beta1=0.8"], "beta1 0.8 (has no effect with sgd)"),
        (["--undo"], "beta1 0.9 (has no effect with sgd)"),
    ):
        assert await command_line("set", "long", *words) == 0
        assert capsys.readouterr().out == f"long continues with {said}.\n"
    assert await command_line("abort", "long") == 0
    await until(engine, ev.Finished)


async def test_aborting_ends_without_a_test(engine: Engine) -> None:
    await until(engine, ev.Progress)
    assert await command_line("abort", "long") == 0
    end = await until(engine, ev.Finished)
    assert (end.outcome, end.test) == ("aborted", None)  # type: ignore[union-attr]
    assert find_run("long").status() == "aborted"
