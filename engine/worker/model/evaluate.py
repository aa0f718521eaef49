"""Evaluates a model on a split: the only place where accuracy is computed, for validation and test."""

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
"""Images in a batch. Predictions are reproducible to the last digit only in batches of the same size."""


def as_images(pixels: np.ndarray, device: torch.device) -> Tensor:
    """Pixels (N, 28, 28) uint8 as the model's input: (N, 1, 28, 28), floats from 0 to 1."""
    return as_floats(as_bytes(pixels, device))


def as_bytes(pixels: np.ndarray, device: torch.device) -> Tensor:
    """Pixels (N, 28, 28) uint8 as stored on the device: (N, 1, 28, 28) uint8, a quarter of the memory of floats."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).to(device).unsqueeze(1)


def as_floats(images: Tensor) -> Tensor:
    """uint8 images as floats from 0 to 1: the only normalization. Floats are returned unchanged."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The result of evaluating a model on N images."""

    loss: float
    correct: int
    predictions: np.ndarray
    """(N,) int64: the predicted digit."""
    probabilities: np.ndarray
    """(N, 10) float32."""
    seconds: float

    @property
    def confidences(self) -> np.ndarray:
        """(N,) float32: the probability of the predicted digit."""
        highest: np.ndarray = self.probabilities.max(axis=1)
        return highest

    @property
    def accuracy(self) -> float:
        """The share of correct predictions."""
        return self.correct / max(len(self.predictions), 1)


def evaluate(model: nn.Module, images: Tensor, labels: Tensor, loss: Loss, kind: str) -> Evaluation:
    """Evaluate `model` on images (N, 1, 28, 28) uint8 in evaluation mode; its mode is restored. Draws no random numbers.

    `kind` is the name of the configured loss, which determines how logits become probabilities.
    """
    started = time.perf_counter()
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
    likely = torch.cat(parts).nan_to_num_(0.0).numpy()  # outputs that are not finite get confidence 0
    predictions = likely.argmax(axis=1)
    correct = int((predictions == labels.cpu().numpy()).sum())
    mean = float(total) / max(len(labels), 1)
    return Evaluation(mean, correct, predictions, likely, time.perf_counter() - started)


def summarize(outcome: Evaluation, labels: np.ndarray, weights: CheckpointKind, epoch: int) -> TestResult:
    """The metrics of a test evaluation; `labels` are those of the test set, (N,)."""
    confusion = np.zeros((10, 10), dtype=np.int64)
    np.add.at(confusion, (labels, outcome.predictions), 1)
    counts, correct = confusion.sum(axis=1), confusion.diagonal()
    wrong, confidences = np.flatnonzero(outcome.predictions != labels), outcome.confidences
    low, high = wilson_interval(outcome.correct, len(labels))
    return TestResult(
        weights=weights,
        epoch=epoch,
        images=len(labels),
        wrong=len(wrong),
        accuracy=outcome.accuracy,
        low=low,
        high=high,
        loss=outcome.loss if np.isfinite(outcome.loss) else None,
        per_digit=tuple(float(hits / count) if count else None for hits, count in zip(correct, counts, strict=True)),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        wrong_images=tuple(
            WrongImage(int(i), int(labels[i]), int(outcome.predictions[i]), round(float(confidences[i]), 6))
            for i in wrong
        ),
        seconds=round(outcome.seconds, 3),
    )
