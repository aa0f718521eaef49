"""Queries about a network, on networks for which the answer is known."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from torch import nn

from engine import commands as cmd
from engine.answers import encode_result
from engine.config import make_config
from engine.errors import Problem, RunProblem
from engine.protocol import Reply, decode_server, encode
from engine.worker.queries import Canceled, answer
from engine.worker.queries.activations import BINS, measure_activations
from engine.worker.queries.network import Network
from engine.worker.queries.occlusion import covered, map_occlusion
from engine.worker.queries.robustness import AMOUNTS, corrupted, measure_robustness, thickened
from engine.worker.queries.sample import sample
from engine.worker.queries.weights import MAX_PICTURES, show_weights
from engine.worker.training.setup import Split
from tests.engine.worker.conftest import Story


def network(*layers: nn.Module, **config: Any) -> Network:
    return Network(nn.Sequential(*layers).eval(), make_config(config), "last", 3, 30)


def received(found: msgspec.Struct) -> dict[str, Any]:
    """The answer as it arrives at the other end of the socket."""
    reply = decode_server(encode(Reply(id=1, result=encode_result(found))))
    assert isinstance(reply, Reply)
    return reply.result


def no_report(_share: float, _text: str) -> None:
    """Nobody listens."""


class Impatient:
    """Gives up at the n-th report."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, _share: float, _text: str) -> None:
        self.left -= 1
        if self.left < 0:
            raise Canceled


def linear(weight: torch.Tensor, bias: torch.Tensor | None = None) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(torch.zeros(weight.shape[0]) if bias is None else bias)
    return layer


# weights


def pictures(found: dict[str, Any]) -> np.ndarray:
    """The weights themselves, put together again."""
    steps = np.frombuffer(base64.b64decode(found["pictures"]), np.int8)
    shape = (-1, found["height"], found["width"])
    return steps.reshape(shape) / 127 * np.array(found["scales"])[:, None, None]


def test_a_linear_network_shows_ten_templates_in_the_order_of_the_digits() -> None:
    torch.manual_seed(0)
    weight = torch.randn(10, 784) * torch.arange(1, 11)[:, None]
    found = received(show_weights(network(nn.Flatten(), linear(weight), model="linear")))
    assert (found["kind"], found["count"], found["indices"]) == ("templates", 10, list(range(10)))
    assert (found["weights"], found["epoch"], found["step"]) == ("last", 3, 30)
    exact = weight.reshape(10, 28, 28).numpy()
    steps = np.abs(exact).max(axis=(1, 2), keepdims=True) / 127
    assert (np.abs(pictures(found) - exact) <= steps * 0.51).all()
    assert found["norms"] == pytest.approx(weight.norm(dim=1).tolist(), rel=1e-5)


def test_neurons_come_with_the_largest_norm_first_and_not_without_end() -> None:
    weight = torch.zeros(MAX_PICTURES + 6, 784)
    weight[:, 5] = torch.arange(MAX_PICTURES + 6) - 3.0
    found = received(show_weights(network(nn.Flatten(), linear(weight), nn.ReLU(), nn.Linear(MAX_PICTURES + 6, 10))))
    assert (found["kind"], found["count"]) == ("neurons", MAX_PICTURES + 6)
    assert found["indices"][:2] == [MAX_PICTURES + 5, MAX_PICTURES + 4]
    assert len(found["indices"]) == len(found["norms"]) == len(pictures(found)) == MAX_PICTURES
    assert pictures(found)[0][0, 5] == pytest.approx(MAX_PICTURES + 2)
    assert 3 not in found["indices"]


def test_filters_are_shown_as_they_are_and_one_of_zeros_is_one_of_zeros() -> None:
    convolution = nn.Conv2d(1, 3, 5)
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.weight[1, 0, 2, 3] = -4.0
    found = received(
        show_weights(network(convolution, nn.ReLU(), nn.Flatten(), nn.Linear(3 * 24 * 24, 10), model="cnn"))
    )
    assert (found["kind"], found["height"], found["width"], found["indices"][0]) == ("filters", 5, 5, 1)
    assert pictures(found)[0][2, 3] == pytest.approx(-4.0)
    assert not pictures(found)[1:].any()


# occlusion


def one_pixel(row: int, column: int, digit: int) -> Network:
    """Reads `digit` where there is ink in one pixel, else 0."""
    weight, bias = torch.zeros(10, 784), torch.zeros(10)
    weight[digit, 28 * row + column], bias[0] = 20.0, 10.0
    return network(nn.Flatten(), linear(weight, bias), model="linear")


@pytest.mark.parametrize("patch", [1, 3, 5])
def test_the_map_shows_the_one_pixel_that_decides(patch: int) -> None:
    pixels = np.full((28, 28), 255, np.uint8)
    found = received(
        map_occlusion(one_pixel(4, 9, 7), cmd.MapOcclusion(run="", pixels=pixels.tobytes(), patch=patch), no_report)
    )
    bare, each = np.array(found["probabilities"]), np.array(found["covered"]).reshape(28, 28, 10)
    assert bare.argmax() == 7 and bare[7] > 0.999
    reads = each.argmax(axis=2)
    reach = patch // 2
    assert (reads[4 - reach : 5 + reach, 9 - reach : 10 + reach] == 0).all()
    assert (reads == 0).sum() == patch**2
    assert each.sum(axis=2) == pytest.approx(1, abs=1e-3)


def test_a_patch_at_the_edge_covers_what_there_is() -> None:
    image = torch.ones(1, 1, 28, 28)
    assert covered(image, torch.tensor([0, 27, 28 * 14 + 14]), 5).sum(dim=(1, 2, 3)).tolist() == [775, 775, 759]
    assert image.sum() == 784


@pytest.mark.parametrize(("size", "patch"), [(783, 5), (784, 4), (784, 0), (784, 29), (0, 5)])
def test_a_picture_or_a_patch_of_another_size_is_refused_in_words(size: int, patch: int) -> None:
    with pytest.raises(Problem, match=r"number of pixels|has 784 bytes"):
        map_occlusion(one_pixel(0, 0, 1), cmd.MapOcclusion(run="", pixels=bytes(size), patch=patch), no_report)


# activations


def split(images: torch.Tensor, labels: torch.Tensor | None = None) -> Split:
    return Split(images, torch.zeros(len(images), dtype=torch.int64) if labels is None else labels)


def noise(count: int = 150) -> torch.Tensor:
    return torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(1))


ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu"])
def test_units_that_never_or_always_are_above_zero_are_counted(activation: str) -> None:
    weight, bias = torch.zeros(8, 784), torch.tensor([-1.0, -2.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0])
    weight[4:, 0], bias[4:] = 1.0, -0.5
    layers = (nn.Flatten(), linear(weight, bias), ACTIVATIONS[activation](), nn.Linear(8, 10))
    found = received(measure_activations(network(*layers, activation=activation), split(noise()), no_report))
    [layer] = found["layers"]
    assert (layer["activation"], layer["kind"], layer["units"]) == (activation, "neurons", 8)
    assert (layer["never"], layer["always"]) == (3, 1)
    above = (1 + 4 * float((noise()[:, 0, 0, 0] > 0.5).float().mean())) / 8
    assert layer["above"] == pytest.approx(above)
    assert layer["saturated"] is None and layer["stuck"] is None
    assert found["images"] == 150


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_values_near_the_limits_are_saturated(activation: str) -> None:
    bias = torch.tensor([-20.0, 20.0, 0.0, 0.0])
    weight = torch.zeros(4, 784)
    weight[3, 0] = 1e-3
    layers = (nn.Flatten(), linear(weight, bias), ACTIVATIONS[activation](), nn.Linear(4, 10))
    [layer] = received(measure_activations(network(*layers, activation=activation), split(noise()), no_report))[
        "layers"
    ]
    assert (layer["saturated"], layer["stuck"]) == (0.5, 2)
    assert layer["after"]["high"] <= 1.0


def test_a_channel_is_a_unit_at_all_its_places() -> None:
    convolution = nn.Conv2d(1, 3, 5)
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.bias.copy_(torch.tensor([-1.0, 1.0, -5.0]))
        convolution.weight[2, 0, 2, 2] = 5.1
    layers = (convolution, nn.ReLU(), nn.Flatten(), nn.Linear(3 * 24 * 24, 10))
    [layer] = received(measure_activations(network(*layers, model="cnn"), split(noise()), no_report))["layers"]
    assert (layer["kind"], layer["units"], layer["never"], layer["always"]) == ("channels", 3, 1, 1)


def test_statistics_and_histograms_are_those_of_all_values() -> None:
    torch.manual_seed(2)
    first, second = nn.Linear(784, 20), nn.Linear(20, 12)
    one = network(nn.Flatten(), first, nn.ReLU(), second, nn.ReLU(), nn.Linear(12, 10))
    layers = received(measure_activations(one, split(noise()), no_report))["layers"]
    with torch.no_grad():
        entering = first(noise().flatten(1))
        deeper = second(entering.relu())
    for layer, values in zip(layers, (entering, deeper), strict=True):
        for name, expected in (("before", values), ("after", values.relu())):
            spread = layer[name]
            assert spread["mean"] == pytest.approx(float(expected.mean()), abs=1e-5)
            assert spread["deviation"] == pytest.approx(float(expected.std(correction=0)), abs=1e-5)
            assert len(spread["bins"]) == BINS and sum(spread["bins"]) == expected.numel()
            inner = np.histogram(
                expected.numpy().clip(spread["low"], spread["high"]), BINS, (spread["low"], spread["high"])
            )[0]
            assert np.abs(inner - spread["bins"]).sum() <= 4  # values on the border of two bins
    assert not any(module._forward_hooks for module in one.model.modules())


def test_a_network_without_hidden_layers_has_no_activations() -> None:
    assert received(measure_activations(one_pixel(0, 0, 1), split(noise()), no_report))["layers"] == []


# robustness


def test_noise_is_of_the_size_it_says_and_a_rotation_turns_to_both_sides() -> None:
    def chance() -> torch.Generator:
        return torch.Generator().manual_seed(5)

    gray = torch.full((40, 1, 28, 28), 0.5)
    assert corrupted(gray, "noise", 0.1, chance()).std().item() == pytest.approx(0.1, rel=0.03)
    dot = torch.zeros(40, 1, 28, 28)
    dot[:, :, 12:16, 20:24] = 1.0
    turned = corrupted(dot, "rotation", 30.0, chance())
    rows = (turned.sum(dim=(1, 3)) * (torch.arange(28) - 13.5)).sum(dim=1) / turned.sum(dim=(1, 2, 3))
    assert rows.abs().numpy() == pytest.approx(8 * math.sin(math.radians(30)), abs=0.2)
    assert 5 < int((rows > 0).sum()) < 35


def test_a_shift_is_by_so_many_pixels_and_leaves_their_values() -> None:
    dot = torch.zeros(40, 1, 28, 28)
    dot[:, :, 14, 14] = 1.0
    places = corrupted(dot, "shift", 4.0, torch.Generator().manual_seed(5)).flatten(1)
    assert places.max(dim=1).values.numpy() == pytest.approx(1.0, abs=1e-4)
    at = places.argmax(dim=1)
    away = {(int(p) // 28 - 14, int(p) % 28 - 14) for p in at}
    assert away == {(4, 0), (-4, 0), (0, 4), (0, -4)}


def test_strokes_get_thicker_and_thinner_at_both_edges() -> None:
    bar = torch.zeros(1, 1, 28, 28)
    bar[:, :, 5:23, 10:15] = 1.0

    def width(amount: float) -> float:
        return float(thickened(bar, amount)[0, 0, 14].sum())

    assert [width(a) for a in (-2, -1, -0.5, 0, 0.5, 1, 2)] == pytest.approx([1, 3, 4, 5, 6, 7, 9])
    assert torch.equal(thickened(bar, 0.0), bar)


@pytest.mark.parametrize("corruption", list(AMOUNTS))
def test_uncorrupted_images_give_the_usual_accuracy_and_results_are_reproducible(corruption: Any) -> None:
    images, labels = noise(40), torch.arange(40) % 10
    torch.manual_seed(3)
    one = network(nn.Flatten(), nn.Linear(784, 10), model="linear")
    torch.manual_seed(4)
    state = torch.get_rng_state()
    first = received(measure_robustness(one, corruption, split(images, labels), no_report))
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(5)
    assert received(measure_robustness(one, corruption, split(images, labels), no_report)) == first
    assert first["amounts"] == list(AMOUNTS[corruption])
    accuracy = (one.predict(images).argmax(axis=1) == labels.numpy()).mean()
    assert first["accuracies"][first["amounts"].index(0.0)] == pytest.approx(float(accuracy))
    assert first["images"] == 40 and first["epoch"] == 3


def test_a_reading_that_hangs_on_one_pixel_is_lost_with_a_shift() -> None:
    images = torch.zeros(20, 1, 28, 28)
    images[:, :, 4, 9] = 1.0
    found = measure_robustness(one_pixel(4, 9, 7), "shift", split(images, torch.full((20,), 7)), no_report)
    assert found.accuracies == (1.0,) + (0.0,) * 6


# all of them


QUESTIONS: dict[str, Callable[[Network, Any], Any]] = {
    "occlusion": lambda net, report: map_occlusion(net, cmd.MapOcclusion(run="", pixels=bytes(784)), report),
    "activations": lambda net, report: measure_activations(net, split(noise()), report),
    "robustness": lambda net, report: measure_robustness(net, "noise", split(noise()), report),
}


def small() -> Network:
    return network(nn.Flatten(), nn.Linear(784, 4), nn.ReLU(), nn.Linear(4, 10))


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_that_nobody_waits_for_is_given_up_on_the_way(question: Callable[[Network, Any], Any]) -> None:
    net = small()
    with pytest.raises(Canceled):
        question(net, Impatient(2))
    assert not any(module._forward_hooks for module in net.model.modules())


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_how_far_it_is_rises_from_nothing_to_nearly_all(question: Callable[[Network, Any], Any]) -> None:
    shares: list[float] = []
    question(small(), lambda share, _text: shares.append(share))
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert 0.5 <= shares[-1] < 1


@pytest.mark.parametrize(
    "question", [*QUESTIONS.values(), lambda net, _: show_weights(net)], ids=[*QUESTIONS, "weights"]
)
def test_weights_that_are_not_finite_are_refused(question: Callable[[Network, Any], Any]) -> None:
    net = small()
    with torch.no_grad():
        next(net.model.parameters())[0, 0] = math.nan
    with pytest.raises(RunProblem, match="NaN or infinite"):
        question(net, no_report)


def test_the_sample_is_the_same_each_time_and_no_larger_than_the_split(tiny: Path) -> None:
    net = Network(small().model, make_config({"data_dir": str(tiny)}), "last", 1, 1)
    few, again, all_of_them = sample(net, 20), sample(net, 20), sample(net, 1000)
    assert torch.equal(few.images, again.images) and torch.equal(few.labels, again.labels)
    assert few.images.shape == (20, 1, 28, 28)
    assert len(all_of_them.labels) == 50
    assert 0 < few.images.max() <= 1


@pytest.mark.parametrize("values", [{"model": "linear"}, {"hidden": (8, 6)}, {"model": "cnn", "dropout": 0.0}], ids=str)
def test_every_question_is_answered_of_a_run(
    train: Callable[..., Story], monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    story = train(epochs=1, **values)
    monkeypatch.setattr("engine.worker.queries.find_run", lambda _name: story.folder)
    questions: list[cmd.Query] = [
        cmd.ShowWeights(run="x", weights="best"),
        cmd.MapOcclusion(run="x", pixels=bytes(784)),
        cmd.MeasureActivations(run="x"),
        cmd.MeasureRobustness(run="x", corruption="thickness"),
    ]
    for question in questions:
        found = received(answer(question, no_report))
        assert (found["epoch"], found["weights"]) == (1, question.weights)
    undisturbed = received(answer(questions[3], no_report))
    at = undisturbed["accuracies"][undisturbed["amounts"].index(0.0)]
    assert at == pytest.approx(story.state.epochs[-1].validation_accuracy, abs=1e-6)
