"""MNIST's own images, brought as people's pictures, are shown to a network as they were: the same answers follow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.pictures.decoding import Sheet
from engine.pictures.picture_files import _as_it_is
from tests.engine.pictures.kit import Pixels, corner, digits, encoded, large, likeness, read, transparent

SOME = 300


def test_every_image_of_the_test_set_passes_unchanged_and_inverted_is_inverted_back() -> None:
    for digit in digits():
        for gray in (digit, 255 - digit):
            passed = _as_it_is(Sheet(gray.astype(np.float32), 28, 28))
            assert passed is not None and np.array_equal(passed, digit)


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (lambda digit, _: digit, ("as it is",)),
        (lambda digit, _: 255 - digit, ("dark on light: inverted",)),
        (lambda digit, _: transparent(digit, 0), ("laid on white", "dark on light: inverted")),
        (lambda digit, _: transparent(digit, 255), ("laid on black", "as it is")),
        (corner, ("cut out of 280×280, centered",)),
        (lambda digit, number: corner(255 - digit, number, 255), None),
        (lambda digit, number: transparent(corner(digit, number), 0), None),
        (lambda digit, _: 255 - digit.repeat(10, axis=0).repeat(10, axis=1), None),
    ],
    ids=[
        "as it is",
        "inverted",
        "black on nothing",
        "white on nothing",
        "corner",
        "inverted corner",
        "nothing",
        "large",
    ],
)
def test_it_comes_back_byte_for_byte(way: Callable[[Pixels, int], Pixels], said: tuple[str, ...] | None) -> None:
    changed = 0
    for number, digit in enumerate(digits()[:SOME]):
        made = read(way(digit, number), compress_level=1)
        assert said is None or made.said == said
        changed += made.pixels is None or not np.array_equal(made.pixels, digit)
    assert changed <= SOME // 50  # scaled back, the finest strokes are broadened


@pytest.mark.parametrize("moved", [(0, 2), (-2, 1), (-3, -2)])
def test_one_of_28_pixels_stays_where_it_is_also_where_that_is_not_the_middle(moved: tuple[int, int]) -> None:
    digit = np.roll(digits()[0], moved, (0, 1))
    made = read(digit)
    assert made.pixels is not None and np.array_equal(made.pixels, digit)


def test_one_of_28_pixels_far_from_where_mnist_has_it_is_centered() -> None:
    small = np.zeros((28, 28), np.uint8)
    small[:14, :14] = digits()[0][::2, ::2]
    made = read(small)
    assert made.pixels is not None
    assert likeness(made, digits()[0]) > 0.8


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("JPEG", {"quality": 75}), ("WEBP", {"quality": 80})])
@pytest.mark.parametrize("times", [1, 3, 10])
def test_smooth_edges_and_the_marks_of_compression_do_no_harm(times: int, kind: str, options: dict[str, int]) -> None:
    for digit in digits()[:30]:
        assert likeness(read(255 - 255 * large(digit, times), kind, **options), digit) > 0.9


def test_reading_leaves_the_content_alone() -> None:
    content = encoded(digits()[0])
    assert read(digits()[0]).width == 28
    assert content == encoded(digits()[0])
