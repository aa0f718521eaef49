"""An engine as a process of its own: started, steered, killed, resumed, and gone."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine, Lost
from engine.config import TrainConfig, make_config
from engine.errors import EngineProblem, Problem
from engine.runs.folder import find_run, read_session
from engine.state.run_state import RunState, fold, reduce
from tests.engine.process_kit import config, engine, events, gone, home, is_a, until

__all__ = ["config", "engine", "home"]

pytestmark = [pytest.mark.timeout(90), pytest.mark.asyncio(loop_scope="module")]


async def test_a_run_over_the_socket_is_the_run_in_its_folder(engine: Engine, config: TrainConfig) -> None:
    reply = await engine.send(cmd.Start(config=config, preset="blog-adam"))
    seen = events(await until(engine, is_a(ev.Finished)))
    assert [e.seq for e in seen] == list(range(len(seen)))
    run = find_run(reply.result["run"])
    assert run.state() == fold(seen)
    assert run.finished() is not None
    assert run.read_config() == config
    assert run.checkpoint("last").exists() and run.checkpoint("best").exists()
    assert run.status() == "finished"
    state = fold(seen)
    assert (state.status, state.position, len(state.epochs)) == ("ended", 3.0, 3)
    assert state.started is not None and state.started.machine.threads == 1


async def test_leaving_does_not_end_a_run_and_an_idle_engine_ends_by_itself(config: TrainConfig) -> None:
    engine = await Engine.start()
    name = (await engine.send(cmd.Start(config=make_config({"epochs": 60}, config)))).result["run"]
    await until(engine, is_a(ev.EpochEnded))
    pid = engine.hello.pid
    await engine.close()
    run = find_run(name)
    assert run.status() == "running"
    back = await Engine.attach(read_session(run))
    state = fold(events(await until(back, is_a(ev.Finished))))
    assert state.finished is not None and state.finished.outcome == "completed"
    await back.close()
    assert await gone(pid)
    assert run.status() == "finished"
    assert not run.session.exists()


async def test_pause_step_continue_stop(engine: Engine, config: TrainConfig) -> None:
    await engine.send(cmd.Start(config=make_config({"epochs": 5000}, config)))
    await until(engine, is_a(ev.EpochEnded))
    await engine.send(cmd.Pause())
    paused = (await until(engine, is_a(ev.Paused)))[-1]
    await engine.send(cmd.StepBatch())
    assert (await until(engine, is_a(ev.Paused)))[-1].step == paused.step + 1
    await engine.send(cmd.Continue())
    await until(engine, is_a(ev.Continued))
    await engine.send(cmd.Stop())
    end = (await until(engine, is_a(ev.Finished)))[-1]
    assert end.outcome == "stopped"
    assert end.test is not None


async def test_killed_by_force_it_is_said_and_resumed_to_the_same_numbers(config: TrainConfig) -> None:
    longer = make_config({"epochs": 40}, config)
    engine = await Engine.start()
    name = (await engine.send(cmd.Start(config=longer))).result["run"]
    await until(engine, lambda m: isinstance(m, ev.CheckpointSaved) and m.kind == "last" and m.epoch >= 3)
    os.kill(engine.hello.pid, signal.SIGKILL)
    lost = (await until(engine, is_a(Lost)))[-1]
    assert "SIGKILL" in lost.reason and not lost.expected
    with pytest.raises(EngineProblem, match="gone"):
        await engine.send(cmd.Pause())
    await engine.close()
    assert find_run(name).status() == "interrupted"

    half_written = find_run(name).path / ".last.pt.12345.tmp"
    half_written.write_bytes(b"half a checkpoint")

    second = await Engine.start()
    await second.send(cmd.ResumeRun(run=name))
    await until(second, is_a(ev.Finished))
    assert not half_written.exists()
    await second.send(cmd.Start(config=longer, name="straight"))
    await until(second, is_a(ev.Finished))
    await second.close()
    resumed, straight = find_run(name).state(), find_run("straight").state()
    assert figures(resumed) == figures(straight)
    assert resumed.test is not None and straight.test is not None
    assert resumed.test.loss == straight.test.loss


def figures(state: RunState) -> list[tuple[object, ...]]:
    """Every epoch's figures but the times."""
    return [
        (e.epoch, e.step, e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy, e.gradient_norm)
        for e in state.epochs
    ]


async def test_told_to_terminate_it_saves_and_goes(config: TrainConfig) -> None:
    engine = await Engine.start()
    name = (await engine.send(cmd.Start(config=make_config({"epochs": 5000}, config)))).result["run"]
    await until(engine, is_a(ev.EpochEnded))
    os.kill(engine.hello.pid, signal.SIGTERM)
    lost = (await until(engine, is_a(Lost)))[-1]
    assert lost.expected
    assert await gone(engine.hello.pid)
    assert find_run(name).status() == "aborted"


async def test_evaluating_a_run_is_a_look_that_counts(engine: Engine, config: TrainConfig) -> None:
    name = (await engine.send(cmd.Start(config=config))).result["run"]
    end = (await until(engine, is_a(ev.Finished)))[-1]
    await engine.send(cmd.EvaluateRun(run=name))
    tested = (await until(engine, is_a(ev.Tested)))[-1]
    assert (tested.test.accuracy, tested.test.loss) == (end.test.accuracy, end.test.loss)
    assert tested.test.wrong_images == end.test.wrong_images
    assert len(find_run(name).state().test_evaluations) == 2


async def test_a_finished_run_takes_more_epochs(engine: Engine, config: TrainConfig) -> None:
    name = (await engine.send(cmd.Start(config=config))).result["run"]
    await until(engine, is_a(ev.Finished))
    with pytest.raises(Problem, match="has already trained 3 epochs"):
        await engine.send(cmd.ResumeRun(run=name))
    await engine.send(cmd.ResumeRun(run=name, epochs=5))
    await until(engine, is_a(ev.Finished))
    state = find_run(name).state()
    assert [e.epoch for e in state.epochs] == [1, 2, 3, 4, 5]
    assert state.config.epochs == 5


async def test_devices_are_described(engine: Engine) -> None:
    reply = await engine.send(cmd.ListDevices())
    assert reply.result["devices"][0]["device"] == "cpu"
    assert reply.result["default"]["reason"]


NOISY = """
import atexit, os, threading, warnings
def noise():
    print("printed by something")
    os.write(2, b"written to the descriptor\\n")
    warnings.warn("a library warns")
if "engine.worker" in " ".join(__import__("sys").orig_argv):
    import importlib.abc, sys
    class Once(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path, target=None):
            if name == "engine.worker.training.jobs":
                noise()
                os.system("echo printed by a child")
            return None
    sys.meta_path.insert(0, Once())
"""


async def test_what_anything_prints_becomes_log_lines(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(NOISY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)
    engine = await Engine.start()
    await engine.send(cmd.Start(config=make_config({"epochs": 2000}, config)))
    wanted = ["printed by something", "written to the descriptor", "a library warns", "printed by a child"]
    state = RunState()
    async for message in engine.events():
        if isinstance(message, ev.Base):
            state = reduce(state, message)  # type: ignore[arg-type]
        if all(any(w in line for line in state.log) for w in wanted):
            break
    await engine.send(cmd.Abort())
    await until(engine, is_a(ev.Finished))
    await engine.close()


async def test_an_engine_that_cannot_start_says_why(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(EngineProblem, match="The engine did not start"):
        await Engine.start()


async def test_the_engine_gives_way_to_the_screen(engine: Engine) -> None:
    process = psutil.Process(engine.hello.pid)
    assert process.nice() > psutil.Process().nice()
    assert process.environ()["OMP_WAIT_POLICY"] == "PASSIVE"
    assert os.getsid(engine.hello.pid) != os.getsid(0)
