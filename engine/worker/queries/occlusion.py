"""Occlusion maps (Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks")."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from engine import commands as cmd
from engine.answers import OcclusionMap
from engine.errors import ConfigProblem
from engine.worker.model.evaluate import as_images
from engine.worker.queries.network import Network
from engine.worker.queries.sample import require_finite

SIDE = 28
_BATCH = 4 * SIDE
"""Occluded pictures between two progress reports."""


def map_occlusion(network: Network, query: cmd.MapOcclusion, report: Callable[[float, str], None]) -> OcclusionMap:
    """The probabilities while a background-colored patch, centered on each pixel in turn, occludes the picture.

    Raises `ConfigProblem` for a picture or a patch of another size, `RunProblem`
    where the weights are not finite.
    """
    if len(query.pixels) != SIDE * SIDE:
        raise ConfigProblem(f"A picture has {SIDE * SIDE} bytes; got {len(query.pixels)}.")
    if not 1 <= query.patch <= SIDE or query.patch % 2 == 0:
        raise ConfigProblem(f"The patch size must be an odd number of pixels, at most {SIDE - 1}; got {query.patch}.")
    require_finite(network)
    pixels = np.array(bytearray(query.pixels), np.uint8).reshape(1, SIDE, SIDE)
    image = as_images(pixels, torch.device("cpu"))
    bare = network.predict(image)[0]
    parts = []
    for places in torch.arange(SIDE * SIDE).split(_BATCH):
        report(int(places[0]) / SIDE**2, "")
        parts.append(network.predict(covered(image, places, query.patch)))
    found = np.concatenate(parts)
    return OcclusionMap(
        weights=network.weights,
        epoch=network.epoch,
        step=network.step,
        patch=query.patch,
        probabilities=tuple(bare.tolist()),
        covered=tuple(map(tuple, np.round(found, 4).tolist())),
    )


def covered(image: Tensor, places: Tensor, patch: int) -> Tensor:
    """The image (1, 1, 28, 28) with a patch of zeros centered on each pixel index of `places` (N,): (N, 1, 28, 28)."""
    line, reach = torch.arange(SIDE), patch // 2
    in_row = (line[None, :] - (places // SIDE)[:, None]).abs() <= reach
    in_column = (line[None, :] - (places % SIDE)[:, None]).abs() <= reach
    return image.masked_fill((in_row[:, :, None] & in_column[:, None, :]).unsqueeze(1), 0.0)
