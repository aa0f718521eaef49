"""The digits whose reading is shown while the network learns: the first validation image of each class."""

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
    """Ten validation images, or as many classes as the split has."""

    def __init__(self, data: Dataset, device: torch.device, loss: str) -> None:
        labels = data.validation_labels
        self._indices = [int(np.argmax(labels == k)) for k in range(CLASSES) if np.any(labels == k)]
        self._labels = [int(labels[i]) for i in self._indices]
        self._pixels = data.validation_images[self._indices]
        self._images = as_images(self._pixels, device)
        self._loss = loss

    def digits(self) -> PreviewDigits:
        """The images themselves."""
        return PreviewDigits(indices=tuple(self._indices), labels=tuple(self._labels), pixels=self._pixels.tobytes())

    def read(self, model: nn.Module, step: int, position: float) -> Previews:
        """The network's probabilities for each; the model comes out in the mode it came in."""
        training = model.training
        model.eval()
        with torch.inference_mode():
            likely = probabilities(model(self._images), self._loss).nan_to_num(0.0)
        model.train(training)
        rows = tuple(tuple(_short(p) for p in row) for row in likely.tolist())
        return Previews(step=step, position=position, probabilities=rows)


def _short(probability: float) -> float:
    """Four decimals; what is not quite certain is not said to be."""
    return probability if probability in (0.0, 1.0) else min(max(round(probability, 4), 0.0001), 0.9999)
