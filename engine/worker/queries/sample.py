"""What questions about a network as a whole are answered with: weights that are numbers, and the same validation images."""

from __future__ import annotations

import torch

from engine.errors import RunProblem
from engine.runs.folder import RunFolder
from engine.runs.run_data import known_data
from engine.worker.model.evaluate import as_floats
from engine.worker.queries.network import Network
from engine.worker.training.data_check import meet_data
from engine.worker.training.setup import Split

_SEED = 20_240_229
"""Of the sample, and of nothing else: it must not depend on a run's own seed, or runs could not be compared."""


def sample(network: Network, most: int, run: RunFolder | None = None) -> Split:
    """At most so many validation images of the data set the run has, as floats 0 to 1, chosen by chance, always the same.

    Raises `DataProblem`; `OtherDataProblem` where `run` is known to have been trained on other data.
    """
    name, known = (run.name, known_data(run)) if run is not None else ("", None)
    _, data = meet_data(name, network.config, known)
    images, labels = data.validation_images, data.validation_labels
    if len(labels) > most:
        chance = torch.Generator().manual_seed(_SEED)
        chosen = torch.randperm(len(labels), generator=chance)[:most].sort().values.numpy()
        images, labels = images[chosen], labels[chosen]
    split = Split.of(images, labels, torch.device("cpu"))
    return Split(as_floats(split.images), split.labels)


def require_finite(network: Network) -> None:
    """Raise `RunProblem` where a weight is no number any more: then nothing that can be measured is one."""
    if not all(bool(torch.isfinite(parameter).all()) for parameter in network.model.parameters()):
        raise RunProblem(
            f"The weights of epoch {network.epoch} ({network.weights}) are not finite: the run has diverged. "
            "Its best epoch may still be sound."
        )
