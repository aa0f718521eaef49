"""Which digits the screens on single digits are given: those of a split at an epoch, or the reason why none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.config import make_config
from engine.runs.folder import RunFolder, create_run
from engine.runs.test_predictions import TestPredictions, save_test_predictions
from engine.runs.validation_predictions import append_predictions
from engine.state.run_state import RunState, fold
from tests.events_kit import confusion, ending, epoch_events, numbered, opening
from tests.kit import write_tiny_set
from tui.data.digit_selection import Choice, stepped
from tui.data.digit_walk import find_digits
from tui.data.predictions import Inspected, images_of, inspect


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_set(tmp_path_factory.mktemp("data"), train=300, test=64)


@pytest.fixture
def run(data: Path) -> tuple[RunFolder, RunState]:
    """A run of three epochs that has ended, and what is known of it."""
    config = make_config({"data_dir": str(data), "epochs": 3})
    folder = create_run(config, preset="", version="test", name="demo")
    labels = images_of(str(data)).validation_labels
    for epoch in (1, 2, 3):
        read = labels.copy()
        read[epoch:10] = (read[epoch:10] + 1) % 10
        append_predictions(folder.predictions, epoch, 16 * epoch, read, np.full(len(read), 0.8))
    state = fold(
        numbered(
            [
                *opening(config, run="demo"),
                *(e for n in (1, 2, 3) for e in epoch_events(config, n)),
                *ending(config, 3, table=confusion(), run="demo"),
            ]
        )
    )
    return folder, state


def shown(found: Inspected | str) -> Inspected:
    assert isinstance(found, Inspected), found
    return found


def test_the_newest_epoch_is_shown_unless_one_is_chosen(run: tuple[RunFolder, RunState]) -> None:
    newest = shown(inspect(*run, Choice()))
    assert (newest.epoch, newest.epochs, int(newest.misclassified.sum())) == (3, (1, 2, 3), 7)
    assert newest.confidences[0] == pytest.approx(0.8)
    assert newest.images.shape == (50, 28, 28)
    assert shown(inspect(*run, Choice(epoch=1))).misclassified.sum() == 9
    assert shown(inspect(*run, Choice(epoch=9))).epoch == 3


def test_epochs_that_do_not_count_any_more_are_not_shown(run: tuple[RunFolder, RunState]) -> None:
    folder, state = run
    resumed = msgspec.structs.replace(state, epochs=state.epochs[:2])
    assert shown(inspect(folder, resumed, Choice())).epochs == (1, 2)


def test_the_test_set_is_shown_once_it_was_looked_at(run: tuple[RunFolder, RunState], data: Path) -> None:
    folder, state = run
    choice = Choice("test")
    untested = msgspec.structs.replace(state, test=None, tests=(), finished=None)
    assert "has not been evaluated" in str(inspect(folder, untested, choice))
    assert "no stored test predictions" in str(inspect(folder, state, choice))
    labels = images_of(str(data)).test_labels
    likely = np.full((64, 10), 0.01, np.float32)
    likely[np.arange(64), labels] = 0.91
    save_test_predictions(folder.look("best"), TestPredictions(likely, labels, 2))
    found = shown(inspect(folder, state, choice))
    assert (found.split, found.epoch, int(found.misclassified.sum())) == ("test", 2, 0)
    assert found.label_probability() is not None and found.label_probability()[3] == np.float32(0.91)  # type: ignore[index]
    save_test_predictions(folder.look("best"), TestPredictions(likely, (labels + 1) % 10, 2))
    assert inspect(folder, state, choice) == "demo was tested on different images than the ones in its data folder."


def test_what_cannot_be_shown_is_said(run: tuple[RunFolder, RunState], tmp_path: Path) -> None:
    folder, state = run
    assert "other images" not in str(inspect(folder, state, Choice()))
    other = write_tiny_set(tmp_path / "other", train=120, test=32)
    moved = msgspec.structs.replace(state, config=make_config({"data_dir": str(other)}))
    assert (
        inspect(folder, moved, Choice()) == "demo was validated on different images than the ones in its data folder."
    )
    nowhere = msgspec.structs.replace(state, config=make_config({"data_dir": str(tmp_path / "none")}))
    assert str(tmp_path / "none") in str(inspect(folder, nowhere, Choice()))
    folder.predictions.unlink()
    assert "they come with the first epoch" in str(inspect(folder, state, Choice()))


def test_stepping_stays_within_the_epochs_and_follows_the_newest(run: tuple[RunFolder, RunState]) -> None:
    found = shown(inspect(*run, Choice()))
    back = stepped(Choice(), found, -1)
    assert back == Choice(epoch=2)
    first = shown(inspect(*run, Choice(epoch=1)))
    assert stepped(Choice(epoch=1), first, -1) == Choice(epoch=1)
    assert stepped(Choice(epoch=1), first, 5) == Choice()


def test_images_of_other_data_than_the_runs_are_not_shown(
    run: tuple[RunFolder, RunState], data: Path, tmp_path: Path
) -> None:
    folder, state = run
    own = images_of(str(data)).identity
    known = msgspec.structs.replace(state, data=own)
    assert shown(inspect(folder, known, Choice())).epoch == 3
    other = write_tiny_set(tmp_path / "other", train=300, test=64, seed=5)  # of the same sizes
    moved = msgspec.structs.replace(known, config=make_config({"data_dir": str(other)}))
    said = f"demo was trained on the data of {data} (digest {own.digest[:8]}), and those of {other}"
    assert str(inspect(folder, moved, Choice())).startswith(said)
    assert str(inspect(folder, moved, Choice("test"))).startswith(said)
    assert str(find_digits(folder, moved, 1)).startswith(said)


def test_files_that_are_replaced_are_read_anew(tmp_path: Path) -> None:
    place = write_tiny_set(tmp_path / "set", train=30, test=6)
    before = images_of(str(place))
    assert images_of(str(place)) is before
    write_tiny_set(place, train=30, test=6, seed=3)
    assert images_of(str(place)).identity.digest != before.identity.digest


def test_readings_of_the_data_before_are_not_shown(run: tuple[RunFolder, RunState]) -> None:
    """The run went on with other data after its second epoch."""
    folder, state = run
    found = shown(inspect(folder, msgspec.structs.replace(state, data_since=2), Choice()))
    assert found.epochs == (3,)
    said = inspect(folder, msgspec.structs.replace(state, data_since=3), Choice())
    assert "No predictions yet" in str(said)
