"""A run whose losses are near the largest numbers there are: everything shows it, and no arithmetic overflows."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from engine import events as ev
from engine.state.loss_series import LIMIT, Point, Series
from engine.state.run_state import fold
from tests import events_kit as kit
from tests.tui.app_kit import stage
from tests.tui.cli_kit import home, make_run
from tui.cli.main import main
from tui.plotting.downsample import ema

__all__ = ["home"]

LARGEST = sys.float_info.max
GREAT = (1e299, 1e301, 1e305, LARGEST, 3.0, 1e308)


@pytest.fixture(autouse=True)
def no_overflow() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def huge_run(outcome: str = "diverged") -> list[ev.Event]:
    """A whole run of three epochs in which every loss and every gradient is huge."""
    events: list[ev.Event] = []
    for number, event in enumerate(kit.whole_run(epochs=3, events_per_epoch=60)):
        value = GREAT[number % len(GREAT)]
        match event:
            case ev.Progress():
                huge = {"loss": value, "low": value / 2, "high": LARGEST, "steps": 40}
                huge |= {"gradient_norm": value, "gradient_norm_high": LARGEST}
                events.append(msgspec.structs.replace(event, **huge))
            case ev.EpochEnded():
                losses = {"train_loss": value, "validation_loss": LARGEST, "gradient_norm": value}
                events.append(msgspec.structs.replace(event, **losses))
            case _:
                events.append(event)
    return events


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_app_draws_it_in_every_way(size: tuple[int, int]) -> None:
    async with stage(huge_run(), size=size) as on:
        for keys in ("1", "l", "mmm", "x", "9", "l", "x"):
            await on.press(*keys)
        assert "e30" in on.text().replace("e+", "e")
        await on.press("comma", "left", "escape")
        assert on.app.is_running
        assert not [line for line in on.app.kept_lines if "Warning" in line]


@pytest.mark.parametrize("line", ["show last", "show last --json", "ls", "ls --json"])
def test_commands_print_it(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(huge_run())
    assert main(line.split()) == 0
    told = capsys.readouterr()
    assert told.out
    assert told.err == ""


def test_the_series_stays_finite_when_it_is_thinned() -> None:
    point = Point(0, 0.0, 0.0, 0, 40, LARGEST, 1e300, LARGEST, 0)
    series = Series().extend(msgspec.structs.replace(point, step=step) for step in range(1, 4 * LIMIT))
    assert all(p.mean == pytest.approx(LARGEST) and np.isfinite(p.mean) for p in series.points)


def test_smoothing_stays_between_the_least_and_the_greatest() -> None:
    values = np.array(GREAT * 300)
    smooth = ema(values, 0.95)
    assert np.isfinite(smooth).all()
    assert (smooth <= LARGEST).all()
    assert (smooth >= 0.999e299).all()
    assert ema(values / 1e300, 0.95) * 1e299 == pytest.approx(smooth / 10, rel=1e-9)


def test_hints_are_found_in_it() -> None:
    from engine.diagnosis import diagnose

    assert [hint.text for hint in diagnose(fold(huge_run()))]
