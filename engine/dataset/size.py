"""Whether a data set has the training images that a run asks for."""

from __future__ import annotations

from engine.config import TrainConfig, normalizes
from engine.dataset import Dataset
from engine.dataset.data_files import printable
from engine.errors import ConfigProblem

LEAST_NORMALIZED = 2
"""Images of a batch that batch normalization can train on: the spread of one alone is not defined."""


def check_size(config: TrainConfig, data: Dataset) -> None:
    """Raise `ConfigProblem` where there are fewer training images than are asked for, or than the network needs."""
    count, there = config.train_images or len(data.train_labels), len(data.train_labels)
    if count > there:
        raise ConfigProblem(
            f"Train images: {count} are asked for, but {data.name} has {there} training images; "
            "take fewer, or 0 for all.",
            "train_images",
        )
    if count < LEAST_NORMALIZED and normalizes(config):
        raise ConfigProblem(
            f"This network normalizes over the batch, which needs at least {LEAST_NORMALIZED} images, and {data.name} in "
            f"{printable(data.source)} has {count} to train on; take more images, or a network without batch normalization.",
            "batch_norm" if config.model == "mlp" else "model",
        )
