"""Where a run begins that goes on with another one's weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.config import HYPERPARAMETERS, TrainConfig, differences, make_config
from engine.errors import ConfigProblem, RunProblem
from engine.events import Parent
from engine.runs import RunFolder
from engine.worker.checkpoint import load_checkpoint
from engine.worker.optimizers import same_memory

_SHAPE = ("model", "hidden", "batch_norm")


def branch_off(run: RunFolder, at: str, values: Mapping[str, Any]) -> tuple[TrainConfig, dict[str, Any], Parent]:
    """The new run's configuration, what its first checkpoint holds, and where it is from.

    Raises `RunProblem` where there is no such checkpoint, `ConfigProblem` for values that do not fit its network.
    """
    if at not in ("last", "best") and not (at.isascii() and at.isdecimal() and len(at) < 9):
        raise ConfigProblem(f"'{at[:40]}' is no checkpoint; expected last, best, or the epoch of one that was kept.")
    path = run.checkpoint(at)
    if at.isdecimal() and not path.exists():
        kept = ", ".join(map(str, run.kept())) or "none"
        raise RunProblem(f"{run.name} kept no checkpoint of epoch {int(at)} (kept: {kept}); --keep-every keeps them.")
    before, contents = load_checkpoint(path)
    config = make_config(values, before)
    told = differences(config, before)
    for name in _SHAPE:
        if name in told:
            label = HYPERPARAMETERS[name].about.label
            raise ConfigProblem(f"{label}: a branch has the weights of {run.name}, and so its network.", name)
    place = dict(contents["place"])
    if at == "best" and contents["best"]:
        place |= {"epoch": contents["best"]["epoch"], "step": contents["best"]["step"], "offset": 0}
    if place["epoch"] >= config.epochs:
        raise ConfigProblem(
            f"Epochs: {run.name} had trained {place['epoch']} there; a branch needs more than that.", "epochs"
        )
    parent = Parent(run=run.name, at=at, epoch=place["epoch"], step=place["step"])
    contents = {**contents, "place": place, "best": None}
    del contents["format"], contents["config"]
    if not same_memory(config.optimizer, before.optimizer):
        contents["optimizer"] = {**contents["optimizer"], "state": {}}
    if "schedule" in told:
        contents["planned_from"] = float(place["epoch"])
    return config, contents, parent
