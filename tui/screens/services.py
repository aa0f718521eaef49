"""What a screen may ask the app for."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from textual.app import App

    from engine import commands as cmd
    from engine.client import Heard
    from engine.events import CheckpointKind
    from engine.settings import Settings
    from tui.data.digit_selection import Choice
    from tui.data.predictions import Inspected
    from tui.terminal.repaint_throttle import LineBudget
    from tui.views.snapshot import Snapshot
    from tui.views.tour import Progress
    from tui.views.window import ChartView


class Services(Protocol):
    """The app, as its screens see it.

    What takes time runs in the background: nothing here waits, but for `ask`.
    """

    ascii_only: bool
    """Whether to draw with seven-bit characters."""
    settings: Settings
    line: LineBudget
    """How fast the terminal takes output."""
    chart_view: ChartView
    """The section of the run that all charts show."""

    @property
    def snapshot(self) -> Snapshot:
        """All that is shown of the current run."""

    @property
    def tour(self) -> Progress | None:
        """How far the tour is; None without one."""

    def action_tour_leave(self) -> None:
        """End the tour."""

    # the run

    def start(self, command: cmd.Start | cmd.ResumeRun | cmd.Branch | cmd.Experiment) -> object:
        """Start, resume or branch a run, or start an experiment."""

    def steer(self, action: str, command: cmd.Steering) -> None:
        """Send a command to the run in training, if `action` is available."""

    def change(self, values: Mapping[str, object]) -> object:
        """Change hyperparameters of the run in training."""

    def refuses(self, action: str) -> bool:
        """Return whether `action` is unavailable, and notify the user of the reason."""

    def silence(self, rule: str) -> None:
        """Show no more hints of this diagnosis rule."""

    def open_run(self, name: str) -> object:
        """Show a saved run, or attach to a live one."""

    def preset_chosen(self, name: str) -> None:
        """Fill the form from a preset."""

    def action_mode(self, mode: str) -> None:
        """Switch to another screen."""

    # predictions

    @property
    def inspected(self) -> Inspected | str:
        """The images and predictions shown, or why there are none."""

    @property
    def choice(self) -> Choice:
        """The split and the epoch whose predictions are shown."""

    def choose(self, choice: Choice) -> None:
        """Show another split or epoch."""

    def step_epoch(self, by: int) -> None:
        """Show the predictions `by` epochs later."""

    def inspect(self) -> object:
        """Read the predictions of the chosen split and epoch."""

    def show_digits(self, label: int | None, prediction: int | None) -> None:
        """Open the digits of a true and a predicted class (None: any)."""

    def show_digit(self, index: int) -> None:
        """Open one digit by its index in the chosen split."""

    # queries and the test set

    def ask(self, question: cmd.Query, heard: Heard | None = None) -> Awaitable[dict[str, Any]]:
        """Answer a query about a run. Raises the `Problem` that it is refused with; canceling it gives it up."""

    @property
    def answers_at_once(self) -> bool:
        """Whether the engine for queries is running and has loaded torch."""

    @property
    def evaluating(self) -> str:
        """The run whose test evaluation is under way; empty if none is."""

    def look(self, weights: CheckpointKind) -> object:
        """Evaluate the run's weights on the test set."""


def services(app: App[Any]) -> Services:
    """The app, typed as what its screens may use."""
    return cast("Services", app)
