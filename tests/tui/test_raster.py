"""Images become characters: nothing lost, nothing cut, every row as wide as asked."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style

from tui.plotting.raster import ASCII, BLOCKS, Ramp, RasterPalette, crop, half_blocks, resample, shades

Image = NDArray[np.uint8]

DARK = RasterPalette(paper=(18, 18, 18), ink=(255, 255, 255))
LIGHT = RasterPalette(paper=(224, 224, 224), ink=(0, 0, 0))
COLUMNS = [9, 10, 11, 12, 14, 19, 28]

images = hnp.arrays(np.uint8, (28, 28), elements=st.integers(0, 255))


def blank() -> Image:
    return np.zeros((28, 28), np.uint8)


def with_ink(rows: slice | int, columns: slice | int, value: int = 255) -> Image:
    image = blank()
    image[rows, columns] = value
    return image


def text(row: list[Segment]) -> str:
    return "".join(segment.text for segment in row)


class TestResample:
    @given(
        hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))), st.integers(1, 60), st.integers(1, 60)
    )
    def test_any_size_keeps_mean_and_bounds(self, image: Image, width: int, height: int) -> None:
        small = resample(image, width, height)
        assert small.shape == (height, width)
        assert small.dtype == np.float32
        assert small.mean() == pytest.approx(image.mean(), abs=0.01)
        assert small.min() >= image.min() - 0.01
        assert small.max() <= image.max() + 0.01

    def test_averages_the_area_covered(self) -> None:
        image = np.array([[0, 90, 240]], np.uint8)
        assert resample(image, 2, 1) == pytest.approx(np.array([[(0 + 90 / 2) / 1.5, (90 / 2 + 240) / 1.5]]))

    def test_repeats_pixels_when_enlarged(self) -> None:
        image = np.array([[10, 20], [30, 40]], np.uint8)
        assert resample(image, 4, 4) == pytest.approx(image.repeat(2, axis=0).repeat(2, axis=1))

    @pytest.mark.parametrize(("shape", "width", "height"), [((0, 5), 4, 3), ((5, 5), 0, 3), ((5, 5), 4, 0)])
    def test_of_nothing_or_to_nothing_is_empty_or_blank(self, shape: tuple[int, int], width: int, height: int) -> None:
        small = resample(np.full(shape, 9, np.uint8), width, height)
        assert small.shape == (height, width)
        assert not small.any()


class TestCrop:
    @given(images.map(lambda image: image * (image > 250)), st.integers(1, 28))
    def test_never_cuts_ink(self, image: Image, box: int) -> None:
        cropped = crop(image, box)
        assert cropped.sum() == image.sum()
        assert cropped.shape in {(box, box), (28, 28)}

    @pytest.mark.parametrize("corner", [(0, 0), (0, 8), (8, 0), (8, 8), (3, 5)])
    def test_follows_a_digit_out_of_the_center(self, corner: tuple[int, int]) -> None:
        top, left = corner
        image = with_ink(slice(top, top + 20), slice(left, left + 20))
        assert crop(image, 20).shape == (20, 20)
        assert (crop(image, 20) == 255).all()

    def test_ink_wider_than_the_box_leaves_the_image_whole(self) -> None:
        image = with_ink(14, slice(0, 28))
        assert crop(image, 24) is image

    def test_blank_image_gives_its_center(self) -> None:
        assert crop(blank(), 24).shape == (24, 24)


class TestHalfBlocks:
    @given(images, st.integers(0, 40))
    def test_rows_and_widths(self, image: Image, columns: int) -> None:
        rows = half_blocks(image, columns, palette=DARK)
        assert len(rows) == (columns + 1) // 2
        assert {len(text(row)) for row in rows} <= {columns}

    @pytest.mark.parametrize("columns", COLUMNS)
    def test_blank_is_plain_spaces(self, columns: int) -> None:
        assert half_blocks(blank(), columns, palette=DARK) == [[Segment(" " * columns)]] * ((columns + 1) // 2)

    @pytest.mark.parametrize("columns", [10, 12, 14, 28])
    @pytest.mark.parametrize("palette", [DARK, LIGHT])
    def test_full_ink_is_one_run_in_the_ink_color(self, columns: int, palette: RasterPalette) -> None:
        rows = half_blocks(with_ink(slice(None), slice(None)), columns, palette=palette)
        for row in rows:
            assert text(row) == "█" * columns
            assert [tuple(segment.style.color.triplet) for segment in row] == [palette.ink]

    def test_no_two_neighbors_look_the_same(self) -> None:
        rng = np.random.default_rng(0)
        image = rng.integers(0, 256, (28, 28), np.uint8)
        for row in half_blocks(image, 14, palette=DARK):
            test_evaluations = [(segment.text[0], segment.style) for segment in row]
            assert all(one != other for one, other in itertools.pairwise(test_evaluations))

    @pytest.mark.parametrize("columns", COLUMNS)
    @pytest.mark.parametrize("upright", [False, True])
    @pytest.mark.parametrize("line", [0, 7, 13, 20])
    def test_one_pixel_stroke_survives_beside_a_thick_one(self, columns: int, line: int, upright: bool) -> None:
        image = with_ink(line, slice(0, 20))
        image[:, 24:] = 255
        rows = half_blocks(image.T if upright else image, columns, palette=DARK)
        drawn = np.array([[character != " " for character in text(row)] for row in rows])
        if upright:
            assert drawn[: len(rows) // 2, line * columns // 28 : (line + 1) * columns // 28 + 1].any(axis=1).all()
        else:
            assert drawn[:, : columns // 2].any(axis=0).all()

    @pytest.mark.parametrize("columns", COLUMNS)
    def test_single_pixel_survives(self, columns: int) -> None:
        assert any(text(row).strip() for row in half_blocks(with_ink(3, 17), columns, palette=DARK))

    @pytest.mark.parametrize(
        ("inked", "character"),
        [
            ((slice(0, 2), slice(None)), "▀"),
            ((slice(2, 4), slice(None)), "▄"),
            ((slice(None), slice(0, 1)), "▌"),
            ((slice(None), slice(1, 2)), "▐"),
        ],
    )
    def test_a_cell_is_halved_the_way_its_edge_runs(self, inked: tuple[slice, slice], character: str) -> None:
        image = np.zeros((4, 2), np.uint8)
        image[inked] = 255
        ((cell,),) = half_blocks(image, 1, palette=DARK)
        assert cell == Segment(character, Style(color="#ffffff"))


class TestPalette:
    @pytest.mark.parametrize("palette", [DARK, LIGHT])
    def test_runs_evenly_from_paper_to_ink(self, palette: RasterPalette) -> None:
        reds = [palette.color(level).triplet.red for level in range(palette.levels)]
        assert (reds[0], reds[-1]) == (palette.paper[0], palette.ink[0])
        steps = np.abs(np.diff(reds))
        assert steps.min() > 0
        assert steps.max() - steps.min() <= 1


@pytest.mark.parametrize("ramp", [BLOCKS, ASCII])
class TestShades:
    @given(image=images, columns=st.integers(0, 40))
    def test_rows_and_widths(self, ramp: Ramp, image: Image, columns: int) -> None:
        rows = shades(image, columns, ramp)
        assert len(rows) == (columns + 1) // 2
        assert {len(row) for row in rows} <= {columns}

    def test_only_its_own_characters(self, ramp: Ramp) -> None:
        image = np.random.default_rng(1).integers(0, 256, (28, 28), np.uint8)
        assert set("".join(shades(image, 28, ramp))) <= {glyph.character for glyph in ramp}

    def test_more_ink_never_looks_lighter(self, ramp: Ramp) -> None:
        weight = {glyph.character: sum(glyph.ink) for glyph in ramp}
        image = np.linspace(0, 255, 28).astype(np.uint8)[None, :].repeat(28, axis=0)
        for row in shades(image, 28, ramp):
            weights = [weight[character] for character in row]
            assert weights == sorted(weights)
            assert (weights[0], weights[-1]) == (0, 4)

    @pytest.mark.parametrize("columns", COLUMNS)
    @pytest.mark.parametrize("line", [0, 7, 13, 20, 27])
    def test_one_pixel_stroke_survives(self, ramp: Ramp, columns: int, line: int) -> None:
        rows = shades(with_ink(line, slice(None)), columns, ramp)
        assert any(" " not in row for row in rows)
        rows = shades(with_ink(slice(0, 28), line), columns, ramp)
        assert all(row.strip() for row in rows[:-1])

    def test_faint_image_is_stretched_but_noise_is_not(self, ramp: Ramp) -> None:
        strong = shades(with_ink(slice(4, 24), slice(10, 18), 255), 14, ramp)
        assert shades(with_ink(slice(4, 24), slice(10, 18), 100), 14, ramp) == strong
        assert not "".join(shades(with_ink(slice(4, 24), slice(10, 18), 3), 14, ramp)).strip()


def test_ascii_is_seven_bit() -> None:
    assert all(glyph.character.isascii() and glyph.character.isprintable() for glyph in ASCII)
