"""Cursor and window of the charts: whatever keys are pressed, in whatever order, while the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.state.run_state import RunState
from tui.views.window import (
    LEAST,
    X_AXES,
    ChartView,
    Options,
    Window,
    followed,
    limits,
    moved,
    moved_to,
    panned,
    snapped,
    zoomed,
)

Key = Callable[[ChartView, Sequence[int]], ChartView]
KEYS: dict[str, Key] = {
    ",": lambda view, steps: moved(view, steps, -1),
    ".": lambda view, steps: moved(view, steps, 1),
    "<": lambda view, steps: moved(view, steps, -10),
    ">": lambda view, steps: moved(view, steps, 10),
    "home": lambda view, steps: moved_to(view, steps, "first"),
    "end": lambda view, steps: moved_to(view, steps, "last"),
    "+": lambda view, steps: zoomed(view, steps, 0.5),
    "-": lambda view, steps: zoomed(view, steps, 2.0),
    "{": lambda view, steps: panned(view, steps, -0.5),
    "}": lambda view, steps: panned(view, steps, 0.5),
    "g": followed,
    "w": lambda view, steps: view.whole(),
    "j": lambda view, steps: replace(view, options=view.options.other_x_scale()),
    "a": lambda view, steps: replace(view, options=view.options.next_x_axis()),
    "esc": lambda view, steps: view.without_cursor(),
}
STEPS = list(range(10, 1001, 10))
recorded_steps = st.lists(st.integers(1, 50), max_size=120).map(
    lambda gaps: [sum(gaps[: n + 1]) for n in range(len(gaps))]
)


def pressed(view: ChartView, steps: Sequence[int], *keys: str) -> ChartView:
    for key in keys:
        view = KEYS[key](view, steps)
    return view


@given(recorded_steps, st.lists(st.sampled_from(list(KEYS)), max_size=40))
def test_any_keys_leave_cursor_and_window_within_the_run(steps: list[int], keys: list[str]) -> None:
    view = ChartView()
    for key in keys:
        view = pressed(view, steps, key)
        assert view.cursor is None or view.cursor in steps
        found = limits(view, steps)
        if found is not None:
            assert -1e-6 <= found[0] < found[1] <= steps[-1] * (1 + 1e-9)
            assert view.window is not None
            assert view.window.follows == (found[1] >= steps[-1] * (1 - 1e-9))
            if key in (",", ".", "<", ">", "home", "end"):
                assert view.cursor is not None
                assert found[0] * (1 - 1e-9) <= view.cursor <= found[1] * (1 + 1e-9)
    assert pressed(view, steps, "w", "esc").whole() == ChartView(view.options)


@given(recorded_steps, st.lists(st.sampled_from(list(KEYS)), max_size=20), st.lists(st.integers(1, 50), max_size=60))
def test_a_window_that_follows_has_the_end_in_sight_however_the_run_goes_on(
    steps: list[int], keys: list[str], more: list[int]
) -> None:
    view = pressed(ChartView(), steps, *keys)
    before = limits(view, steps)
    for gap in more if steps else ():
        steps = [*steps, steps[-1] + gap]
    after = limits(view, steps)
    if before is None or after is None or view.window is None:
        assert view.window is None or not steps
    elif view.window.follows:
        wide = before[1] - before[0]
        assert after[1] - after[0] == pytest.approx(wide)
        assert steps[-1] <= after[1] + 1e-6
        assert after[1] - steps[-1] <= wide / 8 + 1e-6 or after == before
    else:
        assert after == before


def test_the_cursor_comes_at_the_end_of_what_is_shown_and_goes_by_points() -> None:
    assert pressed(ChartView(), STEPS, ",").cursor == 1000
    assert pressed(ChartView(), STEPS, ",", ",", "<", ".").cursor == 1000 - 10 - 100 + 10
    assert pressed(ChartView(), STEPS, "home", ",").cursor == 10
    assert pressed(ChartView(), STEPS, "end", ">").cursor == 1000
    zoomed_back = pressed(ChartView(), STEPS, "+", "+", "{", "{", ",")
    assert zoomed_back.cursor == 750


def test_the_cursor_stands_on_the_point_that_took_its_own_in() -> None:
    view = pressed(ChartView(), STEPS, "home", ".", ".")
    assert view.cursor == 30
    thinned = STEPS[3::4]
    assert snapped(thinned, 30) == 40
    assert pressed(view, thinned, ".").cursor == 80
    assert snapped([10, 20], 1000) == 20


def test_zooming_is_around_the_cursor_or_up_to_the_end() -> None:
    assert limits(pressed(ChartView(), STEPS, "+"), STEPS) == (500.0, 1000.0)
    view = pressed(ChartView(), STEPS, "home", ">", ">", "+")
    assert limits(view, STEPS) == (210 / 2, 210 + (1000 - 210) / 2)
    assert not view.window.follows if view.window else False
    assert pressed(view, STEPS, "-").window is None


def test_zooming_in_ends_where_a_curve_would_have_too_few_points() -> None:
    view = pressed(ChartView(), STEPS, *("+" for _ in range(30)))
    found = limits(view, STEPS)
    assert found is not None
    assert sum(found[0] <= step <= found[1] for step in STEPS) >= LEAST
    assert pressed(ChartView(), STEPS[:LEAST], "+").window is None


def test_on_a_logarithmic_axis_half_is_half_of_what_is_seen() -> None:
    steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    view = ChartView(Options(log_x=True))
    found = limits(zoomed(view, steps, 2 / 3), steps)
    assert found == (pytest.approx(10.0), pytest.approx(1000.0))


def test_panning_back_stops_following_and_g_follows_again() -> None:
    view = pressed(ChartView(), STEPS, "+", "+")
    assert view.window == Window(750.0, 1000.0, follows=True)
    back = pressed(view, STEPS, "{")
    assert back.window == Window(625.0, 875.0)
    assert pressed(back, STEPS, "g") == view
    assert pressed(back, STEPS, "}") == view


def test_a_cursor_that_leaves_the_window_takes_it_along_and_stands_in_the_middle() -> None:
    view = pressed(ChartView(), STEPS, "+", "+", "home")
    assert limits(view, STEPS) == (0.0, 250.0)
    view = pressed(view, STEPS, *(">" for _ in range(3)))
    assert view.cursor == 310
    assert limits(view, STEPS) == (310 - 125, 310 + 125)


def test_a_window_moves_on_in_strides() -> None:
    view = pressed(ChartView(), STEPS, "+", "+")
    ends = {limits(view, list(range(10, last + 1, 10))) for last in range(1000, 1251, 10)}
    assert len(ends) == 9


def test_a_run_that_was_taken_back_is_still_in_sight() -> None:
    view = pressed(ChartView(), STEPS, "+", "+", "+", "{")
    found = limits(view, STEPS[:20])
    assert found is not None
    assert found[1] == 200


def test_another_axis_leaves_cursor_and_window_alone() -> None:
    view = pressed(ChartView(), STEPS, "+", ",", ",")
    for _ in X_AXES:
        turned = pressed(view, STEPS, "a")
        assert (turned.cursor, turned.window) == (view.cursor, view.window)
    assert pressed(view, STEPS, *("a" for _ in X_AXES)) == view


def test_another_run_begins_whole_and_keeps_how_it_is_drawn() -> None:
    state = RunState(run="first", created=1.0)
    view = pressed(ChartView().of(state), STEPS, "+", ",", "j")
    assert view.of(state) is view
    other = view.of(RunState(run="first", created=2.0))
    assert (other.window, other.cursor, other.options.log_x) == (None, None, True)
