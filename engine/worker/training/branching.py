"""Where a branch begins: a new run that continues from another run's checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from engine.config import HYPERPARAMETERS, differences, make_config
from engine.errors import ConfigProblem, RunProblem
from engine.events import Parent
from engine.runs.folder import RunFolder
from engine.worker.model.optimizers import same_state
from engine.worker.training.checkpoint_check import load_sound
from engine.worker.training.checkpoint_file import Checkpoint, fitting, load_checkpoint
from engine.worker.training.metrics import EpochSums


class BranchStart(NamedTuple):
    """The new run's first checkpoint, with the new configuration, and the parent's checkpoint that it is from."""

    checkpoint: Checkpoint
    parent: Parent


_SHAPE = ("model", "hidden", "batch_norm")
_TIMES = ("seconds", "seconds_at_epoch")


def branch_off(run: RunFolder, at: str, values: Mapping[str, Any]) -> BranchStart:
    """Branch from the checkpoint `at` of `run` ("last", "best", or the epoch of a kept one), with other `values`.

    Raises `RunProblem` where there is no such checkpoint, `ConfigProblem` for values that do not fit its network.
    """
    if at not in ("last", "best") and not (at.isascii() and at.isdecimal() and len(at) < 9):
        raise ConfigProblem(f"'{at[:40]}' is not a checkpoint; expected last, best, or the epoch of a kept one.")
    path = run.checkpoint(at)
    if at.isdecimal() and not path.exists():
        kept = ", ".join(map(str, run.kept())) or "none"
        raise RunProblem(f"{run.name} kept no checkpoint of epoch {int(at)} (kept: {kept}); --keep-every keeps them.")
    checkpoint = load_sound(run, at, "train")
    with fitting(path):
        return _start(run, at, values, checkpoint)


def _start(run: RunFolder, at: str, values: Mapping[str, Any], checkpoint: Checkpoint) -> BranchStart:
    before = checkpoint.config
    config = make_config(values, before)
    changed = differences(config, before)
    for name in _SHAPE:
        if name in changed:
            label = HYPERPARAMETERS[name].about.label
            raise ConfigProblem(
                f"{label}: a branch uses the weights of {run.name}, so its network cannot change.", name
            )
    counters = _counters(at, checkpoint)
    epoch, step, offset = counters["epoch"], counters["step"], counters["offset"]
    if epoch >= config.epochs:
        raise ConfigProblem(f"Epochs: {run.name} had already trained {epoch} there; a branch needs more.", "epochs")
    sums = EpochSums().encode() if offset == 0 else checkpoint.contents["meter"]
    contents = {**checkpoint.contents, "place": counters, "meter": sums, "best": None}
    if not same_state(config.optimizer, before.optimizer):
        contents["optimizer"] = {**contents["optimizer"], "state": {}}
    if "schedule" in changed:
        contents["planned_from"] = float(epoch)
    parent = Parent(run=run.name, at=at, epoch=epoch, step=step, digest=_digest(contents))
    return BranchStart(Checkpoint(config, contents), parent)


def branch_again(run: RunFolder, origin: Parent, values: Mapping[str, Any]) -> BranchStart:
    """Repeat a branch: from any checkpoint of `run` with exactly the contents that the branch began with.

    Raises `RunProblem` where there is none: `run` may have been resumed since, or trained again.
    """
    others: list[str] = []
    is_another = False
    for at in _candidates(run, origin):
        path = run.checkpoint(at)
        try:
            checkpoint = load_checkpoint(path)
            with fitting(path):
                counters = _counters(at, checkpoint)
                epoch, step = counters["epoch"], counters["step"]
        except RunProblem as problem:  # another checkpoint may fit
            if path.exists():
                others.append(str(problem).removesuffix("."))
            continue
        if (epoch, step) != (origin.epoch, origin.step):
            others.append(f"its {at} checkpoint is of epoch {epoch}, step {step}")
            continue
        with fitting(path):
            found = _start(run, at, values, checkpoint)
        if origin.digest in ("", found.parent.digest):
            return found
        is_another = True
    where = f"{run.name}'s checkpoint of epoch {origin.epoch}, step {origin.step}"
    if is_another:
        raise RunProblem(f"The branch started from {where}, which has changed since: {run.name} was trained again.")
    raise RunProblem(
        f"The branch started from {where}, which no longer exists"
        f"{''.join(f'; {each}' for each in others)}. --keep-every N keeps checkpoints for this."
    )


def _candidates(run: RunFolder, origin: Parent) -> list[str]:
    """The checkpoints that may be the one of `origin`; first the one that was branched from."""
    names = [*(str(epoch) for epoch in run.kept() if epoch == origin.epoch), "last", "best"]
    return sorted(names, key=lambda at: at != origin.at)


def _counters(at: str, checkpoint: Checkpoint) -> dict[str, Any]:
    """The counters, as stored, at which a branch of this checkpoint begins."""
    counters = dict(checkpoint.contents["place"])
    if at == "best" and checkpoint.contents["best"]:
        epoch, step = checkpoint.origin("best")
        counters |= {"epoch": epoch, "step": step, "offset": 0}
    return counters


def _digest(contents: Mapping[str, Any]) -> str:
    """A digest of everything that determines how training continues, which excludes times."""
    counters = {name: value for name, value in contents["place"].items() if name not in _TIMES}
    digest = hashlib.sha256()
    _feed(digest, {**contents, "place": counters, "optimizer": contents["optimizer"]["state"]})
    return digest.hexdigest()[:32]


def _feed(digest: hashlib._Hash, value: Any) -> None:
    """Update a digest with a value of a type found in checkpoints; different values give different bytes."""
    match value:
        case torch.Tensor():
            digest.update(f"tensor {value.dtype} {tuple(value.shape)}\n".encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        case dict():
            digest.update(f"dict {len(value)}\n".encode())
            for key in sorted(value, key=repr):
                _feed(digest, key)
                _feed(digest, value[key])
        case list() | tuple():
            digest.update(f"list {len(value)}\n".encode())
            for each in value:
                _feed(digest, each)
        case _:
            digest.update(f"{type(value).__name__} {value!r}\n".encode())
