"""The confusion screen, with keys and clicks, on runs whose readings are made up."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import events as ev
from engine.config import make_config
from engine.dataset import load
from engine.log.event_log import EventLog
from engine.runs.folder import RunFolder, create_run
from engine.runs.test_predictions import TestPredictions, save_test_predictions
from engine.runs.validation_predictions import append_predictions
from tests import events_kit as kit
from tests.kit import write_tiny_set
from tests.tui.app_kit import Stage, stage
from tui.screens.confusion import ConfusionScreen
from tui.widgets.value_text import ValueText

EPOCHS = 3
WIDE, MEDIUM, NARROW, SMALLEST = (120, 40), (80, 24), (60, 18), (50, 16)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small data set: 100 images validate."""
    return write_tiny_set(tmp_path_factory.mktemp("digits"), train=600, test=60)


def labels_of(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The labels of validation and test set."""
    data = load(folder)
    return np.array(data.validation_labels), np.array(data.test_labels)


def write_run(folder: Path, name: str = "fox", *, tested: bool = True) -> RunFolder:
    """A run that reads every 4 as 9 in epoch 1, all but one rightly in epoch 3, and its test with two 7 predicted as 1."""
    config = make_config({"data_dir": str(folder), "epochs": EPOCHS}, kit.BLOG)
    run = create_run(config, preset="blog-adam", version="0.1.0", name=name)
    validation, test = labels_of(folder)
    log = EventLog(run.events)
    told: list[ev.Event] = [kit.created(config, run=name)]
    told += [kit.epoch_ended(config, epoch) for epoch in range(1, EPOCHS + 1)]
    table = [[0] * 10 for _ in range(10)]
    read = np.where((test == 7) & (np.cumsum(test == 7) <= 2), 1, test)
    for label, prediction in zip(test, read, strict=True):
        table[label][prediction] += 1
    told += kit.ending(config, EPOCHS, table=tuple(map(tuple, table)) if tested else None, run=name)
    for event in told:
        log.append(event)
    log.close()
    fours = np.flatnonzero(validation == 4)
    for epoch, mistaken in ((1, len(fours)), (2, 3), (3, 1)):
        predictions = validation.copy()
        predictions[fours[:mistaken]] = 9
        append_predictions(
            run.predictions, epoch, epoch * 100, predictions, np.full(len(predictions), 0.9 + epoch / 100)
        )
    likely = np.full((len(test), 10), 0.01, np.float32)
    likely[np.arange(len(test)), read] = 0.91
    save_test_predictions(run.look("best"), TestPredictions(likely, test, EPOCHS))
    return run


@contextlib.asynccontextmanager
async def confusion(size: tuple[int, int], **options: Any) -> AsyncIterator[Stage]:
    """The app on this screen, showing the run "fox"."""
    async with stage(size=size, **options) as on:
        on.app.open_run("fox")
        await on.done("open")
        await go_there(on)
        yield on


async def go_there(on: Stage) -> None:
    await on.press("5")
    await on.done("inspect")


async def press(on: Stage, *keys: str) -> None:
    """Press keys that have files read."""
    await on.press(*keys)
    await on.done("inspect")


def screen(on: Stage) -> ConfusionScreen:
    found = on.app.screen
    assert isinstance(found, ConfusionScreen)
    return found


def row(on: Stage, digit: int) -> list[str]:
    """The words of a digit's row in the matrix."""
    lines = screen(on).matrix.plain.splitlines()
    return next(line.replace("·", " 0 ").split() for line in lines if line.split()[:1] == [str(digit)])


def sentence(on: Stage) -> str:
    return screen(on).sentence.plain.strip()


async def test_without_a_run_it_says_what_to_do() -> None:
    async with stage(size=MEDIUM) as on:
        await go_there(on)
        assert "No run yet: 1 goes to the training screen, r starts one there." in on.text()
        await on.press("enter", "left", "n", "d", "e", "f", "g", "escape", "comma")
        assert "No run yet" in on.text()
        assert on.app.current_mode == "confusion"


@pytest.mark.parametrize("size", [SMALLEST, NARROW, MEDIUM, WIDE, (200, 50)])
async def test_the_matrix_of_the_newest_epoch_with_its_worst_cell_in_words(digits: Path, size: tuple[int, int]) -> None:
    write_run(digits)
    fours = int((labels_of(digits)[0] == 4).sum())
    async with confusion(size) as on:
        assert row(on, 4)[:11] == ["4", "0", "0", "0", "0", str(fours - 1), "0", "0", "0", "0", "1"]
        assert sentence(on).startswith(f"4 predicted as 9: 1 of {fours} (")
        text = on.text()
        assert "validation, epoch 3 of 3" in text
        assert "predicted →" in text
        assert f"4 predicted as 9: 1 of {fours}" in text, "the sentence has room at every size"


async def test_epochs_are_stepped_through_and_the_cursor_stays(digits: Path) -> None:
    write_run(digits)
    fours = int((labels_of(digits)[0] == 4).sum())
    async with confusion(MEDIUM) as on:
        await on.press("up", "left")
        assert sentence(on).startswith("3 predicted as 8: never")
        await press(on, "comma")
        assert "validation, epoch 2 of 3" in on.text()
        assert row(on, 4)[10] == "3"
        assert sentence(on).startswith("3 predicted as 8: never")
        await press(on, "comma", "comma")
        assert "epoch 1 of 3" in on.text()
        assert row(on, 4)[10] == str(fours)
        await press(on, "full_stop", "full_stop")
        assert row(on, 4)[10] == "1"


async def test_the_cursor_stops_at_the_edges_and_e_goes_from_error_to_error(digits: Path) -> None:
    write_run(digits)
    async with confusion(MEDIUM) as on:
        await on.press("right")
        assert sentence(on).startswith("4 predicted as 9")
        await on.press(*["down"] * 12, *["left"] * 12)
        assert sentence(on).startswith("9 predicted as 0: never")
        await on.press("e")
        assert sentence(on).startswith("4 predicted as 9")
        await on.press("e")
        assert sentence(on).startswith("4 predicted as 9"), "the only one"


async def test_percent_and_what_has_changed(digits: Path) -> None:
    write_run(digits)
    fours = int((labels_of(digits)[0] == 4).sum())
    async with confusion(MEDIUM) as on:
        await on.press("n")
        assert "percent of each row" in on.text()
        assert row(on, 4)[10] == f"{100 / fours:.1f}"
        await on.press("d")
        assert "what has changed since epoch 2" in on.text()
        assert (row(on, 4)[5], row(on, 4)[10]) == ("+2", "−2")
        assert "2 fewer than at epoch 2" in sentence(on)
        await press(on, "comma", "comma")
        assert "no epoch before to compare with" in on.text()
        assert row(on, 4)[10] == str(fours)
        await on.press("d")
        assert "Confusion: counts" in on.text()


async def test_the_cell_has_its_digits_drawn_the_surest_first(digits: Path) -> None:
    write_run(digits)
    async with confusion(MEDIUM) as on:
        views = screen(on).examples.views
        assert [(view.label, view.prediction) for view in views] == [(4, 9)]
        validation = np.array(load(digits).validation_images)
        assert np.array_equal(views[0].pixels, validation[views[0].index])
        await on.press("right", "left", "left", "left", "left", "left")
        shown = screen(on).examples
        assert {(view.label, view.prediction) for view in shown.views} == {(4, 4)}
        assert "+" not in "".join(segment.text for segment in shown.render_line(5)), "no more than have room"
    async with confusion(NARROW) as on:
        assert screen(on).examples.views == ()


async def test_enter_and_a_second_click_open_the_cell(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(digits)
    shown: list[tuple[int, int]] = []

    def show_digits(*, label: int, prediction: int) -> None:
        shown.append((label, prediction))

    async with confusion(MEDIUM) as on:
        monkeypatch.setattr(on.app, "show_digits", show_digits, raising=False)
        await on.press("enter")
        assert shown == [(4, 9)]
        x, y = cell_at(on, 3, 3)
        await on.pilot.click(screen(on).matrix, offset=(x, y))
        await on.settle()
        assert sentence(on).startswith("3 correct")
        assert shown == [(4, 9)]
        await on.pilot.click(screen(on).matrix, offset=(x, y))
        await on.settle()
        assert shown == [(4, 9), (3, 3)]
        await on.press("left", "enter")
        assert shown == [(4, 9), (3, 3)]
        assert on.notices == ["No 3 was predicted as 2: there is nothing to show."]


def cell_at(on: Stage, label: int, prediction: int) -> tuple[int, int]:
    """Where a cell of the matrix is, within the widget: under its column's digit in the heading."""
    lines = screen(on).matrix.plain.splitlines()
    return lines[1].index(str(prediction)), next(n for n, line in enumerate(lines) if line.split()[:1] == [str(label)])


async def test_figures_are_a_pane_of_their_own_or_beside_the_matrix(digits: Path) -> None:
    write_run(digits)
    async with confusion(MEDIUM) as on:
        assert "precision" not in on.text()
        await on.press("f")
        text = on.text()
        assert "99.00% accuracy, 99 of 100" in text
        assert "95% interval 94.55 to 99.82%" in text
        assert "4 → 9: 1" in text
        assert "Since epoch 2: 2 fixed, 0 regressed." in text
        assert "true ↓" not in text
        await on.press("f")
        assert "true ↓" in on.text()
    async with confusion(WIDE) as on:
        assert "true ↓" in on.text()
        assert "precision" in on.text()
        lines = screen(on).figures.plain.splitlines()
        pair = next(n for n, line in enumerate(lines) if line.startswith("4 → 9"))
        await on.press("up", "up")
        await on.pilot.click(screen(on).figures, offset=(4, pair + 1))
        await on.settle()
        assert sentence(on).startswith("4 predicted as 9")


@pytest.mark.parametrize("size", [SMALLEST, NARROW, MEDIUM, WIDE])
async def test_calibration_and_answers_by_threshold(digits: Path, size: tuple[int, int]) -> None:
    write_run(digits)
    async with confusion(size) as on:
        await on.press("g")
        flat = " ".join(screen(on).diagram.plain.split())
        assert "mean confidence 92.9%, accuracy 99.0%" in flat
        assert "Expected calibration error 6.06%." in flat

        def said() -> str:
            parts = [screen(on).diagram, screen(on).answers]
            return " ".join(" ".join(part.plain for part in parts if part.display).split())

        assert "At a threshold of 95%, nothing is accepted." in said()
        await on.press("up")
        assert "threshold of 90%, coverage is 100.0% and accuracy 99.00%." in said()
        await on.press(*["up"] * 20)
        assert "Without a threshold the accuracy is 99.00%." in said()
        await on.press("escape")
        assert sentence(on).startswith("4 predicted as 9"), "the arrows moved the threshold alone"


async def test_the_test_set_is_the_one_that_was_looked_at(digits: Path) -> None:
    write_run(digits)
    async with confusion(WIDE) as on:
        await press(on, "w")
        assert "test set, weights of epoch 3" in on.text()
        assert sentence(on).startswith("7 predicted as 1: 2 of"), "another split begins at its own worst cell"
        await on.press("d")
        assert "no epoch before to compare with" in on.text()
        await on.press("g")
        assert "steps of 0.4" not in on.text()


async def test_what_was_not_looked_at_is_said_and_w_leads_back(digits: Path) -> None:
    write_run(digits, tested=False)
    async with confusion(MEDIUM) as on:
        await press(on, "w")
        assert "The test set has not been evaluated" in on.text()
        assert "true ↓" not in on.text()
        await press(on, "w")
        assert "true ↓" in on.text()


async def test_nothing_is_painted_again_when_nothing_changed(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(digits)
    async with confusion(WIDE) as on:
        painted: list[str] = []
        refresh = ValueText.refresh

        def noted(self: ValueText[Any], *args: Any, **options: Any) -> Any:
            painted.append(self.id or "")
            return refresh(self, *args, **options)

        monkeypatch.setattr(ValueText, "refresh", noted)
        on.app.inspect()
        await on.done("inspect")
        on.app._paint()
        await on.settle()
        assert painted == []
        await on.press("up")
        assert set(painted) == {"matrix", "sentence"}


async def test_it_follows_the_window_and_needs_neither_colors_nor_unicode(digits: Path) -> None:
    write_run(digits)
    async with confusion(WIDE, ascii=True) as on:
        assert all(part.plain.isascii() for part in screen(on).query(ValueText))
        assert "true v" in on.text()
        for size in (SMALLEST, (200, 50), MEDIUM):
            await on.pilot.resize_terminal(*size)
            await on.settle()
            assert row(on, 4)[10] == "1"
            assert "precision" not in on.text() or size[0] > 112
        for key in ("g", "f", "t", "n"):
            await on.press(key)
            assert all(part.plain.isascii() for part in screen(on).query(ValueText))


async def test_a_new_epoch_is_followed_and_the_cursor_stays(digits: Path) -> None:
    config = make_config({"data_dir": str(digits), "epochs": EPOCHS}, kit.BLOG)
    run = create_run(config, preset="blog-adam", version="0.1.0", name="owl")
    validation, _ = labels_of(digits)
    predictions = np.where(validation == 8, 3, validation)
    told = kit.numbered([kit.created(config, run="owl"), *kit.opening(config, run="owl")[1:]])
    later = kit.numbered([kit.epoch_ended(config, epoch) for epoch in (1, 2)], first=len(told))
    async with stage(told, size=MEDIUM) as on:
        await go_there(on)
        assert "they come with the first epoch's validation" in " ".join(on.text().split())
        append_predictions(run.predictions, 1, 100, predictions, np.full(len(predictions), 0.9))
        await on.tell(later[0])
        await on.done("inspect")
        assert sentence(on).startswith("8 predicted as 3")
        await on.press("left")
        append_predictions(run.predictions, 2, 200, validation, np.full(len(predictions), 0.9))
        await on.tell(later[1])
        await on.done("inspect")
        assert "validation, epoch 2 of 2" in on.text()
        assert sentence(on).startswith("8 predicted as 2: never")
