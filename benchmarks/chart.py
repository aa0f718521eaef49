"""Time to redraw a chart, by number of points and size. Run: python -m benchmarks.chart

The chart is that of a training: the loss of every step, its moving average, the validation loss of 25 epochs.
The number of points differs from redraw to redraw, as it does while training; the averages are made beforehand.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from tui.plotting.downsample import ema
from tui.plotting.plot import Curve, Mark, Palette, Plot, draw

Floats = NDArray[np.float64]
SIZES = ((60, 14), (120, 30))
REPEATS = 15
PALETTE = Palette(*["#808080"] * 8)


def training(points: int) -> tuple[Floats, Floats, Floats]:
    """x (in epochs), loss and smoothed loss of `points` steps."""
    x = np.linspace(25 / points, 25.0, points)
    noise = np.random.default_rng(0).normal(1.0, 0.2, points).clip(0.3)
    loss = (2.2 * np.exp(-1.1 * x) + 0.05 + 0.3 * np.exp(-0.2 * x)) * noise
    return x, loss, ema(loss, 0.98)


def plot(x: Floats, loss: Floats, smooth: Floats) -> Plot:
    epochs = np.arange(1.0, 26.0)
    validation = 2.0 * np.exp(-1.1 * epochs) + 0.1 + 0.002 * epochs
    return Plot(
        "Loss",
        "epoch",
        "cross-entropy",
        (
            Curve("", x, loss, role="raw"),
            Curve("training", x, smooth),
            Curve("validation", epochs, validation, role="validation", points=True),
        ),
        (Mark(6.0, "best 0.115 at epoch 6", "★"),),
        log_y=True,
        x_max=25.0,
    )


def main() -> None:
    print("points    " + "".join(f"{f'{w} × {h}':>16}" for w, h in SIZES) + "   ms of CPU a redraw: median (fastest)")
    for power in range(3, 7):
        x, loss, smooth = training(10**power)
        cells = []
        for width, height in SIZES:
            taken = []
            for turn in range(REPEATS):
                end = len(x) - turn * len(x) // 100
                shown = plot(x[:end], loss[:end], smooth[:end])
                start = time.process_time()
                draw(shown, width, height, PALETTE)
                taken.append((time.process_time() - start) * 1e3)
            cells.append(f"{np.median(taken):8.1f} ({min(taken):4.1f})")
        print(f"{10**power:<10,}" + "".join(f"{c:>16}" for c in cells))


if __name__ == "__main__":
    main()
