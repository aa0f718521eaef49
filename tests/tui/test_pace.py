"""The frequency of paints."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from tests import events_kit as kit
from tests.tui.app_kit import stage
from tui.terminal.repaint_throttle import INTERVAL, SLOW_LINE, LineBudget, RepaintThrottle


class World:
    """A clock with scheduled calls."""

    def __init__(self) -> None:
        self.now = 0.0
        self.planned: list[tuple[float, Callable[[], None]]] = []
        self.painted: list[float] = []
        self.pace = RepaintThrottle(lambda: self.painted.append(self.now), self.later, lambda: self.now)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        self.planned.append((self.now + seconds, callback))

    def pass_time(self, seconds: float) -> None:
        """Advance the clock and run the calls that are due."""
        end = self.now + seconds
        while due := [plan for plan in self.planned if plan[0] <= end]:
            plan = min(due, key=lambda p: p[0])
            self.planned.remove(plan)
            self.now = max(self.now, plan[0])
            plan[1]()
        self.now = end


def test_the_first_change_is_painted_at_once() -> None:
    world = World()
    world.pace.changed()
    world.pass_time(0.0)
    assert world.painted == [0.0]


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=200))
def test_however_changes_come_the_pace_is_kept_and_the_last_is_painted(gaps: list[float]) -> None:
    world = World()
    last = 0.0
    for gap in gaps:
        world.pass_time(gap)
        world.pace.changed()
        last = world.now
    world.pass_time(INTERVAL)
    assert all(b - a >= INTERVAL * 0.999 for a, b in zip(world.painted, world.painted[1:], strict=False))
    assert world.painted[-1] >= last


def test_nothing_is_planned_while_nothing_changes() -> None:
    world = World()
    world.pace.changed()
    world.pass_time(10.0)
    assert world.planned == []
    assert len(world.painted) == 1


class Still:
    """A stopped clock."""

    def __call__(self) -> float:
        return 0.0


async def test_a_hundred_events_are_one_painting() -> None:
    async with stage(clock=Still()) as on:
        paintings: list[int] = []
        on.app.watch(on.app, "snapshot", lambda snapshot: paintings.append(snapshot.state.seq), init=False)
        events = kit.whole_run(epochs=10, events_per_epoch=10)
        on.engine.push(*events)
        await on.engine.told()
        await on.pilot.pause()
        assert len(events) > 100
        assert len(paintings) <= 1


async def test_what_has_not_changed_is_not_painted() -> None:
    async with stage(kit.whole_run(epochs=1)) as on:
        painted: list[object] = []
        for part in on.train.query("*"):
            original = part.refresh

            def refresh(
                *args: object, original: Callable[..., object] = original, part: object = part, **more: object
            ) -> object:
                painted.append(part)
                return original(*args, **more)

            part.refresh = refresh  # type: ignore[method-assign, assignment]
        on.app._changed()
        await on.settle()
        assert painted == []
        await on.tell(ev.LogLine(seq=10_000, text="a word"))
        assert {type(part).__name__ for part in painted} == {"TitleBar"}


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 4000)), min_size=1, max_size=100))
def test_a_slow_line_is_never_given_more_than_it_carries(paintings: list[tuple[float, int]]) -> None:
    world = World()
    line = LineBudget(SLOW_LINE, lambda: world.now)
    sent: list[tuple[float, int]] = []
    sizes = iter([size for _, size in paintings])

    def paint() -> None:
        size = next(sizes, 10)
        sent.append((world.now, size))
        line.send(size)

    pace = RepaintThrottle(paint, world.later, lambda: world.now, busy=lambda: line.busy)
    for gap, _ in paintings:
        world.pass_time(gap)
        pace.changed()
    last = world.now
    world.pass_time(10.0)
    assert sent[-1][0] >= last or last == 0
    for (before, size), (after, _) in pairwise(sent):
        assert after - before >= size / SLOW_LINE * 0.999


def test_what_was_painted_after_a_painting_was_planned_counts() -> None:
    world = World()
    line = LineBudget(100.0, lambda: world.now)
    pace = RepaintThrottle(
        lambda: world.painted.append(world.now), world.later, lambda: world.now, busy=lambda: line.busy
    )
    pace.changed()
    world.pass_time(0.0)
    pace.changed()
    line.send(500)  # a key was pressed: five seconds
    world.pass_time(4.0)
    assert world.painted == [0.0]
    world.pass_time(2.0)
    assert world.painted == [0.0, pytest.approx(5.0)]
