"""The drawing screen: mouse and keys draw, and can take it back."""

from __future__ import annotations

import numpy as np
import pytest
from textual import events

from engine import commands as cmd
from tests import events_kit as kit
from tests.tui.draw_kit import drawing
from tui.views.opinion import Opinion

SEVEN = ("up",) * 9 + ("left",) * 6 + ("d",) + ("right",) * 12 + ("end",) * 10 + ("down",) * 8 + ("d",)
"""Keys that draw a seven from where the pen is at first."""


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
        assert "Predicted: 7, 91.0%" in text
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
