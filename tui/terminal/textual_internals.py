"""Every private name of Textual and rich that this program uses.

They may change in any release. Keep them here, so an upgrade has one place to check: `tests/tui/test_textual_internals.py`
verifies that each name exists and has the signature we rely on, and that no other module uses one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._time import get_time
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.screen import Screen

__all__ = ["ChopsUpdate", "CompositorUpdate", "LayoutUpdate", "XTermParser", "get_time"]

OVERRIDDEN: Mapping[type, Mapping[str, tuple[str, ...]]] = {
    App: {
        "_check_bindings": ("self", "key", "priority"),
        "_display": ("self", "screen", "renderable"),
        "_handle_exception": ("self", "error"),
        "_refresh_notifications": ("self",),
    },
    Screen: {"_screen_resized": ("self", "size")},
    Stylesheet: {"_parse_rules": ("self", "css", "read_from", "is_default_rules", "tie_breaker", "scope")},
    LinuxDriver: {"_get_terminal_size": ("self",), "_sigtstp_application": ("self", "_")},
}
"""Private methods that our subclasses override or extend, with their parameters."""

ATTRIBUTES: Mapping[type, tuple[str, ...]] = {
    App: (
        "_batch_count",
        "_close_messages_no_wait",
        "_closed",
        "_driver",
        "_exception",
        "_exit_renderables",
        "_filters",
        "_loop",
        "_return_code",
        "_running",
    ),
    Console: ("_color_system",),
    LinuxDriver: (
        "_app",
        "_file",
        "_in_band_window_resize",
        "_key_thread",
        "_loop",
        "_mouse_pixels",
        "_must_signal_resume",
        "_writer_thread",
    ),
    Stylesheet: ("_variables",),
}
"""Private attributes and methods that the functions below use."""


def color_system(console: Console) -> ColorSystem | None:
    """The console's color system; None without colors."""
    return console._color_system


def filters(app: App[Any]) -> list[LineFilter]:
    """The app's line filters, which may be changed in place."""
    return app._filters


def driver(app: App[Any]) -> Driver | None:
    """The app's driver while it runs."""
    return app._driver


def event_loop(app: App[Any]) -> asyncio.AbstractEventLoop | None:
    """The event loop of the app; None before it runs."""
    return app._loop


def is_painting(app: App[Any]) -> bool:
    """Whether a paint is sent to a terminal now."""
    return app._running and not app._closed and not app.is_headless and not app._batch_count


def exception(app: App[Any]) -> Exception | None:
    """The exception that ends the app."""
    return app._exception


def set_return_code(app: App[Any], status: int) -> None:
    """Set the exit status without ending the app."""
    app._return_code = status


def fail(app: App[Any], error: Exception, status: int) -> bool:
    """End the app because of `error`, without Textual's traceback; False if another exception ended it before."""
    is_first = app._exception is None
    if is_first:
        app._exception = error
    app._return_code = status
    app._exit_renderables.clear()
    app._close_messages_no_wait()
    return is_first


def driver_loop(linux: LinuxDriver) -> asyncio.AbstractEventLoop:
    """The event loop that the driver posts to."""
    return linux._loop


def driver_app(linux: LinuxDriver) -> App[Any]:
    """The app that the driver draws for."""
    return linux._app


def is_writing(linux: LinuxDriver) -> bool:
    """Whether the thread that writes to the terminal is alive."""
    return linux._writer_thread is not None and linux._writer_thread.is_alive()


def is_reading(linux: LinuxDriver) -> bool:
    """Whether the thread that reads from the terminal is alive."""
    return linux._key_thread is not None and linux._key_thread.is_alive()


def reports_size_in_band(linux: LinuxDriver) -> bool:
    """Whether the terminal reports its size itself (DEC mode 2048)."""
    return linux._in_band_window_resize


def reports_mouse_in_pixels(linux: LinuxDriver) -> bool:
    """Whether the terminal reports the mouse in pixels (mode 1016)."""
    return linux._mouse_pixels


def stylesheet_variables(stylesheet: Stylesheet) -> dict[str, str]:
    """The CSS variables of a stylesheet."""
    return stylesheet._variables
