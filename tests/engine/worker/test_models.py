"""Networks, first weights, losses, optimizers: each against what its definition says."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from engine.config import make_config
from engine.worker.model.flat_parameters import FlatParameters
from engine.worker.model.losses import build_loss, probabilities
from engine.worker.model.models import build_model, multiply_adds
from engine.worker.model.optimizers import build_optimizer
from engine.worker.training.checkpoint_file import Checkpoint
from engine.worker.training.optimizer_step import Step


@pytest.mark.parametrize(
    ("values", "parameters"),
    [
        ({"model": "linear"}, 784 * 10 + 10),
        ({"model": "mlp"}, 784 * 128 + 128 + 128 * 256 + 256 + 256 * 10 + 10),
        ({"model": "mlp", "hidden": (5,)}, 784 * 5 + 5 + 50 + 10),
        ({"model": "cnn"}, (25 * 16 + 16) + (25 * 16 * 32 + 32) + (25 * 32 * 64 + 64) + 576 * 10 + 10),
    ],
)
def test_sizes(values: dict[str, object], parameters: int) -> None:
    model = build_model(make_config(values))
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert model(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu", "tanh", "sigmoid"])
@pytest.mark.parametrize("model", ["linear", "mlp", "cnn", "fastcnn", "deepcnn"])
def test_every_model_takes_every_activation(model: str, activation: str) -> None:
    net = build_model(make_config({"model": model, "activation": activation}))
    assert torch.isfinite(net(torch.rand(4, 1, 28, 28))).all()


def test_multiply_adds_of_the_tutorial_network() -> None:
    model = build_model(make_config({}))
    model.train()
    assert multiply_adds(model) == 784 * 128 + 128 * 256 + 256 * 10
    assert model.training


def test_multiply_adds_of_a_convolution() -> None:
    model = build_model(make_config({"model": "cnn"}))
    assert multiply_adds(model) == 28 * 28 * 25 * 16 + 14 * 14 * 25 * 16 * 32 + 7 * 7 * 25 * 32 * 64 + 5760


@pytest.mark.parametrize(
    ("init", "activation", "variance"),
    [
        ("he", "tanh", 2 / 784),
        ("auto", "relu", 2 / 784),
        ("xavier", "relu", 2 / (784 + 1000)),
        ("auto", "tanh", 2 / 1784),
        ("torch", "relu", 1 / (3 * 784)),
    ],
)
def test_first_weights_have_the_variance_they_should(init: str, activation: str, variance: float) -> None:
    torch.manual_seed(0)
    model = build_model(make_config({"hidden": (1000,), "init": init, "activation": activation}))
    layer = next(m for m in model.modules() if isinstance(m, nn.Linear))
    assert layer.weight.var().item() == pytest.approx(variance, rel=0.02)
    assert (layer.bias.abs().max().item() == 0) == (init != "torch")


def test_losses_against_their_formulas() -> None:
    logits = torch.tensor([[2.0, 0.0, -1.0] + [0.0] * 7, [0.5] * 10])
    labels = torch.tensor([0, 3])
    softmax = [[math.exp(x) / sum(math.exp(y) for y in row) for x in row] for row in logits.tolist()]
    nll = -(math.log(softmax[0][0]) + math.log(softmax[1][3])) / 2
    squares = [(p - (j == label)) ** 2 for row, label in zip(softmax, [0, 3], strict=True) for j, p in enumerate(row)]
    sigmoid = [[1 / (1 + math.exp(-x)) for x in row] for row in logits.tolist()]
    answers = [
        -math.log(p if j == label else 1 - p)
        for row, label in zip(sigmoid, [0, 3], strict=True)
        for j, p in enumerate(row)
    ]
    smooth = 0.9 * nll + 0.1 * sum(-math.log(p) for row in softmax for p in row) / 20
    expected = {"cross_entropy": nll, "nll": nll, "mse": sum(squares) / 20, "bce": sum(answers) / 20}
    for name, value in expected.items():
        assert build_loss(make_config({"loss": name}), training=True)(logits, labels).item() == pytest.approx(
            value, rel=1e-5
        )
    smoothing = make_config({"label_smoothing": 0.1})
    assert build_loss(smoothing, training=True)(logits, labels).item() == pytest.approx(smooth, rel=1e-5)
    assert build_loss(smoothing, training=False)(logits, labels).item() == pytest.approx(nll, rel=1e-5)


@pytest.mark.parametrize("loss", ["cross_entropy", "nll", "mse", "bce"])
def test_probabilities_sum_to_one_and_keep_the_order(loss: str) -> None:
    logits = torch.randn(50, 10) * 10
    likely = probabilities(logits, loss)
    assert likely.sum(dim=1).numpy() == pytest.approx(1.0, abs=1e-5)
    assert (likely.argmax(1) == logits.argmax(1)).float().mean() > 0.9


OPTIMIZERS = [
    ({"optimizer": "sgd"}, lambda p: torch.optim.SGD(p, lr=0.001)),
    (
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
        lambda p: torch.optim.SGD(p, lr=0.001, momentum=0.9, nesterov=True),
    ),
    ({"optimizer": "sgd", "nesterov": True}, lambda p: torch.optim.SGD(p, lr=0.001)),
    ({"optimizer": "adam", "weight_decay": 0.1}, lambda p: torch.optim.Adam(p, lr=0.001, weight_decay=0.1)),
    (
        {"optimizer": "adamw", "weight_decay": 0.1, "beta1": 0.8},
        lambda p: torch.optim.AdamW(p, lr=0.001, weight_decay=0.1, betas=(0.8, 0.999)),
    ),
    (
        {"optimizer": "rmsprop", "momentum": 0.5, "alpha": 0.9},
        lambda p: torch.optim.RMSprop(p, lr=0.001, alpha=0.9, momentum=0.5),
    ),
    ({"optimizer": "adagrad", "lr_decay": 0.1, "eps": 1e-10}, lambda p: torch.optim.Adagrad(p, lr=0.001, lr_decay=0.1)),
]


@pytest.mark.parametrize(("values", "reference"), OPTIMIZERS, ids=[str(values) for values, _ in OPTIMIZERS])
def test_flat_parameters_train_as_separate_ones_do(values: dict[str, object], reference: object) -> None:
    config = make_config({**values, "hidden": (16,), "dropout": 0.0})
    torch.manual_seed(3)
    plain = build_model(config)
    torch.manual_seed(3)
    flat_model = build_model(config)
    flat = FlatParameters(flat_model)
    ours, theirs = build_optimizer(config, flat.weights), reference(plain.parameters())  # type: ignore[operator]
    images, labels = torch.rand(32, 1, 28, 28), torch.arange(32) % 10
    for _ in range(5):
        theirs.zero_grad()
        nn.functional.cross_entropy(plain(images), labels).backward()
        theirs.step()
        flat.clear_gradient()
        nn.functional.cross_entropy(flat_model(images), labels).backward()
        ours.step()
    for a, b in zip(plain.parameters(), flat_model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("model", ["cnn", "fastcnn", "deepcnn"])
def test_filters_with_their_channels_last_give_the_same_gradient(model: str) -> None:
    config = make_config({"model": model, "dropout": 0.0})
    torch.manual_seed(3)
    last = build_model(config)
    first = build_model(config)
    first.load_state_dict(last.state_dict())
    first = first.to(memory_format=torch.contiguous_format)
    flat = FlatParameters(last)
    images, labels = torch.rand(16, 1, 28, 28), torch.arange(16) % 10
    for network in (first, last):
        nn.functional.cross_entropy(network(images), labels).backward()
    for a, b in zip(first.parameters(), last.parameters(), strict=True):
        torch.testing.assert_close(b.grad, a.grad, rtol=1e-3, atol=1e-6)
    plain = torch.cat([p.grad.reshape(-1) for p in first.parameters() if p.grad is not None])
    torch.testing.assert_close(flat.gradient, flat.reorder(plain), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_checkpoint_with_the_filters_channels_first_goes_on_as_it_would_have(optimizer: str) -> None:
    """The optimizer's memory was once kept in that order, without a word on it."""
    config = make_config({"model": "fastcnn", "dropout": 0.0, "optimizer": optimizer, "momentum": 0.9})
    torch.manual_seed(3)
    images, labels = torch.rand(8, 1, 28, 28), torch.arange(8) % 10
    step = Step(build_model(config), config, torch.device("cpu"))
    for number in range(3):
        step(images, labels, 0.01, number)
    weights = copy.deepcopy(step.model.state_dict())
    state = copy.deepcopy(step.state())
    shapes = [p.shape for p in step.model.parameters()]
    for memory in state["optimizer"]["state"].values():
        for name, value in memory.items():
            if isinstance(value, torch.Tensor) and value.ndim:
                pieces = value.split([shape.numel() for shape in shapes])
                memory[name] = torch.cat([_channels_first(p, s) for p, s in zip(pieces, shapes, strict=True)])
    del state["layout"]
    other = Step(build_model(config), config, torch.device("cpu"))
    other.model.load_state_dict(weights)
    other.restore(Checkpoint(config, state))
    for number in (3, 4):
        step(images, labels, 0.01, number)
        other(images, labels, 0.01, number)
    for a, b in zip(step.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(a, b)


def _channels_first(piece: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    if len(shape) != 4:
        return piece
    return piece.view(shape[0], *shape[2:], shape[1]).permute(0, 3, 1, 2).reshape(-1)


def test_clipping_shortens_only_what_is_too_long() -> None:
    model = build_model(make_config({"model": "linear"}))
    flat = FlatParameters(model)
    flat.gradient.fill_(1.0)
    norm = flat.gradient_norm()
    assert norm.item() == pytest.approx(math.sqrt(7850))
    flat.clip(norm, 1000.0)
    assert flat.gradient_norm().item() == pytest.approx(math.sqrt(7850))
    flat.clip(norm, 2.0)
    assert flat.gradient_norm().item() == pytest.approx(2.0, rel=1e-4)
