"""Checkpoints whose weights are put to use: whole, with weights that are finite, or a sentence that names the way out."""

from __future__ import annotations

from typing import Any, Literal

import torch

from engine.config import TrainConfig
from engine.errors import RunProblem
from engine.runs.folder import RunFolder
from engine.worker.training.checkpoint_file import load_checkpoint

Use = Literal["read", "train"]
"""Whether the weights are to read images, or to be trained on."""


def load_sound(run: RunFolder, kind: str, use: Use) -> tuple[TrainConfig, dict[str, Any]]:
    """The config and contents of a run's checkpoint ``last``, ``best`` or of a kept epoch.

    Raises `RunProblem` where it is not there, is damaged, or holds weights that are not finite; where another
    checkpoint of the run is sound, the sentence names it.
    """
    path = run.checkpoint(kind)
    try:
        config, contents = load_checkpoint(path)
    except RunProblem as problem:
        if not path.exists():
            raise
        raise RunProblem(f"{problem}{_way_out(run, kind, use)}") from problem
    if not is_finite(contents["model"]):
        raise RunProblem(
            f"{path} holds weights that are not finite (epoch {_epoch(kind, contents)}), as a divergence leaves them."
            f"{_way_out(run, kind, use)}"
        )
    return config, contents


def load_to_resume(run: RunFolder) -> tuple[TrainConfig, dict[str, Any]]:
    """The last checkpoint, whose best weights are to be tested in the end. Raises as `load_sound`."""
    config, contents = load_sound(run, "last", "train")
    if isinstance(contents["best"], dict) and not is_finite(contents["best"].get("weights")):
        raise RunProblem(
            f"{run.checkpoint('last')} holds best weights that are not finite. The last weights (epoch "
            f"{_epoch('last', contents)}) are sound: `mnist-tui branch {run.name} --at last` goes on from them."
        )
    return config, contents


def is_finite(weights: Any) -> bool:
    """Whether every number in a network's weights is finite; what is no tensor is left to whoever loads it."""
    tensors = weights.values() if isinstance(weights, dict) else ()
    return all(bool(torch.isfinite(each).all()) for each in tensors if isinstance(each, torch.Tensor))


def _way_out(run: RunFolder, kind: str, use: Use) -> str:
    """A sentence that names a checkpoint which can be used instead; empty where there is none."""
    for other in ("best", "last"):
        if other == kind or not run.checkpoint(other).exists():
            continue
        try:
            _, contents = load_checkpoint(run.checkpoint(other))
        except RunProblem:
            continue
        if is_finite(contents["model"]):
            where = f"The {other} weights (epoch {_epoch(other, contents)}) are sound"
            if use == "read":
                return f" {where}: --weights {other}."
            return f" {where}: `mnist-tui branch {run.name} --at {other}` goes on from them."
    return ""


def _epoch(kind: str, contents: dict[str, Any]) -> int:
    best = contents["best"] if kind == "best" else None
    return int(best["epoch"] if isinstance(best, dict) and "epoch" in best else contents["place"]["epoch"])
