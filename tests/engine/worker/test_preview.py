"""The preview digits: one of each class, read without disturbing anything."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.config import make_config
from engine.dataset import load
from engine.worker.model.models import build_model
from engine.worker.training.preview import Preview


def test_one_validation_image_of_each_class(tiny: Path) -> None:
    data = load(tiny)
    shown = Preview(data, torch.device("cpu"), "cross_entropy").digits()
    assert shown.labels == tuple(range(10))
    assert [int(data.validation_labels[i]) for i in shown.indices] == list(range(10))
    first = data.validation_images[shown.indices[0]]
    assert shown.pixels[: 28 * 28] == first.tobytes()
    assert len(shown.pixels) == 10 * 28 * 28


@pytest.mark.parametrize("scale", [1.0, 30.0, float("nan")])
def test_predictions_are_probabilities_and_rounding_gives_no_certainty(tiny: Path, scale: float) -> None:
    torch.manual_seed(0)
    model = build_model(make_config({"hidden": (8,)}))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    model.train()
    random = torch.get_rng_state()
    predictions = Preview(load(tiny), torch.device("cpu"), "cross_entropy").predict(model, 5, 0.5).probabilities
    assert model.training
    assert torch.equal(random, torch.get_rng_state())
    assert [len(row) for row in predictions] == [10] * 10
    assert all(0 <= p <= 1 and round(p, 4) == p for row in predictions for p in row)
