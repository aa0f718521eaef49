"""Sets up a run: loads the data, chooses the device, and builds the model on it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.config import TrainConfig
from engine.dataset import Dataset, Stamp, load, stamp
from engine.dataset.memory import IMAGE_BYTES, in_words
from engine.errors import MemoryProblem
from engine.events import Machine
from engine.worker.model.device import check_precision, choose_device
from engine.worker.model.evaluate import as_bytes
from engine.worker.model.models import build_model, multiply_adds
from engine.worker.model.processor import instructions, processor
from engine.worker.model.threads import available_cpus, thread_count

_loaded: dict[tuple[str, Stamp], Dataset] = {}


def load_data(data_dir: str) -> Dataset:
    """The data set, cached until its files change. Raises `DataProblem` and `MemoryProblem`."""
    folder = Path(data_dir) if data_dir else None
    key = (data_dir, stamp(folder))
    if key not in _loaded:
        _loaded.clear()
        try:
            _loaded[key] = load(folder)
        except MemoryError as fault:
            raise MemoryProblem(
                f"There is not enough memory to read the data set{f' in {data_dir}' if data_dir else ''}; "
                "use one with fewer images, or free some memory."
            ) from fault
    return _loaded[key]


def loaded_data() -> Dataset | None:
    """The cached data set."""
    return next(iter(_loaded.values()), None)


def expect_room(data: Dataset, used: int, device: torch.device) -> None:
    """Raise `MemoryProblem` where a data set does not fit into a GPU's memory."""
    if device.type != "cuda":
        return
    size = (used + len(data.validation_labels) + len(data.test_labels)) * (IMAGE_BYTES + _LABEL_BYTES)
    free, _ = torch.cuda.mem_get_info(device)
    if size > free:
        raise MemoryProblem(
            f"The data set {data.name} ({used} training images) takes about {in_words(size)} on {device}, where "
            f"{in_words(free)} are free; use fewer with --train-images, or train with --device cpu."
        )


_LABEL_BYTES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Images (N, 1, 28, 28) uint8 and labels (N,) int64 on the device."""

    images: Tensor
    labels: Tensor

    @classmethod
    def of(cls, pixels: np.ndarray, labels: np.ndarray, device: torch.device) -> Split:
        return cls(as_bytes(pixels, device), torch.from_numpy(labels.astype(np.int64)).to(device))


def prepare_machine(config: TrainConfig) -> tuple[torch.device, str]:
    """Choose the device and seed torch. Raises `ConfigProblem` for a device or precision that does not work."""
    device, reason = choose_device(config.device)
    check_precision(config.precision, device)
    torch.manual_seed(config.seed)
    return device, reason


def build(config: TrainConfig, device: torch.device, reason: str) -> tuple[nn.Module, Machine]:
    """The model on the device, and a description of the machine. Sets torch's number of threads.

    The weights are initialized on the CPU, so that they are the same on every device.
    """
    torch.set_num_threads(1)
    model = build_model(config)
    # each multiply-add is two operations, and the backward pass costs twice the forward pass
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
    """The context for a forward pass in the configured precision."""
    if config.precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16 if config.precision == "bf16" else torch.float16)
