"""`mnist-tui experiment`: its command, its output, its exit status."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

import msgspec
import pytest

from engine import commands as cmd
from engine.client import Lost, Message
from engine.commands import Command
from engine.errors import EngineProblem
from engine.events import Event
from engine.experiments import experiments
from engine.protocol import ExperimentOver, encode
from tests.fake_engine import FakeEngine, kinds, refusing
from tests.tui.cli_kit import engine_that, home, signals, use_engine
from tests.tui.experiment_kit import GROUP, SGD, arm_events, write_arm
from tui.cli.main import main

__all__ = ["home", "signals"]

OVER = ExperimentOver(experiment="sgd-vs-adam", group=GROUP)


def performs(*arms: list[Event], over: ExperimentOver = OVER, known: int = 0) -> FakeEngine:
    """An engine that trains these arms on command; the first `known` were trained before."""

    def answer(engine: FakeEngine, command: Command) -> None:
        if isinstance(command, cmd.Experiment):
            for events in arms[known:]:
                write_arm(events)
            messages: list[Message] = [event for events in arms for event in events]
            engine.push(*messages, over)

    return engine_that(answer)


def test_without_a_name_each_is_listed_with_its_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(experiments())
    assert lines[0].endswith(SGD.question)
    assert main(["experiment", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found[0]["compares"] == ["optimizer"]
    assert [arm["preset"] for arm in found[0]["arms"]] == ["blog-sgd", "blog-adam"]


def test_all_arms_are_shown_and_then_what_was_seen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = use_engine(monkeypatch, performs(arm_events(1), arm_events(2)))
    assert main(["experiment", "sgd-vs-adam", "--seed", "7", "--name", "mine"]) == 0
    assert engine.commands == [cmd.Experiment(experiment="sgd-vs-adam", values={"seed": 7}, name="mine")]
    assert engine.closed
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert [line.split(":")[0] for line in lines if line.startswith("Run s")] == [
        "Run sgd-vs-adam-1.1-sgd (run 1 of 2 of the experiment sgd-vs-adam)",
        "Run sgd-vs-adam-1.2-adam (run 2 of 2 of the experiment sgd-vs-adam)",
    ]
    assert sum(line.startswith("epoch") and "/25" in line for line in lines) == 4
    at = lines.index(f"{GROUP}: {SGD.question}")
    assert lines[at + 2].split("  ")[0] == "run" and "test accuracy" in lines[at + 2]
    assert lines[at + 3].startswith("SGD   finished") and "87.40%" in lines[at + 3]
    assert lines[at + 4].startswith("Adam  finished") and "97.70%" in lines[at + 4]
    chart = lines.index("Validation accuracy")
    assert "SGD 95.54%" in lines[chart + 1] and "Adam 95.54%" in lines[chart + 1]
    assert all(line.isascii() for line in lines[chart : chart + 18])  # ASCII unless it is a terminal
    end = " ".join(lines[chart + 18 :])
    assert "Seen: After 2 epochs at a rate of 0.001, Adam reads 97.7% of the test images" in end
    assert "SGD 87.4%" in end


def test_json_is_every_event_and_then_one_summary(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    arms = arm_events(1), arm_events(2)
    use_engine(monkeypatch, performs(*arms))
    assert main(["experiment", "sgd-vs-adam", "--json"]) == 0
    out = capfdbinary.readouterr().out
    events = b"".join(encode(event) for events in arms for event in events)
    assert out.startswith(events)
    summary = json.loads(out[len(events) :])
    assert (summary["type"], summary["group"], summary["shown"]) == ("experiment_summary", GROUP, True)
    assert [(a["run"], a["status"]) for a in summary["arms"]] == [
        (f"{GROUP}.1-sgd", "completed"),
        (f"{GROUP}.2-adam", "completed"),
    ]
    assert [a["figures"]["test_accuracy"] for a in summary["arms"]] == [0.874, 0.977]
    assert all(
        low < share < high
        for a in summary["arms"]
        for low, high in [a["interval"]]
        for share in [a["figures"]["test_accuracy"]]
    )


def test_quiet_leaves_the_ends_the_table_and_the_conclusion(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_engine(monkeypatch, performs(arm_events(1), arm_events(2)))
    assert main(["experiment", "sgd-vs-adam", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "epoch 1/25" not in out and "Validation accuracy\n" not in out
    assert "97.70%" in out and "Seen: " in out


def test_the_latest_is_shown_again_without_an_engine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = use_engine(monkeypatch, FakeEngine())
    assert main(["experiment", "sgd-vs-adam", "--show"]) == 2
    assert "There is no performance of sgd-vs-adam yet" in capsys.readouterr().err
    write_arm(arm_events(1))
    write_arm(arm_events(2, outcome="diverged"))
    write_arm([msgspec.structs.replace(event, time=event.time + 3600) for event in arm_events(1, group="other")])
    assert main(["experiment", "sgd-vs-adam", "--show", "--name", GROUP]) == 0
    out = capsys.readouterr().out
    assert "Adam  diverged" in out
    assert main(["experiment", "sgd-vs-adam", "--show", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["group"] == "other" and found["shown"] is None
    assert [a["status"] for a in found["arms"]] == ["completed", "waiting"]
    assert engine.commands == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["none"], "There is no experiment 'none'"),
        (["sgd-vs-adam", "--preset", "quick"], "--preset cannot be used here"),
        (["sgd-vs-adam", "--optimizer", "adam"], "--optimizer is what sgd-vs-adam compares"),
        (["sgd-vs-adam", "--epochs", "0"], "Epochs: 0 is out of range"),
        (["sgd-vs-adam", "--resume", "--epochs", "3"], "--epochs cannot be used here"),
        (["sgd-vs-adam", "--show", "--seed", "3"], "--seed cannot be used here"),
        (["sgd-vs-adam", "--show", "--resume"], "--show trains nothing"),
        (["sgd-vs-adam", "--resume"], "There is no performance of sgd-vs-adam yet"),
        (["--seed", "1"], "Which experiment?"),
        (["--show"], "Which experiment?"),
    ],
)
def test_what_cannot_be_is_refused_before_an_engine_is_started(
    words: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = use_engine(monkeypatch, FakeEngine())
    assert main(["experiment", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith(f"mnist-tui: {sentence}")
    assert engine.commands == []


def test_of_other_settings_only_the_machine_and_the_data_count(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = use_engine(monkeypatch, performs(arm_events(1), arm_events(2)))
    monkeypatch.setenv("MNIST_TUI_THREADS", "2")
    monkeypatch.setenv("MNIST_TUI_LEARNING_RATE", "5")
    monkeypatch.setenv("MNIST_TUI_PRESET", "quick")
    assert main(["experiment", "sgd-vs-adam"]) == 0
    assert engine.commands == [cmd.Experiment(experiment="sgd-vs-adam", values={"threads": 2})]


def test_it_is_gone_on_with_where_it_was_broken_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_arm(arm_events(1, epochs=1))
    engine = use_engine(monkeypatch, performs(arm_events(1, epochs=1), arm_events(2), known=1))
    assert main(["experiment", "sgd-vs-adam", "--resume"]) == 0
    assert engine.commands == [cmd.Experiment(experiment="sgd-vs-adam", resume=True)]
    assert "97.70%" in capsys.readouterr().out


def test_what_is_known_of_the_arm_that_goes_on_is_not_printed_again(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    write_arm(arm_events(1))
    whole = arm_events(2)
    begun = next(n for n, e in enumerate(whole) if e.__struct_config__.tag == "checkpoint_saved")
    write_arm(whole[:begun])

    def answer(engine: FakeEngine, command: Command) -> None:
        engine.push(*whole, OVER)

    use_engine(monkeypatch, engine_that(answer))
    assert main(["experiment", "sgd-vs-adam", "--resume", "--json"]) == 0
    lines = capfdbinary.readouterr().out.splitlines(keepends=True)
    assert lines[:-1] == [encode(event) for event in whole[begun:]]


@pytest.mark.usefixtures("signals")
def test_an_interrupt_ends_all_of_it_and_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = "sgd-vs-adam-1 was aborted at Adam (2 of 2). mnist-tui experiment sgd-vs-adam --resume continues with it."
    whole = arm_events(2, epochs=1, outcome="aborted")

    def answer(engine: FakeEngine, command: Command) -> None:
        if isinstance(command, cmd.Experiment):
            write_arm(arm_events(1))
            engine.push(*arm_events(1), *whole[:-1])
            os.kill(os.getpid(), signal.SIGINT)
        else:
            write_arm(whole)
            engine.push(whole[-1], ExperimentOver(experiment="sgd-vs-adam", group=GROUP, fault=fault))

    engine = use_engine(monkeypatch, engine_that(answer))
    assert main(["experiment", "sgd-vs-adam"]) == 130
    assert kinds(engine.commands) == [cmd.Experiment, cmd.Abort]
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [
        "Stopping with a checkpoint. Press Ctrl+C again to exit immediately.",
        f"mnist-tui: {fault}",
    ]
    assert "Not known: " in captured.out and "Adam was aborted after 1.0 of 25 epochs." in captured.out


@pytest.mark.parametrize(
    ("make", "status"),
    [(lambda: arm_events(1, epochs=0, outcome="failed", fault="data"), 3), (lambda: arm_events(1), 4)],
)
def test_where_it_ended_too_early_the_status_says_why(
    make: Callable[[], list[Event]], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    over = ExperimentOver(experiment="sgd-vs-adam", group=GROUP, fault="It could not go on.")
    use_engine(monkeypatch, performs(make(), over=over))
    assert main(["experiment", "sgd-vs-adam", "--quiet"]) == status
    assert capsys.readouterr().err == "mnist-tui: It could not go on.\n"


def test_an_arm_that_diverges_is_a_result_like_any_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_engine(monkeypatch, performs(arm_events(1, epochs=0, outcome="diverged"), arm_events(2)))
    assert main(["experiment", "sgd-vs-adam"]) == 0
    captured = capsys.readouterr()
    assert "SGD   diverged" in captured.out and captured.err == ""


def test_an_engine_that_refuses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    engine = use_engine(monkeypatch, FakeEngine())
    engine.answer = refusing(EngineProblem("No."))
    assert main(["experiment", "sgd-vs-adam"]) == 4
    assert capsys.readouterr() == ("", "mnist-tui: No.\n")


def test_an_engine_that_is_lost_leaves_an_experiment_to_go_on_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = arm_events(1)
    use_engine(
        monkeypatch, engine_that(lambda engine, _: engine.push(*whole[:-2], Lost("The engine was ended by SIGKILL.")))
    )
    assert main(["experiment", "sgd-vs-adam", "--quiet"]) == 4
    assert capsys.readouterr().err == (
        "mnist-tui: The engine was ended by SIGKILL. "
        "Resume from the last checkpoint with: mnist-tui experiment sgd-vs-adam --resume\n"
    )
    write_arm(whole[:-2])
    assert main(["experiment", "sgd-vs-adam", "--show", "--json"]) == 0
    assert [a["status"] for a in json.loads(capsys.readouterr().out)["arms"]] == ["interrupted", "waiting"]
