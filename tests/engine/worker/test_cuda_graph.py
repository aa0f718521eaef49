"""The recorded step: its logic with a recorder that stands in for the GPU's, and the GPU's own where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.config import TrainConfig, make_config
from engine.worker.model.cuda_graph import WARM_UPS, GraphedStep, Results, can_record
from engine.worker.model.models import build_model, set_dropout
from engine.worker.training.optimizer_step import Step

CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")


class Recorder:
    """Replays by calling again, into the memory of the recording."""

    def __init__(self, refuses: bool = False) -> None:
        self.refuses, self.warmed, self.recorded, self.replayed = refuses, 0, 0, 0

    def warm_up(self, call: Callable[[], Results]) -> Results:
        self.warmed += 1
        return call()

    def record(self, call: Callable[[], Results]) -> tuple[Callable[[], object], Results]:
        if self.refuses:
            raise RuntimeError("operation not permitted when stream is capturing\nand much more")
        self.recorded += 1
        results = (torch.zeros(()), torch.zeros(()), torch.zeros(()))

        def replay() -> None:
            self.replayed += 1
            for kept, new in zip(results, call(), strict=True):
                kept.copy_(new)

        return replay, results


def metrics(images: Tensor, labels: Tensor) -> Results:
    return images.sum(), labels.sum().float(), images.max()


def batch(number: int, size: int = 4) -> tuple[Tensor, Tensor]:
    return torch.full((size, 1, 2, 2), float(number)), torch.full((size,), number)


def values(results: Results) -> list[float]:
    return [each.item() for each in results]


def test_each_batch_has_its_own_results() -> None:
    recorder = Recorder()
    step = GraphedStep(metrics, recorder)
    kept = [step(*batch(n)) for n in range(8)]
    assert [values(each) for each in kept] == [values(metrics(*batch(n))) for n in range(8)]
    assert (recorder.warmed, recorder.recorded, recorder.replayed) == (WARM_UPS, 1, 8 - WARM_UPS)


def test_the_last_batch_of_an_epoch_runs_as_it_is_and_the_recording_stays() -> None:
    recorder = Recorder()
    step = GraphedStep(metrics, recorder)
    for n in range(5):
        step(*batch(n))
    assert values(step(*batch(9, size=3))) == values(metrics(*batch(9, size=3)))
    step(*batch(1))
    assert (recorder.recorded, recorder.replayed) == (1, 3)


def test_a_changed_network_is_recorded_again() -> None:
    recorder = Recorder()
    step = GraphedStep(metrics, recorder)
    for share in (0.5, 0.2):
        for n in range(5):
            step(*batch(n), share)
    assert recorder.recorded == 2


def test_what_cannot_be_recorded_trains_all_the_same_and_says_so_once() -> None:
    step = GraphedStep(metrics, Recorder(refuses=True))
    got = [values(step(*batch(n))) for n in range(6)]
    assert got == [values(metrics(*batch(n))) for n in range(6)]
    assert step.failed == (
        "the step could not be recorded as a CUDA graph (operation not permitted when stream is capturing); "
        "it runs kernel by kernel"
    )


@pytest.mark.parametrize(
    ("config", "device", "records"),
    [
        ({}, "cuda", True),
        ({"optimizer": "sgd", "precision": "bf16"}, "cuda", True),
        ({"precision": "fp16"}, "cuda", False),
        ({"optimizer": "rmsprop"}, "cuda", False),
        ({}, "cpu", False),
        ({}, "mps", False),
    ],
)
def test_which_steps_are_recorded(config: dict[str, Any], device: str, records: bool) -> None:
    assert can_record(make_config(config), torch.device(device)) is records


def _train(config: TrainConfig, *, recorded: bool, steps: int = 12) -> tuple[Tensor, list[float]]:
    device = torch.device("cuda")
    torch.manual_seed(0)
    step = Step(build_model(config).to(device), config, device)
    if not recorded:
        step._replayed.failed = "not wanted"  # type: ignore[union-attr]
    generator = torch.Generator().manual_seed(1)
    losses = []
    for number in range(steps):
        images = torch.rand(16, 1, 28, 28, generator=generator).to(device)
        labels = torch.randint(0, 10, (16,), generator=generator).to(device)
        if number == 8:
            set_dropout(step.model, 0.1)
        losses.append(step(images, labels, 0.01 / (number + 1), number)[0])
    assert not recorded or not step.fallback
    return step._flat.weights.detach().clone(), [loss.item() for loss in losses]


@CUDA
@pytest.mark.parametrize("model", ["mlp", "fastcnn"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_on_a_gpu_a_recorded_step_trains_as_one_that_is_not(model: str, optimizer: str, precision: str) -> None:
    extra = {"momentum": 0.9} if optimizer == "sgd" else {}
    config = make_config({"model": model, "optimizer": optimizer, "precision": precision, "clip_norm": 1.0, **extra})
    replayed, losses = _train(config, recorded=True)
    eager, expected = _train(config, recorded=False)
    assert losses == pytest.approx(expected, rel=1e-3)
    torch.testing.assert_close(replayed, eager, rtol=1e-2, atol=1e-3)
