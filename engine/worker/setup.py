"""What a run trains with, put together once: device, data on it, model, optimizer, loss."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.config import TrainConfig
from engine.dataset import Dataset, load
from engine.events import Machine
from engine.worker.device import check_precision, choose_device
from engine.worker.evaluate import as_images
from engine.worker.models import build_model, multiply_adds
from engine.worker.processor import instructions, processor
from engine.worker.threads import available_cpus, thread_count

_loaded: dict[str, Dataset] = {}


def load_data(data_dir: str) -> Dataset:
    """The data set, kept for the next run. Raises `DataProblem`."""
    if data_dir not in _loaded:
        _loaded.clear()
        _loaded[data_dir] = load(Path(data_dir) if data_dir else None)
    return _loaded[data_dir]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Images (N, 1, 28, 28) floats 0 to 1 and labels (N,) int64, on the device."""

    images: Tensor
    labels: Tensor

    @classmethod
    def of(cls, pixels: np.ndarray, labels: np.ndarray, device: torch.device) -> Split:
        return cls(as_images(pixels, device), torch.from_numpy(labels.astype(np.int64)).to(device))


def prepare_machine(config: TrainConfig) -> tuple[torch.device, str]:
    """Choose the device and seed torch. Raises `ConfigProblem` for a device or precision that does not work."""
    device, reason = choose_device(config.device)
    check_precision(config.precision, device)
    torch.manual_seed(config.seed)
    return device, reason


def build(config: TrainConfig, device: torch.device, reason: str) -> tuple[nn.Module, Machine]:
    """The model on the device, and what it runs on; sets torch's number of threads.

    The weights are drawn on the CPU, so that every device starts from the same ones.
    """
    torch.set_num_threads(1)
    model = build_model(config)
    # forward, and in the backward pass two products of the same size for each
    operations = 6.0 * multiply_adds(model) * config.batch_size
    threads = thread_count(config.threads, operations, available_cpus())
    torch.set_num_threads(threads)
    machine = Machine(
        device=str(device),
        reason=reason,
        threads=threads,
        precision=config.precision,
        torch=str(torch.__version__),
        instructions=instructions(),
        processor=processor(),
    )
    return model.to(device), machine


def autocast(config: TrainConfig, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """The precision's context for a forward pass."""
    if config.precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16 if config.precision == "bf16" else torch.float16)
