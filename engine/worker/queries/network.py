"""Loads the network of a run's checkpoint; the latest ones are cached."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from engine import events as ev
from engine.config import TrainConfig
from engine.errors import RunProblem, reason
from engine.runs.folder import RunFolder
from engine.worker.model.evaluate import BATCH
from engine.worker.model.losses import probabilities
from engine.worker.model.models import build_model
from engine.worker.training.checkpoint_check import load_sound
from engine.worker.training.checkpoint_file import fitting


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network for inference on the CPU, and the checkpoint that its weights are from."""

    model: nn.Module
    config: TrainConfig
    weights: ev.CheckpointKind
    epoch: int
    step: int

    @torch.inference_mode()
    def predict(self, images: Tensor, *, exact: bool = False) -> np.ndarray:
        """Probabilities (N, 10) float32 of images (N, 1, 28, 28), floats from 0 to 1.

        `exact`: in batches of the size used by evaluation, so that every digit of a result is the same. Raises `RunProblem` where the network's outputs are not finite.
        """
        parts = []
        for part in images.split(BATCH):
            padded = torch.cat([part, part.new_zeros(BATCH - len(part), *part.shape[1:])]) if exact else part
            parts.append(probabilities(self.model(padded), self.config.loss)[: len(part)])
        found = torch.cat(parts).numpy() if parts else np.empty((0, 10), np.float32)
        if not np.isfinite(found).all():
            raise self.overflow()
        return found

    def overflow(self) -> RunProblem:
        """The problem to raise where finite weights give outputs that are not finite."""
        return RunProblem(
            f"The outputs of the {self.weights} weights (epoch {self.epoch}) are not finite: the weights have grown too large."
        )


def load_network(run: RunFolder, weights: ev.CheckpointKind) -> Network:
    """The network of a run's checkpoint ``last`` or ``best``. Raises `RunProblem` where it is missing or damaged."""
    path = run.checkpoint(weights)
    try:
        stamp = path.stat()
    except FileNotFoundError as fault:
        raise RunProblem(f"{run.name} has no weights yet: its first checkpoint comes after the first epoch.") from fault
    except OSError as fault:
        raise RunProblem(f"{path} cannot be read: {reason(fault)}.") from fault
    return _load(run, weights, stamp.st_mtime_ns, stamp.st_ino)


@lru_cache(maxsize=2)
def _load(run: RunFolder, weights: ev.CheckpointKind, _written: int, _inode: int) -> Network:
    path = run.checkpoint(weights)
    checkpoint = load_sound(run, weights, "read")
    with torch.random.fork_rng(), fitting(path):
        model = build_model(checkpoint.config)
        model.load_state_dict(checkpoint.model)
        origin = checkpoint.origin(weights)
    return Network(model.eval(), checkpoint.config, weights, origin.epoch, origin.step)
