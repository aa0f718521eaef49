"""Where a run begins that goes on with another one's weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch

from engine.config import HYPERPARAMETERS, TrainConfig, differences, make_config
from engine.errors import ConfigProblem, RunProblem
from engine.events import Parent
from engine.runs.folder import RunFolder
from engine.worker.model.optimizers import same_memory
from engine.worker.training.checkpoint_check import load_sound
from engine.worker.training.checkpoint_file import fitting, load_checkpoint
from engine.worker.training.metrics import Meter

Beginning = tuple[TrainConfig, dict[str, Any], Parent]
"""The new run's configuration, what its first checkpoint holds, and where it is from."""

_SHAPE = ("model", "hidden", "batch_norm")
_CLOCK = ("seconds", "seconds_at_epoch")


def branch_off(run: RunFolder, at: str, values: Mapping[str, Any]) -> Beginning:
    """How a branch of `run` begins at its checkpoint `at` ("last", "best", or the epoch of a kept one), with other `values`.

    Raises `RunProblem` where there is no such checkpoint, `ConfigProblem` for values that do not fit its network.
    """
    if at not in ("last", "best") and not (at.isascii() and at.isdecimal() and len(at) < 9):
        raise ConfigProblem(f"'{at[:40]}' is no checkpoint; expected last, best, or the epoch of one that was kept.")
    path = run.checkpoint(at)
    if at.isdecimal() and not path.exists():
        kept = ", ".join(map(str, run.kept())) or "none"
        raise RunProblem(f"{run.name} kept no checkpoint of epoch {int(at)} (kept: {kept}); --keep-every keeps them.")
    before, contents = load_sound(run, at, "train")
    with fitting(path):
        return _begin(run, at, values, before, contents)


def _begin(
    run: RunFolder, at: str, values: Mapping[str, Any], before: TrainConfig, contents: dict[str, Any]
) -> Beginning:
    config = make_config(values, before)
    told = differences(config, before)
    for name in _SHAPE:
        if name in told:
            label = HYPERPARAMETERS[name].about.label
            raise ConfigProblem(f"{label}: a branch has the weights of {run.name}, and so its network.", name)
    place = _place(at, contents)
    if place["epoch"] >= config.epochs:
        raise ConfigProblem(
            f"Epochs: {run.name} had trained {place['epoch']} there; a branch needs more than that.", "epochs"
        )
    meter = Meter().state() if place["offset"] == 0 else contents["meter"]
    contents = {**contents, "place": place, "meter": meter, "best": None}
    del contents["format"], contents["config"]
    if not same_memory(config.optimizer, before.optimizer):
        contents["optimizer"] = {**contents["optimizer"], "state": {}}
    if "schedule" in told:
        contents["planned_from"] = float(place["epoch"])
    return config, contents, Parent(run=run.name, at=at, epoch=place["epoch"], step=place["step"], digest=_of(contents))


def branch_again(run: RunFolder, origin: Parent, values: Mapping[str, Any]) -> Beginning:
    """The same for a branch that is run again: from any checkpoint of `run` that gives it the beginning it had.

    Raises `RunProblem` where none does: since then `run` may have gone on, or been made anew.
    """
    there: list[str] = []
    is_another = False
    for at in _standing_at(run, origin):
        path = run.checkpoint(at)
        try:
            before, contents = load_checkpoint(path)
            with fitting(path):
                place = _place(at, contents)
                epoch, step = place["epoch"], place["step"]
        except RunProblem as problem:  # another one may do
            if path.exists():
                there.append(str(problem).removesuffix("."))
            continue
        if (epoch, step) != (origin.epoch, origin.step):
            there.append(f"its {at} checkpoint is of epoch {epoch}, step {step}")
            continue
        with fitting(path):
            found = _begin(run, at, values, before, contents)
        if origin.digest in ("", found[2].digest):
            return found
        is_another = True
    where = f"{run.name}'s checkpoint of epoch {origin.epoch}, step {origin.step}"
    if is_another:
        raise RunProblem(f"The branch began with {where}, and there is another one now: {run.name} was trained anew.")
    raise RunProblem(
        f"The branch began with {where}, which is not there any more"
        f"{''.join(f'; {each}' for each in there)}. --keep-every N keeps checkpoints for this."
    )


def _standing_at(run: RunFolder, origin: Parent) -> list[str]:
    """The checkpoints that may stand at that place, the one that was branched off first."""
    names = [*(str(epoch) for epoch in run.kept() if epoch == origin.epoch), "last", "best"]
    return sorted(names, key=lambda at: at != origin.at)


def _place(at: str, contents: Mapping[str, Any]) -> dict[str, Any]:
    """Where a branch of this checkpoint begins."""
    place = dict(contents["place"])
    if at == "best" and contents["best"]:
        place |= {"epoch": contents["best"]["epoch"], "step": contents["best"]["step"], "offset": 0}
    return place


def _of(contents: Mapping[str, Any]) -> str:
    """A digest of what decides how a run goes on, which clocks do not."""
    place = {name: value for name, value in contents["place"].items() if name not in _CLOCK}
    told = {**contents, "place": place, "optimizer": contents["optimizer"]["state"]}
    made = hashlib.sha256()
    _feed(made, told)
    return made.hexdigest()[:32]


def _feed(made: hashlib._Hash, value: Any) -> None:
    """Tell a digest a value of the kinds that a checkpoint holds, so that no two values are told alike."""
    match value:
        case torch.Tensor():
            made.update(f"tensor {value.dtype} {tuple(value.shape)}\n".encode())
            made.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        case dict():
            made.update(f"dict {len(value)}\n".encode())
            for key in sorted(value, key=repr):
                _feed(made, key)
                _feed(made, value[key])
        case list() | tuple():
            made.update(f"list {len(value)}\n".encode())
            for each in value:
                _feed(made, each)
        case _:
            made.update(f"{type(value).__name__} {value!r}\n".encode())
