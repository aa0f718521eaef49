"""The table of runs: open, attach, go on, delete."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from textual.widgets import DataTable

from engine import commands as cmd
from engine import events as ev
from engine.client import EngineLike
from engine.errors import ConfigProblem
from engine.files import write_atomic
from engine.log.event_log import EventLog
from engine.runs.folder import RunFolder, create_run
from engine.runs.presence import OutOfTouch, Presence, SessionInfo
from engine.state.run_state import RunState
from tests import events_kit as kit
from tests.fake_engine import FakeEngine
from tests.tui.app_kit import Stage, stage
from tui.data import run_summary


def write_run(name: str, events: list[ev.Event]) -> RunFolder:
    """A run's folder as an engine leaves it."""
    run = create_run(kit.BLOG, preset="blog-adam", version="0.1.0", name=name)
    log = EventLog(run.events)
    for event in events:
        own = msgspec.structs.replace(event, run=name) if isinstance(event, ev.RunCreated | ev.Finished) else event
        log.append(own)
        if isinstance(own, ev.Finished):
            write_atomic(run.result, msgspec.json.encode(own))
    log.close()
    return run


async def runs_screen(on: Stage) -> None:
    """Go there and wait for the table: on a busy machine the screen may still be coming when its work is looked for."""
    await on.press("2")
    for _ in range(100):
        await on.done("runs")
        if "No runs yet" in on.text() or any(table.row_count for table in on.app.screen.query(DataTable)):
            return


async def test_without_runs_it_says_how_to_get_one() -> None:
    async with stage() as on:
        await runs_screen(on)
        assert "No runs yet" in on.text()
        await on.press("enter", "c", "d")
        assert on.engine.commands == []


async def test_the_newest_run_is_first_with_its_figures() -> None:
    write_run("old-fox", kit.whole_run(epochs=2))
    write_run("new-owl", kit.diverged_run())
    async with stage() as on:
        await runs_screen(on)
        text = on.text()
        rows = [line for line in text.splitlines() if "old-fox" in line or "new-owl" in line]
        assert "new-owl" in rows[0]
        assert "diverged" in rows[0]
        for words in ("old-fox", "finished", "blog-adam", "2/25", "95.54%", "97.81%"):
            assert words in rows[1]


@contextlib.asynccontextmanager
async def opening_a_long_log(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Stage, threading.Event]]:
    """The app with the figures of a run whose log is long; all of it is read when the event is set."""
    write_run("old-fox", kit.whole_run(epochs=2))
    read, whole = threading.Event(), RunFolder.state

    def late(run: RunFolder) -> RunState:
        assert read.wait(60)
        return whole(run)

    monkeypatch.setattr(run_summary, "LONG", 0)
    monkeypatch.setattr(RunFolder, "state", late)
    try:
        async with stage() as on:
            on.app.open_run("old-fox")
            while not on.app.snapshot.state.finished:
                await on.pilot.pause()
            yield on, read
    finally:
        read.set()


async def test_of_a_long_log_the_figures_come_before_the_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opening_a_long_log(monkeypatch) as (on, read):
        assert "4 → 9: 22" in on.results
        assert on.app.snapshot.state.losses.points == ()
        read.set()
        await on.done("open")
        assert on.app.snapshot.state.losses.points


async def test_a_run_begun_meanwhile_stays_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opening_a_long_log(monkeypatch) as (on, read):
        await on.press("r")
        await on.tell(*kit.numbered(kit.opening()))
        read.set()
        await on.done("open")
        assert on.app.snapshot.state.run == kit.RUN


async def test_enter_opens_a_run_from_its_folder() -> None:
    write_run("old-fox", kit.whole_run(epochs=2))
    async with stage() as on:
        await runs_screen(on)
        await on.press("enter")
        await on.done("open")
        assert on.app.screen is on.train
        assert "old-fox" in on.text()
        assert "219 of 10,000 misclassified" in on.results
        await on.press("s")
        assert on.notices == ["Nothing is training here."]
        await on.press("r")
        assert on.engine.commands == [cmd.Start(config=kit.BLOG, preset="blog-adam")]


async def test_an_unfinished_run_goes_on() -> None:
    write_run("cut-hare", kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)]))
    async with stage() as on:
        await runs_screen(on)
        assert "interrupted" in on.text()
        await on.press("c")
        assert on.engine.commands == [cmd.ResumeRun(run="cut-hare")]
        assert on.app.screen is on.train


def have_an_engine(
    monkeypatch: pytest.MonkeyPatch, info: SessionInfo, *, here: bool = True, alive: bool = True
) -> None:
    """Have every run be an engine's, on this machine or another; a dead one was heard from in 1970."""
    found = Presence(info, here=here, alive=alive, heard=3600.0)
    monkeypatch.setattr(RunFolder, "presence", lambda self, **_: found)


@pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("n", False)])
async def test_a_run_of_a_machine_that_is_silent_is_taken_over_after_asking(
    monkeypatch: pytest.MonkeyPatch, answer: str, goes_on: bool
) -> None:
    write_run("far-crane", kit.numbered([*kit.opening(run="far-crane"), *kit.epoch_events(kit.BLOG, 1)]))
    have_an_engine(monkeypatch, SessionInfo("c1", 1, "/nowhere.sock", "another", "other"), here=False, alive=False)

    def refuse(command: cmd.Command) -> None:
        if not getattr(command, "take_over", False):
            raise ConfigProblem("It was last heard from c1.", OutOfTouch.field)

    async with stage() as on:
        on.engine.answer = refuse
        await runs_screen(on)
        [row] = [line for line in on.text().splitlines() if "far-crane" in line]
        assert "unreachable" in row
        await on.press("c")
        assert "far-crane was last heard from c1 at 1970-01-01" in " ".join(on.text().split())
        await on.press(answer)
        await on.done("dialog")
        await on.done("command")
        taken_over = cmd.ResumeRun(run="far-crane", take_over=True)
        assert (on.engine.commands[-1] == taken_over) is goes_on
        assert on.notices == []


async def test_a_run_of_a_machine_that_is_silent_is_shown_as_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    write_run("far-crane", kit.numbered([*kit.opening(run="far-crane"), *kit.epoch_events(kit.BLOG, 1)]))
    have_an_engine(monkeypatch, SessionInfo("c1", 1, "/nowhere.sock", "another", "other"), here=False, alive=False)
    async with stage() as on:
        await runs_screen(on)
        await on.press("enter")
        await on.done("open")
        assert on.app.screen is on.train
        assert "far-crane" in on.text()
        assert "last heard from c1 at 1970-01-01" in on.notices[-1]


async def test_a_run_of_a_machine_that_is_silent_is_deleted_after_saying_so(monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run("far-crane", kit.whole_run(epochs=1)[:-1])
    have_an_engine(monkeypatch, SessionInfo("c1", 1, "/nowhere.sock", "another", "other"), here=False, alive=False)
    run.result.unlink(missing_ok=True)
    async with stage() as on:
        await runs_screen(on)
        await on.press("d")
        await on.settle()
        assert "far-crane was last heard from c1" in " ".join(on.text().split())
        await on.press("y")
        await on.done("dialog")
        assert not run.path.exists()


async def test_a_run_that_waits_is_paused_and_says_how_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    write_run("far-crane", kit.numbered([*kit.opening(run="far-crane"), ev.Paused(step=3, position=0.01)]))
    have_an_engine(monkeypatch, SessionInfo("laptop", 1, "/nowhere.sock"))
    async with stage() as on:
        await runs_screen(on)
        [row] = [line for line in on.text().splitlines() if "far-crane" in line]
        assert "paused" in row
        await on.press("c")
        assert on.engine.commands == []
        assert on.notices[-1] == "far-crane is paused: Enter shows it, and p there goes on."


async def test_a_finished_run_has_nothing_to_go_on_with() -> None:
    write_run("old-fox", kit.whole_run(epochs=1))
    async with stage() as on:
        await runs_screen(on)
        await on.press("c")
        assert on.engine.commands == []
        assert "nothing to go on with" in on.notices[-1]


@pytest.mark.parametrize(("answer", "there"), [(["y"], False), (["n"], True), (["escape"], True), (["enter"], True)])
async def test_deleting_asks_and_the_first_answer_is_no(answer: list[str], there: bool) -> None:
    run = write_run("old-fox", kit.whole_run(epochs=1))
    async with stage() as on:
        await runs_screen(on)
        await on.press("d")
        assert run.path.exists()
        await on.press(*answer)
        await on.done("dialog")
        assert run.path.exists() is there


async def test_a_run_in_another_session_is_attached_to(monkeypatch: pytest.MonkeyPatch) -> None:
    events = kit.numbered([*kit.opening(run="far-crane"), *kit.epoch_events(kit.BLOG, 1)])
    write_run("far-crane", events)
    there = FakeEngine(events)
    asked: list[SessionInfo] = []
    info = SessionInfo("laptop", 1, "/nowhere.sock")
    have_an_engine(monkeypatch, info)

    async def attach(info: SessionInfo) -> EngineLike:
        asked.append(info)
        return there

    async with stage(attach=attach) as on:
        await runs_screen(on)
        await on.press("enter")
        await on.done("open")
        await there.told()
        await on.settle()
        assert asked == [info]
        assert on.engine.closed
        assert "far-crane" in on.text()
        await on.press("p")
        assert there.commands == [cmd.Pause()]
        there.end()


async def test_the_app_can_open_on_a_run() -> None:
    write_run("old-fox", kit.whole_run(epochs=2))
    async with stage(run="old-fox") as on:
        await on.done("open")
        assert "old-fox" in on.text()
        assert "Final test" in on.results


async def test_a_damaged_folder_does_not_hide_the_others(home: Path) -> None:
    write_run("old-fox", kit.whole_run(epochs=1))
    broken = write_run("broken-eel", kit.opening())
    broken.events.write_bytes(b"\x00\xff{not json}\n")
    async with stage() as on:
        await runs_screen(on)
        assert "old-fox" in on.text()
        assert "broken-eel" in on.text()


async def test_while_another_run_trains_an_opened_one_says_so_and_nothing_starts() -> None:
    write_run("old-fox", kit.whole_run(epochs=2))
    async with stage(kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)])) as on:
        await runs_screen(on)
        await on.press("enter")
        await on.done("open")
        assert "brave-otter is training: 2 shows it" in on.status
        await on.press("r")
        assert on.engine.commands == []
        assert kit.RUN in on.notices[-1]
        await on.pilot.press("q")
        await on.settle()
        assert "brave-otter is training. What shall become of it?" in on.text()


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_no_column_is_cut_however_long_the_names_are(size: tuple[int, int], ascii_only: bool) -> None:
    long = "a-name-of-a-hundred-characters-" + "x" * 69
    for name in ("old-fox", "2026-03-14-1532-silent-leopard", long):
        events = kit.whole_run(epochs=25)
        first = msgspec.structs.replace(events[0], parent=ev.Parent(run="old-fox", at="last", epoch=1, step=782))
        write_run(name, [first if name != "old-fox" else events[0], *events[1:]])
    async with stage(size=size, ascii=ascii_only) as on:
        await runs_screen(on)
        table = on.app.screen.query_one(DataTable)
        assert table.virtual_size.width <= table.size.width
        rows = [line for line in on.text().splitlines() if "finished" in line]
        assert len(rows) == 3
        assert all("25/25" in row and "97.81%" in row for row in rows)
        assert ("started" in on.text()) == (size[0] > 60)
        if ascii_only:
            assert on.text().isascii() and "?" not in "".join(rows)
