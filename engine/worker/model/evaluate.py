"""One pass over a split without training: the only way accuracy is measured, for validation, test and previews."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engine.analysis.intervals import wilson_interval
from engine.events import CheckpointKind, TestResult, WrongImage
from engine.worker.model.losses import Loss, probabilities

BATCH = 1000
"""Images read at a time; a picture read in a batch of so many gives the very numbers it gives in a test."""


def as_images(pixels: np.ndarray, device: torch.device) -> Tensor:
    """Bytes (N, 28, 28) as the floats 0 to 1 the network reads, (N, 1, 28, 28)."""
    return as_floats(as_bytes(pixels, device))


def as_bytes(pixels: np.ndarray, device: torch.device) -> Tensor:
    """Bytes (N, 28, 28) as they are kept on the device, (N, 1, 28, 28): a quarter of what floats take."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).to(device).unsqueeze(1)


def as_floats(images: Tensor) -> Tensor:
    """Bytes of images as floats 0 to 1: the one transform there is. Floats stay as they are."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How a network reads a split of N images: mean loss, number right, and per image reading and probabilities."""

    loss: float
    right: int
    predictions: np.ndarray
    """(N,) int64: the digit read."""
    probabilities: np.ndarray
    """(N, 10) float32."""
    seconds: float

    @property
    def confidences(self) -> np.ndarray:
        """(N,) float32: the probability of the digit read."""
        sure: np.ndarray = self.probabilities.max(axis=1)
        return sure

    @property
    def accuracy(self) -> float:
        """Share of images read rightly."""
        return self.right / max(len(self.predictions), 1)


def evaluate(model: nn.Module, images: Tensor, labels: Tensor, loss: Loss, kind: str) -> Evaluation:
    """Read every image (N, 1, 28, 28), bytes. The model comes out in the mode it came in; no random number is drawn, nothing is learned.

    `kind` is the configuration's loss, which decides what a probability is.
    """
    begun = time.perf_counter()
    training = model.training
    model.eval()
    total = torch.zeros((), dtype=torch.float64)
    parts = []
    with torch.inference_mode():
        for start in range(0, len(labels), BATCH):
            part = slice(start, start + BATCH)
            logits = model(as_floats(images[part]))
            total += loss(logits.float(), labels[part]).cpu().double() * len(labels[part])
            parts.append(probabilities(logits, kind).float().cpu())
    model.train(training)
    likely = torch.cat(parts).nan_to_num_(0.0).numpy()  # of an output that is not finite: sure of nothing
    read = likely.argmax(axis=1)
    right = int((read == labels.cpu().numpy()).sum())
    mean = float(total) / max(len(labels), 1)
    return Evaluation(mean, right, read, likely, time.perf_counter() - begun)


def summarize(outcome: Evaluation, labels: np.ndarray, weights: CheckpointKind, epoch: int) -> TestResult:
    """The figures of a test from an evaluation of the test set with labels (N,)."""
    confusion = np.zeros((10, 10), dtype=np.int64)
    np.add.at(confusion, (labels, outcome.predictions), 1)
    counts, right = confusion.sum(axis=1), confusion.diagonal()
    wrong, sure = np.flatnonzero(outcome.predictions != labels), outcome.confidences
    low, high = wilson_interval(outcome.right, len(labels))
    return TestResult(
        weights=weights,
        epoch=epoch,
        images=len(labels),
        wrong=len(wrong),
        accuracy=outcome.accuracy,
        low=low,
        high=high,
        loss=outcome.loss if np.isfinite(outcome.loss) else None,
        per_digit=tuple(float(r / c) if c else None for r, c in zip(right, counts, strict=True)),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        wrong_images=tuple(
            WrongImage(int(i), int(labels[i]), int(outcome.predictions[i]), round(float(sure[i]), 6)) for i in wrong
        ),
        seconds=round(outcome.seconds, 3),
    )
