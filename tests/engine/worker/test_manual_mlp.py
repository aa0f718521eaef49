"""The step that is written out does what autograd does, in every combination it serves."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor, nn

from engine.config import HYPERPARAMETERS, TrainConfig
from engine.worker.model.dropout_masks import DropoutMasks
from engine.worker.model.flat_parameters import FlatParameters
from engine.worker.model.losses import build_loss
from engine.worker.model.manual_mlp import ManualMLP, supports
from engine.worker.model.models import build_model
from engine.worker.training.optimizer_step import Step

CPU = torch.device("cpu")
ACTIVATIONS = HYPERPARAMETERS["activation"].choices
LOSSES = HYPERPARAMETERS["loss"].choices


HIDDEN: tuple[tuple[int, ...], ...] = ((), (12,), (16, 9), (8, 8, 8))


def combinations(loss: str, hidden: tuple[int, ...]) -> Iterator[Any]:
    """Every combination that differs: without a hidden layer there is nothing to activate or to drop."""
    every = itertools.product(
        ACTIVATIONS if hidden else ACTIVATIONS[:1], (0.0, 0.5, 0.2) if hidden else (0.0,), (0.0, 0.1)
    )
    for activation, dropout, smoothing in every:
        model = "mlp" if hidden else "linear"
        yield {
            "model": model,
            "hidden": hidden or (1,),
            "activation": activation,
            "loss": loss,
            "dropout": dropout,
            "label_smoothing": smoothing,
        }


class Masked(nn.Module):
    """Dropout with a mask that is given."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.mask = mask

    def forward(self, x: Tensor) -> Tensor:
        return x * self.mask


def batch(count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(count, 1, 28, 28, generator=generator, dtype=torch.float64)
    return images, torch.randint(0, 10, (count,), generator=generator)


def by_autograd(
    model: nn.Sequential, config: TrainConfig, images: Tensor, labels: Tensor, masks: list[Tensor]
) -> tuple[Tensor, Tensor, list[Tensor]]:
    given = iter(masks)
    layers = [Masked(next(given)) if isinstance(m, nn.Dropout) and m.p else m for m in model]
    logits = nn.Sequential(*layers)(images)
    loss = build_loss(config, training=True)(logits, labels)
    return loss, (logits.argmax(1) == labels).sum(), list(torch.autograd.grad(loss, list(model.parameters())))


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda h: "-".join(map(str, h)) or "linear")
@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_are_autograds(loss: str, hidden: tuple[int, ...]) -> None:
    for values in combinations(loss, hidden):
        check_gradients(values)


def check_gradients(values: dict[str, Any]) -> None:
    config = msgspec.structs.replace(TrainConfig(), **values)
    assert supports(config, CPU)
    torch.manual_seed(0)
    model = build_model(config).double()
    assert isinstance(model, nn.Sequential)
    written = ManualMLP(model, FlatParameters(model), config)
    for count, step in ((7, 31), (5, 32), (7, 33)):
        images, labels = batch(count)
        loss, right = written(images, labels, step)
        widths = [m.out_features for m in model if isinstance(m, nn.Linear)][:-1]
        drawn = DropoutMasks(config.seed, widths, config.dropout, torch.float64)
        masks = drawn.take(step, count) if widths and config.dropout else []
        wanted_loss, wanted_right, wanted = by_autograd(model, config, images, labels, masks)
        assert loss == pytest.approx(wanted_loss.item(), rel=1e-12)
        assert right == wanted_right.item()
        for parameter, gradient in zip(model.parameters(), wanted, strict=True):
            torch.testing.assert_close(parameter.grad, gradient, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    "values", [{"model": "cnn"}, {"model": "fastcnn"}, {"batch_norm": True}, {"precision": "bf16"}], ids=str
)
def test_other_networks_are_left_to_autograd(values: dict[str, Any]) -> None:
    assert not supports(msgspec.structs.replace(TrainConfig(), **values), CPU)


@pytest.mark.parametrize("optimizer", HYPERPARAMETERS["optimizer"].choices)
def test_training_goes_as_with_autograd(optimizer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = msgspec.structs.replace(
        TrainConfig(), hidden=(16, 9), dropout=0.0, optimizer=optimizer, clip_norm=0.5, weight_decay=0.01
    )
    ends = []
    for served in (True, False):
        monkeypatch.setattr("engine.worker.training.optimizer_step.supports", lambda *_, served=served: served)
        torch.manual_seed(0)
        model = build_model(config).double()
        step = Step(model, config, CPU)
        for number in range(20):
            images, labels = batch(9)
            step(images, labels, 0.01, number)
        ends.append([p.detach().clone() for p in model.parameters()])
    for ours, autograds in zip(*ends, strict=True):
        torch.testing.assert_close(ours, autograds, rtol=1e-3, atol=1e-4)  # Adam divides by what may be next to nothing


class TestMasks:
    @pytest.mark.parametrize("share", [0.5, 0.2, 0.01, 0.9])
    def test_the_share_is_what_was_asked_for(self, share: float) -> None:
        masks = DropoutMasks(1, (128, 256), share)
        dropped = [(mask == 0).float().mean().item() for step in range(64) for mask in masks.take(step, 64)]
        assert sum(dropped) / len(dropped) == pytest.approx(share, abs=0.003)
        assert {round(x, 5) for mask in masks.take(0, 64) for x in mask.unique().tolist()} == {
            0,
            round(1 / (1 - share), 5),
        }

    def test_every_step_and_every_layer_has_its_own(self) -> None:
        masks = DropoutMasks(1, (32, 32), 0.5)
        seen = {bytes(mask.contiguous().numpy()) for step in range(100) for mask in masks.take(step, 8)}
        assert len(seen) == 200

    def test_a_step_has_the_same_ones_wherever_training_began(self) -> None:
        whole, later = DropoutMasks(1, (16,), 0.3), DropoutMasks(1, (16,), 0.3)
        for step in range(70):
            for each in whole.take(step, 8):
                kept = each.clone()
        assert torch.equal(later.take(69, 8)[0], kept)

    def test_another_seed_has_others(self) -> None:
        assert not torch.equal(DropoutMasks(1, (64,), 0.5).take(0, 8)[0], DropoutMasks(2, (64,), 0.5).take(0, 8)[0])
