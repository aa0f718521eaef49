"""A run without the app: interrupts, hang-ups, and closed pipes.

Signals are sent while the engine answers a command, so they always come at the same point of the run.
"""

from __future__ import annotations

import errno
import os
import signal
import sys

import pytest

from engine import commands as cmd
from engine.commands import Command
from engine.events import Event
from tests.events_kit import RUN, confusion, ending, numbered, opening
from tests.fake_engine import FakeEngine, kinds
from tests.tui.cli_kit import CONFIG, engine_sending, engine_that, home, interrupted, short_run, signals, use_engine
from tui.cli.main import main
from tui.headless.survival import Fate

__all__ = ["home", "signals"]


def sends(number: signal.Signals, then: list[Event]) -> FakeEngine:
    """An engine that sends us a signal when a run starts, and emits `then` on an abort."""

    def answer(engine: FakeEngine, command: Command) -> None:
        if isinstance(command, cmd.Start):
            engine.push(*numbered(opening(CONFIG)))
            os.kill(os.getpid(), number)
        else:
            engine.push(*then)

    return engine_that(answer)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("how", ["--json", "--quiet"])
def test_the_first_interrupt_ends_the_run_with_a_checkpoint(
    how: str, number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = use_engine(monkeypatch, sends(number, interrupted()))
    assert main(["train", how]) == 130
    captured = capsys.readouterr()
    assert kinds(engine.commands) == [cmd.Start, cmd.Abort]
    assert captured.err.splitlines() == [
        "Stopping with a checkpoint. Press Ctrl+C again to exit immediately.",
        f"Interrupted at epoch 3.4. Resume with: mnist-tui resume {RUN}",
    ]
    if how == "--json":
        assert '"type":"finished"' in captured.out.splitlines()[-1]


@pytest.mark.usefixtures("signals")
def test_a_run_that_completes_after_all_has_not_been_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    end = numbered(ending(CONFIG, 2, table=confusion()), first=len(opening(CONFIG)))
    use_engine(monkeypatch, sends(signal.SIGINT, end))
    assert main(["train", "--quiet"]) == 0
    assert "Test accuracy" in capsys.readouterr().out


@pytest.mark.usefixtures("signals")
def test_a_second_interrupt_leaves_at_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def answer(engine: FakeEngine, command: Command) -> None:
        if isinstance(command, cmd.Start):
            engine.push(*numbered(opening(CONFIG)))
        os.kill(os.getpid(), signal.SIGINT)

    engine = use_engine(monkeypatch, engine_that(answer))
    assert main(["train", "--quiet"]) == 130
    assert kinds(engine.commands) == [cmd.Start, cmd.Abort]
    assert capsys.readouterr().err.endswith(f"\nExited while {RUN} was ending; `mnist-tui ls` shows its status.\n")
    assert engine.closed


@pytest.mark.usefixtures("signals")
def test_an_interrupt_before_the_run_begins_leaves_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = FakeEngine()

    async def connect() -> FakeEngine:
        os.kill(os.getpid(), signal.SIGINT)
        return await never_comes()

    async def never_comes() -> FakeEngine:
        async for _ in FakeEngine(ready=False).events():
            pass
        return engine

    monkeypatch.setattr("tui.headless.follow.start_engine", connect)
    assert main(["train"]) == 130
    assert capsys.readouterr() == ("", "Interrupted before the run started.\n")
    assert engine.commands == []


@pytest.mark.usefixtures("signals")
def test_a_hang_up_leaves_the_run_going(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    engine = use_engine(monkeypatch, sends(signal.SIGHUP, []))
    assert main(["train", "--quiet"]) == 129
    assert kinds(engine.commands) == [cmd.Start]
    assert engine.closed
    assert capsys.readouterr() == ("", f"{RUN} is still training. Reattach with: mnist-tui attach {RUN}\n")


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize(
    ("end", "words"),
    [
        (Fate("this is process 1", "", at_once=True), f"{RUN} ends here: this is process 1. Resume with: mnist-tui resume {RUN}"),
        (Fate("you log out", ""), f"{RUN} is still training, but only until you log out. Reattach with: mnist-tui attach {RUN}"),
    ],
)  # fmt: skip
def test_a_hang_up_promises_nothing_where_the_run_would_not_go_on(
    end: Fate, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tui.headless.report.fate", lambda: end)
    use_engine(monkeypatch, sends(signal.SIGHUP, []))
    assert main(["train", "--quiet"]) == 129
    assert capsys.readouterr() == ("", f"{words}\n")


@pytest.mark.usefixtures("signals")
def test_a_signal_that_was_ignored_from_the_start_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def answer(engine: FakeEngine, command: Command) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        engine.push(*short_run())

    use_engine(monkeypatch, engine_that(answer))
    assert main(["train", "--quiet"]) == 0
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize("how", [["--json"], []])
def test_a_reader_that_has_gone_ends_the_run_with_a_checkpoint(
    how: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(engine: FakeEngine, command: Command) -> None:
        engine.push(*(numbered(opening(CONFIG)) if isinstance(command, cmd.Start) else interrupted()))

    engine = use_engine(monkeypatch, engine_that(answer))
    prediction, writing = os.pipe()
    os.close(prediction)
    with os.fdopen(writing, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert main(["train", *how]) == 141
    assert kinds(engine.commands) == [cmd.Start, cmd.Abort]
    assert capsys.readouterr().err == ""


def test_a_terminal_that_has_gone_is_a_hang_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gone(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("tui.headless.presenters.Lines.show", gone)
    engine = use_engine(monkeypatch, engine_sending(numbered(opening(CONFIG))))
    assert main(["train"]) == 129
    assert kinds(engine.commands) == [cmd.Start]
