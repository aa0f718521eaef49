"""The app's terminal side: rendering differences, ending cleanly, and capturing other output."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

from rich.console import RenderableType
from textual import constants, events
from textual.app import App
from textual.screen import Screen

from engine.errors import ExitCode
from tui.terminal.diff_renderer import DiffRenderer, RenderedChanges, fewer_colors
from tui.terminal.driver import TerminalDriver
from tui.terminal.input_queue import QueuedInputApp
from tui.terminal.output_capture import OutputCapture, warnings_to
from tui.terminal.parsed_stylesheet import ParsedStylesheet
from tui.terminal.repaint_throttle import SLOW_LINE, LineBudget
from tui.terminal.shutdown import Shutdown
from tui.terminal.signals import HUNG_UP, hung_up, on_signals
from tui.terminal.textual_internals import (
    CompositorUpdate,
    color_system,
    driver,
    event_loop,
    exception,
    fail,
    is_painting,
    set_return_code,
)

_ESCAPE_SECONDS = 0.3
"""How long an escape character waits for the rest of a sequence, which may be delayed over a slow line."""
_OWN_LINES = 500
"""Number of lines kept of output and warnings of this process."""


class TerminalApp(QueuedInputApp):
    """An app that renders differences, restores the terminal at the end, and captures other output of the process.

    `slow` limits output for a line of 9600 baud. Subclasses implement `words_at_end`, `leave_with` and `noted`.
    """

    def __init__(self, *, slow: bool = False, clock: Callable[[], float]) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.stylesheet = ParsedStylesheet(variables=self.get_css_variables())
        self.kept_lines: list[str] = []
        """The last lines of captured output and warnings."""
        self.kept_count = 0
        """The number of lines captured so far."""
        self.line = LineBudget(SLOW_LINE if slow else float("inf"), clock)
        self.ending = Shutdown(self._end_requested)
        self.output_capture = OutputCapture(self._note_from_anywhere)
        colors = color_system(self.console)
        self._renderer = DiffRenderer(fewer_colors(colors) if slow else colors)
        self._until_unmount = contextlib.ExitStack()

    def words_at_end(self) -> str:
        """The final message if the app has to end now. May be called from a signal handler."""
        raise NotImplementedError

    def leave_with(self, status: int) -> None:
        """Exit with this status, after a signal or a lost terminal."""
        raise NotImplementedError

    def noted(self) -> None:
        """Called after a line was added to `kept_lines`."""
        raise NotImplementedError

    def run(self, *args: Any, **options: Any) -> None:
        """Run the app. After the terminal is restored, raises the exception that ended the app, if any.

        A lost terminal ends the app like a hang-up and raises nothing.
        """
        if "ESCDELAY" not in os.environ:
            constants.ESCAPE_DELAY = _ESCAPE_SECONDS  # type: ignore[misc]
        self.ending.watch()
        on_signals(self._end_requested)
        try:
            super().run(*args, **options)
        except OSError:
            if not hung_up(0):
                raise
            set_return_code(self, HUNG_UP)
        finally:
            self.output_capture.stop()
        self.ending.in_order()
        if (error := exception(self)) is not None and not hung_up(0):
            raise error

    def on_mount(self) -> None:
        self.begin_capture_print(self)
        self._until_unmount.enter_context(warnings_to(self._note_from_anywhere))
        self.app_resume_signal.subscribe(self, self._resumed_from_shell)

    async def on_unmount(self) -> None:
        self._until_unmount.close()

    def is_stale(self, event: events.Event) -> bool:
        """Whether an event was typed before the app was resumed: input after a Ctrl+Z is not for the app."""
        linux = driver(self)
        return isinstance(linux, TerminalDriver) and event.time < linux.resumed_at

    # Rendering

    def _resumed_from_shell(self, _app: App[object]) -> None:
        """Repaint everything after the shell had the terminal."""
        self.call_later(self.action_paint_again)

    def on_resize(self) -> None:
        """Forget what the terminal shows: terminals reflow lines when they are resized."""
        self._renderer.forget()

    def action_paint_again(self) -> None:
        """Repaint everything."""
        self._renderer.forget()
        self.refresh(layout=True)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send only cells that changed (Textual would send every refreshed line)."""
        if isinstance(renderable, CompositorUpdate) and is_painting(self):
            changes = self._renderer.changes(renderable, *self.size)
            if changes is not None:
                renderable = RenderedChanges(changes) if changes else None
                self.line.send(len(changes.encode()))
        super()._display(screen, renderable)

    # Unexpected ends

    def _end_requested(self, status: int) -> None:
        """End after a signal or a lost terminal. Runs in a signal handler or a thread."""
        if not self.ending.begin(status, self.words_at_end()):
            return
        linux, loop = driver(self), event_loop(self)
        if isinstance(linux, TerminalDriver) and linux.suspended:
            self.ending.at_once()
        if loop is None:
            raise SystemExit(status)
        loop.call_soon_threadsafe(self.call_later, self.leave_with, status)

    def _handle_exception(self, error: Exception) -> None:
        """End after an exception in the app; `run` raises it again."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        words = self.words_at_end()
        if exception(self) is None and words:
            error.add_note(words)
        self.ending.begin(int(ExitCode.FAILED), words, fault=True)
        fail(self, error, int(ExitCode.FAILED))

    def panic(self, *renderables: RenderableType) -> None:
        """Textual calls this when it can no longer read keys."""
        from rich.traceback import Traceback  # noqa: PLC0415 - rarely needed, and slow to import

        stacks = [stack for each in renderables if isinstance(each, Traceback) for stack in each.trace.stacks]
        errors = "; ".join(f"{stack.exc_type}: {stack.exc_value}" for stack in stacks)
        self._handle_exception(RuntimeError(f"the terminal cannot be read: {errors}"))

    # Captured output

    def on_print(self, event: events.Print) -> None:
        """Keep lines printed by something in this process."""
        for line in event.text.splitlines():
            if line.strip():
                self.note(line)

    def note(self, line: str) -> None:
        """Keep a line for the Log screen."""
        self.kept_lines.append(line)
        del self.kept_lines[:-_OWN_LINES]
        self.kept_count += 1
        self.noted()

    def _note_from_anywhere(self, line: str) -> None:
        """Call `note` from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            if (loop := event_loop(self)) is not None:
                loop.call_soon_threadsafe(self.call_later, self.note, line)  # in the app's context
