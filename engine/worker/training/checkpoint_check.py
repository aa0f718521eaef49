"""Loads checkpoints to use their weights: undamaged and finite, or a problem that names one which is."""

from __future__ import annotations

from typing import Any, Literal

import torch

from engine.errors import RunProblem
from engine.runs.folder import RunFolder
from engine.worker.training.checkpoint_file import Checkpoint, load_checkpoint

Use = Literal["read", "train"]
"""Whether the weights are used for inference or for training."""


def load_sound(run: RunFolder, kind: str, use: Use) -> Checkpoint:
    """A run's checkpoint: ``last``, ``best``, or the number of a kept epoch.

    Raises `RunProblem` where it is missing, damaged, or has weights that are not finite; the message names another
    checkpoint of the run that can be used.
    """
    path = run.checkpoint(kind)
    try:
        checkpoint = load_checkpoint(path)
    except RunProblem as problem:
        if not path.exists():
            raise
        raise RunProblem(f"{problem}{_alternative(run, kind, use)}") from problem
    if not is_finite(checkpoint.model):
        raise RunProblem(
            f"{path} contains NaN or infinite weights (epoch {_epoch(kind, checkpoint)}): training diverged."
            f"{_alternative(run, kind, use)}"
        )
    return checkpoint


def load_to_resume(run: RunFolder) -> Checkpoint:
    """The last checkpoint, whose best weights are tested in the end. Raises as `load_sound`, also for those."""
    checkpoint = load_sound(run, "last", "train")
    best = checkpoint.contents["best"]
    if isinstance(best, dict) and not is_finite(best.get("weights")):
        raise RunProblem(
            f"{run.checkpoint('last')} contains NaN or infinite best weights. The last weights (epoch "
            f"{_epoch('last', checkpoint)}) are sound: `mnist-tui branch {run.name} --at last` continues from them."
        )
    return checkpoint


def is_finite(weights: Any) -> bool:
    """Whether all tensors in a state dict are finite. Other values are ignored: loading the state dict refuses them."""
    tensors = weights.values() if isinstance(weights, dict) else ()
    return all(bool(torch.isfinite(each).all()) for each in tensors if isinstance(each, torch.Tensor))


def _alternative(run: RunFolder, kind: str, use: Use) -> str:
    """A sentence that names a checkpoint which can be used instead; empty if there is none."""
    for other in ("best", "last"):
        if other == kind or not run.checkpoint(other).exists():
            continue
        try:
            checkpoint = load_checkpoint(run.checkpoint(other))
        except RunProblem:
            continue
        if is_finite(checkpoint.model):
            where = f"The {other} weights (epoch {_epoch(other, checkpoint)}) are sound"
            if use == "read":
                return f" {where}: --weights {other}."
            return f" {where}: `mnist-tui branch {run.name} --at {other}` continues from them."
    return ""


def _epoch(kind: str, checkpoint: Checkpoint) -> int:
    """The epoch of its weights, also for a damaged checkpoint."""
    best = checkpoint.contents["best"] if kind == "best" else None
    return int(best["epoch"]) if isinstance(best, dict) and "epoch" in best else checkpoint.epoch
