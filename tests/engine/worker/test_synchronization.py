"""Between two events the loop never waits for the device: nothing is read back, whatever is trained."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from engine.config import TrainConfig
from engine.worker.model.models import build_model
from engine.worker.training.batches import Batches
from engine.worker.training.metrics import Meter
from engine.worker.training.optimizer_step import Step

CPU = torch.device("cpu")


class Reads(TorchDispatchMode):
    """Counts the scalars that are asked for: each would be a wait for a GPU."""

    count = 0

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "values",
    [
        {"model": "cnn", "clip_norm": 1.0},
        {"model": "fastcnn", "shift": 2.0, "rotation": 5.0, "noise": 0.1, "optimizer": "adamw"},
        {"model": "mlp", "batch_norm": True, "optimizer": "sgd", "momentum": 0.9, "label_smoothing": 0.1},
    ],
    ids=lambda values: values["model"],
)
def test_nothing_is_read_back_within_an_epoch(values: dict[str, Any]) -> None:
    config = msgspec.structs.replace(TrainConfig(), batch_size=8, **values)
    torch.manual_seed(0)
    step, meter = Step(build_model(config), config, CPU), Meter()
    batches = Batches(torch.rand(80, 1, 28, 28), torch.arange(80) % 10, seed=0)
    with Reads() as reads:
        for number in range(10):
            images, labels = batches.take(0, 8 * number, config)
            meter.add(*step(images, labels, 0.01, number), len(labels))
        assert reads.count == 0
    assert meter.read().steps == 10
