"""Whether `mnist-tui predict` classifies test images, saved as ordinary pictures, like the run's test evaluation.

python -m benchmarks.own_pictures [RUN [IMAGES]]

Every image is saved in several variants and classified with the command. Prints the share of predictions equal to
those of the run's latest test evaluation. Without RUN a network is trained with the preset quick.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.dataset import load
from engine.runs.folder import find_run

Pixels = NDArray[np.uint8]
Way = Callable[[Pixels, int], Pixels]


def corner(pixels: Pixels, number: int, paper: int = 0) -> Pixels:
    """The image in one of the four corners of 280 × 280 pixels."""
    canvas = np.full((280, 280), paper, np.uint8)
    top, left = (0, 252)[number // 2 % 2], (0, 252)[number % 2]
    canvas[top : top + 28, left : left + 28] = pixels
    return canvas


def transparent(pixels: Pixels, ink: int) -> Pixels:
    """One gray value, opaque where the image is bright; transparent pixels have the same gray value."""
    layers = np.full((*pixels.shape, 4), ink, np.uint8)
    layers[..., 3] = pixels
    return layers


def photo(pixels: Pixels, number: int) -> Pixels:
    """A thin stroke on unevenly lit gray paper of 1500 × 1500 pixels, with noise."""
    rng = np.random.default_rng(number)
    large = np.asarray(Image.fromarray(pixels).resize((560, 560), Image.Resampling.BICUBIC)) > 180
    top, left = rng.integers(50, 890, 2)
    sheet = np.add.outer(np.linspace(150, 185, 1500), np.linspace(0, 35, 1500))
    sheet[top : top + 560, left : left + 560][large] = 60
    return np.clip(sheet + rng.normal(0, 10, sheet.shape), 0, 255).astype(np.uint8)


WAYS: dict[str, Way] = {
    "as it is": lambda pixels, _: pixels,
    "inverted": lambda pixels, _: 255 - pixels,
    "in a corner of 280×280": corner,
    "inverted, in a corner of 280×280": lambda pixels, number: corner(255 - pixels, number, 255),
    "black on transparent": lambda pixels, _: transparent(pixels, 0),
    "white on transparent": lambda pixels, _: transparent(pixels, 255),
    "black on transparent, in a corner of 280×280": lambda pixels, number: transparent(corner(pixels, number), 0),
    "inverted, ten times as large": lambda pixels, _: 255 - pixels.repeat(10, axis=0).repeat(10, axis=1),
}
PHOTO = "photo of 1500×1500"
PHOTOS = 200


def main() -> None:
    """Save, classify, compare and print."""
    given = sys.argv[1:]
    with trained(given[0] if given else None) as run:
        answers = of_the_test(run)[: int(given[1]) if len(given) > 1 else None]
        print("| written as PNG | pictures | same answer | no digit found | time |\n|---|---|---|---|---|")
        for name, way in [*WAYS.items(), (PHOTO, photo)]:
            print(row(name, way, run, answers[:PHOTOS] if name == PHOTO else answers), flush=True)


@contextmanager
def trained(run: str | None) -> Iterator[str]:
    """The run's name, or that of a run trained in a temporary home."""
    if run is not None:
        yield find_run(run).name
        return
    with tempfile.TemporaryDirectory() as home:
        os.environ["MNIST_TUI_HOME"] = home
        command = [sys.executable, "-P", "-m", "tui", "train", "--preset", "quick", "--name", "quick", "--quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        yield "quick"


def of_the_test(run: str) -> NDArray[np.int64]:
    """The predictions of the run's latest test evaluation."""
    test = find_run(run).state().test
    if test is None:
        sys.exit(f"{run} has not been tested.")
    predictions = load().test_labels.astype(np.int64)
    for misclassified in test.wrong_images:
        predictions[misclassified.index] = misclassified.prediction
    return predictions


def row(name: str, way: Way, run: str, answers: NDArray[np.int64]) -> str:
    """One row of the table."""
    images = load().test_images
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/{number:05}.png" for number in range(len(answers))]
        for number, file in enumerate(files):
            Image.fromarray(way(images[number].reshape(28, 28), number)).save(file, compress_level=1)
        begun = time.perf_counter()
        command = [sys.executable, "-P", "-m", "tui", "predict", run, *files, "--json"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path.cwd())
        seconds = time.perf_counter() - begun
    digits = [json.loads(line)["digit"] for line in done.stdout.splitlines()]
    same = sum(digit == answer for digit, answer in zip(digits, answers.tolist(), strict=True))
    return f"| {name} | {len(answers)} | {same / len(answers):.2%} | {digits.count(None)} | {seconds:.0f} s |"


if __name__ == "__main__":
    main()
