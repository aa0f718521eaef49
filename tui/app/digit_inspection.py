"""The app's side toward single digits: which are looked into, and the engine that answers questions about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from textual import work
from textual.reactive import var

from engine import commands as cmd
from engine.client import Connect, Heard
from engine.errors import Problem
from engine.runs.folder import find_run
from engine.state.run_state import RunState
from tui.app.query_engine import Asker
from tui.data.digit_selection import Choice, stepped
from tui.terminal.terminal_app import TerminalApp
from tui.views.snapshot import Snapshot

if TYPE_CHECKING:
    from tui.data.predictions import Inspected
    from tui.screens.digits import DigitsScreen


class InspectingApp(TerminalApp):
    """`ask` makes the connection that questions about runs go to. The split and the epoch are chosen here for all screens."""

    snapshot: var[Snapshot] = var(Snapshot(), init=False)
    inspected: var[Inspected | str] = var("", init=False)
    """The digits that are looked into, or why there are none."""

    def __init__(self, ask: Connect, *, slow: bool, clock: Callable[[], float]) -> None:
        super().__init__(slow=slow, clock=clock)
        self._choice = Choice()
        self._inspecting = _to_inspect(RunState())
        self._asker = Asker(ask)

    async def on_unmount(self) -> None:
        """Leave the engine that answers questions."""
        await self._asker.close()

    def action_mode(self, mode: str) -> None:
        """Show a screen."""
        raise NotImplementedError

    @property
    def choice(self) -> Choice:
        """Which split and epoch the screens on single digits show."""
        return self._choice

    def choose(self, choice: Choice) -> None:
        """Show another split or epoch."""
        self._choice = choice
        self.inspect()

    def step_epoch(self, by: int) -> None:
        """Show the readings of an epoch `by` further."""
        if not isinstance(self.inspected, str):
            self.choose(stepped(self._choice, self.inspected, by))

    def follow_run(self) -> None:
        """What a screen on single digits shows follows the run that is shown."""
        state = self.snapshot.state
        known = _to_inspect(state)
        if known != self._inspecting and getattr(self.screen, "INSPECTS", False):
            if known[:2] != self._inspecting[:2]:
                self._choice = Choice(self._choice.split)
            self.inspect()

    def show_digits(self, label: int | None, prediction: int | None) -> None:
        """Show the digits of a label that are read as a digit (None: any): the right ones of equal digits, else the wrong."""
        self._digits_screen().show_pair(label, prediction)

    def show_digit(self, index: int) -> None:
        """Show one digit, by its place in the chosen split."""
        self._digits_screen().show_index(index)

    def _digits_screen(self) -> DigitsScreen:
        self.action_mode("digits")
        return cast("DigitsScreen", self.screen_stack[0])

    @work(group="inspect", exclusive=True, exit_on_error=False)
    async def inspect(self) -> None:
        """Read what there is to show of the chosen split and epoch."""
        from tui.data.predictions import inspect  # noqa: PLC0415 - brings numpy in

        state = self.snapshot.state
        self._inspecting = _to_inspect(state)
        if not state.run:
            self.inspected = "No run yet: 1 goes to the training screen, r starts one there."
            return
        try:
            folder = await asyncio.to_thread(find_run, state.run)
            self.inspected = await asyncio.to_thread(inspect, folder, state, self._choice)
        except (Problem, OSError) as fault:
            self.inspected = str(fault)

    async def ask(self, question: cmd.Query, heard: Heard | None = None) -> dict[str, Any]:
        """The answer to a question about a run. Raises the `Problem` it is refused with; canceling gives it up."""
        return await self._asker.ask(question, heard)

    @property
    def answers_at_once(self) -> bool:
        """Whether a question need not wait for an engine to start and load torch."""
        return self._asker.ready


def _to_inspect(state: RunState) -> tuple[str, float, int, int, int]:
    """What changes when there are other digits to show, or other weights to ask about them."""
    saved = state.checkpoint.step if state.checkpoint else 0
    return state.run, state.created, len(state.epochs), len(state.test_evaluations), saved
