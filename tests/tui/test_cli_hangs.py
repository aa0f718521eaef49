"""A run without the app whose engine is slow or does not respond."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping

import pytest

from engine import commands as cmd
from engine.commands import Command
from engine.events import Phase, Progress
from engine.protocol import Reply
from engine.state.startup_stages import STAGES, Stage, Wait
from tests.events_kit import RUN, numbered, opening
from tests.fake_engine import FakeEngine
from tests.tui.cli_kit import CONFIG, home, interrupted, signals, use_engine
from tui.cli.main import main
from tui.headless import follow, waiting

__all__ = ["home", "signals"]


class Deaf(FakeEngine):
    """Starts a run and does not respond after that."""

    async def send(self, command: Command, heard: object = None) -> Reply:
        self.commands.append(command)
        if isinstance(command, cmd.Abort):
            await asyncio.Event().wait()
        self.push(*numbered(opening(CONFIG)))
        os.kill(os.getpid(), signal.SIGINT)
        return Reply(id=1)


@pytest.mark.usefixtures("signals")
def test_an_engine_that_does_not_answer_is_ended_by_force(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(follow, "ANSWER_SECONDS", 0.05)
    engine = Deaf()
    use_engine(monkeypatch, engine)
    assert main(["train", "--quiet"]) == 130
    assert engine.ended
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"The engine did not respond and was killed. Resume with: mnist-tui resume {RUN}"
    )


@pytest.mark.usefixtures("signals")
def test_an_engine_that_obeys_is_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "OBEY_SECONDS", 0.0)
    engine = FakeEngine()

    def answer(command: Command) -> None:
        if isinstance(command, cmd.Start):
            engine.push(*numbered([*opening(CONFIG), Phase(name="training", text="training")]))
            os.kill(os.getpid(), signal.SIGINT)
        else:
            engine.push(*interrupted())

    engine.answer = answer
    use_engine(monkeypatch, engine)
    assert main(["train", "--quiet"]) == 130
    assert not engine.ended


def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: Mapping[Stage, Wait] = {name: Wait(wait.doing, 0.0) for name, wait in STAGES.items()}
    monkeypatch.setattr("engine.state.startup_stages.STAGES", limits)
    monkeypatch.setattr(waiting, "CHECK_SECONDS", 0.001)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("name", ["importing", "data", "building", "first_step"])
def test_what_takes_long_before_the_first_step_is_said(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    short_limits(monkeypatch)
    created = opening(CONFIG)[0]
    engine = FakeEngine(ready=False)
    phase = Phase(name=name, text="")  # type: ignore[arg-type]
    engine.answer = lambda command: engine.push(
        *(numbered([created, phase]) if isinstance(command, cmd.Start) else interrupted())
    )
    said: list[str] = []

    def notify(_: object, text: str) -> None:
        said.append(text)
        if text.startswith("Still "):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("tui.headless.presenters.Lines.notify", notify)
    use_engine(monkeypatch, engine)
    assert main(["train", "--quiet"]) == 130
    reported = [text for text in said if STAGES[name].doing in text]  # type: ignore[index]
    assert reported
    assert reported[0] == f"Still {STAGES[name].doing} after 0 s; press Ctrl+C to abort."  # type: ignore[index]


def test_nothing_is_said_of_a_run_that_trains(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.tui.cli_kit import engine_sending, short_run

    assert any(isinstance(event, Progress) for event in short_run())
    use_engine(monkeypatch, engine_sending(short_run()))
    assert main(["train", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
