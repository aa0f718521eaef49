"""Queries about a run: answered from its checkpoints with the numbers of its tests, and canceled in time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import commands as cmd
from engine import events as ev
from engine.answers import PicturePredictions
from engine.dataset import load
from engine.errors import ConfigProblem, RunProblem
from engine.runs.test_predictions import read_test_predictions
from engine.runs.validation_predictions import read_predictions
from engine.worker.queries import Canceled, QueryProgress, answer
from tests.engine.worker.conftest import Story

Train = Callable[..., Story]


@pytest.fixture
def story(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    return train(epochs=3, learning_rate=0.01)


def silent(_share: float, _text: str) -> None:
    pass


def ask(story: Story, pixels: bytes, **values: object) -> PicturePredictions:
    found = answer(cmd.PredictPictures(run=story.folder.name, pixels=pixels, **values), silent)  # type: ignore[arg-type]
    assert isinstance(found, PicturePredictions)
    return found


def test_what_is_read_after_each_epoch_is_kept(story: Story) -> None:
    kept = read_predictions(story.folder.predictions)
    epochs = story.of(ev.EpochEnded)
    assert kept.epochs.tolist() == [1, 2, 3]
    labels = load(Path(story.state.config.data_dir)).validation_labels
    for row, event in enumerate(epochs):
        assert (kept.digits[row] == labels).mean() == event.validation_accuracy
        assert kept.steps[row] == event.step


def test_a_look_keeps_all_it_saw(story: Story) -> None:
    look = read_test_predictions(story.folder.look("best"))
    test = story.end.test
    assert look is not None and test is not None
    assert look.epoch == test.epoch
    wrong = np.flatnonzero(look.predictions != look.labels)
    assert [(w.index, w.prediction, w.probability) for w in test.wrong_images] == [
        (int(i), int(look.predictions[i]), round(float(look.confidences[i]), 6)) for i in wrong
    ]


def test_a_picture_read_alone_gives_the_very_numbers_of_the_test(story: Story) -> None:
    data, look = load(Path(story.state.config.data_dir)), read_test_predictions(story.folder.look("best"))
    assert look is not None
    for index in (0, 5, 63):
        found = ask(story, data.test_images[index].tobytes(), weights="best", exact=True)
        assert np.float32(found.probabilities).tolist() == [look.probabilities[index].tolist()]
        assert (found.weights, found.epoch) == ("best", look.epoch)


def test_several_pictures_are_answered_in_order_and_none_by_nothing(story: Story) -> None:
    images = load(Path(story.state.config.data_dir)).validation_images[:4]
    found = ask(story, images.tobytes())
    assert (found.epoch, found.step) == (3, story.end.step)
    kept = read_predictions(story.folder.predictions).digits[2][:4]
    assert np.argmax(found.probabilities, axis=1).tolist() == kept.tolist()
    assert ask(story, b"").probabilities == ()


def test_a_query_does_not_change_the_random_state(story: Story) -> None:
    before = torch.get_rng_state()
    ask(story, bytes(784))
    assert torch.equal(torch.get_rng_state(), before)


def test_half_a_picture_is_refused(story: Story) -> None:
    with pytest.raises(ConfigProblem, match="784 bytes each; 783 bytes are not a whole number"):
        ask(story, bytes(783))


def test_a_run_without_weights_says_so(story: Story) -> None:
    story.folder.checkpoint("last").unlink()
    with pytest.raises(RunProblem, match="no weights yet: its first checkpoint comes after the first epoch"):
        ask(story, bytes(784))


def test_newer_weights_are_taken(story: Story) -> None:
    ask(story, bytes(784), weights="best")
    best = story.folder.checkpoint("best")
    best.unlink()
    best.write_bytes(story.folder.checkpoint("last").read_bytes()[:100])
    with pytest.raises(RunProblem, match="not a mnist-tui checkpoint, or is damaged"):
        ask(story, bytes(784), weights="best")


def test_a_question_that_was_given_up_is_not_worked_on() -> None:
    reports: list[tuple[float, str]] = []
    progress = QueryProgress(lambda share, text: reports.append((share, text)))
    progress.report(0.5, "half")
    progress.cancel()
    with pytest.raises(Canceled):
        progress.report(0.6)
    assert reports == [(0.5, "half")]
