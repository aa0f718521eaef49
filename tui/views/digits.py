"""The preview digits with what the network reads in them now."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from engine.events import PreviewDigits
from engine.state.run_state import RunState
from tui.plotting.lazy_import import lazy
from tui.views.digit_view import DigitView

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

SIDE = 28


def digit_views(state: RunState) -> tuple[DigitView, ...]:
    """One view for each preview digit, none before the engine has sent them."""
    if state.digits is None:
        return ()
    pictures = _pictures(state.digits)
    predictions = state.previews.probabilities if state.previews else ()
    views = []
    for place, (pixels, label, index) in enumerate(
        zip(pictures, state.digits.labels, state.digits.indices, strict=True)
    ):
        probabilities = predictions[place] if place < len(predictions) else ()
        prediction = int(np.argmax(probabilities)) if probabilities else None
        probability = probabilities[prediction] if prediction is not None else None
        views.append(DigitView(pixels, label, prediction, probability, index))
    return tuple(views)


def heading(state: RunState) -> str:
    """What the strip shows. It changes seldom, since the frame is painted together with the digits."""
    if state.previews is None:
        return "Validation digits" if state.digits else "Validation samples: one of each, once it trains"
    views = digit_views(state)
    right = sum(not view.wrong for view in views)
    return f"Validation samples: {right} of {len(views)} correct"


@functools.lru_cache(maxsize=4)
def _pictures(digits: PreviewDigits) -> tuple[NDArray[np.uint8], ...]:
    size = SIDE * SIDE
    found = len(digits.pixels) // size
    pixels = np.frombuffer(digits.pixels, np.uint8, found * size).reshape(found, SIDE, SIDE)
    return tuple(pixels[: len(digits.labels)])
