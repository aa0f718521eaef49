"""The rows of the table of runs."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.errors import ConfigProblem
from engine.runs.branch_tree import tree
from engine.runs.folder import RunFolder
from engine.settings import read_toml
from engine.state.run_state import RunState
from engine.text import numbers
from tui.data.run_summary import status_text
from tui.views.status import short_name


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as its folder tells it, in texts. `started` is its place in time, `unfinished` whether it can go on."""

    name: str
    status: str
    preset: str
    epochs: str
    validation: str
    test: str
    started: str
    unfinished: bool
    parent: str = ""
    first_name: str = ""
    """What the run was called when it began."""
    before: str = ""
    """What stands before the name: the lines of the tree."""

    def cell(self, column: str) -> str:
        """What stands in one of `HEADINGS`."""
        if column in ("short", "name"):
            return self.before + (short_name(self.name) if column == "short" else self.name)
        return str(getattr(self, column))


def in_tree(rows: Sequence[RunRow]) -> list[RunRow]:
    """The rows with each branch under the run that it branched off."""
    by_name = {row.name: row for row in rows}
    names = {row.first_name: row.name for row in rows} | {row.name: row.name for row in rows}
    parents = {row.name: names.get(row.parent, row.parent) for row in rows if row.parent}
    return [replace(by_name[name], before=before) for name, before in tree(list(by_name), parents)]


HEADINGS = {
    "name": "run",
    "short": "run",
    "status": "status",
    "preset": "preset",
    "epochs": "epochs",
    "validation": "validation accuracy",
    "test": "test accuracy",
    "started": "started",
}
"""The columns there are, with their headings."""


_SETS = (
    (112, ("name", "status", "preset", "epochs", "validation", "test", "started")),
    (100, ("short", "status", "preset", "epochs", "validation", "test", "started")),
    (76, ("short", "status", "epochs", "test", "started")),
    (0, ("short", "status", "epochs", "test")),
)
"""From how many cells on which columns are shown; where the runs' texts are too wide for them, the next ones are."""
_NAME = {"name": 32, "short": 18}
"""Cells that a run's name may want before a column goes for it: as many as a made-up one takes below its parent."""
_AROUND, _EDGE = 2, 3
"""Cells around what stands in a column; cells of the frame and the scroll bar."""


def columns(width: int, rows: Sequence[RunRow] = ()) -> dict[str, int]:
    """The columns that have room in `width` cells, each with the cells that its texts may take."""
    found: dict[str, int] = {}
    for least, names in _SETS:
        found = {name: max([len(HEADINGS[name]), *(len(row.cell(name)) for row in rows)]) for name in names}
        first, *others = names
        room = width - _EDGE - _AROUND * len(names) - sum(found[name] for name in others)
        fits = min(found[first], _NAME[first]) <= room
        found[first] = max(min(found[first], room), len(HEADINGS[first]))
        if width >= least and fits:
            break
    return found


def read_row(run: RunFolder) -> RunRow:
    """What the folder says. Reads its whole log, unless that has not grown since."""
    state = _state_of(run)
    status = status_text(run, state)
    validation = state.validation_accuracy
    return RunRow(
        name=run.name,
        status=status,
        preset=state.preset or _preset(run),
        epochs=f"{state.epochs[-1].epoch if state.epochs else 0}/{state.config.epochs}",
        validation="" if validation is None else numbers.percent(validation),
        test=numbers.percent(state.tested.accuracy) if state.tested else "",
        started=started(state.created or run.created()),
        unfinished=status in ("stopped", "aborted", "interrupted", "failed", "unreachable"),
        parent=state.parent.run if state.parent else "",
        first_name=run.first_name(),
    )


def started(seconds: float) -> str:
    """A moment as people read it: "2026-03-14 15:32"; nothing where a log tells of one that no calendar has."""
    try:
        return datetime.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return ""


def _preset(run: RunFolder) -> str:
    try:
        return str(read_toml(run.config).get("preset", ""))
    except ConfigProblem:
        return ""


def _state_of(run: RunFolder) -> RunState:
    try:
        size = run.events.stat().st_size
    except OSError:
        size = 0
    return _fold(run, size)


@functools.lru_cache(maxsize=256)
def _fold(run: RunFolder, size: int) -> RunState:
    """The state of a log of this size; logs only grow."""
    return run.state() if size else RunState()
