"""All runs in a table: open one, attach to it, go on with it, delete it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import work
from textual.binding import BindingType
from textual.theme import Theme
from textual.widget import Widget
from textual.widgets import DataTable, Static

from engine import commands as cmd
from engine.errors import Problem
from engine.fields import short
from engine.runs.folder import RunFolder, all_runs, find_run, remove_run
from tui.keymap.bindings import Key, Where, bindings
from tui.screens.page import Page
from tui.screens.quit import delete_dialog
from tui.views.plain import ascii_text
from tui.views.runs import HEADINGS, RunRow, columns, in_tree, read_row
from tui.views.snapshot import Snapshot

_EMPTY = "No runs yet. 1 goes back to the training screen, r starts one there."
_COLORS = {"running": "train", "paused": "accent", "finished": "success", "diverged": "error", "failed": "error"}
_PORTION = 8
"""Rows read at a time."""
_PATIENCE = 0.5
"""Seconds of reading after which those that are read are shown: a table that is filled once has its columns at once."""


class RunsScreen(Page):
    """Every run's folder as a row, the newest first."""

    CSS_PATH = "runs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("runs")
    HERE = "runs"
    KEYS: ClassVar[tuple[Where, ...]] = ("runs", "everywhere")

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, RunRow] = {}
        self._columns: dict[str, int] = {}
        self._known: tuple[str, bool, bool] = ("", False, False)

    def content(self) -> Iterable[Widget]:
        """The table, or a sentence where there are no runs."""
        self.table: DataTable[Text] = DataTable(cursor_type="row")
        self.table.border_title = "Runs"
        self.nothing = Static(_EMPTY, id="nothing", markup=False)
        yield self.table
        yield self.nothing

    def on_mount(self) -> None:
        super().on_mount()
        self.app.theme_changed_signal.subscribe(self, self._recolor)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.table.focus()
        self.read()

    def show(self, snapshot: Snapshot) -> None:
        """Read the folders again when a run has begun, waits, goes on or has ended."""
        super().show(snapshot)
        state = snapshot.state
        known = (state.run, state.status == "paused", state.finished is not None)
        if known != self._known and self.is_current:
            self._known = known
            self.read()

    # the table

    @work(group="runs", exclusive=True, exit_on_error=False)
    async def read(self) -> None:
        """Fill the table from the folders, in a thread; the newest rows come first."""
        try:
            folders = list(reversed(await asyncio.to_thread(all_runs)))
        except Problem as fault:
            self.notify(str(fault), severity="error", markup=False)
            return
        rows: list[RunRow] = []
        begun = time.monotonic()
        for first in range(0, len(folders), _PORTION):
            rows += await asyncio.to_thread(_read_all, folders[first : first + _PORTION])
            if not self._rows and time.monotonic() - begun >= _PATIENCE:
                self._fill(rows)
        self._fill(rows)

    def _fill(self, rows: list[RunRow]) -> None:
        rows = in_tree(rows)
        found = {row.name: row for row in rows}
        self.nothing.display = not rows
        self.table.display = bool(rows)
        wanted = columns(self.size.width, rows)
        if found == self._rows and wanted == self._columns:
            return
        chosen = self._chosen
        self._rows, self._columns = found, wanted
        self.table.clear(columns=True)
        write = ascii_text if self.program.ascii_only else str
        texts = [[write(short(row.cell(column), room)) for column, room in wanted.items()] for row in rows]
        for place, column in enumerate(
            wanted
        ):  # with its width: the table would measure what it holds after a first paint
            width = max([cell_len(HEADINGS[column]), *(cell_len(each[place]) for each in texts)])
            self.table.add_column(Text(HEADINGS[column]), width=width)
        for row, each in zip(rows, texts, strict=True):
            color = self.app.theme_variables[_COLORS.get(row.status, "muted")]
            cells = (Text(text, color if column == "status" else "") for text, column in zip(each, wanted, strict=True))
            self.table.add_row(*cells, key=row.name)
        if chosen in found:
            self.table.move_cursor(row=self.table.get_row_index(chosen), animate=False)
        self.update_keys()

    def _fill_again(self) -> None:
        self._columns = {}
        self._fill(list(self._rows.values()))

    def _recolor(self, _theme: Theme) -> None:
        self._fill_again()

    def on_resize(self) -> None:
        """Show the columns that have room now."""
        if self._rows and self._columns != columns(self.size.width, list(self._rows.values())):
            self._fill_again()

    @property
    def _chosen(self) -> str:
        if not self.table.row_count:
            return ""
        return self.table.coordinate_to_cell_key(self.table.cursor_coordinate).row_key.value or ""

    # what can be done with a run

    def has_effect(self, key: Key) -> bool:
        """Something can be done with a run alone, and only an unfinished one goes on."""
        row = self._rows.get(self._chosen)
        if key.where != "runs":
            return True
        return row is not None and (row.unfinished or not key.action.startswith("resume"))

    def on_data_table_row_highlighted(self) -> None:
        """Another run is chosen."""
        self.update_keys()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter, or a click on the highlighted row."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Open the highlighted run."""
        if self._chosen:
            self.program.open_run(self._chosen)

    def action_resume(self, _which: str) -> None:
        """Go on with the highlighted run, if it is unfinished."""
        row = self._rows.get(self._chosen)
        if row is None or self.program.refuses("start"):
            return
        if not row.unfinished:
            what = "Enter shows it, and p there goes on" if row.status == "paused" else "there is nothing to go on with"
            self.notify(f"{row.name} is {row.status}: {what}.", markup=False)
            return
        self.program.start(cmd.ResumeRun(run=row.name))
        self.program.action_mode("train")

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def action_delete(self) -> None:
        """Delete the highlighted run's folder, after asking."""
        row = self._rows.get(self._chosen)
        if row is None:
            return
        name = row.name
        elsewhere = await asyncio.to_thread(lambda: find_run(name).presence()) if row.status == "unreachable" else None
        dialog = delete_dialog(name, elsewhere, ascii_only=self.program.ascii_only)
        if await self.app.push_screen_wait(dialog) != "y":
            return
        try:
            await asyncio.to_thread(lambda: remove_run(find_run(name)))
        except (Problem, OSError) as fault:
            self.notify(str(fault), severity="error", markup=False)
        self.read()


def _read_all(folders: list[RunFolder]) -> list[RunRow]:
    rows = []
    for folder in folders:
        try:
            rows.append(read_row(folder))
        except OSError:  # deleted meanwhile
            continue
    return rows
