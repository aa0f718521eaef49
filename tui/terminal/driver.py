"""Textual's Linux driver, made robust against SIGTSTP, SIGSTOP, SIGCONT and a lost terminal."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from typing import Any, Protocol, cast

from textual import constants, events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from tui.terminal.input_reader import InputReader
from tui.terminal.output_capture import OutputCapture
from tui.terminal.shutdown import Shutdown
from tui.terminal.signals import hung_up
from tui.terminal.textual_internals import (
    XTermParser,
    driver_app,
    driver_loop,
    get_time,
    is_reading,
    is_writing,
    reports_mouse_in_pixels,
    reports_size_in_band,
)

_TICK_SECONDS = 0.1
"""Polling interval of the input thread: for a lone escape character, and for the end."""
_OTHER_SIGNALS_SECONDS = 0.2
"""How long to wait for a terminating signal after continuing in the background."""


class DrawingApp(Protocol):
    """What the driver needs from its app."""

    ending: Shutdown
    output_capture: OutputCapture


class TerminalDriver(LinuxDriver):
    """`suspended` while a shell has the terminal (Ctrl+Z). Other output of this process is captured while the app has it."""

    suspended = False
    resumed_at = 0.0
    """When the terminal was last resumed, in event time. Earlier input is not for the app."""
    _is_stopping = False
    _has_terminal = False
    """Whether the app has the terminal."""

    def __init__(self, app: App[object], **options: Any) -> None:
        super().__init__(app, **options)
        self._drawing = cast("DrawingApp", app)
        self._file = open(  # noqa: SIM115 - open until the process exits
            self._drawing.ending.terminal, "w", encoding=sys.stderr.encoding, errors="replace", closefd=False
        )

    def _get_terminal_size(self) -> tuple[int, int]:
        """Columns and rows; 80 × 25 if the terminal does not report them."""
        try:
            columns, rows = os.get_terminal_size(self.fileno)
        except OSError:
            columns = rows = 0
        return columns or 80, rows or 25

    def write(self, data: str) -> None:
        """Queue output, unless the app does not have the terminal or it is gone."""
        if self._has_terminal and is_writing(self):
            super().write(data)

    def start_application_mode(self) -> None:
        """Take control of the terminal."""
        self._has_terminal = True
        self._drawing.output_capture.start()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGWINCH, self._resized)

    def _resized(self, _number: int, _frame: object) -> None:
        """Read the size outside the signal handler: a nested signal would otherwise report an older size last."""
        driver_loop(self).call_soon_threadsafe(self._post_size)

    def _post_size(self) -> None:
        if not reports_size_in_band(self):
            size = Size(*self._get_terminal_size())
            driver_app(self).post_message(events.Resize(size, size))

    def stop_application_mode(self) -> None:
        """Restore the terminal and discard later output."""
        if reports_mouse_in_pixels(self):
            self.write("\x1b[?1016l")  # Textual does not turn this one off
        super().stop_application_mode()
        self._drawing.output_capture.stop()
        self._has_terminal = False

    def suspend_application_mode(self) -> None:
        """Restore the terminal for the shell."""
        super().suspend_application_mode()
        self.suspended = True

    def resume_application_mode(self) -> None:
        """Take control of the terminal at SIGCONT.

        After a SIGSTOP it was never restored, so this is done first: otherwise Textual would save the app's own
        terminal settings as those to restore at the end, and start a second input thread.
        """
        if hung_up(self.fileno):  # SIGHUP is followed by SIGCONT
            return
        if self._in_background():
            loop = driver_loop(self)
            loop.call_soon_threadsafe(loop.call_later, _OTHER_SIGNALS_SECONDS, self._check_foreground)
            return
        if not self.suspended:
            self.suspend_application_mode()
            self._must_signal_resume = True
        self.resumed_at = get_time()
        super().resume_application_mode()
        self.suspended = not is_reading(self)

    def _sigtstp_application(self, *_: object) -> None:
        """Stop once: a second Ctrl+Z during the first would stop the app again after `fg`."""
        if self._is_stopping or self.suspended:
            return
        self._is_stopping = True
        try:
            super()._sigtstp_application()
        finally:
            self._is_stopping = False

    def _in_background(self) -> bool:
        """Whether another process group has the terminal."""
        try:
            return os.tcgetpgrp(self.fileno) != os.getpgrp()
        except OSError:
            return False

    def _check_foreground(self) -> None:
        """Stop again after `bg`. The delay lets signals through: a shell's `kill` sends its signal, then SIGCONT.

        Resume if the app has become the foreground process meanwhile: `fg` sends no SIGCONT to a running process.
        """
        if self._in_background():
            os.kill(os.getpid(), signal.SIGSTOP)
        elif self.suspended:
            self.resume_application_mode()

    def run_input_thread(self) -> None:
        """Post keys, pastes and mouse events until the app ends or the terminal is lost."""
        reader, parser = InputReader(self.fileno), XTermParser()
        while not self.exit_event.is_set():
            text: str | None = ""
            if select.select([self.fileno], [], [], _TICK_SECONDS)[0]:
                try:
                    text = reader.read()
                except OSError:
                    return
                if text is None:
                    return
            if text := text or reader.timed_out(constants.ESCAPE_DELAY):
                for message in parser.feed(text):
                    self.process_message(message)
        if select.select([self.fileno], [], [], _TICK_SECONDS)[0]:  # discard a late reply of the terminal
            with contextlib.suppress(OSError):
                reader.read()
