"""Checkpoints: everything a run needs to go on with exactly the numbers it would have had, in one file.

Written beside, flushed to disk and renamed: there is the earlier file or the new one, never a part. Read with
``weights_only``: a file that holds code is refused and none of it runs.
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
from typing import Any

import msgspec
import torch

from engine.config import TrainConfig, make_config
from engine.errors import ConfigProblem, RunProblem, reason
from engine.files import write_atomic

FORMAT = "mnist-tui checkpoint 1"
_KEYS = frozenset({"config", "model", "optimizer", "random", "place", "best"})


def save_checkpoint(path: Path, config: TrainConfig, contents: dict[str, Any]) -> None:
    """Write `contents` (tensors, numbers, texts, dicts, lists) and the config. Raises OSError."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, "config": msgspec.to_builtins(config), **contents}, buffer)
    write_atomic(path, buffer.getvalue())


def load_checkpoint(path: Path) -> tuple[TrainConfig, dict[str, Any]]:
    """The config and the rest, tensors on the CPU. Raises `RunProblem` with a sentence for anything else."""
    try:
        _check_archive(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch, about files that are refused anyway
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
    # zipfile and torch meet foreign bytes with errors of many kinds
    except Exception as fault:
        raise RunProblem(f"{path} is not a mnist-tui checkpoint, or is damaged ({type(fault).__name__}).") from fault
    if not _is_checkpoint(contents):
        raise RunProblem(f"{path} is not a mnist-tui checkpoint (expected '{FORMAT}').")
    try:
        return make_config(contents["config"]), contents
    except ConfigProblem as fault:
        raise RunProblem(f"{path} has a configuration this version cannot use: {fault}") from fault


@contextlib.contextmanager
def fitting(path: Path) -> Iterator[None]:
    """What a checkpoint holds is put to use. Raises `RunProblem` where it does not fit its own configuration."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError) as fault:
        raise RunProblem(
            f"{path} does not fit its own configuration: it is damaged, or of another version of mnist-tui."
        ) from fault


def _check_archive(path: Path) -> None:
    """Raise unless a file is a zip archive that holds no more than its own bytes, as torch writes them, all unchanged.

    So a small file cannot unpack to gigabytes. torch itself does not look at the checksums that it writes.
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
    """torch's random states, for the CPU and the device in use."""
    states: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def restore_random_states(states: dict[str, Any], device: torch.device) -> None:
    """Undo `random_states`; the state of a device that is not in use is left alone."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])
