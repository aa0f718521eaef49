"""How far a person is on the tour: a step is over when what it asks for was done. Pure, but for the mark of a first start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.views.snapshot import Snapshot

STEPS = 6
_EPOCHS = 2
"""Epochs to watch before the tour goes on."""
SWITCH = "MNIST_TUI_TOUR"
"""Environment variable that keeps the tour away: 0, no, off or false."""
_SEEN = "tour-seen"


@dataclass(frozen=True, slots=True)
class Progress:
    """The step a person is at, and what of it is done: the run that was started, a pause that was seen, screens shown."""

    step: int = 1
    run: str = ""
    paused: bool = False
    shown: frozenset[str] = frozenset()

    @property
    def is_last(self) -> bool:
        """Whether this is the last step."""
        return self.step >= STEPS


def next_step(progress: Progress) -> Progress | None:
    """The step after this; None after the last."""
    return None if progress.is_last else Progress(progress.step + 1, progress.run)


def followed(progress: Progress, snapshot: Snapshot, screen: str) -> Progress:
    """What is known of the progress now that the screen of this name shows `snapshot`."""
    state = snapshot.state
    match progress.step:
        case 1 if snapshot.running:
            return Progress(2, state.run)
        case 2 if len(state.epochs) >= _EPOCHS or state.finished is not None:
            return Progress(3, state.run)
        case 3 if state.finished is not None:
            return Progress(4, state.run)
        case 3 if state.status == "paused":
            return replace(progress, paused=True)
        case 3 if progress.paused and state.status == "training":
            return Progress(4, state.run)
        case 4 if not progress.run and state.run:
            return replace(progress, run=state.run)
        case 4 if snapshot.running and state.run != progress.run:
            return Progress(5, state.run)
        case 5:
            shown = progress.shown | {screen}
            return Progress(6, progress.run) if shown >= {"digits", "confusion"} else replace(progress, shown=shown)
        case _:
            return progress


def first_start(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the program was never started here before; leaves the mark that it has been.

    False where there are runs already, where the switch is off, and where no mark can be left: the tour would come
    every time.
    """
    from engine.paths import home, runs_dir  # noqa: PLC0415 - --help does without

    if environ.get(SWITCH, "").casefold() in ("0", "no", "off", "false"):
        return False
    mark = home("config") / _SEEN
    try:
        if mark.exists() or runs_dir().exists():
            return False
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch(exist_ok=False)
    except OSError:
        return False
    return True
