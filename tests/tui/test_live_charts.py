"""The charts of a run that was changed while it trained: to no number at all, to a standstill, to a loss of nothing."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import pytest

from engine import events as ev
from engine.state.run_state import fold
from tests.events_kit import BLOG, ending, epoch_ended, epoch_events, numbered, opening, progress, steps_per_epoch
from tests.tui.app_kit import Stage, stage
from tui.plotting.plot import Palette, Plot, draw
from tui.views.charts import Options, loss_plot

PER_EPOCH = steps_per_epoch(BLOG)
SIZES = [(80, 24), (120, 40)]
PALETTE = Palette("#0000ff", "#ff8800", "#000088", "#888888", "#222222", "#ffffff", "#00ff00", "#ff0000")
Alter = Callable[[ev.Progress, int], ev.Progress]


def changed(step: int, name: str, old: str, new: str) -> ev.Changed:
    return ev.Changed(step=step, position=step / PER_EPOCH, name=name, old=old, new=new)


def after_a_change(alter: Alter, name: str, old: str, new: str, *, count: int = 12) -> list[ev.Event]:
    """An epoch, a change at its end, and progress as it is altered from there on."""
    later = [progress(BLOG, PER_EPOCH + 30 * (n + 1), 30) for n in range(count)]
    return [
        *opening(BLOG),
        *epoch_events(BLOG, 1),
        changed(PER_EPOCH, name, old, new),
        *(alter(each, n) for n, each in enumerate(later)),
    ]


def without_a_loss(event: ev.Progress, n: int) -> ev.Progress:
    """The first is the last that is finite."""
    if n == 0:
        return event
    return msgspec.structs.replace(event, loss=None, low=None, high=None, gradient_norm=None, non_finite=event.steps)


def constant(loss: float) -> Alter:
    return lambda event, _: msgspec.structs.replace(event, loss=loss, low=loss, high=loss)


async def through_every_picture(on: Stage) -> list[str]:
    """The screen in each way of drawing the charts; nothing raises and nothing is said to be wrong."""
    found = []
    for key in ("l", "l", "m", "m", "m", "m", "a", "a", "a"):
        await on.press(key)
        found.append(on.text())
    assert on.notices == []
    assert on.app._exception is None
    return found


def drawn(plot: Plot, width: int, height: int = 14) -> str:
    return "\n".join("".join(part.text for part in row) for row in draw(plot, width, height, PALETTE))


@pytest.mark.parametrize("size", SIZES)
async def test_a_rate_that_was_raised_until_no_loss_is_a_number(size: tuple[int, int]) -> None:
    """P01, P02: what is finite stays, the rest is told in words, and no line is drawn across it."""
    events = after_a_change(without_a_loss, "learning_rate", "0.001", "10000")
    last = PER_EPOCH + 12 * 30
    async with stage(numbered(events), size=size) as on:
        pictures = await through_every_picture(on)
        assert all("Loss" in picture for picture in pictures)
        seq = on.app.snapshot.state.seq
        await on.tell(*numbered(ending(BLOG, 1, outcome="diverged", step=last), seq + 1))
        for picture in await through_every_picture(on):
            assert "diverged" in picture
    plot = loss_plot(fold(numbered(events)), Options(smoothing=0.0))
    training = next(curve for curve in plot.curves if curve.label == "training")
    assert [bool(math.isfinite(y)) for y in training.y[-12:]] == [True] + [False] * 11
    assert "11 values not shown (nan) from epoch 1.08 on" in drawn(plot, 80)


@pytest.mark.parametrize("size", SIZES)
async def test_a_rate_of_nothing_is_a_flat_line(size: tuple[int, int]) -> None:
    """P03: also where all there is of a curve is the same value, and an accuracy is all of it."""
    events = after_a_change(constant(0.5), "learning_rate", "0.001", "0")
    flat = [msgspec.structs.replace(epoch_ended(BLOG, n, best=False), validation_loss=0.5) for n in (2, 3)]
    full = [msgspec.structs.replace(each, train_accuracy=1.0, validation_accuracy=1.0) for each in flat]
    async with stage(numbered([*events, *full]), size=size) as on:
        pictures = await through_every_picture(on)
    assert all("0.5000" in picture for picture in pictures)


@pytest.mark.parametrize("loss", [0.0, 5e-324, 1e308])
async def test_a_loss_that_a_logarithm_cannot_take_and_the_smallest_and_the_greatest(loss: float) -> None:
    """P04: it is left out with a note where the axis is logarithmic, and is there again where it is not."""
    events = after_a_change(constant(loss), "label_smoothing", "0.1", "0")
    async with stage(numbered(events)) as on:
        await through_every_picture(on)
    logarithmic = loss_plot(fold(numbered(events)), Options(smoothing=0.0, log_y=True))
    linear = loss_plot(fold(numbered(events)), Options(smoothing=0.0, log_y=False))
    note = "12 values ≤ 0 not shown (log axis)"
    for width in (58, 140):
        assert (note in drawn(logarithmic, width)) == (loss == 0.0)
        assert note not in drawn(linear, width)
    assert drawn(logarithmic, 12, 4)


async def test_changes_before_the_first_point_and_many_at_one_place_are_marked_where_they_fit() -> None:
    """While it prepares there is nothing to draw a mark on; forty at one step are one place of the chart."""
    start = [*opening(BLOG), *(changed(0, "learning_rate", str(n), str(n + 1)) for n in range(40))]
    for more in ([], [progress(BLOG, 1, 1)], [progress(BLOG, 30, 30), *epoch_events(BLOG, 1)]):
        async with stage(numbered([*start, *more])) as on:
            await through_every_picture(on)
            assert on.app.snapshot.state.config.learning_rate == 40
            assert len(on.app.snapshot.state.marks) == 40


async def test_values_that_only_a_later_version_knows_are_shown_and_nothing_else_is_hurt() -> None:
    odd = [changed(900, "optimizer", "adam", "muon"), changed(901, "twist", "1", "2"), changed(902, "dropout", "", "x")]
    async with stage(numbered([*opening(BLOG), *epoch_events(BLOG, 1), *odd, progress(BLOG, 950, 20)])) as on:
        await through_every_picture(on)
        assert on.app.snapshot.state.config == BLOG
