"""The app's side towards the run in training: what a person has it do, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual import work

from engine import commands as cmd
from engine.errors import ConfigProblem, Problem
from tui.inspecting_app import InspectingApp
from tui.screens.train import TrainScreen
from tui.session import Connect, Session
from tui.views.available import available
from tui.views.steering import next_rate


class SteeringApp(InspectingApp):
    """Sends commands to the engine of its session."""

    ascii_only: bool

    def __init__(self, ask: Connect, *, slow: bool, clock: Callable[[], float]) -> None:
        super().__init__(ask, slow=slow, clock=clock)
        self._rate_asked = ("", 0, 0.0)
        """Of which run, after how many marks, and the learning rate that was asked for since then."""
        self._session = Session(self._changed)

    def _changed(self) -> None:
        """Have what is known now painted, in its time."""
        raise NotImplementedError

    @work(group="command", exit_on_error=False)
    async def _send(self, command: cmd.Command) -> None:
        try:
            await self._session.send(command)
        except Problem as fault:
            self._refused(fault)

    def steer(self, action: str, command: cmd.Steering) -> None:
        """Send a command to the run in training, where there is one."""
        if not self.refuses(action):
            self._send(command)

    def refuses(self, action: str) -> bool:
        """Whether the action means nothing now; then says so."""
        if available(action, self.snapshot):
            return False
        if self.snapshot.watching and self.snapshot.running:
            self.notify(f"{self.snapshot.steers_name} steers; k takes control.", markup=False)
        elif action not in ("start", "presets"):
            self.notify("Nothing is training here.", markup=False)
        elif self.snapshot.other:
            self.notify(f"{self.snapshot.other} is training; 2 shows it, and s stops it there.", markup=False)
        else:
            self.notify("It is training: s stops it, q leaves it training.", markup=False)
        return True

    def _refused(self, fault: Problem) -> None:
        if isinstance(fault, ConfigProblem) and fault.field and isinstance(self.screen, TrainScreen):
            self.screen.show_fault(fault)
        else:
            self.notify(str(fault), title="Refused", severity="error", timeout=10, markup=False)

    def action_pause(self) -> None:
        """Pause, or go on."""
        paused = self.snapshot.state.status == "paused"
        self.steer("pause", cmd.Continue() if paused else cmd.Pause())

    def action_stop(self) -> None:
        """Finish the batch, validate, test, end."""
        self.steer("stop", cmd.Stop())

    @work(group="change", exit_on_error=False)
    async def change(self, values: Mapping[str, object]) -> None:
        """Give hyperparameters of the run in training other values; a refusal is told."""
        try:
            await self._session.send(cmd.Change(values=dict(values)))
        except Problem as fault:
            self._refused(fault)
            self._changed()

    def action_rate(self, by: int) -> None:
        """Raise or lower the learning rate of the run in training: 1, 2, 5, 10 …"""
        if self.refuses("change"):
            return
        state = self._session.state
        asked = (state.run, sum(mark.kind != "kept" for mark in state.marks))
        if asked != self._rate_asked[:2]:  # told of by now: begin from there
            self._rate_asked = (*asked, state.config.learning_rate)
        rate = next_rate(self._rate_asked[2], by)
        self._rate_asked = (*asked, rate)
        self.change({"learning_rate": rate})

    def action_undo(self) -> None:
        """Give what was changed last its value from before."""
        self.steer("undo", cmd.Undo())

    def action_take_control(self) -> None:
        """Steer, where another screen does."""
        if self.snapshot.watching:
            self._send(cmd.TakeControl())

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def action_abort(self) -> None:
        """End without a test, after asking."""
        from tui.screens.quit import abort_dialog  # noqa: PLC0415 - the first picture does without

        if self.refuses("abort"):
            return
        if await self.push_screen_wait(abort_dialog(self.snapshot.state.run, ascii_only=self.ascii_only)) == "a":
            self.steer("abort", cmd.Abort())
