"""The plots of a run."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from rich.cells import cell_len

from engine import events as ev
from engine.state import run_state
from engine.state.run_state import RunState, fold
from tests import events_kit as kit
from tui.views.chart_frame import foot, title, what_is_shown
from tui.views.charts import accuracy_plot, loss_plot, with_cursor, x_end
from tui.views.curves import CHARTS, plot_of
from tui.views.mark_texts import mark_text
from tui.views.marks import words_at
from tui.views.places import place_of_step
from tui.views.window import (
    SMOOTHING,
    X_AXES,
    ChartView,
    Options,
    XAxis,
    moved,
    moved_to,
    panned,
    recorded,
    snapped,
    zoomed,
)

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
        ("images", [p.images for p in RUNNING.losses.points], [50_000, 100_000], 100_000),
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
    assert (train.current, validation.current) == ("89.22%", "95.54%")
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
    assert options.other_x_scale().log_x
    assert options.other_x_scale().other_x_scale() == Options()


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


# with a cursor, in a window

STEPS = recorded(RUNNING)


def at(step: int, **options: object) -> ChartView:
    return ChartView(Options(**options), cursor=step)  # type: ignore[arg-type]


@pytest.mark.parametrize("axis", X_AXES)
def test_the_cursor_stands_at_its_step_on_every_axis(axis: XAxis) -> None:
    view = at(STEPS[5], x_axis=axis)
    plot = with_cursor(loss_plot(RUNNING, view.options, view=view), RUNNING, view, STEPS)
    point = RUNNING.losses.points[5]
    assert (
        plot.cursor
        == {
            "step": point.step,
            "epoch": point.position,
            "seconds": point.seconds,
            "images": point.images,
        }[axis]
    )


def test_the_legend_tells_the_values_where_the_cursor_stands() -> None:
    view = at(800, smoothing=0.0)
    loss = with_cursor(loss_plot(RUNNING, view.options, view=view), RUNNING, view, STEPS)
    point = next(p for p in RUNNING.losses.points if p.step >= 800)
    assert point.low is not None
    assert point.high is not None
    assert loss.curves[0].current == f"{point.mean:.4f} ({point.low:.4f}–{point.high:.4f})"
    validation = RUNNING.epochs[0].validation_loss
    assert loss.curves[1].current == f"{validation:.4f} (epoch 1)"
    accuracy = with_cursor(accuracy_plot(RUNNING, view.options, view=view), RUNNING, view, STEPS)
    assert [c.current for c in accuracy.curves] == ["85.20% (epoch 1)", "94.45% (epoch 1)"]


def test_before_the_first_epoch_there_is_no_validation_yet() -> None:
    view = at(STEPS[0])
    plot = with_cursor(loss_plot(RUNNING, view.options, view=view), RUNNING, view, STEPS)
    assert plot.curves[-1].current == "–"


def test_a_validation_counts_from_its_step_on_also_where_its_seconds_are_later() -> None:
    view = at(RUNNING.epochs[0].step, x_axis="seconds")
    assert RUNNING.epochs[0].total_seconds > place_of_step(RUNNING, view.cursor or 0, "seconds")
    plot = with_cursor(loss_plot(RUNNING, view.options, view=view), RUNNING, view, STEPS)
    assert (plot.curves[-1].current or "").endswith("(epoch 1)")


def test_without_a_cursor_or_a_window_plots_are_as_they_were() -> None:
    for kind in CHARTS:
        plot = plot_of(kind, RUNNING, ChartView())
        assert with_cursor(plot, RUNNING, ChartView(), STEPS) is plot
        assert plot.x_limits is None


@pytest.mark.parametrize("axis", X_AXES)
@pytest.mark.parametrize("log_x", [False, True])
def test_every_chart_shows_the_same_window(axis: XAxis, log_x: bool) -> None:
    view = zoomed(ChartView(Options(x_axis=axis, log_x=log_x)), STEPS, 0.5)
    found = {plot_of(kind, RUNNING, view).x_limits for kind in CHARTS}
    assert len(found) == 1
    (limits,) = found
    assert limits is not None
    assert limits[1] == pytest.approx(place_of_step(RUNNING, STEPS[-1], axis))
    assert not log_x or limits[0] > 0


def test_a_step_between_two_points_lies_between_them() -> None:
    first, second = RUNNING.losses.points[3:5]
    middle = (first.step + second.step) / 2
    assert place_of_step(RUNNING, middle, "images") == pytest.approx((first.images + second.images) / 2)
    assert place_of_step(RUNNING, 0, "seconds") == 0
    assert place_of_step(RUNNING, 2 * 1564, "epoch") == pytest.approx(4.0)
    assert place_of_step(RunState(), 10, "epoch") == 0.0


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        ("epoch", "epochs 1.0–2.0 of 25, follows"),
        ("step", "steps 782–1,564 of 19,550, follows"),
        ("images", "images 50k–100k of 1.25M, follows"),
        ("seconds", "seconds 1.2–2.5 of 2.5, follows"),
    ],
)
def test_the_frame_says_what_is_shown(axis: XAxis, words: str) -> None:
    view = zoomed(ChartView(Options(x_axis=axis)), STEPS, 0.5)
    assert what_is_shown(RUNNING, view, STEPS) == words
    assert what_is_shown(RUNNING, ChartView(), STEPS) == ""
    assert what_is_shown(RUNNING, panned(view, STEPS, -0.5), STEPS).count("follows") == 0


def test_the_frame_says_where_the_cursor_stands() -> None:
    step = STEPS[5]
    assert title("Loss", RUNNING, ChartView(), STEPS) == "Loss"
    assert title("Loss", RUNNING, at(step), STEPS) == f"Loss at step {step}, epoch {step / 782:.2f}"
    assert title("Loss", RUNNING, at(step, x_axis="seconds"), STEPS).endswith("0.6 s")
    assert title("Loss", RUNNING, at(step, x_axis="images"), STEPS).endswith("25k images")


def test_a_narrow_frame_says_what_is_shown_rather_than_how() -> None:
    view = zoomed(ChartView(), STEPS, 0.5)
    assert foot(RUNNING, view, STEPS, "★", 34) == "epochs 1.0–2.0 of 25, follows"
    assert foot(RUNNING, view, STEPS, "★", 80) == "epochs 1.0–2.0 of 25, follows, smoothed 0.9, log, by epoch"
    assert foot(RUNNING, ChartView(), STEPS, "★", 10) == "smoothed 0.9, log, by epoch"


# marks

STEERED = fold(
    [
        msgspec.structs.replace(event, seq=1000 + n)
        for n, event in enumerate(
            [
                ev.Changed(step=400, position=400 / 782, name="learning_rate", old="0.001", new="0.002"),
                ev.Paused(step=600, position=600 / 782),
                ev.Continued(step=600, position=600 / 782),
                ev.CheckpointSaved(kind="kept", epoch=1, step=782),
                ev.Paused(step=900, position=900 / 782),
                ev.Continued(step=900, position=900 / 782),
                ev.Changed(step=1000, position=1000 / 782, name="learning_rate", old="0.002", new="0.001"),
                ev.CheckpointSaved(kind="kept", epoch=2, step=1564),
            ]
        )
    ],
    RUNNING,
)


@pytest.mark.parametrize("star", ["★", "*"])
def test_every_kind_of_mark_has_a_glyph_of_its_own(star: str) -> None:
    marks = loss_plot(STEERED, Options(x_axis="step"), star=star).marks
    glyphs = {(mark.x, mark.glyph) for mark in marks}
    assert len(glyphs) == 9
    assert len({mark.glyph for mark in marks}) == 5
    assert all(mark.glyph.isascii() for mark in marks) == (star == "*")
    assert all(cell_len(mark.glyph) == 1 for mark in marks)


def test_the_legend_has_the_last_change_in_words_and_counts_the_others() -> None:
    labels = [mark.label for mark in loss_plot(STEERED, Options()).marks if mark.label]
    assert labels == ["2 kept", "2 pauses", "best: epoch 1", "learning rate 0.002 → 0.001 at epoch 1.3, 2 changes"]


def test_the_other_charts_have_the_same_signs_without_words() -> None:
    marks = plot_of("norm", STEERED, ChartView()).marks
    assert len(marks) == 8
    assert not any(mark.label for mark in marks)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (400, "▲ learning rate 0.001 → 0.002"),
        (600, "‖ paused, ▸ continued"),
        (782, "▾ checkpoint of epoch 1 kept, ★ best: epoch 1"),
        (1400, ""),
    ],
)
def test_what_happened_at_the_cursor_is_said(step: int, words: str) -> None:
    assert words_at(STEERED, at(step), STEPS, "★") == words
    assert words_at(STEERED, at(step), STEPS, "★", 5) == (
        f"{words.split(', ', maxsplit=1)[0]}, 1 more" if ", " in words else words
    )


def test_marks_come_in_sight_of_the_cursor_with_the_point_that_holds_them() -> None:
    view, found = moved_to(ChartView(), STEPS, "first"), {}
    for step in STEPS:
        assert view.cursor == step
        found[step] = words_at(STEERED, view, STEPS, "★")
        view = moved(view, STEPS, 1)
    for mark in STEERED.marks:
        assert mark_text(mark) in found[snapped(STEPS, mark.step)]


# the other charts


def layers(step: int, *ratios: float | None) -> ev.Layers:
    told = tuple(
        ev.LayerStep(name=f"l{n}", weights=10, weight_norm=1.0, gradient_norm=0.1, update_ratio=ratio)
        for n, ratio in enumerate(ratios)
    )
    return ev.Layers(step=step, position=step / 782, layers=told, seq=2000 + step)


def test_every_layer_has_its_curve_of_the_update_ratio() -> None:
    state = fold([layers(100, 1e-3, 2e-3), layers(200, 5e-4, None)], RUNNING)
    plot = plot_of("ratio", state, at(150, x_axis="step"))
    assert plot.log_y
    assert [curve.label for curve in plot.curves] == ["l0", "l1"]
    assert list(plot.curves[0].x) == [100, 200]
    assert list(plot.curves[0].y) == [1e-3, 5e-4]
    assert np.isnan(plot.curves[1].y[1])
    assert [curve.current for curve in plot.curves] == ["0.0005", "–"]
    shown = with_cursor(plot, state, at(150, x_axis="step"), [50, 150])
    assert [curve.current for curve in shown.curves] == ["0.001", "0.002"]
    assert [c.current for c in with_cursor(plot, state, at(50), [50]).curves] == ["–", "–"]
    assert plot_of("ratio", RUNNING, ChartView()).curves == ()


def test_rate_norm_and_speed_are_those_of_the_points() -> None:
    raw = Options(smoothing=0.0)
    for kind, field in (("rate", "rate"), ("norm", "norm"), ("speed", "speed")):
        (curve,) = plot_of(kind, RUNNING, ChartView(raw)).curves  # type: ignore[arg-type]
        assert list(curve.y) == [getattr(p, field) for p in RUNNING.losses.points]
    assert len(plot_of("rate", RUNNING, ChartView()).curves) == 1
    assert [c.role for c in plot_of("speed", RUNNING, ChartView()).curves] == ["raw", "train"]


def test_the_frame_says_what_was_changed_last_as_long_as_room_and_window_let_it() -> None:
    note = "optimizer adam → sgd (its state is reset)"
    first = ev.Changed(step=10, position=0.01, name="dropout", old="0.5", new="0.2")
    last = ev.Changed(step=782, position=1.0, name="optimizer", old="adam", new="sgd", note="its state is reset")
    marks = tuple(run_state.Mark("changed", each.step, each.position, each) for each in (first, last))
    state = msgspec.structs.replace(RUNNING, marks=marks)
    assert foot(state, ChartView(), STEPS, "★", 80) == f"▲ {note}, epoch 1.0, 2 changes"
    assert foot(state, ChartView(), STEPS, "★", 50) == "▲ optimizer adam → sgd, epoch 1.0, 2 changes"
    assert foot(state, ChartView(), STEPS, "*", 36) == "^ optimizer adam → sgd, epoch 1.0"
    assert foot(state, ChartView(), STEPS, "★", 24) == "▲ optimizer adam → sgd"
    assert foot(state, ChartView(), STEPS, "★", 10) == "smoothed 0.9, log, by epoch"
    zoom = zoomed(ChartView(), STEPS, 0.5)
    assert foot(state, zoom, STEPS, "★", 34) == "epochs 1.0–2.0 of 25, follows"
