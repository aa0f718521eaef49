"""Digits cropped so tightly that their ink touches the picture's edges; and what is no digit however it is cropped."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.engine.pictures.kit import Pixels, cropped, digits, read

STEP = 199
"""Every so many of the test set's 10,000 images: 51 of them."""


def times(pixels: Pixels, factor: int) -> Pixels:
    size = (pixels.shape[1] * factor, pixels.shape[0] * factor)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize(("factor", "kind", "off"), [(1, "PNG", 1), (7, "PNG", 15), (7, "JPEG", 15)])
def test_a_digit_without_a_margin_comes_back(inverted: bool, factor: int, kind: str, off: int) -> None:
    for number in range(0, 10_000, STEP):
        tight = times(cropped(digits()[number]), factor)
        found = read(255 - tight if inverted else tight, kind)
        assert found.pixels is not None, (number, found.missing)
        # enlarging moves edges by half a pixel; with the paper taken for ink it is off by 40 and more
        assert np.abs(found.pixels.astype(int) - digits()[number]).mean() < off, number
        assert ("dark on light: inverted" in found.said) is inverted


def random(size: int, share: float) -> Pixels:
    return np.where(np.random.default_rng(size).random((size, size)) < share, 0, 255).astype(np.uint8)


def stripes(width: int) -> Pixels:
    return np.where(np.arange(80) // width % 2, 0, 255).astype(np.uint8)[None].repeat(80, axis=0)


@pytest.mark.parametrize(
    "picture",
    [
        lambda: np.full((40, 30), 255, np.uint8),
        lambda: np.zeros((40, 30), np.uint8),
        lambda: stripes(8),
        lambda: np.bitwise_xor(stripes(10), stripes(10).T),
        lambda: random(20, 0.5),
        lambda: random(28, 0.3),
        lambda: random(200, 0.45),
        lambda: np.random.default_rng(1).integers(0, 256, (20, 20)).astype(np.uint8),
        lambda: np.linspace(0, 255, 50).astype(np.uint8)[None].repeat(50, axis=0),
        lambda: np.hstack([cropped(digits()[0]), np.zeros((20, 6), np.uint8), cropped(digits()[1])[:20]]),
    ],
    ids=["white", "black", "stripes", "checks", "salt", "sparse salt", "much salt", "noise", "ramp", "two digits"],
)
def test_what_is_no_digit_is_refused_without_a_margin_too(picture: Callable[[], Pixels]) -> None:
    found = read(picture())
    assert found.pixels is None
    assert found.missing
