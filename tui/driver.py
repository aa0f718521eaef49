"""Textual's driver of a terminal, which can be stopped and continued in any way."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from tui.signals import hung_up


class TerminalDriver(LinuxDriver):
    """`suspended` while a shell has the terminal (Ctrl+Z)."""

    suspended = False
    _ours = False
    """Whether the terminal shows the app."""

    def write(self, data: str) -> None:
        """Queue what is to be written, unless the terminal shows something else, or is gone."""
        if self._ours and self._writer_thread is not None and self._writer_thread.is_alive():
            super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self._ours = True
        super().start_application_mode()

    def stop_application_mode(self) -> None:
        """Put the terminal in order; what is still painted after that goes nowhere."""
        if self._mouse_pixels:
            self.write("\x1b[?1016l")  # Textual forgets this one
        super().stop_application_mode()
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
        if not self.suspended:
            self.suspend_application_mode()
            self._must_signal_resume = True
        super().resume_application_mode()
        self.suspended = self._key_thread is None or not self._key_thread.is_alive()
