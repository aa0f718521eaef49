"""Evaluation: reproducible, without training, with one normalization, and with correct metrics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.analysis.intervals import wilson_interval
from engine.config import make_config
from engine.events import WrongImage
from engine.runs.test_predictions import TestPredictions, read_test_predictions, save_test_predictions
from engine.worker.model.evaluate import Evaluation, as_images, evaluate, summarize
from engine.worker.model.losses import build_loss, probabilities
from engine.worker.model.models import build_model
from tests.kit import tiny_digits

CONFIG = make_config({"model": "fastcnn", "dropout": 0.5})


@pytest.mark.parametrize("training", [True, False])
def test_evaluating_changes_nothing_and_repeats_to_the_last_digit(training: bool) -> None:
    pixels, labels = tiny_digits(100)
    images, known = as_images(pixels, torch.device("cpu")), torch.from_numpy(labels.astype(np.int64))
    torch.manual_seed(0)
    model = build_model(CONFIG)
    model.train()
    model(images)  # running statistics that are not at their start
    model.train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    first, second = (
        evaluate(model, images, known, build_loss(CONFIG, training=False), "cross_entropy") for _ in range(2)
    )
    assert first.loss == second.loss
    assert (first.predictions == second.predictions).all()
    assert (first.confidences == second.confidences).all()
    assert model.training is training
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_one_image_alone_is_read_as_it_is_in_the_crowd() -> None:
    pixels, labels = tiny_digits(64)
    device = torch.device("cpu")
    torch.manual_seed(0)
    model = build_model(CONFIG).eval()
    whole = evaluate(
        model,
        as_images(pixels, device),
        torch.from_numpy(labels.astype(np.int64)),
        build_loss(CONFIG, training=False),
        "cross_entropy",
    )
    for i in range(64):
        with torch.inference_mode():
            alone = probabilities(model(as_images(pixels[i : i + 1], device)), "cross_entropy")[0]
        assert int(alone.argmax()) == whole.predictions[i]
        assert float(alone.max()) == pytest.approx(float(whole.confidences[i]), abs=1e-5)


def test_pixels_become_floats_from_nought_to_one() -> None:
    images = as_images(np.array([[[0, 51, 255]]], dtype=np.uint8), torch.device("cpu"))
    assert images.flatten().tolist() == pytest.approx([0.0, 0.2, 1.0])


def test_the_metrics_of_a_test() -> None:
    labels = np.array([0, 0, 1, 2, 2, 2])
    predictions = np.array([0, 1, 1, 2, 0, 0])
    confidences = np.linspace(0.5, 1, 6).astype(np.float32)
    likely = np.zeros((6, 10), np.float32)
    likely[np.arange(6), predictions] = confidences
    outcome = Evaluation(0.5, 3, predictions, likely, 0.1)
    test = summarize(outcome, labels, "best", 7)
    assert (test.images, test.wrong, test.accuracy, test.epoch) == (6, 3, 0.5, 7)
    assert (test.low, test.high) == wilson_interval(3, 6)
    assert test.per_digit[:4] == (0.5, 1.0, pytest.approx(1 / 3), None)
    assert test.confusion[2][:3] == (2, 0, 1)
    assert sum(map(sum, test.confusion)) == 6
    assert [(w.index, w.label, w.prediction) for w in test.wrong_images] == [(1, 0, 1), (4, 2, 0), (5, 2, 0)]
    assert test.wrong_images[0].probability == pytest.approx(0.6)


def test_a_loss_that_is_no_number_is_none() -> None:
    outcome = Evaluation(float("nan"), 0, np.zeros(2, dtype=np.int64), np.zeros((2, 10), dtype=np.float32), 0.1)
    assert summarize(outcome, np.array([1, 1]), "last", 1).loss is None


def test_a_kept_look_gives_the_wrong_images_of_the_test(tmp_path: Path) -> None:
    images, labels = tiny_digits(64)
    config = make_config({"hidden": (8,)})
    loss = build_loss(config, training=False)
    pixels = as_images(images, torch.device("cpu"))
    outcome = evaluate(build_model(config), pixels, torch.from_numpy(labels.astype("int64")), loss, config.loss)
    test = summarize(outcome, labels.astype("int64"), "best", 3)
    save_test_predictions(tmp_path / "look-best.npz", TestPredictions(outcome.probabilities, labels, 3))
    seen = read_test_predictions(tmp_path / "look-best.npz")
    assert seen is not None
    wrong = [int(i) for i in np.flatnonzero(seen.predictions != labels)]
    assert wrong
    assert test.wrong_images == tuple(
        WrongImage(i, int(labels[i]), int(seen.predictions[i]), round(float(seen.confidences[i]), 6)) for i in wrong
    )
