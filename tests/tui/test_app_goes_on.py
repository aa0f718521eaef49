"""Going on with a run whose engine is gone, or that was ended early."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.client import Lost
from engine.errors import RunProblem
from engine.protocol import Ready
from engine.state.run_state import RunState, fold
from tests import events_kit as kit
from tests.fake_engine import FakeEngine, refusing
from tests.tui.app_kit import Stage, stage
from tests.tui.test_app_runs import runs_screen, write_run
from tui.app.engine_session import Session
from tui.views.available import available, resumable
from tui.views.snapshot import Snapshot
from tui.views.status import ASCII_SIGNS, progress_line

KILLED = Lost("The engine was ended by SIGKILL (out of memory?).", log=("the last line",))
STEPS = kit.steps_per_epoch(kit.BLOG)


def training() -> list[ev.Event]:
    """A run in its third epoch, with two checkpoints."""
    begun = [*kit.opening(), *kit.epoch_events(kit.BLOG, 1), *kit.epoch_events(kit.BLOG, 2)]
    return kit.numbered([*begun, kit.progress(kit.BLOG, STEPS * 5 // 2, 10)])


def went_on(first: int) -> list[ev.Event]:
    """What an engine tells that goes on from the second checkpoint."""
    started = msgspec.structs.replace(kit.opening()[3], step=2 * STEPS, position=2.0, resumed=True)
    more = [ev.Phase(name="building", text="building the network"), started, *kit.epoch_events(kit.BLOG, 3)]
    return kit.numbered(more, first=first, time=1_773_600_000.0)


async def killed(on: Stage) -> None:
    """Have the engine die in the middle of a run."""
    await on.tell(*training(), KILLED)


async def test_c_goes_on_with_a_new_engine_where_the_last_one_was_killed() -> None:
    async with stage() as on:
        await killed(on)
        assert "SIGKILL" in on.status
        assert "at epoch 2.5; c: resume from the checkpoint of epoch 2" in on.status
        assert "c Continue" in on.text().splitlines()[-1]
        await on.press("c")
        assert on.engine.commands == [cmd.ResumeRun(run=kit.RUN)]
        await on.tell(Ready(torch="2.13.0"), *training(), *went_on(len(training())))
        assert "training" in on.status
        assert [epoch.epoch for epoch in on.app.snapshot.state.epochs] == [1, 2, 3]
        assert "c Continue" not in on.text().splitlines()[-1]
        await on.press("p")
        assert on.engine.commands[1:] == [cmd.Pause()]


async def test_what_is_known_stays_on_the_screen_until_the_new_engine_tells_more() -> None:
    async with stage() as on:
        await killed(on)
        before = on.app.snapshot.state
        await on.press("c")
        for count in (1, 5, len(training())):
            await on.tell(*training()[:count])
            assert on.app.snapshot.state == before
            assert not on.app.snapshot.running
        await on.tell(*went_on(len(training())))
        assert on.app.snapshot.running


async def test_a_run_that_was_not_kept_whole_is_shown_as_its_engine_has_it() -> None:
    async with stage() as on:
        await killed(on)
        await on.press("c")
        kept = len(training()) - 10  # the disk was full: the log ends earlier
        await on.tell(*training()[:kept], *went_on(kept))
        assert on.app.snapshot.running
        assert on.app.snapshot.state.started is not None
        assert on.app.snapshot.state.started.resumed


async def test_a_refusal_leaves_it_as_it_was() -> None:
    async with stage() as on:
        await killed(on)
        on.engine.answer = refusing(RunProblem("brave-otter is running on laptop (process 7)."))
        await on.press("c")
        assert on.notices == ["brave-otter is running on laptop (process 7)."]
        assert "not finished" in on.status
        assert "c: resume from the checkpoint of epoch 2" in on.status
        await on.press("s")
        assert on.notices[1:] == ["Nothing is training here."]


async def test_a_new_run_can_begin_instead() -> None:
    async with stage() as on:
        await killed(on)
        await on.press("r")
        assert on.engine.commands == [cmd.Start(config=kit.BLOG, preset="blog-adam")]
        await on.tell(*kit.numbered(kit.opening(run="2026-03-14-1540-calm-owl")))
        assert "calm-owl" in on.text().splitlines()[0]
        assert on.app.snapshot.running


async def test_an_engine_that_others_started_is_missed_too() -> None:
    async with stage() as on:
        await on.tell(*training(), Lost("The engine ended.", expected=True))
        assert "The engine ended.  ·  at epoch 2.5; c: resume from the checkpoint of epoch 2" in on.status


async def test_an_engine_that_ends_without_work_is_nobodys_concern() -> None:
    async with stage(kit.whole_run(epochs=1)) as on:
        await on.tell(Lost("The engine ended.", expected=True))
        assert "The engine ended" not in on.text()
        assert "finished" in on.status


async def test_leaving_says_how_to_go_on_later() -> None:
    async with stage() as on:
        await killed(on)
        await on.pilot.press("q")
        await on.done("leave")
        words = "\n".join(map(str, on.app._exit_renderables))
        assert words == f"{kit.RUN} is not finished. Go on with: mnist-tui resume {kit.RUN}"


async def test_a_run_that_was_opened_goes_on_as_well() -> None:
    write_run("cut-hare", training())
    async with stage() as on:
        await runs_screen(on)
        await on.press("enter")
        await on.done("open")
        assert "not finished" in on.status
        assert "c: resume from the checkpoint of epoch 2" in on.status
        await on.press("c")
        assert on.engine.commands == [cmd.ResumeRun(run="cut-hare")]
        assert [epoch.epoch for epoch in on.app.snapshot.state.epochs] == [1, 2]


async def test_an_aborted_run_goes_on_with_the_engine_that_is_there() -> None:
    end = kit.ending(kit.BLOG, 2, outcome="aborted", step=STEPS * 5 // 2)
    saved = ev.CheckpointSaved(kind="last", epoch=2, step=STEPS * 5 // 2)
    async with stage(kit.numbered([*training(), saved, *end])) as on:
        assert "c: resume from epoch 2.5" in on.status
        await on.press("c")
        assert on.engine.commands == [cmd.ResumeRun(run=kit.RUN)]


async def test_a_finished_run_has_nothing_to_go_on_with() -> None:
    async with stage(kit.whole_run(epochs=1)) as on:
        assert "c Continue" not in on.text()
        await on.press("c")
        assert on.engine.commands == []
        assert on.notices == ["brave-otter finished: there is nothing to go on with."]


async def test_c_does_nothing_to_a_run_in_training() -> None:
    async with stage(training()) as on:
        await on.press("c")
        assert on.engine.commands == []
        assert on.notices == []


async def test_a_small_window_shows_its_charts_before_it_goes_on() -> None:
    async with stage(size=(80, 24)) as on:
        await killed(on)
        await on.press("v", "c")
        assert on.train.pane == "charts"
        assert on.engine.commands == []
        assert on.notices == ["c once more goes on with brave-otter."]
        await on.press("c")
        assert on.engine.commands == [cmd.ResumeRun(run=kit.RUN)]


def ended(outcome: ev.Outcome, *, fault: ev.Fault = "", epochs: int = 2) -> Snapshot:
    """A snapshot of a run with such an end."""
    end = kit.ending(kit.BLOG, epochs, outcome=outcome, fault=fault)
    return Snapshot(state=fold(kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1), *end])), engine="ready")


@pytest.mark.parametrize(
    ("snapshot", "can"),
    [
        (ended("aborted"), True),
        (ended("stopped"), True),
        (ended("failed", fault="memory"), True),
        (ended("failed", fault="config"), False),
        (ended("diverged"), False),
        (ended("early_stopped"), False),
        (ended("completed", epochs=25), False),
        (ended("stopped", epochs=25), False),
        (Snapshot(), False),
        (Snapshot(state=fold(training())), False),
        (Snapshot(state=fold(training()), lost=KILLED), True),
        (Snapshot(state=fold(training()), opened=True), True),
        (Snapshot(state=fold(training()), opened=True, starting=True), False),
        (Snapshot(state=fold(training()), opened=True, other="calm-owl"), False),
    ],
)
def test_which_runs_can_go_on(snapshot: Snapshot, can: bool) -> None:
    assert resumable(snapshot) is can
    assert available("resume('shown')", snapshot) is can
    assert ("c: resume" in progress_line(snapshot, 160).plain) is can


@pytest.mark.parametrize(
    ("events", "offer"),
    [
        (training(), "c: resume from the checkpoint of epoch 2"),
        (kit.numbered(kit.opening()), "c: start again"),
        (kit.numbered(kit.opening()[:2]), "c: start again"),
        (kit.whole_run()[:-1], "c: evaluate"),
    ],
)
@pytest.mark.parametrize("how", [{"opened": True}, {"lost": KILLED}])
def test_what_going_on_would_mean(events: list[ev.Event], offer: str, how: dict[str, object]) -> None:
    snapshot = dataclasses.replace(Snapshot(state=fold(events)), **how)  # type: ignore[arg-type]
    assert offer in progress_line(snapshot, 140).plain


@pytest.mark.parametrize("width", [20, 40, 58, 78, 118])
def test_the_offer_has_room_in_any_window(width: int) -> None:
    line = progress_line(Snapshot(state=fold(training()), lost=KILLED), width, ASCII_SIGNS).plain
    assert "c: resume" in line
    assert len(line) <= width
    assert ("engine" in line) is (width > 30)


async def test_a_session_never_knows_less_than_before() -> None:
    states: list[RunState] = []
    session = Session(lambda: states.append(session.state))
    engine = FakeEngine([*training(), KILLED])
    session.begin()
    await session.listen(engine.connect)
    engine.push(*training(), *went_on(len(training())), KILLED)
    session.begin()
    await session.listen(engine.connect)
    assert [state.seq for state in states] == sorted(state.seq for state in states)
    assert session.state == fold([*training(), *went_on(len(training()))])


async def test_a_session_never_knows_less_of_a_run_whose_folder_was_renamed() -> None:
    states: list[RunState] = []
    session = Session(lambda: states.append(session.state))
    known = msgspec.structs.replace(fold(training()), run="badger")
    engine = FakeEngine([*training(), *went_on(len(training())), KILLED])
    session.begin()
    session.know(known)
    await session.listen(engine.connect)
    assert min(state.seq for state in states[1:]) >= known.seq
