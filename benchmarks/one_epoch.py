"""python -m benchmarks.one_epoch ours|tutorial: median seconds of three epochs, with the threads each side chooses by default."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import torch

from benchmarks.reference.tutorial import Tutorial
from benchmarks.training import Ours
from engine.config import TrainConfig
from engine.worker.training.setup import Split, load_data


def main() -> None:
    """Print the seconds."""
    data = load_data("")
    epoch: Callable[[], object]
    if sys.argv[1] == "ours":
        epoch = Ours(TrainConfig(), data).epoch
    else:
        split = Split.of(data.train_images, data.train_labels, torch.device("cpu"))
        epoch = Tutorial(split.images.view(-1, 784), split.labels).epoch
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        epoch()
        took.append(time.perf_counter() - begun)
    print(statistics.median(took))


if __name__ == "__main__":
    main()
