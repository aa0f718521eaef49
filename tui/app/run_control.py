"""The app's side toward the run in training: what a person has it do, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from textual import work

from engine import commands as cmd
from engine.answers import AppliedChange, decode_result
from engine.client import Connect
from engine.errors import ConfigProblem, Problem
from engine.protocol import ExperimentOver
from engine.state.run_state import RunState
from tui.app.digit_inspection import InspectingApp
from tui.app.engine_session import Session
from tui.screens.train import TrainScreen
from tui.views.available import available
from tui.views.steering import next_rate


@dataclass(frozen=True, slots=True)
class _Asked:
    """Learning rates that were asked for with keys, one after the other, and may not all be told yet.

    `before`: how many changes of the run `run` were told before; `rates` begins with the rate that it had.
    """

    run: str = ""
    before: int = 0
    rates: tuple[float, ...] = ()

    def are_told(self, state: RunState) -> bool:
        """Whether all of them are, or somebody else has changed the rate: then the next one goes on from the state's."""
        told = _changes(state) - self.before
        return state.run != self.run or told >= len(self.rates) - 1 or state.config.learning_rate not in self.rates


def _changes(state: RunState) -> int:
    return sum(mark.kind == "changed" for mark in state.marks)


class SteeringApp(InspectingApp):
    """Sends commands to the engine of its session."""

    ascii_only: bool

    def __init__(self, ask: Connect, *, slow: bool, clock: Callable[[], float]) -> None:
        super().__init__(ask, slow=slow, clock=clock)
        self._asked = _Asked()
        self._session = Session(self._changed)
        self._over_told: ExperimentOver | None = None

    def _changed(self) -> None:
        """Have what is known now painted, in its time."""
        raise NotImplementedError

    def _tell_experiment_over(self) -> None:
        """Say why an experiment ended between two of its runs; where a run's own end was the reason, that says it."""
        over = self._session.experiment_over
        if over is None or over is self._over_told:
            return
        self._over_told = over
        end = self._session.state.finished
        if over.fault and (end is None or end.conclusive):
            self.notify(over.fault, title="Experiment", severity="error", timeout=10, markup=False)

    @work(group="command", exit_on_error=False)
    async def _send(self, command: cmd.Command) -> None:
        try:
            if isinstance(command, cmd.Stop | cmd.Abort):
                await self._session.end_run(command)
            else:
                await self._session.send(command)
        except Problem as fault:
            self._refused(fault)

    @work(group="command", exit_on_error=False)
    async def _give_up(self) -> None:
        await self._session.give_up()

    def steer(self, action: str, command: cmd.Steering) -> None:
        """Send a command to the run in training, where there is one. What has not begun is given up by an end."""
        if self.refuses(action):
            return
        if self.snapshot.starting and not self.snapshot.running:
            self._give_up()
        else:
            self._send(command)

    def refuses(self, action: str) -> bool:
        """Whether the action means nothing now; then says so."""
        if available(action, self.snapshot):
            return False
        if self.snapshot.watching and self.snapshot.running:
            how = "this screen only watches" if self.snapshot.only_watches else "k takes control"
            self.notify(f"{self.snapshot.steers_name} steers; {how}.", markup=False)
        elif action not in ("start", "presets"):
            self.notify("Nothing is training here.", markup=False)
        elif self.snapshot.other:
            doing = self.snapshot.doing
            self.notify(f"{self.snapshot.other} is {doing}; 2 shows it, and s stops it there.", markup=False)
        else:
            doing = self.snapshot.doing
            self.notify(f"It is {doing}: s stops it, q leaves it {doing}.", markup=False)
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
        if self._asked.are_told(state):
            self._asked = _Asked(state.run, _changes(state), (state.config.learning_rate,))
        rate = next_rate(self._asked.rates[-1], by)
        self._asked = replace(self._asked, rates=(*self._asked.rates, rate))
        self._change_rate(rate)

    @work(group="change", exit_on_error=False)
    async def _change_rate(self, rate: float) -> None:
        """Ask for a rate; of one that is refused, or is there already, nothing will be told."""
        try:
            reply = await self._session.send(cmd.Change(values={"learning_rate": rate}))
        except Problem as fault:
            self._asked = _Asked()
            self._refused(fault)
            return
        if reply.result and not decode_result(AppliedChange, reply.result).changed:
            self._asked = replace(self._asked, before=self._asked.before - 1)

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
        if not self.snapshot.running:
            self.steer("abort", cmd.Abort())
            return
        state = self.snapshot.state
        paused = state.status == "paused"
        dialog = abort_dialog(state.run, state.arm, paused=paused, ascii_only=self.ascii_only)
        if await self.push_screen_wait(dialog) == "a":
            self.steer("abort", cmd.Abort())
