"""Ink of any size becomes a picture as MNIST has them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.dataset import load
from engine.pictures import to_mnist

Floats = NDArray[np.float32]


def ring(size: int, radius: float, width: float, middle: tuple[float, float] | None = None) -> Floats:
    """A circle drawn on paper of `size` × `size`, its edges soft over one pixel."""
    y, x = np.indices((size, size)) + 0.5
    at = middle or (size / 2, size / 2)
    off = np.abs(np.hypot(y - at[0], x - at[1]) - radius) - width / 2
    return np.clip(0.5 - off, 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def digits() -> NDArray[np.uint8]:
    return load().test_images.reshape(-1, 28, 28)


def test_every_image_of_the_test_set_comes_back_byte_for_byte(digits: NDArray[np.uint8]) -> None:
    for digit in digits:
        assert np.array_equal(to_mnist(digit / np.float32(255)), digit)


def test_it_comes_back_from_a_corner_of_large_paper_and_ten_times_as_large(digits: NDArray[np.uint8]) -> None:
    scaled = 0
    for digit in digits[:200]:
        corner = np.zeros((280, 280), np.float32)
        corner[252:, :28] = digit / 255
        assert np.array_equal(to_mnist(corner), digit)
        scaled += not np.array_equal(to_mnist(np.kron(digit, np.ones((10, 10))) / 255), digit)
    assert scaled <= 4  # those with the finest strokes


@pytest.mark.parametrize("size", [16, 28, 56, 280, 1500])
def test_it_fills_twenty_pixels_whatever_its_size(size: int) -> None:
    made = to_mnist(ring(size, size * 0.3, size * 0.08))
    assert made is not None
    assert made.shape == (28, 28) and made.dtype == np.uint8
    inked = np.argwhere(made > 64)
    assert (np.ptp(inked, axis=0) + 1 >= 18).all() and (np.ptp(inked, axis=0) + 1 <= 20).all()
    assert np.abs(np.argwhere(made > 25).mean(axis=0) - 14).max() <= 1


def test_what_is_longer_keeps_its_shape() -> None:
    stroke = np.zeros((400, 400), np.float32)
    stroke[50:350, 190:220] = 1
    made = to_mnist(stroke)
    assert made is not None
    rows, columns = np.flatnonzero(made.any(axis=1)), np.flatnonzero(made.any(axis=0))
    assert len(rows) == 20
    assert made[14].sum() / 255 == pytest.approx(2.0, abs=0.02)
    assert len(columns) in (2, 3)


@pytest.mark.parametrize("width", [1, 3, 10, 40, 70])
def test_a_thin_stroke_survives(width: float) -> None:
    made = to_mnist(ring(1500, 600, width))
    assert made is not None
    assert made.max() >= 242
    assert made.sum() / 255 >= 60  # the ring is 60 pixels long: strokes are a pixel broad at least


def test_faint_ink_becomes_as_strong_as_it_is_in_mnist() -> None:
    made = to_mnist(0.3 * ring(24, 9, 2.5))
    assert made is not None
    assert made.max() == 255


def test_no_ink_is_no_picture() -> None:
    assert to_mnist(np.zeros((40, 30))) is None
    assert to_mnist(np.zeros((0, 0))) is None
    assert to_mnist(np.full((9, 9), np.nan)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (28, 28), (20, 20), (3, 7)])
def test_ink_all_over_is_a_picture_of_any_shape(shape: tuple[int, int]) -> None:
    made = to_mnist(np.ones(shape))
    assert made is not None and made.max() == 255


def test_ink_far_from_its_center_of_mass_is_not_cut_off() -> None:
    heavy = np.zeros((20, 20), np.float32)
    heavy[:2] = 1
    heavy[:, 0] = 0.3
    made = to_mnist(heavy)
    assert made is not None
    assert made.any(axis=1).sum() == 20
