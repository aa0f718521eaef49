"""From a misclassified digit to its history, and the same metric everywhere, with a real network and terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.runs.folder import find_run
from engine.runs.test_predictions import read_test_predictions
from tests.kit import home_of_our_own
from tests.terminal.term import app
from tui.data.digit_selection import Choice
from tui.data.predictions import Inspected, images_of, inspect

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a run of three epochs on part of MNIST."""
    home = tmp_path_factory.mktemp("home")
    with home_of_our_own(home):
        said("train", "--quiet", "--preset", "quick", "--name", "some", "--device", "cpu", "--train-images", "4000")
        yield home


def said(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tui", *words], stdout=subprocess.PIPE, text=True, check=True, env=dict(os.environ)
    )
    return done.stdout


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_from_a_cell_of_the_matrix_to_the_history_of_one_digit(trained: Path, columns: int, rows: int) -> None:
    with app(trained, "attach", "some", columns=columns, rows=rows) as term:
        term.wait("test accuracy", 30)
        term.key("5")
        term.wait(r"[0-9] predicted as [0-9]: [0-9]+ of", 20)
        term.key("\r")
        term.wait(r"[0-9]s predicted as [0-9]", 20)
        term.wait(r"(Misclassified in|Correct (from|at)|First correct|[Ll]earned|Changed)", 20)
        term.wait(r"<(0\.)?1%", 60)  # the others of the ten probabilities
        term.key(",")
        term.wait("epoch 2 of 3", 20)
        term.key("q")
        assert term.wait_end(10) == 0
        assert term.left_behind() == []


def test_a_wrong_image_has_one_reading_and_one_probability_everywhere(trained: Path, tmp_path: Path) -> None:
    evaluation = json.loads(said("eval", "some", "--json"))
    run = find_run("some")
    look = read_test_predictions(run.look("best"))
    found = inspect(run, run.state(), Choice("test"))
    assert look is not None and isinstance(found, Inspected)
    images = images_of("")
    wrong = evaluation["wrong_images"]
    assert len(wrong) == evaluation["wrong"] > 100
    table = np.zeros((10, 10), int)
    np.add.at(table, (found.labels, found.predictions), 1)
    assert table.tolist() == evaluation["confusion"]
    files = []
    for index, _label, _prediction, _probability in wrong[:40]:
        files.append(tmp_path / f"{index}.png")
        Image.fromarray(images.test[index]).save(files[-1])
    read = [json.loads(line) for line in said("predict", "some", *map(str, files), "--json").splitlines()]
    for (index, label, prediction, probability), picture in zip(wrong[:40], read, strict=True):
        assert (int(found.labels[index]), int(found.predictions[index])) == (label, prediction)
        assert round(float(found.confidences[index]), 6) == probability
        assert (picture["digit"], picture["probability"]) == (prediction, probability)
