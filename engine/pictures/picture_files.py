"""A person's picture of a digit: opened, understood, and made what a network reads; with what was done to it, in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.dataset.data_files import printable
from engine.errors import PictureProblem
from engine.pictures.choosing import Choice, choose
from engine.pictures.decoding import Sheet, block_mean, decode
from engine.pictures.opening import Input, read_file, read_input
from engine.pictures.paper import Layer, border, ink_layer
from engine.pictures.prepare import BOX, CENTER, SIDE, Pixels, ink_box, to_mnist
from engine.pictures.tight import with_margin

Floats = NDArray[np.float32]

_WORK = 400
"""Pixels along the longer side at which ink is looked for, at least; half of that for the digit alone."""
_FRAME = 0.08
NOTHING = "nothing stands out from the paper"


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What became of a picture.

    `pixels` (28, 28), ink bright as in MNIST, is what a network is shown; None where no digit was found, and `missing`
    says why. `said` is what was done to it, in order. `width` and `height` are the file's.
    """

    pixels: Pixels | None
    said: tuple[str, ...]
    width: int
    height: int
    missing: str = ""


def read_picture(path: Path | str) -> Picture:
    """The digit in a file: a photo, scan, screenshot or drawing, in whatever colors.

    Raises `PictureProblem`, with a sentence that names the file, where it cannot be opened or is no picture. Never
    waits for a pipe. A picture in which no digit is found is no fault: its `pixels` are None.
    """
    path = Path(path)
    return picture_of(read_file(path), printable(str(path)))


def read_stream(file: Input, name: str) -> Picture:
    """As `read_picture`, of an open file, such as standard input. Raises `PictureProblem`."""
    try:
        return picture_of(read_input(file, name), name)
    except OSError as fault:
        raise PictureProblem(f"{name} cannot be read: {fault.strerror or fault}.") from fault


def picture_of(content: bytes, name: str) -> Picture:
    """As `read_picture`, of a file's content. Raises `PictureProblem`, which calls it `name`."""
    sheet = decode(content, name)
    if (pixels := _as_it_is(sheet)) is not None:
        said = "dark on light: inverted" if pixels is not sheet.gray else "as it is"
        return Picture(np.rint(pixels).astype(np.uint8), (*sheet.said, said), sheet.width, sheet.height)
    return _searched(sheet)


def _as_it_is(sheet: Sheet) -> Floats | None:
    """A picture that is one of MNIST's kind already, or one inverted; None for any other.

    Of that kind is what has 28 × 28 pixels, paper of full black (or white), and a digit about as large as in MNIST and
    about where it is there.
    """
    if sheet.gray.shape != (SIDE, SIDE) or (sheet.width, sheet.height) != (SIDE, SIDE):
        return None
    paper = float(np.median(border(sheet.gray)))
    if paper not in (0.0, 255.0):
        return None
    ink = sheet.gray if paper == 0 else 255 - sheet.gray
    box = ink_box(ink, 25)
    if box is None or ink.max() < 128 or (ink > 64).mean() > 0.5:
        return None
    size = max(side.stop - side.start for side in box)
    middle = [float((ink.sum(axis=1 - axis) * np.arange(SIDE)).sum() / ink.sum()) for axis in (0, 1)]
    placed = all(abs(each - CENTER) <= 3 for each in middle)
    return ink if placed and BOX - 5 <= size <= BOX + 4 else None


def _searched(sheet: Sheet) -> Picture:
    """The digit looked for, cut out, and made one of MNIST's kind."""
    gray, framed = _inside_frame(sheet.gray)
    layer, choice = _nearer_look(gray, lossy=sheet.lossy)
    if (cropped := with_margin(gray)) is not None:
        wider, flat = cropped
        again, chosen = _nearer_look(wider, lossy=sheet.lossy)
        if again is not None and not chosen.missing and not _agree(layer, choice, again, flat=flat):
            layer, choice = again, chosen
    if layer is None or choice.missing or choice.kept is None:
        return Picture(None, sheet.said, sheet.width, sheet.height, choice.missing or NOTHING)
    pixels = to_mnist((layer.ink * choice.kept)[choice.box])
    said = [*sheet.said]
    said += ["frame cut off"] if framed else []
    said += ["dark on light: inverted"] if layer.dark else []
    said += [] if layer.even else ["shade and noise of the paper removed"]
    said += ["specks left out"] if choice.dropped else []
    said += [f"cut out of {sheet.width}×{sheet.height}, centered"]
    return Picture(pixels, tuple(said), sheet.width, sheet.height, "" if pixels is not None else NOTHING)


def _nearer_look(gray: Floats, *, lossy: bool) -> tuple[Layer | None, Choice]:
    """The ink and the digit in it, looked at again from near by where the whole had to be made smaller."""
    layer, choice, factor = _look(gray, lossy=lossy)
    if layer is not None and not choice.missing and factor > 1:
        nearer = _around(choice, factor, gray.shape)
        closer, chosen, _ = _look(gray[nearer], lossy=lossy, work=2 * _WORK)
        if closer is not None and not chosen.missing and closer.dark == layer.dark:
            return closer, Choice(chosen.box, chosen.kept, dropped=chosen.dropped or choice.dropped)
    return layer, choice


def _agree(layer: Layer | None, choice: Choice, again: Layer, *, flat: bool) -> bool:
    """Whether a digit was found without paper around the picture, too, within it and of the same polarity.

    `flat`: the paper has one color. Where it was taken for uneven, some of the ink may have been taken for shade.
    """
    if layer is None or choice.missing or layer.dark != again.dark:
        return False
    rows, columns = choice.box
    high, wide = layer.ink.shape
    edges = rows.start <= 0, columns.start <= 0, rows.stop >= high, columns.stop >= wide
    return edges.count(True) < (3 if layer.even or not flat else 1)


def _look(gray: Floats, *, lossy: bool, work: int = _WORK) -> tuple[Layer | None, Choice, int]:
    """The ink in gray values, the digit in it, and the factor by which both are smaller."""
    factor = max(max(gray.shape) // work, 1)
    layer = ink_layer(block_mean(gray, factor), lossy=lossy)
    return layer, Choice() if layer is None else choose(layer.ink), factor


def _around(choice: Choice, factor: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The digit's box at full size, with half of its size around it."""
    margin = max(side.stop - side.start for side in choice.box) * factor // 2
    rows, columns = (
        slice(max(side.start * factor - margin, 0), min(side.stop * factor + margin, length))
        for side, length in zip(choice.box, shape, strict=True)
    )
    return rows, columns


def _inside_frame(gray: Floats) -> tuple[Floats, bool]:
    """Without a frame: lines of one gray along all four edges, and within, near by, lines of another."""
    framed = False
    for _ in range(4):
        depth = _frame_depth(gray)
        if not depth:
            break
        gray, framed = gray[depth:-depth, depth:-depth], True
    return gray, framed


def _frame_depth(gray: Floats) -> int:
    most = int(min(gray.shape) * _FRAME)
    outer = _ring(gray, 0)
    if outer is None:
        return 0
    # The middle of the upper line alone tells at nearly every depth that there is no frame.
    middles = np.median(gray[: most + 1, most:-most], axis=1) if most else np.zeros(0)
    for depth in np.flatnonzero(np.abs(middles - outer) > 40).tolist():
        ring = _ring(gray, depth)
        if ring is not None and abs(ring - outer) > 40:
            return depth
    return 0


def _ring(gray: Floats, depth: int) -> float | None:
    """The gray of the four lines at a depth from the edges; None where one of them has several."""
    inner = gray[depth : gray.shape[0] - depth, depth : gray.shape[1] - depth]
    lines = (inner[0], inner[-1], inner[:, 0], inner[:, -1])
    middle = float(np.median(inner[0]))
    return middle if all((np.abs(line - middle) <= 12).mean() >= 0.9 for line in lines) else None
