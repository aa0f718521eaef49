"""Rows of a benchmark's table: what was measured, its bar, whether it holds; and sides that take turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure with its bar. `figure` is compared with `bar`: at least it where `more`, at most it otherwise.

    A row without a bar is only told.
    """

    what: str
    figure: float
    unit: str
    detail: str
    bar: float | None = None
    more: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether the figure meets its bar; None without one."""
        if self.bar is None:
            return None
        return self.figure >= self.bar if self.more else self.figure <= self.bar

    def line(self) -> str:
        """A line of a Markdown table."""
        bar = "–" if self.bar is None else f"{'≥' if self.more else '≤'} {self.bar:g} {self.unit}".rstrip()
        verdict = {True: "yes", False: "no", None: "–"}[self.holds]
        return f"| {self.what} | {f'{self.figure:.3g} {self.unit}'.rstrip()} | {bar} | {verdict} | {self.detail} |"


HEAD = "| what | figure | bar | holds | measured |\n|---|---|---|---|---|"


def in_turn(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each side, all measured alternately, after one round that does not count."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, run in sides.items():
            begun = time.perf_counter()
            run()
            if number:
                took[name].append(time.perf_counter() - begun)
    return {name: statistics.median(times) for name, times in took.items()}
