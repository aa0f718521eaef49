"""All that the screens show, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from engine.client import Lost
from engine.history import RunState

EngineStatus = Literal["none", "starting", "loading", "ready", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """What is known at one moment.

    `state` is the run that is shown; `opened` where it was read from its folder, so that no engine here is busy with
    it; `other` is then the run that one is busy with. `engine` says how the process stands, `lost` why it is gone. `waiting` is what a person waits for before the program ends.
    `own` are lines that this program, not the engine, has for the log; `unread` counts log lines not seen yet.
    """

    state: RunState = field(default_factory=RunState)
    preset: str = ""
    opened: bool = False
    other: str = ""
    engine: EngineStatus = "none"
    lost: Lost | None = None
    starting: bool = False
    waiting: str = ""
    own: tuple[str, ...] = ()
    unread: int = 0

    @property
    def running(self) -> bool:
        """Whether the engine trains the run that is shown, and can be steered."""
        return self.state.running and not self.opened and self.lost is None
