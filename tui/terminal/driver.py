"""Textual's driver of a terminal, which can be stopped and continued in any way."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from typing import Any, Protocol, cast

from textual import constants, events
from textual._time import get_time
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from tui.terminal.input_reader import Keyboard
from tui.terminal.output_capture import Strays
from tui.terminal.shutdown import Ending
from tui.terminal.signals import hung_up

_TICK_SECONDS = 0.1
"""How often is looked whether an escape character was the key of that name, and whether to end, in seconds."""
_OTHER_SIGNALS_SECONDS = 0.2
"""How long is waited for a signal that ends the app, where it continues without a terminal."""


class DrawingApp(Protocol):
    """What the driver has to know of its app."""

    ending: Ending
    strays: Strays


class TerminalDriver(LinuxDriver):
    """`suspended` while a shell has the terminal (Ctrl+Z). While the app has it, nothing else of this process writes on it."""

    suspended = False
    resumed_at = 0.0
    """When the terminal was taken again, as events count time: what was typed before is not for the app."""
    _stopping = False
    _ours = False
    """Whether the terminal shows the app."""

    def __init__(self, app: App[object], **options: Any) -> None:
        super().__init__(app, **options)
        self._drawing = cast("DrawingApp", app)
        self._file = open(  # noqa: SIM115 - for as long as the process lives
            self._drawing.ending.terminal, "w", encoding=sys.stderr.encoding, errors="replace", closefd=False
        )

    def _get_terminal_size(self) -> tuple[int, int]:
        """Columns and rows; 80 and 25 of a terminal that does not know."""
        try:
            columns, rows = os.get_terminal_size(self.fileno)
        except OSError:
            columns = rows = 0
        return columns or 80, rows or 25

    def write(self, data: str) -> None:
        """Queue what is to be written, unless the terminal shows something else, or is gone."""
        if self._ours and self._writer_thread is not None and self._writer_thread.is_alive():
            super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self._ours = True
        self._drawing.strays.keep()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGWINCH, self._resized)

    def _resized(self, _number: int, _frame: object) -> None:
        """Have the size read outside the handler: one that a second signal interrupts would tell the older size last."""
        self._loop.call_soon_threadsafe(self._tell_size)

    def _tell_size(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self._app.post_message(events.Resize(size, size))

    def stop_application_mode(self) -> None:
        """Put the terminal in order; what is still painted after that goes nowhere."""
        if self._mouse_pixels:
            self.write("\x1b[?1016l")  # Textual forgets this one
        super().stop_application_mode()
        self._drawing.strays.let()
        self._ours = False

    def suspend_application_mode(self) -> None:
        """Give the terminal back as it was."""
        super().suspend_application_mode()
        self.suspended = True

    def resume_application_mode(self) -> None:
        """Take the terminal, at SIGCONT.

        One that was not given back (SIGSTOP gives no time for that) is given back first: Textual would take the app's
        own settings of the terminal for those to restore at the end, and start a second thread that reads keys.
        """
        if hung_up(self.fileno):  # SIGCONT comes with SIGHUP
            return
        if self._in_background():
            self._loop.call_soon_threadsafe(self._loop.call_later, _OTHER_SIGNALS_SECONDS, self._look_again)
            return
        if not self.suspended:
            self.suspend_application_mode()
            self._must_signal_resume = True
        self.resumed_at = get_time()
        super().resume_application_mode()
        self.suspended = self._key_thread is None or not self._key_thread.is_alive()

    def _sigtstp_application(self, *_: object) -> None:
        """Stop, once: a second Ctrl+Z that comes while the first takes effect would stop it again after `fg`."""
        if self._stopping or self.suspended:
            return
        self._stopping = True
        try:
            super()._sigtstp_application()
        finally:
            self._stopping = False

    def _in_background(self) -> bool:
        """Whether the shell has the terminal."""
        try:
            return os.tcgetpgrp(self.fileno) != os.getpgrp()
        except OSError:
            return False

    def _look_again(self) -> None:
        """Stop where it was `bg` that had us continue; a shell's `kill` sends its signal and then SIGCONT.

        `fg` sends none where we continue already.
        """
        if self._in_background():
            os.kill(os.getpid(), signal.SIGSTOP)
        elif self.suspended:
            self.resume_application_mode()

    def run_input_thread(self) -> None:
        """Pass on keys, pastes and the mouse, until the app leaves the terminal or the terminal goes."""
        keyboard, parser = Keyboard(self.fileno), XTermParser()
        while not self.exit_event.is_set():
            text: str | None = ""
            if select.select([self.fileno], [], [], _TICK_SECONDS)[0]:
                try:
                    text = keyboard.read()
                except OSError:
                    return
                if text is None:
                    return
            if text := text or keyboard.late(constants.ESCAPE_DELAY):
                for message in parser.feed(text):
                    self.process_message(message)
        if select.select([self.fileno], [], [], _TICK_SECONDS)[0]:  # an answer of the terminal's is not for the shell
            with contextlib.suppress(OSError):
                keyboard.read()
