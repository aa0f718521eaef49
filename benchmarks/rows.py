"""Rows of a benchmark table, with targets, and alternating measurements."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A measured value with its target: at least `bar` if `more`, otherwise at most `bar`; None for no target."""

    what: str
    value: float
    unit: str
    detail: str
    bar: float | None = None
    more: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether the value meets its target; None without one."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.more else self.value <= self.bar

    def line(self) -> str:
        """The row as a line of a Markdown table."""
        bar = "–" if self.bar is None else f"{'≥' if self.more else '≤'} {self.bar:g} {self.unit}".rstrip()
        verdict = {True: "yes", False: "no", None: "–"}[self.holds]
        return f"| {self.what} | {f'{self.value:.3g} {self.unit}'.rstrip()} | {bar} | {verdict} | {self.detail} |"


HEAD = "| what | value | target | met | details |\n|---|---|---|---|---|"


def in_turn(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each side, measured alternately after one warm-up round."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, run in sides.items():
            begun = time.perf_counter()
            run()
            if number:
                took[name].append(time.perf_counter() - begun)
    return {name: statistics.median(times) for name, times in took.items()}
