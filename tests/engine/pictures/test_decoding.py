"""Every mode, depth, format and orientation of a picture comes out as the same digit; damage comes out as a sentence."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image, ImageOps

from engine.errors import ExitCode, PictureProblem
from engine.pictures import picture_of
from engine.pictures.decoding import MOST_PIXELS, block_mean, decode
from tests.engine.pictures.kit import claiming, digits, encoded, likeness, read

DIGIT = digits()[0]
PAPER = 255 - np.pad(DIGIT.repeat(4, axis=0).repeat(4, axis=1), 20)
"""Dark on light, 152 × 152."""
SHEET = Image.fromarray(PAPER)


def wide(dtype: str, factor: float) -> np.ndarray:
    return (PAPER * float(factor)).astype(dtype)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_modes_of_a_png(mode: str) -> None:
    assert likeness(read(SHEET.convert(mode)), DIGIT) > (0.95 if mode == "1" else 0.999)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "RGBX", "LAB"])
def test_modes_of_a_tiff(mode: str) -> None:
    if mode == "LAB":
        flat = Image.new("L", SHEET.size, 0)
        picture = Image.merge("LAB", (SHEET, flat, flat))
    else:
        picture = SHEET.convert("RGB").convert(mode)
    assert likeness(read(picture, "TIFF"), DIGIT) > 0.99


def test_cmyk_of_a_jpeg() -> None:
    assert likeness(read(SHEET.convert("CMYK"), "JPEG"), DIGIT) > 0.98


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (Image.fromarray(wide("u2", 257)), "PNG"),
        (Image.fromarray(wide("u2", 257)), "TIFF"),
        (Image.fromarray(wide("u2", 16)), "PNG"),
        (Image.frombytes("I;16B", SHEET.size, wide(">u2", 257).tobytes()), "TIFF"),
        (Image.fromarray(wide("i4", 1)), "TIFF"),
        (Image.fromarray(wide("i4", 1000) - 90_000), "TIFF"),
        (Image.fromarray(wide("f4", 1 / 255)), "TIFF"),
        (Image.fromarray(wide("f4", 1e6)), "TIFF"),
    ],
    ids=["16 bits", "16 bits TIFF", "12 of 16 bits", "big-endian", "32 bits", "negative", "float to 1", "large floats"],
)
def test_depths(picture: Image.Image, kind: str) -> None:
    assert likeness(read(picture, kind), DIGIT) > 0.999


def test_floats_that_are_none() -> None:
    odd = wide("f4", 1 / 255)
    odd[3, 3], odd[5, 90], odd[7, 7] = np.nan, np.inf, -np.inf
    assert likeness(read(Image.fromarray(odd), "TIFF"), DIGIT) > 0.9


def test_sixteen_bits_of_28_pixels_come_back_byte_for_byte() -> None:
    made = read(Image.fromarray(DIGIT.astype("u2") * 257))
    assert made.pixels is not None and np.array_equal(made.pixels, DIGIT)


@pytest.mark.parametrize("kind", ["BMP", "GIF", "PPM", "TIFF", "WEBP", "ICO", "TGA", "PCX", "JPEG2000"])
def test_formats(kind: str) -> None:
    picture = SHEET.resize((128, 128)) if kind == "ICO" else SHEET
    assert likeness(read(picture, kind), DIGIT) > 0.97


def hidden_black() -> Image.Image:
    """Black strokes on what is transparent and black as well."""
    layers = np.zeros((*PAPER.shape, 4), np.uint8)
    layers[..., 3] = (PAPER < 128) * 255
    return Image.fromarray(layers)


def palette(ink: int, paper: int) -> Image.Image:
    """Two colors, the first of which is to be transparent."""
    picture = Image.frombytes("P", SHEET.size, (PAPER < 128).astype(np.uint8).tobytes())
    picture.putpalette([paper] * 3 + [ink] * 3)
    return picture


def test_black_on_a_transparent_black() -> None:
    made = read(hidden_black())
    assert made.said[0] == "laid on white"
    assert likeness(made, DIGIT) > 0.95


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
@pytest.mark.parametrize(("ink", "paper", "laid"), [(0, 0, "white"), (255, 255, "black"), (0, 255, "white")])
def test_a_palette_with_transparency(kind: str, ink: int, paper: int, laid: str) -> None:
    made = read(palette(ink, paper), kind, transparency=0)
    assert made.said[0] == f"laid on {laid}"
    assert likeness(made, DIGIT) > 0.95


def test_gray_with_one_transparent_value() -> None:
    assert likeness(read(Image.fromarray(np.where(PAPER < 128, 0, 60).astype(np.uint8)), transparency=60), DIGIT) > 0.95
    deep = Image.fromarray(np.where(PAPER < 128, 0, 7).astype(np.uint16))
    assert likeness(read(deep, transparency=7), DIGIT) > 0.95


@pytest.mark.parametrize("card", [255, 0])
def test_a_card_on_what_is_transparent(card: int) -> None:
    layers = np.zeros((*PAPER.shape, 4), np.uint8)
    layers[..., :3] = (PAPER if card else 255 - PAPER)[..., None]
    layers[8:-8, 8:-8, 3] = 255
    assert likeness(read(Image.fromarray(layers)), DIGIT) > 0.99


def test_all_transparent_is_no_digit() -> None:
    assert read(Image.new("RGBA", (90, 90), (0, 0, 0, 0))).pixels is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_every_orientation_of_exif(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    # Of the eight ways to turn a picture one is undone by this orientation.
    ways = [SHEET, *(SHEET.transpose(way) for way in Image.Transpose)]
    [turned] = [way for way in ways if np.array_equal(_upright(way, exif), PAPER)]
    made = read(turned, kind, exif=exif)
    assert likeness(made, DIGIT) > 0.97
    assert ("turned as its EXIF says" in made.said) == (orientation > 1 and kind != "TIFF")


def _upright(picture: Image.Image, exif: Image.Exif) -> np.ndarray:
    tagged = picture.copy()
    tagged.getexif()[0x0112] = exif[0x0112]
    return np.asarray(ImageOps.exif_transpose(tagged))


@pytest.mark.parametrize(
    ("kind", "said"), [("GIF", "frames"), ("TIFF", "pages"), ("PNG", "frames"), ("WEBP", "frames")]
)
def test_of_several_frames_the_first_is_taken_and_that_is_said(kind: str, said: str) -> None:
    others = [Image.new("L", SHEET.size, 255), SHEET.rotate(90, fillcolor=255)]
    made = read(SHEET, kind, save_all=True, append_images=others)
    assert made.said[0] == f"the first of its 3 {said}"
    assert likeness(made, DIGIT) > 0.97


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_cut_short_or_damaged_anywhere_it_is_a_digit_or_a_sentence(kind: str) -> None:
    content = encoded(SHEET, kind)
    refused = 0
    for end in range(0, len(content), max(len(content) // 40, 1)):
        damaged = bytes(reversed(content[end : end + 20]))
        for broken in (content[:end], content[:end] + damaged + content[end + 20 :]):
            try:
                picture_of(broken, "this.one")
            except PictureProblem as fault:
                assert str(fault).startswith("this.one is ")
                assert fault.exit_code == ExitCode.DATA
                refused += 1
    assert refused >= 20


def test_a_cut_png_says_that_it_is_cut() -> None:
    with pytest.raises(PictureProblem, match=r"^seven\.png is cut short or damaged \(.+\); save or copy it again\.$"):
        picture_of(encoded(SHEET)[:200], "seven.png")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello\nworld\n", "is text; expected a picture"),
        ("sieben ist 7 – größer\n".encode(), "is text"),
        (b"<!DOCTYPE html><html></html>", "is a web page"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>', "an SVG drawing; export it as PNG"),
        (b"%PDF-1.7 and so on", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a PostScript document"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC photo; save it as JPEG or PNG"),
        (bytes(range(256)) * 8, "no picture that can be read; expected a picture (PNG, JPEG"),
        (b"\x89PNG\r\n\x1a\n", "no picture"),
    ],
)
def test_what_is_no_picture_is_called_what_it_is(content: bytes, words: str) -> None:
    with pytest.raises(PictureProblem) as raised:
        picture_of(content, "seven.png")
    assert words in str(raised.value)


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (9_000, 9_000), (2**31 - 1, 2**31 - 1)])
def test_a_few_bytes_that_claim_too_many_pixels_are_refused_unread(width: int, height: int) -> None:
    assert width * height > MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PictureProblem, match="up to 64 million pixels are read: make it smaller first"):
            picture_of(claiming(width, height), "bomb.png")


def test_a_gif_frame_larger_than_its_picture_is_refused() -> None:
    content = bytearray(encoded(SHEET, "GIF"))
    start = content.index(b",\0\0\0\0")
    content[start + 5 : start + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(PictureProblem):
        picture_of(bytes(content), "bomb.gif")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_photo_is_made_smaller(kind: str) -> None:
    big = SHEET.resize((6080, 6080), Image.Resampling.NEAREST)
    sheet = decode(encoded(big, kind), "big")
    assert max(sheet.gray.shape) <= 3200
    assert (sheet.width, sheet.height) == (6080, 6080)
    assert likeness(read(big, kind), DIGIT) > 0.97


def test_block_means_of_any_size() -> None:
    values = np.arange(35, dtype=np.float32).reshape(5, 7)
    means = block_mean(values, 3)
    assert means.shape == (2, 3)
    assert means[0, 0] == values[:3, :3].mean()
    assert means[1, 2] == pytest.approx(values[3:, 6:].mean())
    assert block_mean(values, 1) is values
