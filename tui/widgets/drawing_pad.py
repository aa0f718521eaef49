"""The drawing pad: a sheet under a pen that the mouse or keys lead."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip

from engine.pictures import SIDE
from tui.data.picture_file import Given
from tui.views.pad import Pad, Pen, Tool
from tui.widgets.ink_view import InkView
from tui.widgets.line import frame

_LEFT, _RIGHT = 1, 3
"""Mouse buttons, as Textual numbers them."""
_INVITATION = "draw a digit here"
_ROOMY = 34
"""Cells from which the frame has room for all that there is to say of the pen."""
STEPS: dict[str, tuple[int, int]] = {
    "up": (0, -1),
    "down": (0, 1),
    "left": (-1, 0),
    "right": (1, 0),
    "home": (-1, -1),
    "pageup": (1, -1),
    "end": (-1, 1),
    "pagedown": (1, 1),
}
"""Where the keys of a keyboard's number block lead, columns and rows."""


class DrawingPad(InkView):
    """Drawn on while a mouse button is held (the right one erases), or with the pen that keys put down and move.

    The frame says whether the pen is down, what it does and where it is; the pen itself is a mark on the paper. Both
    make way for the mouse, which shows by itself where it is. Every way of leaving the pad ends the stroke and lets go of the mouse.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pad--up", "pad--down", "pad--note"}

    class Drawn(Message):
        """There is other ink on the paper."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.pad, self.pen = Pad(), Pen()
        self._mouse: tuple[float, float, Tool] | None = None
        """Where the mouse is, and what it does, while a button is held."""
        self._marked = True
        """Whether the pen is seen."""
        self._image = self.pad.sheet.ink

    def on_mount(self) -> None:
        """Say how the pen is; leave it when the terminal is left."""
        self.watch(self.app, "app_focus", self._focus_changed, init=False)
        self._say()

    # what is seen

    def over(self, strip: Strip, y: int) -> Strip:
        """The line with the pen over it; on a blank sheet an invitation."""
        if y == self._invitation():
            words = Strip([Segment(_INVITATION, self.get_component_rich_style("pad--note"))], len(_INVITATION))
            left = (strip.cell_length - len(_INVITATION)) // 2
            strip = Strip.join([strip.crop(0, left), words, strip.crop(left + len(_INVITATION))])
        spot = self._spot()
        if spot is None or spot.y != y:
            return strip
        style = self.get_component_rich_style("pad--down" if self.pen.down else "pad--up")
        mark = Strip([Segment(self._mark(), style)], 1)
        return Strip.join([strip.crop(0, spot.x), mark, strip.crop(spot.x + 1)])

    def _invitation(self) -> int | None:
        """The line of the invitation."""
        rows = self.content_size.height
        inked = self.image is None or self.image.any() or self.pen.down
        return None if inked or self.content_size.width < len(_INVITATION) else rows * 3 // 4

    def _mark(self) -> str:
        if not self.pen.down:
            return "+" if self.mode == "ascii" else "┼"
        eraser = self.pen.tool == "eraser"
        return ("O" if eraser else "X") if self.mode == "ascii" else ("○" if eraser else "●")

    def _spot(self) -> Offset | None:
        """The cell that the pen is in."""
        rows = self.content_size.height
        if not self._marked or not rows:
            return None
        cell = SIDE / rows
        return Offset(int(self.pen.x / (cell / 2)), int(self.pen.y / cell))

    def _place(self, event: events.MouseEvent) -> tuple[float, float]:
        """Where the mouse is on the paper, in pixels; to a part of a cell where the terminal tells that."""
        left, top = self.gutter.left, self.gutter.top
        x, y = event.pointer_x - left, event.pointer_y - top
        if x == int(x) and y == int(y):
            x, y = x + 0.5, y + 0.5
        cell = SIDE / max(self.content_size.height, 1)
        return x * cell / 2, y * cell

    def _say(self) -> None:
        pen = self.pen
        what = "Eraser" if pen.tool == "eraser" else "Pen"
        name = pen.brush.name + ("" if self.content_size.width < _ROOMY else " brush")
        place = f", at {int(pen.x)}, {int(pen.y)}" if self._marked else ""
        frame(self, f"{what} {'down' if pen.down else 'up'}", name + place)
        self.set_class(pen.down, "-down")

    def _put(self, pen: Pen) -> None:
        """Have another pen, seen."""
        before, down, words = self._spot(), self.pen.down, self._invitation()
        self.pen, self._marked = pen, True
        now = self._spot()
        if (before, down) != (now, pen.down):
            self.repaint({spot.y for spot in (before, now) if spot is not None})
        self._repaint_invitation(words)
        self._say()

    def _refresh_ink(self) -> None:
        sheet = self.pad.sheet
        if sheet.ink is not self.image:
            words = self._invitation()
            self.show(sheet.ink)
            self._repaint_invitation(words)
            self.post_message(self.Drawn())

    def _repaint_invitation(self, before: int | None) -> None:
        if before != (now := self._invitation()):
            self.repaint(y for y in (before, now) if y is not None)

    def on_resize(self) -> None:
        """Say as much of the pen as there is room for."""
        self._say()

    # keys

    def move(self, key: str, by: int = 1) -> None:
        """Move the pen the way of a key of `STEPS`, by pixels; where it is down it draws or erases."""
        start = self.pen
        x, y = STEPS[key]
        self._put(start.moved(by * x, by * y))
        if start.down:
            self.pad.draw((start.x, start.y), (self.pen.x, self.pen.y), self.pen.brush, self.pen.tool)
            self._refresh_ink()

    def toggle(self) -> None:
        """Put the pen down, which leaves a dot, or lift it."""
        if self.pen.down:
            self.lift()
            return
        self.lift()
        self._put(replace(self.pen, down=True))
        self.pad.begin()
        here = (self.pen.x, self.pen.y)
        self.pad.draw(here, here, self.pen.brush, self.pen.tool)
        self._refresh_ink()

    def lift(self) -> None:
        """End the stroke, whoever leads it."""
        self.release_mouse()
        self._mouse = None
        self.pad.end()
        if self.pen.down:
            self._put(replace(self.pen, down=False))

    def other_tool(self) -> None:
        """The eraser instead of the pen, or the pen again; the stroke ends."""
        self.lift()
        self._put(self.pen.other_tool())

    def next_brush(self) -> None:
        """A thicker point."""
        self._put(self.pen.next_brush())

    # steps

    def clear(self) -> None:
        """Take a new sheet."""
        self.lift()
        self.pad.clear()
        self._refresh_ink()

    def shift(self, key: str) -> None:
        """Move the drawing by a pixel the way of a key."""
        self.lift()
        self.pad.shift(*STEPS[key])
        self._refresh_ink()

    def undo(self) -> bool:
        """Take the last step back; whether there was one."""
        self.lift()
        done = self.pad.undo()
        self._refresh_ink()
        return done

    def redo(self) -> bool:
        """Take again what was taken back; whether there was something."""
        self.lift()
        done = self.pad.redo()
        self._refresh_ink()
        return done

    def put(self, given: Given) -> None:
        """Put a picture on a new sheet, with nothing over it."""
        self.lift()
        self._hide_pen((self.pen.x, self.pen.y))
        self.pad.put(given)
        self._refresh_ink()

    # the mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A stroke begins."""
        if event.button not in (_LEFT, _RIGHT):
            return
        event.stop()
        self.lift()
        tool: Tool = "eraser" if event.button == _RIGHT else self.pen.tool
        self.capture_mouse()
        self.pad.begin()
        self._mouse = (*self._place(event), tool)
        self._lead(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The stroke goes on. Without a button it is over: the release was somewhere else."""
        if self._mouse is None:
            return
        event.stop()
        if event.button:
            self._lead(event)
        else:
            self.lift()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """The stroke ends."""
        if self._mouse is not None:
            event.stop()
            self.lift()

    def on_mouse_release(self) -> None:
        """The mouse was taken from the pad."""
        if self._mouse is not None:
            self.lift()

    def _lead(self, event: events.MouseEvent) -> None:
        if self._mouse is None:
            return
        *start, tool = self._mouse
        end = self._place(event)
        self._mouse = (*end, tool)
        self.pad.draw((start[0], start[1]), end, self.pen.brush, tool)
        self._hide_pen(end)
        self._refresh_ink()

    def _hide_pen(self, place: tuple[float, float]) -> None:
        """Nothing is over the drawing; keys go on from this place."""
        spot = self._spot()
        self.pen, self._marked = self.pen.at(*place), False
        if spot is not None:
            self.repaint([spot.y])
        self._say()

    # leaving

    def _focus_changed(self, focus: bool) -> None:
        if not focus:
            self.lift()

    def on_hide(self) -> None:
        """The pad is not seen any more."""
        self.lift()

    def on_unmount(self) -> None:
        """The pad is gone."""
        self.release_mouse()
