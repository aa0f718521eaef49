"""The drawing screen: mouse and keys draw, the newest drawing alone is asked for, and read anew with newer weights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from textual import events

from engine import commands as cmd
from engine import events as ev
from engine.client import Heard
from engine.commands import Command
from engine.errors import RunProblem
from engine.protocol import Reply
from tests import events_kit as kit
from tests.fake_engine import FakeEngine, refusing
from tests.tui.app_kit import Stage, stage
from tui.screens.draw import DrawScreen
from tui.views.opinion import Opinion, Silent
from tui.widgets.drawing_pad import DrawingPad

SEVEN = ("up",) * 9 + ("left",) * 6 + ("d",) + ("right",) * 12 + ("end",) * 10 + ("down",) * 8 + ("d",)
"""Keys that draw a seven from where the pen is at first."""


class Reader(FakeEngine):
    """Answers every question with a seven, by the weights of `epoch`; while `gate` is closed it takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch, self.gate, self.asked = 1, asyncio.Event(), asyncio.Event()
        self.sure = 0.91
        self.at_once = self.most_at_once = 0
        self.gate.set()
        self.answer = self.read

    async def send(self, command: Command, heard: Heard | None = None) -> Reply:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.asked.set()
        await self.gate.wait()
        self.at_once -= 1
        return await super().send(command, heard)

    def read(self, command: Command) -> dict[str, Any]:
        assert isinstance(command, cmd.ReadPictures)
        rest = (1 - self.sure) / 9
        likely = [self.sure if digit == 7 else rest for digit in range(10)]
        return {"probabilities": [likely], "epoch": self.epoch, "step": self.epoch, "weights": command.weights}

    @property
    def questions(self) -> list[cmd.ReadPictures]:
        return [command for command in self.commands if isinstance(command, cmd.ReadPictures)]


class Drawing(Stage):
    """A stage on which the drawing screen is seen, and the engine that is asked."""

    reader: Reader

    @property
    def screen(self) -> DrawScreen:
        screen = self.app._screen_stacks["draw"][0]
        assert isinstance(screen, DrawScreen)
        return screen

    @property
    def pad(self) -> DrawingPad:
        return self.screen.pad

    @property
    def ink(self) -> int:
        """How much ink there is."""
        return int(self.pad.pad.sheet.ink.astype(int).sum())

    @property
    def answer(self) -> Opinion | Silent:
        return self.screen.answer.answer

    async def read(self) -> None:
        """Wait for the answer."""
        await self.done("draw")

    def mouse(self, kind: type[events.MouseEvent], x: int, y: int, button: int = 1) -> None:
        """The mouse is at a cell of the paper."""
        left, top = self.pad.content_region.offset
        at = (left + x, top + y)
        self.app.screen._forward_event(kind(None, *at, 0, 0, button, False, False, False, *at))

    async def drag(self, *places: tuple[int, int], button: int = 1) -> None:
        """Draw with the mouse from place to place."""
        self.mouse(events.MouseDown, *places[0], button)
        await self.pilot.pause()
        for place in places:
            self.mouse(events.MouseMove, *place, button)
            await self.pilot.pause()
        self.mouse(events.MouseUp, *places[-1], button)
        await self.settle()

    async def draw(self) -> None:
        """Draw something, have it read, and forget what was asked for that."""
        await self.drag((4, 3), (20, 9))
        await self.read()
        self.reader.commands.clear()


def trained(epochs: int = 1) -> list[ev.Event]:
    """A run in training after so many epochs."""
    rows = (event for n in range(epochs) for event in kit.epoch_events(kit.BLOG, n + 1, 2))
    return kit.numbered([*kit.opening(), *rows])


@asynccontextmanager
async def drawing(
    told: Sequence[ev.Event] | None = None, size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[Drawing]:
    reader = Reader()
    async with stage(trained() if told is None else told, size=size, ask=reader.connect, **options) as on:
        on.__class__ = Drawing
        assert isinstance(on, Drawing)
        on.reader = reader
        await on.press("6")
        yield on


# keys


async def test_a_seven_drawn_with_keys_is_prepared_and_read() -> None:
    async with drawing() as on:
        assert "draw a digit here" in on.text()
        await on.press(*SEVEN)
        await on.read()
        assert isinstance(on.answer, Opinion)
        question = on.reader.questions[-1]
        assert question.run == kit.RUN
        assert question.weights == "last"
        seen = np.frombuffer(question.pixels, np.uint8).reshape(28, 28)
        assert np.array_equal(seen, on.screen.seen.image)
        assert np.array_equal(seen, on.pad.pad.sheet.prepared())
        text = on.text()
        assert "Reads 7, 91.0 %" in text
        assert "last weights, epoch 1" in text
        assert "draw a digit here" not in text


async def test_the_pen_draws_only_where_it_is_down_and_says_so() -> None:
    async with drawing() as on:
        await on.press("up", "shift+left", "pageup")
        assert on.ink == 0
        assert "Pen up" in on.text() and "at 10, 11" in on.text() and "┼" in on.text()
        await on.press("enter")
        assert "Pen down" in on.text() and "●" in on.text()
        dot = on.ink
        assert dot > 0
        await on.press("right", "right")
        line = on.ink
        assert line > dot
        await on.press("enter", "down", "down")
        assert on.ink == line
        assert "Pen up" in on.text()


async def test_a_pen_that_is_down_is_one_stroke_to_take_back_and_again() -> None:
    async with drawing() as on:
        await on.press("d", "right", "right", "d", "down", "down", "d", "left", "d")
        both = on.ink
        await on.press("z")
        one = on.ink
        assert 0 < one < both
        await on.press("z")
        assert on.ink == 0
        await on.press("z")
        assert "There is nothing to take back." in on.text()
        await on.press("y", "y")
        assert on.ink == both


async def test_eraser_brush_and_clearing() -> None:
    async with drawing() as on:
        await on.press("d", *["right"] * 8, "d")
        drawn = on.ink
        await on.press("e", "b", "d", *["left"] * 4)
        assert "Eraser down" in on.text() and "thick" in on.text() and "○" in on.text()
        assert 0 < on.ink < drawn
        await on.press("c")
        assert on.ink == 0
        assert "Eraser up" in on.text()
        assert "▀" not in on.text()
        await on.press("z", "z")
        assert on.ink == drawn


async def test_the_whole_drawing_moves_by_a_pixel() -> None:
    async with drawing() as on:
        await on.press("d", "right", "d")
        before = on.pad.pad.sheet.ink
        await on.press("ctrl+up", "ctrl+left", "H")
        assert np.array_equal(on.pad.pad.sheet.ink, np.roll(before, (-4, -8), (0, 1)))
        await on.press("J", "L", "ctrl+right")
        assert np.array_equal(on.pad.pad.sheet.ink, before)


async def test_keys_that_steer_everywhere_steer_here_too() -> None:
    async with drawing() as on:
        await on.press("d", "p")
        await on.done("command")
        assert [type(command) for command in on.engine.commands] == [cmd.Pause]
        assert on.pad.pen.down


# the mouse


async def test_a_press_is_a_dot_and_a_quick_move_a_whole_line() -> None:
    async with drawing() as on:
        await on.drag((4, 3))
        dot = on.ink
        assert dot > 0
        await on.drag((4, 3), (30, 15))
        await on.read()
        assert on.ink > 5 * dot
        assert (on.pad.pad.sheet.ink.max(axis=0)[20:80] == 255).all()
        assert isinstance(on.answer, Opinion)
        await on.press("z")
        assert on.ink == dot


async def test_the_right_button_erases() -> None:
    async with drawing() as on:
        await on.drag((4, 9), (30, 9))
        drawn = on.ink
        await on.drag((15, 5), (15, 14), button=3)
        assert 0 < on.ink < drawn
        await on.drag((15, 5), (15, 14), button=2)
        await on.press("z")
        assert on.ink == drawn


async def test_the_mouse_makes_way_for_keys_and_they_go_on_where_it_was() -> None:
    async with drawing() as on:
        assert "┼" in on.text()
        await on.drag((4, 3), (10, 6))
        assert "┼" not in on.text() and "at 8" not in on.text()
        await on.press("right")
        assert "┼" in on.text() and "at 8, 9" in on.text()


@pytest.mark.parametrize("leave", ["2", "question_mark", "z", "c", "e", "f"])
async def test_a_stroke_ends_and_lets_go_of_the_mouse_however_it_is_left(leave: str) -> None:
    async with drawing() as on:
        on.mouse(events.MouseDown, 4, 3)
        on.mouse(events.MouseMove, 20, 3)
        await on.settle()
        assert on.app.mouse_captured is on.pad
        await on.press(leave)
        assert on.app.mouse_captured is None
        assert not on.pad.pad.drawing
        ink = on.ink
        on.mouse(events.MouseMove, 20, 12)
        await on.settle()
        assert on.ink == ink


async def test_a_release_that_nobody_saw_ends_the_stroke() -> None:
    async with drawing() as on:
        on.mouse(events.MouseDown, 4, 3)
        await on.settle()
        on.mouse(events.MouseMove, 20, 3, button=0)
        await on.settle()
        assert on.app.mouse_captured is None
        assert not on.pad.pad.drawing


async def test_a_terminal_that_loses_the_focus_ends_the_stroke() -> None:
    async with drawing() as on:
        on.mouse(events.MouseDown, 4, 3)
        await on.settle()
        on.app.post_message(events.AppBlur())
        await on.settle()
        assert on.app.mouse_captured is None
        assert not on.pad.pad.drawing


async def test_a_drawing_stays_while_other_screens_are_seen() -> None:
    async with drawing() as on:
        await on.drag((4, 3), (20, 9))
        ink = on.ink
        await on.press("1", "6")
        assert on.ink == ink
        assert "Pen up" in on.text()


# what is asked


async def test_an_empty_sheet_asks_nothing_and_gives_no_answer() -> None:
    async with drawing() as on:
        await on.press("up", "left", "e", "d", "right", "d", "n", "w")
        await on.tell(*kit.numbered(kit.epoch_events(kit.BLOG, 2, 2), len(trained())))
        assert on.reader.commands == []
        assert on.answer == Silent("An empty sheet: there is nothing to read. f reads a picture from a file.")


async def test_clearing_takes_the_answer_away_also_one_under_way() -> None:
    async with drawing() as on:
        await on.drag((4, 3), (20, 9))
        await on.read()
        assert isinstance(on.answer, Opinion)
        on.reader.gate.clear()
        on.reader.asked.clear()
        await on.drag((20, 3), (20, 9))
        await on.reader.asked.wait()
        await on.press("c")
        assert isinstance(on.answer, Silent)
        on.reader.gate.set()
        await on.read()
        assert isinstance(on.answer, Silent)
        assert "Reads" not in on.text()


async def test_never_two_questions_at_a_time_and_only_the_newest_drawing_is_asked_for() -> None:
    async with drawing() as on:
        on.reader.gate.clear()
        await on.drag((4, 3), (8, 3))
        await on.reader.asked.wait()
        for x in range(8, 30):
            await on.drag((x, 3), (x + 1, 4 + x % 7))
        on.reader.gate.set()
        await on.read()
        first, newest = on.reader.questions
        assert on.reader.most_at_once == 1
        assert first.pixels != newest.pixels
        prepared = on.pad.pad.sheet.prepared()
        assert prepared is not None
        assert newest.pixels == prepared.tobytes()


async def test_while_torch_is_loaded_it_says_so() -> None:
    async with drawing() as on:
        on.reader.gate.clear()
        await on.drag((4, 3), (8, 9))
        await on.reader.asked.wait()
        await on.settle()
        assert "Loading torch" in on.text()
        on.reader.gate.set()
        await on.read()
        assert "Reads 7" in on.text()
        on.reader.gate.clear()
        await on.drag((8, 3), (8, 9))
        await on.settle()
        assert "Loading torch" not in on.text()
        assert "Reads 7" in on.text()
        on.reader.gate.set()


async def test_the_same_drawing_is_read_anew_with_every_newer_checkpoint() -> None:
    async with drawing() as on:
        await on.draw()
        seq = len(trained())
        for epoch, sure in ((2, 0.95), (3, 0.4)):
            on.reader.epoch, on.reader.sure = epoch, sure
            more = kit.numbered(kit.epoch_events(kit.BLOG, epoch, 2), seq)
            seq += len(more)
            await on.tell(*more)
            await on.read()
        assert len(on.reader.questions) == 2
        assert len({question.pixels for question in on.reader.questions}) == 1
        text = on.text()
        assert "Not sure: 7? 40.0 %" in text
        assert "last weights, epoch 3" in text
        for row in ("1 7 91.0 %", "2 7 95.0 %", "3 7? 40.0 %"):
            assert row in " ".join(text.split())
        await on.tell(*kit.numbered([kit.progress(kit.BLOG, 4 * kit.steps_per_epoch(kit.BLOG), 9)], seq))
        assert len(on.reader.questions) == 2


async def test_w_asks_the_best_weights_and_what_is_known_is_not_asked_again() -> None:
    async with drawing() as on:
        await on.draw()
        for _ in range(3):
            await on.press("w")
            await on.read()
        assert [question.weights for question in on.reader.questions] == ["best"]
        assert "best weights, epoch 1" in on.text()


async def test_n_shows_the_drawing_as_it_is_drawn() -> None:
    async with drawing() as on:
        await on.drag((2, 1), (10, 4))
        await on.read()
        assert "fitted as MNIST was" in on.text()
        await on.press("n")
        await on.read()
        assert "as drawn, not fitted" in on.text()
        drawn = np.frombuffer(on.reader.questions[-1].pixels, np.uint8).reshape(28, 28)
        assert drawn[:10].any()
        assert not drawn[10:].any()


async def test_without_a_run_or_its_weights_it_says_why_nothing_is_read() -> None:
    async with drawing([]) as on:
        await on.drag((4, 3), (20, 9))
        assert "No run yet" in on.text()
        await on.tell(*trained(0))
        assert "No weights yet" in on.text()
        assert on.reader.commands == []
        await on.tell(*trained(1)[len(trained(0)) :])
        await on.read()
        assert "Reads 7" in on.text()
        assert on.notices == []


async def test_a_refusal_is_said_once_and_in_place() -> None:
    async with drawing() as on:
        on.reader.answer = refusing(RunProblem("brave-otter has no weights that open."))
        await on.drag((4, 3), (20, 9))
        await on.read()
        assert on.answer == Silent("brave-otter has no weights that open.", fault=True)
        assert "brave-otter has no weights" in on.text()
        assert on.notices == []
        on.reader.commands.clear()
        await on.press("1", "6")
        await on.read()
        assert on.reader.commands == []
        on.reader.answer = on.reader.read
        await on.drag((4, 3), (20, 12))
        await on.read()
        assert "Reads 7" in on.text()


async def test_over_a_slow_line_the_stroke_goes_first() -> None:
    async with drawing(slow=True, clock=lambda: 0.0) as on:
        on.app.line.send(10_000_000)
        await on.drag((4, 3), (20, 9))
        assert on.ink > 0
        assert on.screen.seen.image is None
        assert on.reader.commands == []


# pictures from files


def picture(folder: Path, name: str = "a seven.png") -> Path:
    """A black seven on white paper."""
    paper = np.full((120, 90), 255, np.uint8)
    paper[20:30, 20:70] = 0
    for y in range(30, 100):
        x = 65 - (y - 30) // 2
        paper[y, x - 5 : x + 5] = 0
    path = folder / name
    Image.fromarray(paper).save(path)
    return path


def typed(text: str) -> tuple[str, ...]:
    """Keys that type it."""
    names: dict[str, str] = {
        "/": "slash",
        ".": "full_stop",
        " ": "space",
        "-": "minus",
        "_": "underscore",
        "~": "tilde",
    }
    return tuple(names.get(c, c) for c in text)


async def test_a_path_that_is_typed_is_read_and_what_was_done_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = picture(tmp_path, "seven.png")
    async with drawing() as on:
        await on.press("f")
        assert "Picture file" in on.text()
        await on.press(*typed(path.name), "enter")
        await on.done("file")
        await on.read()
        assert "seven.png: dark on light: inverted" in on.text()
        assert "Reads 7" in on.text()
        prepared = on.pad.pad.sheet.prepared()
        assert prepared is not None
        assert on.reader.questions[-1].pixels == prepared.tobytes()
        await on.press("z")
        assert on.ink == 0
        assert "seven.png" not in on.text()


@pytest.mark.parametrize(
    "pasted",
    [
        str,
        lambda path: f"'{path}'",
        lambda path: str(path).replace(" ", "\\ "),
        lambda path: path.as_uri(),
        lambda path: f"{path}\n",
        lambda path: f"~/{path.name}",
    ],
)
async def test_a_path_can_be_pasted_as_terminals_write_it(
    pasted: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = picture(tmp_path)
    async with drawing() as on:
        on.app.post_message(events.Paste(pasted(path)))
        await on.settle()
        assert on.screen.field.has_focus
        await on.press("enter")
        await on.done("file")
        assert on.pad.pad.sheet.given is not None
        assert on.notices == []


async def test_in_the_field_letters_are_text_and_escape_leaves_it() -> None:
    async with drawing() as on:
        pen = on.pad.pen
        await on.press("f", "c", "d", "up", "down", "pageup", "shift+up", "ctrl+up", "z")
        assert on.screen.field.value == "cdz"
        assert on.pad.pen == pen
        await on.press("escape")
        assert "Picture file" not in on.text()
        await on.press("down")
        assert on.pad.pen != pen
        await on.press("f", "enter")
        assert on.screen.field.value == "cdz"


@pytest.mark.parametrize("name", ["missing.png", "empty.png", "words.txt", "paper.png"])
async def test_what_is_no_picture_of_a_digit_is_said_in_a_sentence_and_leaves_the_drawing(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "words.txt").write_text("seven")
    Image.new("L", (40, 40), 255).save(tmp_path / "paper.png")
    async with drawing(size=(60, 18)) as on:
        await on.drag((4, 3), (20, 9))
        ink = on.ink
        on.app.post_message(events.Paste(str(tmp_path / name)))
        await on.press("enter")
        await on.done("file")
        assert on.ink == ink
        note = "".join(on.text().split())
        assert name in note
        assert "fgoesbacktothepath" in note
        assert on.notices == []


# how it is shown


@pytest.mark.parametrize(
    ("size", "ascii_only"),
    [((50, 16), True), ((60, 18), False), ((80, 24), True), ((100, 20), False), ((120, 40), True), ((200, 50), False)],
)
async def test_pad_and_bars_are_whole_at_every_size(size: tuple[int, int], ascii_only: bool) -> None:
    async with drawing(size=size, ascii=ascii_only) as on:
        await on.draw()
        width, height = on.pad.content_size
        assert width == 2 * height
        lines = on.text().splitlines()
        for digit in range(10):
            assert any(line.endswith("%" + line[-1]) and f" {digit} " in line for line in lines)
        assert "Pen up" in on.text() and "Reads 7" in on.text()
        assert not ascii_only or on.text().isascii()
        assert on.screen.seen.region.height in (0, 7, 14, 28)


async def test_nothing_is_painted_while_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with drawing() as on:
        await on.drag((4, 3), (20, 9))
        await on.read()
        painted: list[str] = []
        for widget in on.screen.query("*"):
            monkeypatch.setattr(widget, "refresh", lambda *_a, _name=str(widget.id), **_o: painted.append(_name))
        last = kit.progress(kit.BLOG, kit.steps_per_epoch(kit.BLOG) + 9, 9)
        await on.tell(*kit.numbered([last], len(trained())))
        assert painted == []
