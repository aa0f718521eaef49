"""All that the screens show, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from engine.client import Lost
from engine.protocol import ExperimentOver, Steers
from engine.state.run_state import RunState

if TYPE_CHECKING:
    from engine.diagnosis import Hint

EngineStatus = Literal["none", "starting", "loading", "ready", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """What is known at one moment.

    `state` is the run that is shown, `parent` the one it branched off, where that is at hand; `opened` where it was read from its folder, so that no engine here is busy with
    it; `other` is then the run that one is busy with. `engine` says how the process stands, `lost` why it is gone, `steers` which screen steers it.
    `waiting` is what a person waits for before the program ends.
    `under_way` is the run that the engine here is busy with, or was last: `state` unless another one was opened. `experiment_over` is how the
    experiment that it was an arm of ended, if it has.
    `hints` are what there is to say of the run, the gravest first.
    `own` are lines that this program, not the engine, has for the log; `unread` counts log lines not seen yet.
    """

    state: RunState = field(default_factory=RunState)
    under_way: RunState = field(default_factory=RunState)
    experiment_over: ExperimentOver | None = None
    parent: RunState | None = None
    preset: str = ""
    opened: bool = False
    other: str = ""
    engine: EngineStatus = "none"
    lost: Lost | None = None
    starting: bool = False
    steers: Steers | None = None
    only_watches: bool = False
    """Whether this screen was opened to watch (--read-only), and cannot take control."""
    waiting: str = ""
    still: str = ""
    """What takes longer than it should before a run's first step ("Still importing torch after 20 s")."""
    hints: tuple[Hint, ...] = ()
    own: tuple[str, ...] = ()
    own_count: int = 0
    unread: int = 0

    @property
    def watching(self) -> bool:
        """Whether another screen steers."""
        return self.steers is not None and not self.steers.you

    @property
    def steers_name(self) -> str:
        """What the steering screen is called."""
        return (self.steers.name if self.steers else "") or "another screen"

    @property
    def doing(self) -> str:
        """What the run does that the engine here is busy with: "training" or "paused"."""
        return "paused" if self.under_way.status == "paused" else "training"

    @property
    def running(self) -> bool:
        """Whether the engine trains the run that is shown, and can be steered."""
        return self.state.running and not self.opened and self.lost is None
