"""Photos, scans, screenshots and drawings: the digit is found, or it is said why there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from engine.pictures import choosing
from engine.pictures.picture_files import NOTHING
from tests.engine.pictures.kit import digits, large, likeness, lit, on_sheet, read

Array = NDArray[Any]
DIGIT = digits()[0]


def noise(shape: tuple[int, ...], strength: float = 10, seed: int = 1) -> Array:
    return np.random.default_rng(seed).normal(0, strength, shape)


def written(digit: Array = DIGIT, times: int = 20, thin: float = 0.6, top: int = 300, left: int = 500) -> Array:
    """Where a pen went over a sheet of 1500 × 1500."""
    return on_sheet(large(digit, times) > thin, (1500, 1500), top, left).astype(bool)


def photo(digit: Array = DIGIT, ink: float = 60, sigma: float = 10, **how: Any) -> Array:
    return np.where(written(digit, **how), ink, lit()) + noise((1500, 1500), sigma)


def vignette(digit: Array) -> Array:
    y, x = np.mgrid[-1:1:1500j, -1:1:1500j]
    return photo(digit, sigma=6) * (1 - 0.35 * (x * x + y * y))


def shadow(digit: Array) -> Array:
    y, x = np.mgrid[:1500, :1500]
    return photo(digit, sigma=4) * (1 - 0.45 / (1 + np.exp(-(x + y / 2 - 1100) / 60)))


def on_a_table(digit: Array) -> Array:
    sheet = photo(digit, sigma=5)
    sheet[:120] = 70 + noise((120, 1500), 8)
    sheet[:, -100:] = 60 + noise((1500, 100), 8)
    return sheet


def ruled(digit: Array) -> Array:
    sheet = photo(digit, sigma=5)
    sheet[::90] -= 30
    sheet[1::90] -= 30
    return sheet


SHEETS: dict[str, Callable[[Array], Array]] = {
    "shade and noise": photo,
    "a fine pen": lambda digit: photo(digit, thin=0.8),
    "a small digit": lambda digit: photo(digit, times=5),
    "a light pencil": lambda digit: photo(digit, ink=115, sigma=5),
    "chalk on a board": lambda digit: 255 - photo(digit),
    "dark corners": vignette,
    "the shadow of a hand": shadow,
    "a sheet on a table": on_a_table,
    "ruled paper": ruled,
}


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_the_digit_in_a_photo(sheet: Callable[[Array], Array]) -> None:
    for number in (0, 2, 4):
        made = read(sheet(digits()[number]), "JPEG", quality=85)
        assert likeness(made, digits()[number]) > 0.8, made.said
        assert made.pixels is not None and made.pixels.max() > 230


def test_what_was_done_to_a_photo_is_said() -> None:
    made = read(photo())
    assert [text for text in made.said if text != "specks left out"] == [
        "dark on light: inverted",
        "shade and noise of the paper removed",
        "cut out of 1500×1500, centered",
    ]
    assert made.missing == ""
    assert "dark on light: inverted" not in read(255 - photo()).said


def test_nothing_of_the_paper_is_left() -> None:
    made = read(photo())
    assert made.pixels is not None
    assert not made.pixels[(DIGIT == 0) & (broad(DIGIT) == 0)].any()


def broad(digit: Array) -> Array:
    """Every pixel the greatest within two: an image with broad edges."""
    return np.asarray(Image.fromarray(digit).filter(ImageFilter.MaxFilter(5)))


def blurred() -> Array:
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 256, (280, 280), np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(3)), float)


def salt(shape: tuple[int, int], share: float) -> Array:
    return 255.0 * (np.random.default_rng(4).random(shape) > share)


def disc() -> Array:
    y, x = np.mgrid[:300, :300]
    return np.where(np.hypot(y - 150, x - 140) < 70, 0.0, 255.0)


def bars(*boxes: tuple[slice, slice], shape: tuple[int, int] = (300, 300)) -> Array:
    sheet = np.full(shape, 255.0)
    for box in boxes:
        sheet[box] = 0
    return sheet


def frame(inset: int = 0, width: int = 3, size: int = 400) -> Array:
    sheet = np.full((size, size), 255.0)
    end = size - inset
    sheet[inset:end, inset:end] = 0
    sheet[inset + width : end - width, inset + width : end - width] = 255
    return sheet


NONE: dict[str, tuple[Array, set[str]]] = {
    "white": (np.full((300, 200), 255.0), {NOTHING}),
    "black": (np.zeros((28, 28)), {NOTHING}),
    "one pixel": (np.zeros((1, 1)), {NOTHING}),
    "a line of pixels": (noise((1, 500), 90) + 128, {NOTHING, choosing.NOISE, choosing.ALL_OVER}),
    "nine pixels": (noise((3, 3), 90) + 128, {NOTHING, choosing.NOISE, choosing.ALL_OVER, choosing.TINY}),
    "gray paper": (200 + noise((900, 900)), {NOTHING}),
    "lit paper": (lit() + noise((1500, 1500)), {NOTHING}),
    "smooth shade": (lit(800, 90, 220), {NOTHING}),
    "noise of 28": (np.random.default_rng(1).uniform(0, 255, (28, 28)), {NOTHING, choosing.NOISE}),
    "noise of 280": (np.random.default_rng(1).uniform(0, 255, (280, 280)), {NOTHING, choosing.NOISE}),
    "blurred noise": (blurred(), {NOTHING, choosing.NOISE}),
    "salt": (salt((280, 280), 0.05), {choosing.NOISE}),
    "much salt": (salt((280, 280), 0.3), {choosing.NOISE, NOTHING}),
    "salt of 28": (salt((28, 28), 0.1), {choosing.NOISE}),
    "no contrast": (200 - 15 * on_sheet(large(DIGIT, 6).clip(0, 1), (300, 300), 40, 60), {NOTHING}),
    "less than the noise": (200 - 12 * written() + noise((1500, 1500)), {NOTHING}),
    "a rectangle": (bars((slice(50, 200), slice(60, 230))), {choosing.PATCH}),
    "a disc": (disc(), {choosing.PATCH}),
    "ink all over": (bars((slice(20, 290), slice(10, 280))), {choosing.ALL_OVER, NOTHING}),
    "a line across": (bars((slice(150, 153), slice(None))), {choosing.NOTHING_BUT_LINES}),
    "a line down": (bars((slice(None), slice(20, 22))), {choosing.NOTHING_BUT_LINES}),
    "a dash": (bars((slice(150, 160), slice(100, 180))), {choosing.WIDE}),
    "a dot": (bars((slice(150, 153), slice(150, 153))), {choosing.TINY}),
    "a frame": (frame(), {NOTHING}),
    "a frame inside": (frame(inset=20), {NOTHING}),
    "a frame far inside": (frame(inset=38), {choosing.NOTHING_BUT_LINES}),
}


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize(("sheet", "reasons"), NONE.values(), ids=NONE)
def test_where_there_is_no_digit_that_is_said(sheet: Array, reasons: set[str], kind: str) -> None:
    made = read(sheet, kind)
    assert made.pixels is None
    # The marks of a compression that loses something are as good a reason as another.
    assert made.missing in (reasons if kind == "PNG" else {NOTHING, choosing.NOISE, *reasons})


def typed(text: str) -> Array:
    picture = Image.new("L", (800, 300), 255)
    ImageDraw.Draw(picture).text((60, 50), text, fill=0, font=ImageFont.load_default(160))
    return np.asarray(picture, float)


@pytest.mark.parametrize(("text", "found"), [("42", 2), ("10", 2), ("11", 2), ("88", 2), ("1 1", 2), ("2024", 4)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_more_than_one_digit_is_said_not_read(text: str, found: int, kind: str) -> None:
    made = read(typed(text), kind)
    assert made.pixels is None
    assert made.missing == f"it looks like {found} separate things: give each digit a picture of its own"


def test_two_digits_in_a_photo() -> None:
    two = written(left=100) | written(digits()[1], left=800)
    assert "2 separate things" in read(np.where(two, 60, lit()) + noise((1500, 1500))).missing


def test_digits_that_hang_loosely_together_are_one() -> None:
    apart = sum("separate" in choosing.choose(digit.astype(np.float32) / 255).missing for digit in digits()[:3000])
    assert apart <= 3


@pytest.mark.parametrize("digit", range(10))
def test_a_typed_digit_is_found(digit: int) -> None:
    assert read(typed(str(digit))).pixels is not None


@pytest.mark.parametrize("inset", [0, 12, 30, 60])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_digit_within_a_frame(inset: int, kind: str) -> None:
    sheet = np.minimum(frame(inset), 255 - 255 * on_sheet(large(DIGIT, 8).clip(0, 1), (400, 400), 90, 90))
    made = read(sheet, kind)
    assert likeness(made, DIGIT) > 0.9
    assert {"frame cut off", "specks left out"} & set(made.said)


def test_the_dark_edges_of_a_scan_are_left_out() -> None:
    sheet = 250 - 250 * on_sheet(large(DIGIT, 8).clip(0, 1), (600, 400), 150, 90)
    sheet[:25], sheet[:, :12] = 30, 60
    assert likeness(read(sheet, "JPEG"), DIGIT) > 0.9


def test_a_line_across_the_page_is_left_out() -> None:
    sheet = 255 - 255 * on_sheet(large(DIGIT, 8).clip(0, 1), (400, 400), 120, 90)
    sheet[40:43] = 0
    assert likeness(read(sheet), DIGIT) > 0.9


def test_dust_is_left_out_and_that_is_said() -> None:
    sheet = 255 - 255 * on_sheet(large(DIGIT, 8).clip(0, 1), (400, 400), 120, 90)
    sheet[20:24, 370:375], sheet[380:383, 30:33] = 0, 0
    made = read(sheet)
    assert likeness(made, DIGIT) > 0.9
    assert "specks left out" in made.said


def test_a_card_of_the_other_kind_on_a_page() -> None:
    sheet = np.full((400, 400), 255.0)
    sheet[20:380, 20:380] = 255 * on_sheet(large(DIGIT, 8).clip(0, 1), (360, 360), 70, 70)
    made = read(sheet)
    assert likeness(made, DIGIT) > 0.9
    assert "frame cut off" in made.said and "dark on light: inverted" not in made.said


def test_a_digit_that_fills_its_picture_to_the_edges() -> None:
    rows, columns = np.flatnonzero(DIGIT.any(axis=1)), np.flatnonzero(DIGIT.any(axis=0))
    tight = large(DIGIT, 8)[rows[0] * 8 : rows[-1] * 8 + 8, columns[0] * 8 : columns[-1] * 8 + 8]
    assert likeness(read(255 - 255 * tight), DIGIT) > 0.9


@pytest.mark.parametrize(
    "pair", [((0, 60, 200), (255, 255, 255)), ((230, 60, 60), (20, 20, 60)), ((0, 90, 0), (240, 220, 130))]
)
def test_colors(pair: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    ink = on_sheet(large(DIGIT, 8).clip(0, 1), (400, 400), 120, 90)[..., None]
    made = read(np.array(pair[0]) * ink + np.array(pair[1]) * (1 - ink))
    assert likeness(made, DIGIT) > 0.9
