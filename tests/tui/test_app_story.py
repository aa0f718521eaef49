"""What the screen tells of a run, from its beginning to whatever end."""

from __future__ import annotations

import msgspec
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.client import Lost
from engine.errors import EngineProblem
from engine.settings import effective
from engine.state.run_state import fold
from tests import events_kit as kit
from tests.fake_engine import FakeEngine
from tests.tui.app_kit import Jumping, Stage, stage
from tui.app.app import MnistApp


async def test_before_a_run_it_says_how_to_start_and_what_to_watch() -> None:
    async with stage() as on:
        assert "r trains blog-adam" in on.status
        assert "What to watch" in on.results
        assert "passes 95%" in on.results


async def test_while_it_trains_every_figure_has_its_split_and_place() -> None:
    async with stage(
        kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1), *kit.epoch_events(kit.BLOG, 2)[:6]])
    ) as on:
        assert "validation accuracy 94.45%, epoch 1/25" in on.status
        assert "training loss 0." in on.status
        assert "epoch 2 of 25" in on.status
        assert "cpu, 2 threads" in on.status
        assert "40,000 images/s" in on.status
        assert "k images seen" in on.status
        assert "best so far: epoch 1 of 25" in on.results
        assert "final test: at the end" in on.results
        assert "mnist-tui  brave-otter" in on.text()


async def test_at_the_end_the_test_is_told_with_its_interval() -> None:
    async with stage(kit.whole_run()) as on:
        for words in (
            "Final test",
            "test accuracy",
            "95% interval 97.50 to 98.08%",
            "219 of 10,000 misclassified",
            "test loss 0.0731",
            "4 → 9: 22",
            "25 epochs in 36 s",
        ):
            assert words in on.results
        assert "test accuracy 97.81%" in on.status
        assert "finished" in on.status


async def test_the_accuracy_itself_is_written_where_only_ascii_can_be() -> None:
    async with stage(kit.whole_run(epochs=1), ascii=True) as on:
        assert "97.81%" in on.results
        for mode in ("1", "2", "3", "question_mark"):
            await on.press(mode)
            assert on.text().isascii()
        await on.press("q", "1", "o")
        assert on.text().isascii()


async def test_a_network_that_learned_nothing_is_not_shown_as_a_result() -> None:
    events = [*kit.opening(), *kit.epoch_events(kit.BLOG, 1), *kit.ending(kit.BLOG, 1, table=kit.collapsed(3))]
    async with stage(kit.numbered(events)) as on:
        words = " ".join(on.results.split())
        assert "Reads everything as 3: it has learned nothing" in words.replace(" Error rate by digit", "")
        assert "interval" not in on.results
        assert "reads everything as 3: it has learned nothing" in on.status


async def test_a_divergence_is_told_with_its_step_and_what_to_do() -> None:
    async with stage(kit.diverged_run()) as on:
        assert "Diverged at step 12, epoch 1" in on.results
        assert "Try a learning rate of a third or a tenth." in on.results
        assert "diverged" in on.status
        assert "diverged at step 12" in on.text()
        await on.press("r")
        assert [type(c) for c in on.engine.commands] == [cmd.Start]


async def test_a_divergence_has_one_step_wherever_it_is_told() -> None:
    """Some more steps are made before the loss is looked at: none of them is told."""
    *before, end = kit.diverged_run()
    assert isinstance(end, ev.Finished)
    told = msgspec.structs.replace(end, diverged_at=11, reason=end.reason.replace("step 12", "step 11"))
    async with stage([*before, told]) as on:
        assert "Diverged at step 11, epoch 1" in on.results
        assert "diverged at step 11, epoch 1" in on.text()
        assert "any more at step 11" in on.text()
        assert "step 11" in on.status
        await on.press("i")
        assert "not finite at step 11" in on.text()
        assert "step 12" not in on.text() + on.results + on.status


@pytest.mark.parametrize(
    ("fault", "reason", "remedy"),
    [
        ("memory", "The device has no memory left for this batch.", "Take a smaller batch"),
        ("device", "There is no cuda here.", "Take another device"),
        ("disk", "The disk is full.", "Make room on the disk"),
        ("data", "The labels file is damaged.", "Put the data right"),
    ],
)
async def test_a_failure_is_told_with_its_reason_and_a_remedy(fault: ev.Fault, reason: str, remedy: str) -> None:
    end = kit.ending(kit.BLOG, 0, outcome="failed", fault=fault, reason=reason, step=0)
    async with stage(kit.numbered([*kit.opening(), *end])) as on:
        assert "Failed" in on.results
        assert reason in on.results
        assert remedy in on.results
        assert reason in on.status
        assert "Traceback" not in on.text()


async def test_an_aborted_run_says_how_to_go_on() -> None:
    end = kit.ending(
        kit.BLOG, 1, outcome="aborted", reason="Aborted after 1.40 of 25 epochs, without a test.", step=1100
    )
    async with stage(kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1), *end])) as on:
        words = " ".join(on.results.split())
        assert "Aborted at step 1,100, epoch 2" in on.results
        assert "2, then c: resume" in words


@pytest.mark.parametrize("cut", [0, 1, 5, 40, -1])
async def test_one_who_comes_late_sees_the_same(cut: int) -> None:
    events = kit.whole_run(epochs=3)
    async with stage(events[:cut]) as there, stage() as late:
        await there.tell(*events[cut:])
        await late.tell(*events)
        assert there.text() == late.text()
        assert there.app.snapshot.state == late.app.snapshot.state == fold(events)


async def test_a_lost_engine_is_told_and_r_starts_another() -> None:
    async with stage(kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)])) as on:
        await on.tell(Lost("The engine was ended by SIGKILL (out of memory?).", log=("starting", "Killed")))
        words = " ".join(on.results.split())
        assert "The engine is gone" in on.results
        assert "SIGKILL" in words
        assert "Killed" in on.results
        assert "SIGKILL" in on.status
        assert not on.train.form.locked
        await on.press("r")
        await on.settle()
        assert [type(c) for c in on.engine.commands] == [cmd.Start]
        assert "SIGKILL" not in on.status


async def test_an_engine_that_does_not_start_is_told_of() -> None:
    engine, tries = FakeEngine(), []

    async def connect() -> FakeEngine:
        tries.append(1)
        if len(tries) == 1:
            raise EngineProblem("The engine did not start: no space left on device")
        return engine

    app = MnistApp(effective(), connect, clock=Jumping())
    async with app.run_test(size=(120, 35)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        on = Stage(app, engine, pilot)
        assert "no space left on device" in on.status
        await pilot.press("r")
        await on.settle()
        assert [type(c) for c in engine.commands] == [cmd.Start]
        engine.end()


async def test_what_cannot_be_saved_is_said_while_it_trains_on() -> None:
    events = [
        *kit.opening(),
        *kit.epoch_events(kit.BLOG, 1),
        ev.SaveFailed(path="last.pt", reason="No space left on device"),
    ]
    async with stage(kit.numbered(events)) as on:
        assert "not saved: last.pt: No space left on device" in on.status


async def test_the_next_run_shows_nothing_of_the_last() -> None:
    async with stage(kit.diverged_run()) as on:
        await on.tell(*kit.numbered(kit.opening(run="2026-03-14-1540-calm-owl")))
        assert "diverged" not in on.text().lower()
        assert "calm-owl" in on.text()
        assert on.train.loss.plot is not None
        assert all(len(curve.x) == 0 for curve in on.train.loss.plot.curves)


async def test_digits_are_those_of_the_events() -> None:
    async with stage(kit.numbered([*kit.opening(), kit.previews(kit.BLOG, 100, wrong=[4])])) as on:
        views = on.train.digits.views
        assert [v.label for v in views] == list(range(10))
        assert [v.prediction for v in views] == [0, 1, 2, 3, 5, 5, 6, 7, 8, 9]
        assert "9 of 10 correct" in str(on.train.digits.border_title)


def test_the_kit_tells_consistent_runs() -> None:
    state = fold(kit.whole_run())
    assert state.finished is not None
    assert state.test is not None
    assert state.test.accuracy == 0.9781
    assert msgspec.structs.replace(state).epochs[-1].epoch == 25
