"""The checkpoint file: everything needed to resume a run with exactly the numbers of an uninterrupted one.

It is written to a temporary file, flushed to disk and renamed, so a crash leaves the old file or the new one. It is read
with ``weights_only``: a file that contains code is refused and none of it runs.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import stat
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import torch

from engine.config import TrainConfig, make_config
from engine.errors import ConfigProblem, RunProblem, reason
from engine.events import SavedKind
from engine.files import write_atomic
from engine.worker.training.counters import Best, Counters, Plateau, checked
from engine.worker.training.metrics import EpochSums

FORMAT = "mnist-tui checkpoint 1"
_KEYS = frozenset({"config", "model", "optimizer", "random", "place", "best"})


class Origin(NamedTuple):
    """Where weights are from: the epoch (from 1) and the number of steps."""

    epoch: int
    step: int


class Checkpoint(NamedTuple):
    """A checkpoint's configuration and contents.

    Each property decodes one part of the contents and raises KeyError, TypeError or ValueError where that is damaged: use
    them within `fitting`.
    """

    config: TrainConfig
    contents: dict[str, Any]
    """As stored: "model", "optimizer", "scaler", "layout", "random", "place", "meter", "plateau", "planned_from", "best"."""

    @property
    def model(self) -> dict[str, torch.Tensor]:
        """The network's state dict."""
        weights: dict[str, torch.Tensor] = self.contents["model"]
        return weights

    @property
    def epoch(self) -> int:
        """The number of finished epochs. Checked when the file is read."""
        return int(self.contents["place"]["epoch"])

    @property
    def counters(self) -> Counters:
        """The progress of the run."""
        return Counters.decode(self.contents["place"])

    @property
    def epoch_sums(self) -> EpochSums:
        """The sums over the current epoch."""
        return EpochSums.decode(self.contents["meter"])

    @property
    def plateau(self) -> Plateau:
        """The state of the plateau schedule."""
        return Plateau.decode(self.contents["plateau"])

    @property
    def planned_from(self) -> float:
        """The position, in epochs, at which the learning-rate schedule starts."""
        start: float = checked({"from": self.contents.get("planned_from", 0.0)}, {"from": 0.0})["from"]
        return start

    @property
    def best(self) -> Best | None:
        """The best weights so far."""
        return Best.decode(self.contents["best"]) if self.contents["best"] else None

    def origin(self, kind: SavedKind | str) -> Origin:
        """Where the weights of a checkpoint of this kind are from."""
        best, place = self.contents["best"], self.contents["place"]
        found = best if kind == "best" and best else place
        return Origin(found["epoch"], found["step"])


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint. Raises OSError."""
    buffer = io.BytesIO()
    contents = {"format": FORMAT, "config": msgspec.to_builtins(checkpoint.config), **checkpoint.contents}
    torch.save(contents, buffer)
    write_atomic(path, buffer.getvalue())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, with its tensors on the CPU. Raises `RunProblem` where it is missing, damaged or something else."""
    try:
        _check_archive(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns about files that are refused anyway
            contents = torch.load(path, map_location="cpu", weights_only=True)
    except RunProblem:
        raise
    except FileNotFoundError as fault:
        raise RunProblem(f"{path} is not there: the run ended before its first checkpoint.") from fault
    except pickle.UnpicklingError as fault:
        raise RunProblem(
            f"{path} is not a mnist-tui checkpoint: it holds code or unknown objects, none of which was run."
        ) from fault
    except OSError as fault:
        raise RunProblem(f"{path} cannot be read: {reason(fault)}.") from fault
    # zipfile and torch raise many kinds of errors for other files
    except Exception as fault:
        raise RunProblem(f"{path} is not a mnist-tui checkpoint, or is damaged ({type(fault).__name__}).") from fault
    if not _is_checkpoint(contents):
        raise RunProblem(f"{path} is not a mnist-tui checkpoint (expected '{FORMAT}').")
    try:
        config = make_config(contents.pop("config"))
    except ConfigProblem as fault:
        raise RunProblem(f"{path} has a configuration this version cannot use: {fault}") from fault
    del contents["format"]
    return Checkpoint(config, contents)


@contextlib.contextmanager
def fitting(path: Path) -> Iterator[None]:
    """Raise `RunProblem` where the contents of the checkpoint at `path` do not fit its configuration."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError) as fault:
        raise RunProblem(
            f"{path} does not fit its own configuration: it is damaged, or of another version of mnist-tui."
        ) from fault


def _check_archive(path: Path) -> None:
    """Raise unless a file is an uncompressed zip archive whose parts match their checksums.

    A compressed one could expand to gigabytes. torch writes checksums but does not verify them.
    """
    if stat.S_ISFIFO(path.stat().st_mode):
        raise ValueError
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
        if packed or sum(entry.file_size for entry in entries) > path.stat().st_size:
            raise zipfile.BadZipFile
        if changed := archive.testzip():
            raise RunProblem(f"{path} is damaged: {changed} in it does not match its checksum.")


def _is_checkpoint(contents: Any) -> bool:
    return (
        isinstance(contents, dict)
        and contents.get("format") == FORMAT
        and contents.keys() >= _KEYS
        and isinstance(contents["config"], dict)
        and isinstance(place := contents["place"], dict)
        and type(place.get("epoch")) is int
    )


def random_states(device: torch.device) -> dict[str, Any]:
    """The states of torch's random number generators on the CPU and on `device`."""
    states: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def restore_random_states(states: dict[str, Any], device: torch.device) -> None:
    """Restore what `random_states` returned; the state of any other device is ignored."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])
