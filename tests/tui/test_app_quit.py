"""Leaving, with and without a run in training."""

from __future__ import annotations

import asyncio

import pytest

from engine import commands as cmd
from engine import events as ev
from engine.client import Heard
from engine.protocol import Reply
from tests import events_kit as kit
from tests.tui.app_kit import Stage, stage
from tui.headless.survival import Fate


def training() -> list[ev.Event]:
    """A run in its second epoch."""
    return kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)])


def last_words(on: Stage) -> str:
    """What is printed after the screen is gone."""
    return "\n".join(str(words) for words in on.app._exit_renderables)


async def left(on: Stage) -> bool:
    """Whether the app is on its way out."""
    for worker in [w for w in on.app.workers if w.group == "leave"]:
        await worker.wait()
    return on.app._exit


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_nothing_is_asked_while_nothing_trains(key: str) -> None:
    async with stage() as on:
        await on.pilot.press(key)
        assert await left(on)
        assert on.app.return_code == 0
        assert on.engine.closed


async def test_a_finished_run_is_summed_up() -> None:
    async with stage(kit.whole_run(epochs=1)) as on:
        await on.pilot.press("q")
        assert await left(on)
        assert last_words(on) == f"{kit.RUN}: finished, test accuracy 97.81%. More: mnist-tui show {kit.RUN}"


@pytest.mark.parametrize("answer", [["l"], ["enter"]])
async def test_leaving_it_training_says_how_to_come_back(answer: list[str]) -> None:
    async with stage(training()) as on:
        await on.press("q")
        assert "mnist-tui attach brave-otter" in on.text()
        await on.pilot.press(*answer)
        assert await left(on)
        assert on.engine.commands == []
        assert on.engine.closed
        assert f"mnist-tui attach {kit.RUN}" in last_words(on)


async def test_leaving_a_paused_run_says_that_it_is_paused() -> None:
    async with stage([*training(), ev.Paused(seq=1000, step=900, position=1.15)]) as on:
        await on.press("q")
        assert "is paused. What shall become of it?" in " ".join(on.text().split())
        assert "leave it paused" in on.text()
        await on.pilot.press("l")
        assert await left(on)
        assert last_words(on) == f"{kit.RUN} is paused. Come back with: mnist-tui attach {kit.RUN}"


async def test_a_run_that_has_not_begun_does_not_begin_when_the_app_is_left() -> None:
    async with stage() as on:
        never = asyncio.Event()
        on.engine.answer = None
        real = on.engine.send

        async def held(command: cmd.Command, heard: Heard | None = None) -> Reply:
            await never.wait()
            return await real(command, heard)

        on.engine.send = held  # type: ignore[method-assign]
        on.app.start(cmd.Start(config=kit.BLOG))
        await on.pilot.pause()
        await on.pilot.press("q")
        assert await left(on)
        assert on.engine.ended


@pytest.mark.parametrize("key", ["s", "x"])
async def test_s_and_x_give_up_a_run_that_has_not_begun(key: str) -> None:
    async with stage() as on:
        never = asyncio.Event()

        async def held(command: cmd.Command, heard: Heard | None = None) -> Reply:
            await never.wait()
            raise AssertionError

        on.engine.send = held  # type: ignore[method-assign]
        on.app.start(cmd.Start(config=kit.BLOG))
        await on.pilot.pause()
        await on.press(key)
        assert on.engine.ended


async def test_an_engine_that_does_not_answer_is_ended_by_x(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.app.engine_session.ANSWER_SECONDS", 0.01)
    async with stage(training()) as on:
        never = asyncio.Event()

        async def deaf(command: cmd.Command, heard: Heard | None = None) -> Reply:
            await never.wait()
            raise AssertionError

        on.engine.send = deaf  # type: ignore[method-assign]
        await on.press("s")
        for worker in [w for w in on.app.workers if w.group == "command"]:
            await worker.wait()
        await on.press()
        assert on.notices == ["The engine does not answer; x ends it by force."]
        assert not on.engine.ended
        await on.press("x", "a")
        for worker in [w for w in on.app.workers if w.group == "command"]:
            await worker.wait()
        assert on.engine.ended


@pytest.mark.parametrize("answer", [["c"], ["escape"], ["down", "down", "down", "enter"]])
async def test_cancel_stays(answer: list[str]) -> None:
    async with stage(training()) as on:
        await on.press("q", *answer)
        assert on.app.screen is on.train
        assert on.engine.commands == []
        assert not on.app._exit


async def test_stop_and_test_waits_for_the_end() -> None:
    async with stage(training()) as on:
        await on.press("q", "s")
        assert on.engine.commands == [cmd.Stop()]
        assert "stopping and testing" in on.status
        assert not on.app._exit
        end = kit.ending(kit.BLOG, 1, outcome="stopped", reason="Stopped.", table=kit.confusion())
        on.engine.push(*kit.numbered(end, first=1000))
        await on.engine.told()
        await on.pilot.pause()
        assert await left(on)
        assert "stopped, test accuracy 97.81%" in last_words(on)


async def test_abort_ends_the_run_and_leaves() -> None:
    async with stage(training()) as on:
        await on.press("q", "a")
        assert await left(on)
        assert on.engine.commands == [cmd.Abort()]
        assert f"mnist-tui resume {kit.RUN}" in last_words(on)


async def test_ctrl_q_leaves_from_inside_a_field() -> None:
    async with stage() as on:
        on.train.form.focus_field("learning_rate")
        await on.settle()
        await on.pilot.press("ctrl+q")
        assert await left(on)


async def test_warnings_are_shown_again_after_the_end() -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        async with stage() as on:
            warnings.warn("something is deprecated", DeprecationWarning, stacklevel=1)
            await on.settle()
            assert "something is deprecated" not in on.text()
            await on.pilot.press("q")
            assert await left(on)
            assert "something is deprecated" in last_words(on)


async def test_what_could_not_be_saved_is_said_at_the_end_and_by_the_exit_status() -> None:
    failed = ev.SaveFailed(path="/runs/brave-otter/result.json", reason="Operation not permitted")
    *before, end = kit.whole_run(epochs=1)
    async with stage(kit.numbered([*before, failed, end])) as on:
        await on.pilot.press("q")
        assert await left(on)
        assert on.app.return_code == 4
        assert last_words(on).splitlines()[-1] == (
            f"{kit.RUN} could not be saved completely: /runs/brave-otter/result.json (Operation not permitted). "
            "Earlier files are intact."
        )


async def test_an_aborted_run_whose_checkpoint_cannot_be_saved_does_not_say_that_it_is_kept() -> None:
    failed = ev.SaveFailed(path="/runs/brave-otter/last.pt", reason="Operation not permitted")
    async with stage(kit.numbered([*training(), failed])) as on:
        await on.press("q", "a")
        assert await left(on)
        assert on.app.return_code == 4
        assert "is kept" not in last_words(on)
        assert "/runs/brave-otter/last.pt (Operation not permitted)" in last_words(on)


async def test_where_a_run_would_not_go_on_the_question_and_the_last_words_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.app.quit.fate", lambda: Fate("you log out", "stay"))
    async with stage(training()) as on:
        on.engine.started = True
        await on.press("q")
        assert "continues only until you log out" in " ".join(on.text().split())
        await on.pilot.press("l")
        assert await left(on)
        assert (
            last_words(on)
            == f"{kit.RUN} is training, but only until you log out. Reattach with: mnist-tui attach {kit.RUN}"
        )


async def test_an_engine_that_was_found_is_not_judged_by_where_the_screen_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.app.quit.fate", lambda: Fate("you log out", "stay"))
    async with stage(training()) as on:
        await on.press("q")
        assert "log out" not in on.text()
        await on.pilot.press("l")
        assert await left(on)
        assert f"mnist-tui attach {kit.RUN}" in last_words(on)
