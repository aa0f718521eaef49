"""The range test trains a copy: it finds a rate that is no surprise, and the run is as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.worker.queries.lr_range_test import range_test
from tests.engine.worker.conftest import Story, settings

Train = Callable[..., Story]


def silent(_share: float, _text: str) -> None:
    pass


def test_from_new_weights(tiny: Path) -> None:
    config = settings(tiny, optimizer="sgd", dropout=0.0, shift=0.0, noise=0.0)
    before = torch.get_rng_state()
    found = range_test(config, None, silent)
    assert torch.equal(torch.get_rng_state(), before)
    assert found.epoch == 0
    assert len(found.rates) == len(found.losses) > 50
    assert found.losses[0] == pytest.approx(2.4, abs=0.4)
    assert found.steepest is not None and 0.005 <= found.steepest <= 2
    assert range_test(config, None, silent) == found


def test_from_a_runs_weights_without_touching_it(train: Train) -> None:
    story = train(epochs=3, learning_rate=0.01)
    before = {path.name: path.read_bytes() for path in story.folder.path.iterdir()}
    found = range_test(story.state.config, story.folder, silent)
    assert found.epoch == 3
    assert found.losses[0] < 2.0  # it has learned already
    assert {path.name: path.read_bytes() for path in story.folder.path.iterdir()} == before


def test_it_can_be_canceled_and_reports_its_progress(tiny: Path) -> None:
    reports: list[float] = []

    class Enough(Exception):
        pass

    def report(share: float, _text: str) -> None:
        reports.append(share)
        if share >= 0.1:
            raise Enough

    with pytest.raises(Enough):
        range_test(settings(tiny), None, report)
    assert reports == sorted(reports) and len(reports) == 16
