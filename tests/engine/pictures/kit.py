"""Pictures as people have them, made from the test set's images."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.dataset import load
from engine.pictures import Picture, picture_of

Pixels = NDArray[np.uint8]


@functools.cache
def digits() -> Pixels:
    """The test set's images (N, 28, 28)."""
    return load().test_images.reshape(-1, 28, 28)


def encoded(picture: Image.Image | NDArray[Any], kind: str = "PNG", **options: Any) -> bytes:
    """A file's content. Numbers are cut to bytes."""
    if not isinstance(picture, Image.Image):
        picture = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def read(picture: Image.Image | NDArray[Any], kind: str = "PNG", **options: Any) -> Picture:
    """What becomes of a picture that was written and opened."""
    return picture_of(encoded(picture, kind, **options), "a picture")


def large(digit: Pixels, times: int) -> NDArray[np.float64]:
    """Smoothly enlarged, from 0 to 1."""
    size = (28 * times, 28 * times)
    return np.asarray(Image.fromarray(digit).resize(size, Image.Resampling.BICUBIC), float) / 255


def on_sheet(ink: NDArray[Any], shape: tuple[int, int], top: int, left: int) -> NDArray[np.float64]:
    """Ink somewhere on an empty sheet."""
    sheet = np.zeros(shape)
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def cropped(digit: Pixels) -> Pixels:
    """The box of its ink, which touches all four edges."""
    rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def corner(digit: Pixels, number: int, paper: int = 0) -> Pixels:
    """In one of the corners of 280 × 280."""
    sheet = np.full((280, 280), paper, np.uint8)
    top, left = (0, 252)[number // 2 % 2], (0, 252)[number % 2]
    sheet[top : top + 28, left : left + 28] = digit
    return sheet


def transparent(digit: Pixels, ink: int) -> Image.Image:
    """Ink of one gray whose opacity is the image; the hidden color is the ink's, too."""
    layers = np.full((*digit.shape, 4), ink, np.uint8)
    layers[..., 3] = digit
    return Image.fromarray(layers)


def lit(size: int = 1500, low: float = 150, high: float = 220) -> NDArray[np.float64]:
    """Gray paper, brighter to one side."""
    return np.add.outer(np.linspace(0, (high - low) * 0.3, size), np.linspace(low, low + (high - low) * 0.7, size))


def likeness(made: Picture, digit: Pixels) -> float:
    """Correlation with an image, from -1 to 1, where it lies best within a pixel; 0 where no digit was found."""
    if made.pixels is None:
        return 0.0
    moved = (np.roll(made.pixels.astype(float), (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1))
    return max(float(np.corrcoef(each.ravel(), digit.ravel().astype(float))[0, 1]) for each in moved)


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims this size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
