"""The app's side toward the terminal: what is sent to it, what comes from it at the end, and what is kept off it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

from rich.console import RenderableType
from textual import constants, events
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.screen import Screen

from engine.errors import ExitCode
from tui.terminal.diff_renderer import Changes, Painter, fewer_colors
from tui.terminal.driver import TerminalDriver
from tui.terminal.input_queue import InTurn
from tui.terminal.output_capture import Strays, warnings_to
from tui.terminal.parsed_stylesheet import ParsedStylesheet
from tui.terminal.repaint_throttle import SLOW_LINE, Line
from tui.terminal.shutdown import Ending
from tui.terminal.signals import HUNG_UP, hung_up, on_signals

_ESCAPE_SECONDS = 0.3
"""How long an escape character waits for the rest of an arrow key: over a slow line they come apart."""
_OWN_LINES = 500
"""Lines kept of what this process itself printed or warned."""


class TerminalApp(InTurn):
    """An app that sends what changed, ends with the terminal as it was, and lets nobody else write on it meanwhile.

    `slow`: over a line like 9600 baud. A subclass says what its last words are if it has to end now (`words_at_end`),
    leaves when it is told to (`leave_with`), and looks at the lines that were kept (`noted`).
    """

    def __init__(self, *, slow: bool = False, clock: Callable[[], float]) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.stylesheet = ParsedStylesheet(variables=self.get_css_variables())
        self.kept_lines: list[str] = []
        """What was printed and warned of in this process, the last lines of it."""
        self.kept_count = 0
        """How many lines that were in all."""
        self.line = Line(SLOW_LINE if slow else float("inf"), clock)
        self.ending = Ending(self._told_to_end)
        self.strays = Strays(self._note_from_anywhere)
        self._painter = Painter(fewer_colors(self.console._color_system) if slow else self.console._color_system)
        self._until_unmount = contextlib.ExitStack()

    def words_at_end(self) -> str:
        """What to print where the screen was, should the app have to end now. Called between any two instructions."""
        raise NotImplementedError

    def leave_with(self, status: int) -> None:
        """Leave: a signal came, or the terminal is gone."""
        raise NotImplementedError

    def noted(self) -> None:
        """`kept_lines` has another one."""
        raise NotImplementedError

    def run(self, *args: Any, **options: Any) -> None:
        """Show the app until it is left. Raises what went wrong in it, when the terminal is as it was found.

        A terminal that is gone is an end like a hang-up, not a fault.
        """
        if "ESCDELAY" not in os.environ:
            constants.ESCAPE_DELAY = _ESCAPE_SECONDS  # type: ignore[misc]
        self.ending.watch()
        on_signals(self._told_to_end)
        try:
            super().run(*args, **options)
        except OSError:
            if not hung_up(0):
                raise
            self._return_code = HUNG_UP
        finally:
            self.strays.let()
        self.ending.in_order()
        if self._exception is not None and not hung_up(0):
            raise self._exception

    def on_mount(self) -> None:
        self.begin_capture_print(self)
        self._until_unmount.enter_context(warnings_to(self._note_from_anywhere))
        self.app_resume_signal.subscribe(self, self._back_from_the_shell)

    async def on_unmount(self) -> None:
        self._until_unmount.close()

    def is_stale(self, event: events.Event) -> bool:
        """What was typed behind a Ctrl+Z, before the app was stopped, also where it waited for its turn meanwhile."""
        return isinstance(self._driver, TerminalDriver) and event.time < self._driver.resumed_at

    # what is sent

    def _back_from_the_shell(self, _app: App[object]) -> None:
        """Paint everything: the shell has had the terminal, and only what changes is sent."""
        self.call_later(self.action_paint_again)

    def on_resize(self) -> None:
        """Trust nothing that was on the screen: terminals move lines about when they change their size."""
        self._painter.forget()

    def action_paint_again(self) -> None:
        """Send the whole picture, whatever is on the terminal now."""
        self._painter.forget()
        self.refresh(layout=True)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send what differs from what the terminal shows (Textual would send every line of what was refreshed)."""
        shown = self._running and not self._closed and not self.is_headless and not self._batch_count
        if isinstance(renderable, CompositorUpdate) and shown:
            changes = self._painter.changes(renderable, *self.size)
            if changes is not None:
                renderable = Changes(changes) if changes else None
                self.line.send(len(changes.encode()))
        super()._display(screen, renderable)

    # ends that nobody asked for here

    def _told_to_end(self, status: int) -> None:
        """A signal came, or the terminal is gone. Between any two instructions, or in a thread."""
        if not self.ending.begin(status, self.words_at_end()):
            return
        if isinstance(self._driver, TerminalDriver) and self._driver.suspended:
            self.ending.at_once()
        if self._loop is None:
            raise SystemExit(status)
        self._loop.call_soon_threadsafe(self.call_later, self.leave_with, status)

    def _handle_exception(self, error: Exception) -> None:
        """End after a fault in the app itself; `run` raises it."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        if self._exception is None:
            self._exception = error
            if words := self.words_at_end():
                error.add_note(words)
        self.ending.begin(int(ExitCode.FAILED), self.words_at_end(), fault=True)
        self._return_code = int(ExitCode.FAILED)
        self._exit_renderables.clear()
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        """What Textual calls when it cannot read keys any more."""
        from rich.traceback import Traceback  # noqa: PLC0415 - hardly ever wanted, and slow to import

        stacks = [stack for each in renderables if isinstance(each, Traceback) for stack in each.trace.stacks]
        said = "; ".join(f"{stack.exc_type}: {stack.exc_value}" for stack in stacks)
        self._handle_exception(RuntimeError(f"the terminal cannot be read: {said}"))

    # what nobody should have printed

    def on_print(self, event: events.Print) -> None:
        """Keep what something in this process printed."""
        for line in event.text.splitlines():
            if line.strip():
                self.note(line)

    def note(self, line: str) -> None:
        """Keep a line for the log."""
        self.kept_lines.append(line)
        del self.kept_lines[:-_OWN_LINES]
        self.kept_count += 1
        self.noted()

    def _note_from_anywhere(self, line: str) -> None:
        """`note` from whatever thread it comes."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self.call_later, self.note, line)  # in the app's own context
