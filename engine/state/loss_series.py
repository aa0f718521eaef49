"""A series of any length in bounded memory, kept by value: what the loss curve is drawn from."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

LIMIT = 2048
"""Most points a series holds; past it, neighbors are merged two by two."""


class Point(msgspec.Struct, frozen=True, gc=False):
    """Some neighboring steps, the last of them `step`, seen as one.

    `position` in epochs, `seconds` without pauses, `images` trained on so far; `mean`, `low`, `high` over the `count`
    finite values (None where there is none); `non_finite` counts the others. `norm` is the greatest of the gradient
    norms that were told of them, `rate` the learning rate of the last step and `speed` the images trained on a second,
    each None where none was told. Where points become one, speeds are averaged by the time their steps took.
    """

    step: int
    position: float
    seconds: float
    images: int
    count: int
    mean: float | None
    low: float | None
    high: float | None
    non_finite: int
    norm: float | None = None
    rate: float | None = None
    speed: float | None = None


class Series(msgspec.Struct, frozen=True):
    """Points in the order of their steps; each stands for at most `width` steps once the series has been thinned."""

    points: tuple[Point, ...] = ()
    width: int = 1

    def add(self, point: Point) -> Series:
        """The series with one more point. What comes out depends on the points alone, not on when they came."""
        return self.extend((point,))

    def extend(self, more: Iterable[Point]) -> Series:
        """The series with these points added one after the other."""
        points, width = list(self.points), self.width
        place = (points[-1].step - 1) // width if points else None
        for point in more:
            if points and (point.step - 1) // width == place:
                points[-1] = _merge(points[-1], point)
                continue
            points.append(point)
            while len(points) > LIMIT:
                width *= 2
                before, points = points, []
                for p in before:
                    _append(points, p, width)
            place = (point.step - 1) // width
        return Series(tuple(points), width)

    def until(self, step: int) -> Series:
        """The series without what lies beyond `step`."""
        if not self.points or self.points[-1].step <= step:
            return self
        return Series(tuple(p for p in self.points if p.step <= step), self.width)


def _append(points: list[Point], point: Point, width: int) -> None:
    if points and (points[-1].step - 1) // width == (point.step - 1) // width:
        points[-1] = _merge(points[-1], point)
    else:
        points.append(point)


def _merge(a: Point, b: Point) -> Point:
    if a.mean is None or a.low is None or a.high is None:
        mean, low, high = b.mean, b.low, b.high
    elif b.mean is None or b.low is None or b.high is None:
        mean, low, high = a.mean, a.low, a.high
    else:
        mean = (a.mean * a.count + b.mean * b.count) / (a.count + b.count)
        if not math.isfinite(mean):  # the sum is beyond the largest number
            mean = a.mean * (a.count / (a.count + b.count)) + b.mean * (b.count / (a.count + b.count))
        low, high = min(a.low, b.low), max(a.high, b.high)
    norm = b.norm if a.norm is None else a.norm if b.norm is None else max(a.norm, b.norm)
    rate, speed = a.rate if b.rate is None else b.rate, b.speed or a.speed
    first, second = a.count + a.non_finite, b.count + b.non_finite
    if a.speed and b.speed and first and second:  # the harmonic mean by steps: what adds up is the time they took
        speed = (first + second) / (first / a.speed + second / b.speed)
    count, non_finite = a.count + b.count, a.non_finite + b.non_finite
    return Point(b.step, b.position, b.seconds, b.images, count, mean, low, high, non_finite, norm, rate, speed)
