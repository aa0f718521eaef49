"""The loss curve's memory: bounded, and nothing of what it holds is lost in the thinning."""

from __future__ import annotations

import math
from collections.abc import Iterable
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.state import loss_series
from engine.state.loss_series import Point, Series
from tests.engine.strategies import examples, losses

SMALL = 8


def point(step: int, mean: float | None = 1.0, count: int = 1, *, low: float | None = None, bad: int = 0) -> Point:
    low = mean if low is None else low
    return Point(step, step / 10, step / 100, step * 64, count, mean, low, mean, bad)


@st.composite
def points(draw: st.DrawFn) -> list[Point]:
    """Up to sixty points as progress events make them: steps that rise, some of them without a finite loss."""
    made, step = [], 0
    for steps in draw(st.lists(st.integers(1, 40), max_size=60)):
        step += steps
        bad = draw(st.sampled_from((0, 0, 0, 1, steps)))
        count = steps - bad
        low, mean, high = sorted(draw(st.tuples(losses, losses, losses))) if count else (None, None, None)
        made.append(Point(step, step / 10, step / 100, step * 64, count, mean, low, high, bad))
    return made


def added(given_points: Iterable[Point], start: Series | None = None, limit: int = SMALL) -> Series:
    """The series of some points, with a limit that a few of them reach."""
    made = start or Series()
    with mock.patch.object(loss_series, "LIMIT", limit):
        for each in given_points:
            made = made.add(each)
    return made


def total(found: Iterable[Point]) -> float:
    """The sum of all losses, as the means and counts tell it."""
    return math.fsum(p.mean * p.count for p in found if p.mean is not None)


@examples(60)
@given(given_points=points())
def test_thinning_keeps_what_the_points_say(given_points: list[Point]) -> None:
    kept = added(given_points).points
    assert len(kept) <= SMALL
    assert [p.step for p in kept] == sorted({p.step for p in kept})
    assert sum(p.count for p in kept) == sum(p.count for p in given_points)
    assert sum(p.non_finite for p in kept) == sum(p.non_finite for p in given_points)
    assert min((p.low for p in kept if p.low is not None), default=None) == min(
        (p.low for p in given_points if p.low is not None), default=None
    )
    assert max((p.high for p in kept if p.high is not None), default=None) == max(
        (p.high for p in given_points if p.high is not None), default=None
    )
    assert total(kept) == pytest.approx(total(given_points))
    assert kept[-1:] == () or kept[-1].step == given_points[-1].step
    by_step = {p.step: p for p in given_points}
    for p in kept:
        last = by_step[p.step]
        assert (p.position, p.seconds, p.images) == (last.position, last.seconds, last.images)
        assert (p.mean is None) == (p.count == 0)


@examples(60)
@given(given_points=points())
def test_the_result_depends_on_the_points_alone(given_points: list[Point]) -> None:
    """Adding one by one comes to the same as cutting the steps into pieces of the final width at once."""
    one_by_one = added(given_points)
    at_once = added(given_points, Series(width=one_by_one.width), limit=1000)
    assert at_once.width == one_by_one.width
    for p, q in zip(one_by_one.points, at_once.points, strict=True):
        assert (p.step, p.count, p.low, p.high, p.non_finite) == (q.step, q.count, q.low, q.high, q.non_finite)
        assert p.mean == pytest.approx(q.mean)


@examples(60)
@given(given_points=points(), data=st.data())
def test_a_series_can_be_cut_off_and_gone_on_with(given_points: list[Point], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, 2500))
    whole = added(given_points)
    cut = whole.until(at)
    assert cut.points == tuple(p for p in whole.points if p.step <= at)
    assert cut.width == whole.width
    again = added((p for p in given_points if p.step > at), cut)
    assert len(again.points) <= SMALL
    assert [p.step for p in again.points] == sorted({p.step for p in again.points})
    assert again.points[-1:] == () or again.points[-1].step == max(p.step for p in (*cut.points, *given_points))


def test_few_points_are_kept_as_they_are() -> None:
    given_points = [point(step, float(step)) for step in range(1, loss_series.LIMIT + 1)]
    made = added(given_points, limit=loss_series.LIMIT)
    assert made.points == tuple(given_points)
    assert made.width == 1
    one_more = made.add(point(loss_series.LIMIT + 1, 0.0))
    assert one_more.width == 2
    assert len(one_more.points) == loss_series.LIMIT // 2 + 1
    assert one_more.points[0] == Point(2, 0.2, 0.02, 128, 2, 1.5, 1.0, 2.0, 0)


def test_a_long_run_stays_within_the_limit() -> None:
    made, most = Series(), 0
    for step in range(50, 50 * 6000, 50):
        made = made.add(point(step))
        most = max(most, len(made.points))
    assert most == loss_series.LIMIT
    assert made.width == 256
    assert sum(p.count for p in made.points) == 5999


def test_means_are_weighted_by_what_they_are_the_mean_of() -> None:
    made = added([point(1, 1.0, 3), point(2, 5.0, 1)], Series(width=2))
    assert made.points == (Point(2, 0.2, 0.02, 128, 4, 2.0, 1.0, 5.0, 0),)


@pytest.mark.parametrize("turn", [1, -1], ids=["before", "after"])
def test_a_point_without_a_number_leaves_its_neighbors_figures(turn: int) -> None:
    sound, bad = (1.0, 2, 0), (None, 0, 3)
    (a, b) = (sound, bad)[::turn]
    made = added([point(1, a[0], a[1], bad=a[2]), point(2, b[0], b[1], bad=b[2])], Series(width=2))
    (only,) = made.points
    assert (only.step, only.count, only.mean, only.low, only.high, only.non_finite) == (2, 2, 1.0, 1.0, 1.0, 3)


def test_until_the_end_is_the_series_itself() -> None:
    made = added([point(1), point(2)])
    assert made.until(2) is made
    assert made.until(1).points == (point(1),)
    assert made.until(0).points == ()
    assert Series().until(5) == Series()


def test_series_are_equal_by_value() -> None:
    assert added([point(1), point(2)]) == added([point(1), point(2)])
    assert added([point(1)]) != added([point(2)])


def timed(step: int, steps: int, rate: float | None, speed: float | None) -> Point:
    """A point of some steps of 64 images at a speed."""
    return Point(step, step / 10, step / 100, step * 64, steps, 1.0, 1.0, 1.0, 0, None, rate, speed)


def test_points_that_become_one_have_the_last_rate_and_the_speed_over_both() -> None:
    slow, fast = timed(1, 1, 0.1, 1000.0), timed(4, 3, 0.2, 3000.0)
    (made,) = Series(width=4).extend((slow, fast)).points
    assert made.rate == 0.2
    seconds = 64 / 1000 + 3 * 64 / 3000
    assert made.speed == pytest.approx(4 * 64 / seconds)


def test_a_point_of_which_no_speed_was_told_leaves_the_other_its_own() -> None:
    known, unknown = timed(1, 1, 0.1, 1000.0), timed(2, 1, None, None)
    for pair in ((known, unknown), (timed(1, 1, None, None), timed(2, 1, 0.1, 1000.0))):
        (made,) = Series(width=2).extend(pair).points
        assert (made.rate, made.speed) == (0.1, 1000.0)


@examples(40)
@given(st.lists(st.tuples(st.integers(1, 40), st.floats(100, 1e6)), min_size=1, max_size=60))
def test_the_time_that_speeds_tell_of_survives_the_thinning(given_pieces: list[tuple[int, float]]) -> None:
    step, made = 0, []
    for steps, speed in given_pieces:
        step += steps
        made.append(timed(step, steps, 0.1, speed))
    kept = added(made).points
    assert math.fsum(p.count / p.speed for p in kept if p.speed) == pytest.approx(
        math.fsum(p.count / p.speed for p in made if p.speed)
    )


def test_a_log_that_makes_no_sense_can_begin_at_step_0() -> None:
    assert Series().add(point(0)).points == (point(0),)
