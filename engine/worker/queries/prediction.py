"""What a network reads in pictures that it is handed."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from engine import commands as cmd
from engine.errors import ConfigProblem
from engine.worker.model.evaluate import as_images
from engine.worker.queries.network import Network

_SIZE = 28 * 28


def read_pictures(network: Network, question: cmd.ReadPictures) -> dict[str, Any]:
    """`probabilities`, ten a picture. Raises `ConfigProblem` for bytes that are no whole number of pictures."""
    if len(question.pixels) % _SIZE:
        raise ConfigProblem(f"Pictures have {_SIZE} bytes each; {len(question.pixels)} are no whole number of them.")
    pixels = np.frombuffer(bytearray(question.pixels), np.uint8).reshape(-1, 28, 28)
    likely = network.read(as_images(pixels, torch.device("cpu")), exact=question.exact)
    return {**network.place(), "probabilities": likely.tolist()}
