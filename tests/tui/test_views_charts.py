"""The plots of a run."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine import events as ev
from engine.history import RunState, fold
from tests import events_kit as kit
from tui.views.charts import accuracy_plot, loss_plot, x_end
from tui.views.window import SMOOTHING, X_AXES, Options, XAxis

RUNNING = fold(
    kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1), *kit.epoch_events(kit.BLOG, 2, best=False)])
)


def test_without_a_run_there_is_nothing_to_draw() -> None:
    for plot in (loss_plot(RunState(), Options()), accuracy_plot(RunState(), Options())):
        assert all(len(curve.x) == 0 for curve in plot.curves)
        assert plot.marks == ()


def test_the_smoothed_loss_lies_over_the_one_that_was() -> None:
    raw, smooth, validation = loss_plot(RUNNING, Options(smoothing=0.9)).curves
    assert (raw.role, smooth.role, validation.role) == ("raw", "train", "validation")
    assert (raw.label, smooth.label, validation.label) == ("", "training", "validation")
    assert np.std(np.diff(smooth.y)) < np.std(np.diff(raw.y))
    assert list(raw.y) == [p.mean for p in RUNNING.losses.points]


def test_without_smoothing_there_is_one_training_curve() -> None:
    train, validation = loss_plot(RUNNING, Options(smoothing=0.0)).curves
    assert list(train.y) == [p.mean for p in RUNNING.losses.points]
    assert train.low is not None
    assert validation.points


@pytest.mark.parametrize(
    ("axis", "points", "epochs", "end"),
    [
        ("step", [p.step for p in RUNNING.losses.points], [782, 1564], 1564),
        ("epoch", [p.position for p in RUNNING.losses.points], [1, 2], 2.0),
        ("seconds", [p.seconds for p in RUNNING.losses.points], [1.45, 2.9], 6.0),
    ],
)
def test_x_is_what_was_asked_for(axis: XAxis, points: list[float], epochs: list[float], end: float) -> None:
    plot = loss_plot(RUNNING, Options(x_axis=axis))
    assert plot.x_label == axis
    assert list(plot.curves[0].x) == points
    assert list(plot.curves[-1].x) == pytest.approx(epochs)
    assert list(accuracy_plot(RUNNING, Options(x_axis=axis)).curves[0].x) == pytest.approx(epochs)
    assert plot.x_max == end


def test_the_best_epoch_is_marked() -> None:
    (mark,) = loss_plot(RUNNING, Options(x_axis="step"), star="*").marks
    assert (mark.x, mark.label, mark.glyph) == (782, "best: epoch 1", "*")


def test_the_legend_has_the_latest_values() -> None:
    train, validation = accuracy_plot(RUNNING, Options()).curves
    assert (train.current, validation.current) == ("89.22 %", "95.54 %")
    assert loss_plot(RUNNING, Options()).curves[-1].current == "0.1658"


def test_a_loss_that_is_no_number_is_said_in_words() -> None:
    plot = loss_plot(fold(kit.diverged_run()), Options())
    assert plot.note == "diverged at step 12, epoch 1"
    assert plot.curves[1].current == "not finite"
    assert np.isnan(plot.curves[1].y[-1])
    lost = msgspec.structs.replace(kit.epoch_ended(kit.BLOG, 1), validation_loss=None)
    state = fold(kit.numbered([*kit.opening(), lost]))
    assert loss_plot(state, Options()).curves[-1].current == "not finite"


def test_the_x_axis_grows_in_steps_and_ends_with_the_run() -> None:
    ends = []
    state = fold(kit.numbered(kit.opening()))
    for step in range(10, 25 * 782, 50):
        state = fold([msgspec.structs.replace(kit.progress(kit.BLOG, step, 50), seq=100 + step)], state)
        end = x_end(state, "epoch")
        assert end is not None
        assert end >= state.position
        ends.append(end)
    assert ends == sorted(ends)
    assert len(set(ends)) < 20
    assert ends[-1] == 25
    assert x_end(fold(kit.whole_run(epochs=3)), "epoch") == 3


def test_options_go_round() -> None:
    options = Options()
    for _ in SMOOTHING:
        options = options.next_smoothing()
    for _ in X_AXES:
        options = options.next_x_axis()
    assert options.other_axis().other_axis() == Options()


@pytest.mark.parametrize("accuracy", [0.0, 0.1, 0.5, 1.0])
def test_accuracies_never_have_an_axis_beyond_a_hundred_percent(accuracy: float) -> None:
    epoch = msgspec.structs.replace(kit.epoch_ended(kit.BLOG, 1), train_accuracy=accuracy, validation_accuracy=accuracy)
    plot = accuracy_plot(fold(kit.numbered([*kit.opening(), epoch])), Options())
    assert plot.percent
    assert plot.y_max in ((1.0,) if accuracy > 0.5 else (None,))


def test_events_of_a_resumed_run_continue_its_curves() -> None:
    started = next(e for e in kit.opening() if isinstance(e, ev.RunStarted))
    again = msgspec.structs.replace(started, seq=1000, step=782, position=1.0, resumed=True)
    more = [msgspec.structs.replace(e, seq=1001 + n) for n, e in enumerate(kit.epoch_events(kit.BLOG, 2))]
    state = fold([again, *more], RUNNING)
    assert [e.epoch for e in state.epochs] == [1, 2]
    x = loss_plot(state, Options(x_axis="step")).curves[0].x
    assert list(x) == sorted(set(x))
