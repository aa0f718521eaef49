"""How the program is left: at once, or after asking what shall become of a run in training."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Awaitable, Callable

from rich.text import Text
from textual.app import App

from engine import commands as cmd
from engine.errors import ExitCode, Problem
from tui.app import exit_messages
from tui.app.engine_session import Session
from tui.headless.survival import Fate, fate
from tui.screens.dialog import Dialog
from tui.screens.quit import quit_dialog
from tui.terminal.shutdown import Shutdown


class Leaving:
    """Asks, waits for a test where that was wanted, and ends the app.

    `waiting` says what is waited for; `changed` is called when that changes, `refused` with a fault to be told.
    `own_log` gives the lines that were kept off the screen, to be printed after it.
    """

    def __init__(
        self,
        app: App[None],
        session: Session,
        ending: Shutdown,
        own_log: Callable[[], tuple[str, ...]],
        changed: Callable[[], None],
        refused: Callable[[Problem], None],
    ) -> None:
        self._app, self._session, self._ending = app, session, ending
        self._own_log, self._changed, self._refused = own_log, changed, refused
        self.waiting = ""
        self._ends_experiment = False

    def ask(self, words: str, *, ascii_only: bool) -> None:
        """Leave with these words; ask first while a run is training."""
        if self._session.training and self._session.watching:
            self.leave(self.words_at_end())
        elif not self._session.training:
            self.leave(words)
        elif not isinstance(self._app.screen, Dialog):
            self._in_background(functools.partial(self._ask, ascii_only), "dialog", exclusive=True)

    def leave(self, words: str = "", status: int = 0) -> None:
        """Close the connection and the app; `words` are printed where the screen was."""
        self._in_background(functools.partial(self._leave, words, status), "leave")

    def told_to_end(self, status: int) -> None:
        """A signal came, or the terminal is gone."""
        self.leave(self.words_at_end(), status)

    def words_at_end(self) -> str:
        """That the run goes on and how to come back to it, or what ends it; empty where nothing trains."""
        session = self._session
        return exit_messages.left_training(session.state, self._fate()) if session.training else ""

    def look(self) -> None:
        """Leave if what was waited for has come."""
        session = self._session
        if self.waiting and not session.training:
            self.waiting = ""
            self._ends_experiment = session.state.arm is not None and session.alive
            self.leave(exit_messages.of_run(session.state) or (session.lost.reason if session.lost else ""))

    def _in_background(self, work: Callable[[], Awaitable[None]], group: str, *, exclusive: bool = False) -> None:
        self._app.run_worker(work, group=group, exclusive=exclusive, exit_on_error=False)

    async def _ask(self, ascii_only: bool) -> None:
        session, run = self._session, self._session.state.run
        paused, end = session.state.status == "paused", self._fate()
        dialog = quit_dialog(run, session.state.arm, end, paused=paused, ascii_only=ascii_only)
        answer = await self._app.push_screen_wait(dialog)
        if answer == "c":
            return
        if not session.training:
            await self._leave(exit_messages.of_run(session.state), 0)
        elif answer == "l":
            await self._leave(exit_messages.left_training(session.state, end), 0)
        elif answer == "s" and await self._accepted(cmd.Stop()):
            self.waiting = "stopping and testing; then mnist-tui quits (q: other ways)"
            self._changed()
        elif answer == "a" and await self._accepted(cmd.Abort()):
            await self._leave(exit_messages.aborted(session.state), 0)

    def _fate(self) -> Fate | None:
        """What ends the run if it is left; an engine that somebody else started may be in another place than we."""
        return fate() if self._session.started else None

    async def _accepted(self, command: cmd.Stop | cmd.Abort) -> bool:
        try:
            await self._session.end_run(command)
        except Problem as fault:
            self._refused(fault)
            return False
        return True

    async def _leave(self, words: str, status: int) -> None:
        session = self._session
        if session.own and session.state.unsaved:
            words = exit_messages.with_unsaved(words, session.state)
            status = status or int(ExitCode.FAILED)
        words = exit_messages.with_log(words, self._own_log())
        self._ending.begin(status, words)
        if self._ends_experiment:  # "stop and test" is meant for all of it: without us the next arm would begin
            with contextlib.suppress(Problem):
                await self._session.send(cmd.Abort())
        await self._session.leave()
        self._app.exit(return_code=status, message=Text(words) if words else None)
