"""What the hidden layers do, layer by layer, in figures, histograms of block characters, and words."""

from __future__ import annotations

import textwrap

from textual.content import Content

from engine.text import numbers
from tui.views.inside import Activations, Layer, Spread

_BLOCKS, _ASCII = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
_NAMES = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "gelu": "GELU", "tanh": "tanh", "sigmoid": "sigmoid"}
_LINEAR = (
    "A linear network has no hidden layer: it weighs the pixels and adds them up. Its ten templates (w) are all there is "
    "to see."
)
_MANY = 0.05
_OFTEN = 0.3
"""Shares from which silent units, and saturated values, are worth a warning."""
_READABLE = 100
"""Cells of the longest line of prose."""
_WORDS, _TALLEST = 4, 4
"""Rows of a block beside its two histograms, and the most of one of those."""


def layer_blocks(found: Activations, width: int, height: int, *, ascii_only: bool = False) -> list[list[Content]]:
    """A block of lines for each hidden layer, at most `width` cells wide; of a linear network one that says so.

    Where all of them have room in `height` rows, the histograms are as tall as they can be.
    """
    if not found.layers:
        return [[Content(line) for line in textwrap.wrap(_LINEAR, min(max(width, 20), _READABLE))]]
    tall = min(max((height // len(found.layers) - _WORDS) // 2, 1), _TALLEST)
    return [
        _block(number, layer, found.images, width, tall, ascii_only=ascii_only)
        for number, layer in enumerate(found.layers, 1)
    ]


def _block(number: int, layer: Layer, images: int, width: int, tall: int, *, ascii_only: bool) -> list[Content]:
    name = _NAMES.get(layer.activation, layer.activation)
    head = Content.assemble(
        (f"Layer {number}", "bold $train"), (f"  {numbers.count(layer.units)} {layer.kind}, {name}", "$muted")
    )
    said, warns = _meaning(number, layer, images)
    lines = textwrap.wrap(f"! {said}" if warns else said, min(max(width, 20), _READABLE))
    return [
        head,
        *_spread("before", layer.before, width, tall, "$secondary", ascii_only=ascii_only),
        *_spread("after", layer.after, width, tall, "$validation", ascii_only=ascii_only),
        *(Content.styled(line, "$accent" if warns else "") for line in lines),
    ]


def _spread(name: str, spread: Spread, width: int, tall: int, style: str, *, ascii_only: bool) -> list[Content]:
    """ "before  mean -0.25  sd 0.96   -3.1 ▁▂▅█▅▂▁ 2.6", the histogram so many rows tall."""
    figures_ = f" mean {_metric(spread.mean):>6}  sd {_metric(spread.deviation):>5}  "
    ends = f"{_metric(spread.low):>6} ", f" {_metric(spread.high)}"
    room = min(width - 7 - len(figures_) - 15, 2 * len(spread.bins))
    bars = histogram(spread.bins, room, tall, ascii_only=ascii_only) if room >= 6 else []
    first = Content.assemble((f"{name:<7}", "$muted"), figures_)
    if not bars:
        return [first]
    above = [Content.assemble(" " * (7 + len(figures_ + ends[0])), (row, style)) for row in bars[:-1]]
    return [*above, Content.assemble(first, (ends[0], "$muted"), (bars[-1], style), (ends[1], "$muted"))]


def histogram(bins: tuple[int, ...], width: int, tall: int = 1, *, ascii_only: bool = False) -> list[str]:
    """Counts as bars, the top row first: a cell or two for each bin, or several bins in a cell.

    What is there at all is seen, if only as the lowest bar.
    """
    signs = _ASCII if ascii_only else _BLOCKS
    full = len(signs) - 1
    each = max(-(-len(bins) // max(width, 1)), 1)
    wide = 2 if width >= 2 * len(bins) else 1
    sums = [sum(bins[at : at + each]) for at in range(0, len(bins), each)]
    most = max(sums, default=0) or 1
    heights = [0 if not n else max(round(n / most * tall * full), 1) for n in sums]
    rows = range(tall - 1, -1, -1)
    return ["".join(signs[min(max(height - row * full, 0), full)] * wide for height in heights) for row in rows]


def _metric(value: float) -> str:
    text = f"{value:.2f}" if abs(value) < 100 else f"{value:.3g}"
    return "0" if value == 0 else text


def _meaning(number: int, layer: Layer, images: int) -> tuple[str, bool]:
    """What a layer's figures mean, and whether that is a warning."""
    bounded = layer.saturated is not None and layer.stuck is not None
    return _bounded(number, layer, images) if bounded else _rectified(number, layer, images)


def _rectified(number: int, layer: Layer, images: int) -> tuple[str, bool]:
    """Of an activation that bends at 0."""
    if layer.never:
        ends = {
            "relu": "their output is always 0, and no gradient reaches them.",
            "leaky_relu": "only the leak, a hundredth of the signal and of the gradient, is left of them.",
            "gelu": "only the faint dip below 0 is left of them.",
        }[layer.activation]
        verb = {"relu": "fires"}.get(layer.activation, "rises above 0")
        text = f"{_share(layer.never, layer)} of layer {number} never {_verb(verb, layer.never)} on {numbers.count(images)} images: {ends}"
    else:
        text = f"All {numbers.count(layer.units)} {layer.kind} of layer {number} {'fire' if layer.activation == 'relu' else 'rise above 0'} on some image."
    text += f" On average {numbers.percent(layer.above, 0)} of the values are above 0."
    if layer.always:
        text += f" {_share(layer.always, layer)} {_verb('is', layer.always)} always above 0: linear, without a nonlinearity."
    return text, layer.never / max(layer.units, 1) > _MANY


def _bounded(number: int, layer: Layer, images: int) -> tuple[str, bool]:
    """Of an activation between two limits."""
    limits = "-1 or 1" if layer.activation == "tanh" else "0 or 1"
    share, stuck = layer.saturated or 0.0, layer.stuck or 0
    text = f"{numbers.percent(share, 1)} of layer {number}'s values are saturated (within 0.05 of {limits}), where hardly any gradient passes."
    if stuck:
        text += f" {_share(stuck, layer)} {_verb('is', stuck)} saturated on all {numbers.count(images)} images."
    else:
        text += f" None of the {numbers.count(layer.units)} {layer.kind} is so on every image."
    return text, share > _OFTEN or stuck / max(layer.units, 1) > _MANY


def _share(some: int, layer: Layer) -> str:
    return f"{numbers.count(some)} of {numbers.count(layer.units)} {layer.kind}"


def _verb(verb: str, number: int) -> str:
    """ "fires" of one, "fire" of several."""
    if number == 1:
        return verb
    first, *rest = verb.split(" ")
    return " ".join([{"is": "are"}.get(first, first.removesuffix("s")), *rest])
