"""The sample of validation images that queries measure a network on, and the check that its weights are finite."""

from __future__ import annotations

import torch

from engine.errors import RunProblem
from engine.runs.folder import RunFolder
from engine.runs.run_data import known_data
from engine.worker.model.evaluate import as_floats
from engine.worker.queries.network import Network
from engine.worker.training.data_check import find_data
from engine.worker.training.setup import Split

_SEED = 20_240_229
"""Independent of the run's own seed, so that runs are comparable."""


def sample(network: Network, count: int, run: RunFolder | None = None) -> Split:
    """At most `count` validation images of the run's data set, floats from 0 to 1: a random sample, always the same.

    Raises `DataProblem`; `OtherDataProblem` where `run` is known to have been trained on other data.
    """
    name, known = (run.name, known_data(run)) if run is not None else ("", None)
    _, data = find_data(name, network.config, known)
    images, labels = data.validation_images, data.validation_labels
    if len(labels) > count:
        generator = torch.Generator().manual_seed(_SEED)
        chosen = torch.randperm(len(labels), generator=generator)[:count].sort().values.numpy()
        images, labels = images[chosen], labels[chosen]
    split = Split.of(images, labels, torch.device("cpu"))
    return Split(as_floats(split.images), split.labels)


def require_finite(network: Network) -> None:
    """Raise `RunProblem` where a weight is NaN or infinite: no measurement would be finite."""
    if not all(bool(torch.isfinite(parameter).all()) for parameter in network.model.parameters()):
        raise RunProblem(
            f"The weights of epoch {network.epoch} ({network.weights}) are NaN or infinite: training diverged. "
            "Its best epoch may still be sound."
        )
