"""Presenters of a run without the app: JSON lines, plain lines, or a progress bar on a terminal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TextIO

from engine import events as ev
from engine.fields import short
from engine.protocol import encode
from engine.runs.folder import RunFolder
from engine.state.run_state import RunState, eta_seconds
from engine.text.numbers import count, duration, loss, percent
from tui.headless.output import clean, clean_json
from tui.headless.report import closing, epoch_line, opening, saved_again
from tui.views.mark_texts import mark_text

if TYPE_CHECKING:
    from rich.console import RenderableType

REDRAW_SECONDS = 0.25
"""The bar is redrawn at most four times a second."""
_NARROWEST_BAR = 8
_ECHO = 3
"""Columns left free at the end of the line for an echoed ^C, which would otherwise wrap and garble the bar."""


class Presenter(Protocol):
    """Shows a run's events as they arrive. Methods raise OSError if the output cannot be written."""

    def show(self, event: ev.Event, state: RunState) -> None:
        """Show an event; `state` is the run's state after it."""

    def notify(self, text: str) -> None:
        """Print a message that is not an event of the run."""

    def suspend(self, text: str) -> None:
        """Print a message and give the terminal back to the shell for a while."""

    def resume(self) -> None:
        """Take the terminal back after `suspend`."""

    def close(self) -> None:
        """Restore the terminal."""


def make_presenter(out: TextIO, err: TextIO, find: Callable[[str], RunFolder], *, json: bool, quiet: bool) -> Presenter:
    """The presenter for these streams. `find` returns a run's folder by name."""
    if json:
        return JsonLines(out, err)
    if quiet or not draws(out):
        return Lines(out, err, find, quiet=quiet)
    return Bar(out, find)


def draws(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is a terminal with cursor movement."""
    return stream.isatty() and environ.get("TERM", "") not in ("", "dumb", "unknown")


def event_lines(
    event: ev.Event, state: RunState, find: Callable[[str], RunFolder], *, quiet: bool = False
) -> list[str]:
    """The lines to print for an event; none for most events."""
    if isinstance(event, ev.Finished):
        return closing(state, find(event.run))
    return [] if quiet else _progress_lines(event, state)


def _progress_lines(event: ev.Event, state: RunState) -> list[str]:
    match event:
        case ev.RunCreated() | ev.RunStarted():
            return opening(state)
        case ev.EpochEnded():
            return [epoch_line(event, state.config.epochs)]
        case ev.Validation():
            metrics = f"validation {loss(event.loss)} ({percent(event.accuracy)})"
            return [f"stopped at epoch {event.position:.2f}  {metrics}{'  best' if event.best else ''}"]
        case ev.Paused() | ev.Continued() | ev.Changed():
            return [f"{short(mark_text(state.marks[-1]))} at epoch {event.position:.2f}"] if state.marks else []
        case ev.SaveFailed():
            return [f"{short(event.path, 200)} could not be saved: {short(event.reason, 200)}; training continues"]
        case ev.SavedAgain():
            return [saved_again(event)]
    return []


class _Plain:
    """A presenter without terminal state: suspending prints a message only."""

    def notify(self, text: str) -> None:
        """Print a message that is not an event of the run."""
        raise NotImplementedError

    def suspend(self, text: str) -> None:
        """Print the message."""
        self.notify(text)

    def resume(self) -> None:
        """Do nothing."""


class JsonLines(_Plain):
    """Prints every event as in the run's log, in UTF-8 regardless of the locale."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out, self._err = out.buffer, err

    def show(self, event: ev.Event, state: RunState) -> None:
        self._out.write(clean_json(encode(event)))
        self._out.flush()

    def notify(self, text: str) -> None:
        print(clean(text), file=self._err, flush=True)

    def close(self) -> None:
        """Do nothing."""


class Lines(_Plain):
    """Prints plain lines without control characters; if `quiet`, only the result."""

    def __init__(self, out: TextIO, err: TextIO, find: Callable[[str], RunFolder], *, quiet: bool = False) -> None:
        self._out, self._err, self._find, self._quiet = out, err, find, quiet

    def show(self, event: ev.Event, state: RunState) -> None:
        for line in event_lines(event, state, self._find, quiet=self._quiet):
            print(clean(line), file=self._out, flush=True)

    def notify(self, text: str) -> None:
        print(clean(text), file=self._err, flush=True)

    def close(self) -> None:
        """Do nothing."""


class Bar:
    """Prints lines and, below them, a redrawn status line: epoch, bar, loss, accuracy, time left, speed."""

    def __init__(
        self, out: TextIO, find: Callable[[str], RunFolder], clock: Callable[[], float] = time.monotonic
    ) -> None:
        from rich.console import Console  # noqa: PLC0415 - only needed on a terminal
        from rich.live import Live  # noqa: PLC0415

        self._console = Console(file=out, highlight=False, markup=False, emoji=False)
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._find, self._clock, self._drawn = find, clock, float("-inf")
        self._resting = False
        self._live.start()

    def show(self, event: ev.Event, state: RunState) -> None:
        lines = event_lines(event, state, self._find)
        if isinstance(event, ev.RunCreated):
            self._live.start()  # again after the first arm of an experiment
        if isinstance(event, ev.Finished):
            self._live.stop()
        for line in lines:
            self.notify(line)
        now = self._clock()
        if self._live.is_started and (not isinstance(event, ev.Progress) or now - self._drawn >= REDRAW_SECONDS):
            self._drawn = now
            self._live.update(status_line(state, self._console.width - _ECHO), refresh=True)

    def notify(self, text: str) -> None:
        self._console.print(clean(text), soft_wrap=True)

    def suspend(self, text: str) -> None:
        self._resting = self._live.is_started
        self._live.stop()
        self.notify(text)

    def resume(self) -> None:
        if self._resting:
            self._live.start()

    def close(self) -> None:
        self._live.stop()


def status_line(state: RunState, width: int) -> RenderableType:
    """The status line with the bar, `width` columns wide."""
    from rich.progress_bar import ProgressBar  # noqa: PLC0415 - only needed on a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    epochs = state.config.epochs
    head, metrics = status_parts(state, width)
    row: list[RenderableType] = [Text(head)]
    line = Table.grid(padding=(0, 1, 0, 0))
    line.width = width
    line.add_column(no_wrap=True, overflow="ellipsis")
    if width - len(head) - len(metrics) - 3 >= _NARROWEST_BAR:
        line.add_column(ratio=1)
        row.append(ProgressBar(total=float(epochs), completed=min(state.position, float(epochs))))
    line.add_column(no_wrap=True, overflow="ellipsis")
    line.add_row(*row, Text(metrics))
    return line


def status_parts(state: RunState, width: int) -> tuple[str, str]:
    """The texts before and after the bar; the least important metrics are dropped if `width` is too small."""
    head = _head(state)
    metrics = ""
    for part in _metrics(state):
        longer = f"{metrics}  {part}" if metrics else part
        if len(head) + len(longer) + _NARROWEST_BAR + 3 > width:
            break
        metrics = longer
    return head, metrics


def _head(state: RunState) -> str:
    epochs = state.config.epochs
    match state.status:
        case "training":
            return f"epoch {min(int(state.position) + 1, epochs)}/{epochs}"
        case "paused":
            return f"paused at epoch {state.position:.2f}/{epochs}"
        case "testing":
            return "testing"
        case _:
            return short(state.phase.text) if state.phase else "starting"


def _metrics(state: RunState) -> list[str]:
    """The metrics, most important first."""
    parts = []
    if state.progress:
        parts.append(f"loss {loss(state.progress.latest_loss)}")
    if state.epochs:
        parts.append(f"validation {percent(state.epochs[-1].validation_accuracy)}")
    if state.status == "training" and (left := eta_seconds(state)) is not None:
        parts.append(f"{duration(left)} left")
    if state.progress and state.speed:
        parts.append(f"{count(state.speed)} images/s")
    return parts
