"""Any picture's bytes as gray values, whatever its mode, depth, transparency and orientation. Nothing else imports Pillow."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import PictureProblem
from engine.fields import short
from engine.pictures.opening import EXPECTED, what_else

if TYPE_CHECKING:
    from PIL.Image import Image

Floats = NDArray[np.float32]

MOST_PIXELS = 64 * 1000 * 1000
"""A picture with more is refused by its header, before anything is decoded: a small file can claim any size."""
FINE = 1600
"""A longer side of twice this, or more, is made smaller by a whole factor, to this or a little more."""

_COMMON = ("PNG", "JPEG", "GIF", "BMP", "DIB", "PPM")
_OTHERS = ("MPO", "TIFF", "WEBP", "ICO", "AVIF", "JPEG2000", "TGA", "PCX", "QOI")
"""Formats of pictures with pixels. What Pillow opens beside them needs other programs, or is no picture of a person's."""
_LOSSY = frozenset({"JPEG", "MPO", "WEBP", "AVIF", "JPEG2000"})
_DEEP = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_ORIENTATION = 0x0112
_OPAQUE = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A picture's gray values (H, W), 0 black to 255 white, not rounded where it was transparent or deeper than a byte.

    `width` and `height` are the file's. `lossy` formats have marks of their compression around strokes. `said` is what
    was done to it.
    """

    gray: Floats
    width: int
    height: int
    lossy: bool = False
    said: tuple[str, ...] = ()


def decode(content: bytes, name: str) -> Sheet:
    """The first frame of a picture. Raises `PictureProblem`, which calls it `name`, for whatever cannot be decoded."""
    images = _pillow()
    try:
        opened = _open(images, content)
    except images.UnidentifiedImageError as fault:
        what = what_else(content) or f"no picture that can be read; expected {EXPECTED}"
        raise PictureProblem(f"{name} is {what}.") from fault
    except images.DecompressionBombError as fault:
        raise _too_many(name) from fault
    except Exception as fault:  # Pillow's readers raise whatever a damaged header leads them to
        raise _damaged(name, fault) from fault
    with opened:
        width, height = opened.size
        if width * height > MOST_PIXELS:
            raise _too_many(name, width, height)
        try:
            return _sheet(opened)
        except images.DecompressionBombError as fault:  # a frame that is larger than the picture
            raise _too_many(name) from fault
        except Exception as fault:  # as above
            raise _damaged(name, fault) from fault


def _pillow() -> ModuleType:
    """Pillow's `Image`, imported when the first picture is read; what it warns of, decoding tells or nobody needs."""
    from PIL import Image  # noqa: PLC0415 - a tenth of a second that few need

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.filterwarnings("ignore", module=r"PIL\.")
    return Image


def _open(images: Any, content: bytes) -> Image:
    images.preinit()
    try:
        found: Image = images.open(io.BytesIO(content), formats=[name for name in _COMMON if name in images.OPEN])
    except images.UnidentifiedImageError:
        images.init()
        known = [name for name in (*_COMMON, *_OTHERS) if name in images.OPEN]
        found = images.open(io.BytesIO(content), formats=known)
    return found


def _sheet(image: Image) -> Sheet:
    """The picture decoded: load, make smaller, gray, paper under what is transparent, upright."""
    width, height = image.size
    lossy = image.format in _LOSSY
    said = [text for text in (_frames(image),) if text]
    if image.format == "JPEG":
        image.draft(
            None, (FINE, FINE)
        )  # decodes at a half, a quarter or an eighth of the size, in a fraction of the time
    image.load()
    turned = image.getexif().get(_ORIENTATION, 1)
    gray, alpha = _values(image)
    if alpha is not None:
        gray, paper = _on_paper(gray, alpha)
        said += [paper] if paper else []
    if turned in range(2, 9):
        gray = _upright(gray, int(turned))
        said.append("turned as its EXIF says")
    return Sheet(np.ascontiguousarray(gray, np.float32), width, height, lossy, tuple(said))


def _frames(image: Image) -> str:
    """What to say of a picture with several frames. An MPO's other frames are previews of its first."""
    if image.format == "MPO" or not getattr(image, "is_animated", False):
        return ""
    return f"the first of its {getattr(image, 'n_frames', 2)} {'pages' if image.format == 'TIFF' else 'frames'}"


def _values(image: Image) -> tuple[Floats, Floats | None]:
    """Gray values 0 to 255 and opacity 0 to 1, where there is any transparency; made smaller where they are many."""
    factor = max(max(image.size) // FINE, 1)
    hidden = image.info.get("transparency")
    if image.mode in _DEEP:
        numbers = np.asarray(image).astype(np.float32)
        alpha = (numbers != hidden).astype(np.float32) if isinstance(hidden, int) else None
        shrunk = None if alpha is None else block_mean(alpha, factor)
        return block_mean(_in_bytes(numbers), factor), shrunk
    if image.mode in _WITH_ALPHA or hidden is not None:
        both = image.convert("RGBA").reduce(factor)
        alpha = np.asarray(both.getchannel("A"), np.float32) / np.float32(255)
        return np.asarray(both.convert("RGB").convert("L"), np.float32), alpha
    if image.mode == "LAB":
        image = image.getchannel(0)
    elif image.mode not in ("1", "L", "P", "RGB"):
        image = image.convert("RGB")
    return np.asarray(image.convert("L").reduce(factor), np.float32), None


def block_mean(values: Floats, factor: int) -> Floats:
    """Every block of `factor` × `factor` values as its mean; those at the end may be smaller."""
    if factor == 1:
        return values
    rows, columns = (np.arange(0, length, factor) for length in values.shape)
    sums = np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)
    sizes = [
        np.minimum(starts + factor, length) - starts
        for starts, length in zip((rows, columns), values.shape, strict=True)
    ]
    means: Floats = (sums / np.outer(*sizes)).astype(np.float32)
    return means


def _in_bytes(numbers: Floats) -> Floats:
    """Numbers of any range from 0 to 255: the range is that of the depth they fit, or else from least to greatest."""
    finite = np.isfinite(numbers)
    low, high = (float(numbers[finite].min()), float(numbers[finite].max())) if finite.any() else (0.0, 0.0)
    depths = (1.0, 255.0, 4095.0, 65535.0)
    fitting = [depth for depth in depths if high <= depth and low >= 0]
    bottom, top = (0.0, fitting[0]) if fitting else (low, high)
    scaled = (np.nan_to_num(numbers, nan=bottom, posinf=top, neginf=bottom) - bottom) * (255 / max(top - bottom, 1e-30))
    return scaled.astype(np.float32)


def _on_paper(gray: Floats, alpha: Floats) -> tuple[Floats, str]:
    """A transparent picture laid on paper: white, or black where what is seen is light.

    Where both light and dark are seen, as of a card with a digit on it, what there is more of is taken for the paper.
    """
    if alpha.min() >= 1:
        return gray, ""
    seen = gray[alpha >= min(_OPAQUE, float(alpha.max()))]
    light = float((seen > 127).mean())
    on_card = 0.1 < light < 0.9
    white = (light > 0.5) if on_card else (light <= 0.5)
    paper = 255.0 if white else 0.0
    laid: Floats = (gray * alpha + paper * (1 - alpha)).astype(np.float32)
    return laid, f"laid on {'white' if white else 'black'}"


def _upright(gray: Floats, orientation: int) -> Floats:
    """Turned and mirrored as an EXIF orientation from 2 to 8 says (CIPA DC-008, Exif 2.32, tag 274)."""
    if orientation >= 5:
        gray = gray.T
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.flip(gray, flips) if flips else gray


def _too_many(name: str, width: int = 0, height: int = 0) -> PictureProblem:
    found = f"is {width}×{height}" if width else "has too many pixels"
    return PictureProblem(
        f"{name} {found}; up to {MOST_PIXELS // 10**6} million pixels are read: make it smaller first."
    )


def _damaged(name: str, fault: Exception) -> PictureProblem:
    what = short(str(fault).strip().rstrip(".") or type(fault).__name__, 120)
    return PictureProblem(f"{name} is cut short or damaged ({what}); save or copy it again.")
