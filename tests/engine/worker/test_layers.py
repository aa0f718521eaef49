"""Layer statistics: the norms of a step, weight distributions, dead units."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from torch import nn

from engine import commands as cmd
from engine import events as ev
from engine.state.run_state import fold
from engine.worker.command_queue import CommandQueue
from engine.worker.model.activation_stats import FirstBatch
from engine.worker.model.histogram import BINS, histogram
from engine.worker.model.models import build_model
from engine.worker.model.threads import Cores
from engine.worker.training.counters import Counters
from engine.worker.training.layer_stats import is_watched
from engine.worker.training.optimizer_step import Step
from tests.engine.worker.conftest import Story, settings
from tests.kit import timeless

Train = Callable[..., Story]
CPU = torch.device("cpu")


@pytest.mark.parametrize("model", ["mlp", "fastcnn"])
@pytest.mark.parametrize("clip", [0.0, 0.01])
def test_the_statistics_of_a_step_match_autograd(tiny: Path, model: str, clip: float) -> None:
    config = settings(tiny, model=model, optimizer="sgd", learning_rate=0.5, momentum=0.0, clip_norm=clip, dropout=0.0)
    torch.manual_seed(1)
    network = build_model(config)
    step = Step(network, config, CPU)
    weights = [m.weight for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    before, all_before = [w.detach().clone() for w in weights], step.layers.weights()
    _, _, norm = step(torch.rand(16, 1, 28, 28), torch.arange(16) % 10, 0.5, 0)
    reported = step.layers.steps(all_before, norm, clip)
    assert [layer.weights for layer in reported] == [w.numel() for w in weights]
    for layer, was, weight in zip(reported, before, weights, strict=True):
        moved = float((weight.detach() - was).norm())
        assert layer.weight_norm == pytest.approx(float(was.norm()), rel=1e-5)
        assert layer.update_ratio == pytest.approx(moved / float(was.norm()), rel=1e-4)
        # plain gradient descent moves the weights by rate × gradient, which clipping has made shorter
        shorter = min(clip / float(norm), 1.0) if clip else 1.0
        assert layer.gradient_norm == pytest.approx(moved / 0.5 / shorter, rel=1e-3)
    if model == "mlp":
        assert [layer.name for layer in reported] == ["784→32", "32→16", "16→10"]
    else:
        assert [layer.name for layer in reported] == ["5×5 1→8", "3×3 8→32", "3×3 32→96", "1536→10"]


def test_values_that_are_not_finite_are_reported_as_none(tiny: Path) -> None:
    config = settings(tiny, optimizer="sgd", momentum=0.0)
    network = build_model(config)
    step = Step(network, config, CPU)
    before = step.layers.weights()
    _, _, norm = step(torch.full((4, 1, 28, 28), float("inf")), torch.zeros(4, dtype=torch.int64), 0.1, 0)
    assert {layer.update_ratio for layer in step.layers.steps(before, norm, 0.0)} == {None}
    reported = step.layers.distributions(Counters(epoch=1), ())
    assert reported.weights == reported.gradients == (None, None, None)


@pytest.mark.parametrize(("images", "batch"), [(50_000, 64), (250, 16), (100, 100), (7, 1), (64, 3)])
def test_the_steps_that_are_watched_depend_on_the_place_alone(images: int, batch: int) -> None:
    place, watched = Counters(step=500), []
    while place.offset < images:
        size = min(batch, images - place.offset)
        if is_watched(place, size, images):
            watched.append(place.offset + size)
        place.advance(size)
    steps = -(-images // batch)
    assert len(watched) == min(8, steps)
    assert watched[-1] == images
    for eighth, end in enumerate(watched, 1):
        if steps >= 8:
            assert 0 <= end - eighth * images / 8 < batch


def test_a_run_reports_its_layers_and_an_interruption_changes_nothing(train: Train) -> None:
    straight = train(epochs=2)

    def leave(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.Layers) and event.step == 22:
            control.post(cmd.Abort())

    broken = train(leave, epochs=2)
    assert broken.end.outcome == "aborted"
    resumed = train(of=broken, epochs=2)
    beyond = msgspec.structs.replace(broken.of(ev.Layers)[-1], step=24)  # a killed run's, which its checkpoint lost
    events = [*broken.events, beyond, *resumed.events]
    whole = straight.state
    again = fold(msgspec.structs.replace(event, seq=number) for number, event in enumerate(events))
    assert [reported.step for reported in whole.layers] == [1, *range(2, 33, 2)]
    assert [timeless(a) for a in again.layers] == [timeless(a) for a in whole.layers]
    assert [timeless(a) for a in again.distributions] == [timeless(a) for a in whole.distributions]
    assert [(d.epoch, d.step) for d in whole.distributions] == [(1, 16), (2, 32)]
    assert whole.layers[-1].layers[0].update_ratio is not None


def test_a_histogram_counts_every_value() -> None:
    values = torch.randn(10_000, generator=torch.Generator().manual_seed(3))
    values[0] = 1e3
    reported = histogram(values)
    assert reported is not None
    assert sum(reported.counts) == 10_000
    assert len(reported.counts) == BINS
    assert reported.low < -2 < 2 < reported.high < 1e3
    assert reported.counts[-1] >= 1
    assert histogram(torch.zeros(5)) == ev.Histogram(0.0, 0.0, (5, *[0] * (BINS - 1)))
    assert histogram(torch.tensor([1.0, float("nan")])) is None


def test_dead_and_saturated_units_are_measured_on_the_first_batch(tiny: Path) -> None:
    relu = settings(tiny, activation="relu", dropout=0.0)
    network = build_model(relu)
    first = next(m for m in network.modules() if isinstance(m, nn.Linear))
    with torch.no_grad():
        first.bias[:8] = -1e4
    first_batch = FirstBatch(network, relu)
    with first_batch.recording():
        network(torch.rand(50, 1, 28, 28))
        network(torch.zeros(50, 1, 28, 28))
    network(torch.zeros(50, 1, 28, 28))
    assert first_batch.layers[0].units == 32
    assert first_batch.layers[0].dead is not None and first_batch.layers[0].dead >= 8 / 32
    assert (len(first_batch.layers), first_batch.layers[0].saturated) == (2, None)

    sigmoid = settings(tiny, activation="sigmoid", dropout=0.0)
    network = build_model(sigmoid)
    with torch.no_grad():
        next(m for m in network.modules() if isinstance(m, nn.Linear)).bias[:16] = 1e4
    first_batch = FirstBatch(network, sigmoid)
    with first_batch.recording():
        network(torch.rand(50, 1, 28, 28))
    assert first_batch.layers[0].dead is None
    assert first_batch.layers[0].saturated == 0.5


def test_a_network_without_hidden_layers_has_no_statistics(train: Train) -> None:
    (spread, *_) = train(model="linear", epochs=1).of(ev.Distributions)
    assert (spread.layers, spread.hidden) == (("784→10",), ())


def test_how_long_threads_wait_for_a_core_is_read_from_the_system(tmp_path: Path) -> None:
    for task, text in {"1": "1000 500 3", "2": "0 0 0"}.items():
        (tmp_path / task).mkdir()
        (tmp_path / task / "schedstat").write_text(text)
    cores = Cores(tmp_path)
    (tmp_path / "1" / "schedstat").write_text("4000 1500 9")
    assert cores.lap() == 1000 / 4000
    assert cores.lap() is None  # nobody computed, nobody waited
    (tmp_path / "3").mkdir()  # a thread that has ended since it was listed
    (tmp_path / "2" / "schedstat").write_text("1000 0 1")
    assert cores.lap() == 0.0
    (tmp_path / "1" / "schedstat").write_text("nonsense")
    assert cores.lap() is None
    assert Cores(tmp_path / "nowhere").lap() is None
