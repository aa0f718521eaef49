"""Predictions for pictures supplied with the query."""

from __future__ import annotations

import numpy as np
import torch

from engine import commands as cmd
from engine.answers import PicturePredictions
from engine.errors import ConfigProblem
from engine.worker.model.evaluate import as_images
from engine.worker.queries.network import Network

_SIZE = 28 * 28


def predict_pictures(network: Network, query: cmd.PredictPictures) -> PicturePredictions:
    """Predict each picture. Raises `ConfigProblem` where the bytes are not a whole number of pictures."""
    if len(query.pixels) % _SIZE:
        raise ConfigProblem(
            f"Pictures have {_SIZE} bytes each; {len(query.pixels)} bytes are not a whole number of pictures."
        )
    pixels = np.frombuffer(bytearray(query.pixels), np.uint8).reshape(-1, 28, 28)
    probabilities = network.predict(as_images(pixels, torch.device("cpu")), exact=query.exact)
    return PicturePredictions(
        weights=network.weights,
        epoch=network.epoch,
        step=network.step,
        probabilities=tuple(map(tuple, probabilities.tolist())),
    )
