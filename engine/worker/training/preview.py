"""The digits whose predictions are shown during training: the first validation image of each class."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from engine.dataset import Dataset
from engine.events import PreviewDigits, Previews
from engine.worker.model.evaluate import as_images
from engine.worker.model.losses import probabilities
from engine.worker.model.models import CLASSES


class Preview:
    """One validation image of each class in the split."""

    def __init__(self, data: Dataset, device: torch.device, loss: str) -> None:
        labels = data.validation_labels
        self._indices = [int(np.argmax(labels == k)) for k in range(CLASSES) if np.any(labels == k)]
        self._labels = [int(labels[i]) for i in self._indices]
        self._pixels = data.validation_images[self._indices]
        self._images = as_images(self._pixels, device)
        self._loss = loss

    def digits(self) -> PreviewDigits:
        """The event with the images."""
        return PreviewDigits(indices=tuple(self._indices), labels=tuple(self._labels), pixels=self._pixels.tobytes())

    def predict(self, model: nn.Module, step: int, position: float) -> Previews:
        """The model's probabilities for each image. The model's training mode is restored."""
        training = model.training
        model.eval()
        with torch.inference_mode():
            values = probabilities(model(self._images), self._loss).nan_to_num(0.0)
        model.train(training)
        rows = tuple(tuple(_short(p) for p in row) for row in values.tolist())
        return Previews(step=step, position=position, probabilities=rows)


def _short(probability: float) -> float:
    """Four decimals; only exact values give 0 and 1."""
    return probability if probability in (0.0, 1.0) else min(max(round(probability, 4), 0.0001), 0.9999)
