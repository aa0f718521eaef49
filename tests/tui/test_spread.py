"""Histograms over epochs: on one axis, none of their mass lost, drawn at any size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine import events as ev
from engine.state.run_state import RunState, fold
from tests import events_kit as kit
from tui.plotting.ink import Ink, segments, styles_of
from tui.plotting.plot import Palette
from tui.views.spread import layers_of, ridges, spread_of
from tui.widgets.ridges import bars, draw

PALETTE = Palette("#0000ff", "#ff8800", "#000088", "#888888", "#222222", "#ffffff", "#00ff00", "#ff0000")
BELL = tuple(round(1000 * np.exp(-(((n - 19.5) / 6) ** 2))) for n in range(40))


def told(epoch: int, wide: float = 0.1, **more: Any) -> ev.Distributions:
    weights = (ev.Histogram(-wide, wide, BELL), ev.Histogram(-0.5, 0.5, BELL))
    gradients = (ev.Histogram(-0.01, 0.01, BELL), None)
    values = {
        "epoch": epoch,
        "step": epoch * 782,
        "position": float(epoch),
        "layers": ("784→128", "128→10"),
        "weights": weights,
        "gradients": gradients,
        "hidden": (ev.Hidden(activation="relu", units=128, dead=0.0625),),
    }
    return ev.Distributions(**{**values, **more})


def state(epochs: int) -> RunState:
    return fold(kit.numbered([*kit.opening(), *(told(n, 0.05 * n) for n in range(1, epochs + 1))]))


histograms = st.builds(
    lambda low, wide, counts: ev.Histogram(low, low + wide, tuple(counts)),
    st.floats(-100, 100),
    st.sampled_from([0.0, 1e-9, 0.5, 3.0, 1e6]),
    st.lists(st.integers(0, 1000), min_size=1, max_size=40),
)


@given(st.lists(st.none() | histograms, max_size=8), st.integers(1, 100))
def test_all_but_the_outermost_of_each_histogram_is_on_the_axis(
    given_ones: list[ev.Histogram | None], columns: int
) -> None:
    found = ridges(given_ones, columns)
    filled = [each is not None and sum(each.counts) > 0 for each in given_ones]
    if found is None:
        assert not any(filled)
        return
    assert found.low < found.high
    assert found.shares.shape == (len(given_ones), columns)
    for shares, there in zip(found.shares, filled, strict=True):
        assert np.isnan(shares).all() if not there else 0.99 <= np.sum(shares) <= 1 + 1e-9


def test_a_far_value_does_not_flatten_the_others() -> None:
    found = ridges([ev.Histogram(0.0, 100.0, (99_999, *[0] * 98, 1))], 10)
    assert found is not None
    assert found.high <= 1.0 + 1e-9


def test_where_a_histogram_lies_its_share_is() -> None:
    found = ridges([ev.Histogram(0.0, 1.0, (1, 1)), ev.Histogram(1.0, 2.0, (2, 2))], 4)
    assert found is not None
    assert found.shares == pytest.approx(np.array([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]))


def test_the_cursor_chooses_the_epoch_that_its_step_belongs_to() -> None:
    run = state(5)
    chosen = {cursor: spread_of(run, 0, cursor) for cursor in (None, 1, 782, 783, 4 * 782, 9999)}
    assert {cursor: spread.chosen for cursor, spread in chosen.items() if spread} == {
        None: 4,
        1: 0,
        782: 0,
        783: 1,
        4 * 782: 3,
        9999: 4,
    }
    assert layers_of(run) == 2
    assert spread_of(RunState(), 0, None) is None


def test_what_the_hidden_units_do_is_said() -> None:
    first, last = spread_of(state(3), 0, None), spread_of(state(3), 1, None)
    assert first is not None
    assert last is not None
    assert first.note == "epoch 3, 128 relu units, 6.2% never fire"
    assert last.note == "epoch 3"


def text(
    epochs: int, width: int, height: int, cursor: int | None = None, *, layer: int = 0, plain: bool = False
) -> list[str]:
    lines = draw(spread_of(state(epochs), layer, cursor), width, height, plain=plain)
    return ["".join(part for part, _ in line) for line in lines]


def test_every_epoch_has_a_row_and_the_chosen_one_a_sign() -> None:
    rows = text(8, 80, 30, 3 * 782)
    assert "weights, epoch 3" in rows[0]
    assert "gradients, epoch 3" in rows[0]
    named = [row.split()[0] for row in rows if row[:4].strip()]
    assert named == ["1", "2", "▸", "4", "5", "6", "7", "8"]
    assert sum("┬" in row for row in rows) == 2


def test_of_many_epochs_the_last_are_shown_and_the_chosen_one_always() -> None:
    rows = text(100, 80, 20)
    assert any(row.startswith("▸100") for row in rows)
    assert not any(row.startswith("   1 ") for row in rows)
    assert any(row.startswith("▸  7") for row in text(100, 80, 20, 7 * 782))


def test_weights_that_spread_are_seen_to_spread() -> None:
    rows = [row for row in text(4, 80, 14) if row[:4].strip()]
    wide = [len(row[4:42].strip()) for row in rows]
    assert wide == sorted(wide)
    assert wide[0] < wide[-1]


def test_a_layer_without_gradients_says_so() -> None:
    assert any("none recorded" in row for row in text(3, 80, 24, layer=1))


@given(st.integers(0, 130), st.integers(0, 60), st.integers(0, 40), st.none() | st.integers(0, 40_000), st.booleans())
def test_it_fits_at_any_size(width: int, height: int, epochs: int, cursor: int | None, plain: bool) -> None:
    lines = draw(spread_of(state(epochs), 0, cursor), width, height, plain=plain)
    assert len(lines) == height
    for line in lines:
        drawn = segments(line, width, styles_of(PALETTE), ascii_only=plain)
        assert sum(cell_len(part.text) for part in drawn) == width
        assert not plain or all(part.text.isascii() for part in drawn)
        if width >= 8:
            assert sum(cell_len(part) for part, _ in line) <= width


def test_bars_are_as_high_as_their_shares() -> None:
    assert bars(np.array([0.0, 0.25, 0.5, 1.0]), 1) == [" ▂▄█"]
    assert bars(np.array([0.0, 0.25, 0.5, 1.0]), 2) == ["   █", " ▄██"]
    assert bars(np.array([1e-9, 1.0]), 1) == ["▁█"]
    assert bars(np.array([1e-9, 1.0]), 2, apart=True) == [" ▇", "▁█"]
    assert bars(np.full(3, np.nan), 2) == ["   ", "   "]
    assert bars(np.array([0.0, 1.0]), 1, plain=True) == [" @"]


def test_without_histograms_it_says_when_they_come() -> None:
    assert "taken at the end of each epoch" in "".join(part for line in draw(None, 80, 10) for part, _ in line)
    assert draw(None, 80, 3)[1][0][1] is Ink.AXIS
