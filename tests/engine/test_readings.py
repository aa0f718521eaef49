"""What was read after each epoch: kept as it was, also through crashes and resumes, and nothing foreign is believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runs.test_predictions import TestPredictions, read_test_predictions, save_test_predictions
from engine.runs.validation_predictions import NONE, append_predictions, read_predictions
from engine.runs.validation_predictions_file import MAGIC, MAGIC_1, damage

COUNT = 7


def epoch(number: int, count: int = COUNT) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(number)
    return random.integers(0, 10, count), random.random(count)


def keep(path: Path, *epochs: int, count: int = COUNT) -> None:
    for number in epochs:
        append_predictions(path, number, 100 * number, *epoch(number, count))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readings.bin"


def test_each_epoch_comes_back(path: Path) -> None:
    keep(path, 1, 2, 3)
    found = read_predictions(path)
    assert (found.epochs.tolist(), found.steps.tolist()) == ([1, 2, 3], [100, 200, 300])
    for row, number in enumerate((1, 2, 3)):
        digits, sure = epoch(number)
        assert found.digits[row].tolist() == digits.tolist()
        assert np.abs(found.confidences[row] / 255 - sure).max() <= 0.5 / 255 + 1e-9
    assert found.at(2) == 1
    with pytest.raises(KeyError):
        found.at(4)


def test_an_epoch_that_is_trained_again_takes_the_place_of_what_came_after(path: Path) -> None:
    keep(path, 1, 2, 3)
    append_predictions(path, 2, 777, np.full(COUNT, 9), np.ones(COUNT))
    found = read_predictions(path)
    assert (found.epochs.tolist(), found.steps.tolist()) == ([1, 2], [100, 777])
    assert (found.digits[1] == 9).all() and (found.confidences[1] == 255).all()


@given(cut=st.integers(1, 12 + 2 * COUNT))
def test_a_record_that_was_cut_off_is_not_read_and_the_next_takes_its_place(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "readings.bin"
    keep(path, 1, 2)
    path.write_bytes(path.read_bytes()[:-cut])
    assert read_predictions(path).epochs.tolist() == [1]
    keep(path, 3)
    assert read_predictions(path).epochs.tolist() == [1, 3]


def test_a_changed_byte_costs_its_epoch_alone_and_is_told(path: Path) -> None:
    keep(path, 1, 2, 3)
    whole = path.read_bytes()
    assert damage(path) == ""
    record = 12 + 2 * COUNT
    for at in range(24, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        lost = (at - 24) // record + 1
        found = read_predictions(path)
        assert found.epochs.tolist() == [number for number in (1, 2, 3) if number != lost]
        assert found.damaged == 1
        assert damage(path) == "1 of 3 epochs do not match their checksum"
    keep(path, 4)  # the last is the damaged one, and is not taken for a later epoch
    assert read_predictions(path).epochs.tolist() == [1, 2, 4]
    for at in range(24):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert read_predictions(path) is NONE
        assert damage(path) == "its header does not match its checksum"


def test_what_version_0_1_0_wrote_is_read_and_gets_checksums_with_the_next_epoch(path: Path) -> None:
    records = [
        np.array([number, 100 * number], "<u4").tobytes()
        + epoch(number)[0].astype(np.uint8).tobytes()
        + np.rint(epoch(number)[1] * 255).astype(np.uint8).tobytes()
        for number in (1, 2)
    ]
    path.write_bytes(MAGIC_1 + np.array([COUNT, 0], "<u4").tobytes() + b"".join(records))
    before = read_predictions(path)
    assert before.epochs.tolist() == [1, 2]
    keep(path, 3)
    found = read_predictions(path)
    assert path.read_bytes().startswith(MAGIC)
    assert (found.epochs.tolist(), found.steps.tolist()) == ([1, 2, 3], [100, 200, 300])
    assert (found.digits[:2] == before.digits).all() and (found.confidences[:2] == before.confidences).all()


def test_another_number_of_images_begins_anew(path: Path) -> None:
    keep(path, 1, 2)
    keep(path, 3, count=4)
    found = read_predictions(path)
    assert (found.epochs.tolist(), found.digits.shape) == ([3], (1, 4))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        MAGIC,
        MAGIC + bytes(8),
        MAGIC + b"\xff" * 8,
        b"x" * 1000,
        MAGIC_1 + np.array([1, 0, 1, 5], "<u4").tobytes() + bytes([10, 0]),
        MAGIC_1 + np.array([1, 0, 2, 5], "<u4").tobytes() + bytes(2) + np.array([2, 5], "<u4").tobytes() + bytes(2),
    ],
    ids=[
        "empty",
        "a byte",
        "no count",
        "count 0",
        "count of all ones",
        "foreign",
        "digit 10",
        "epochs that stand still",
    ],
)
def test_what_is_none_of_ours_is_nothing(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert read_predictions(path) is NONE


def test_a_probability_that_is_no_number_is_no_confidence(path: Path) -> None:
    append_predictions(path, 1, 1, [1, 2, 3], [np.nan, np.inf, -1.0])
    assert read_predictions(path).confidences[0].tolist() == [0, 255, 0]


def test_no_file_is_nothing(path: Path) -> None:
    assert len(read_predictions(path)) == 0
    path.mkdir()
    assert read_predictions(path) is NONE


def test_a_look_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "look-best.npz"
    likely = np.random.default_rng(0).random((5, 10), np.float32)
    save_test_predictions(path, TestPredictions(likely, np.arange(5, dtype=np.uint8), 3))
    look = read_test_predictions(path)
    assert look is not None and look.epoch == 3
    assert (look.probabilities == likely).all() and look.labels.tolist() == [0, 1, 2, 3, 4]
    assert look.predictions.tolist() == likely.argmax(axis=1).tolist()
    assert (look.confidences == likely.max(axis=1)).all()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 100])
def test_a_look_that_is_none_of_ours_is_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "look-best.npz"
    path.write_bytes(content)
    assert read_test_predictions(path) is None


def test_a_look_with_other_arrays_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "look-best.npz"
    labels = np.zeros(3, np.uint8)
    for probabilities in (np.zeros((2, 10), np.float32), np.zeros((3, 10)), np.array([object()] * 3)):
        with path.open("wb") as file:
            np.savez(file, probabilities=probabilities, labels=labels, epoch=np.int64(1))
        assert read_test_predictions(path) is None
    with path.open("wb") as file:
        np.savez(file, labels=labels)
    assert read_test_predictions(path) is None
