"""Pure: what the keys that steer a run ask for."""

from __future__ import annotations

import math

import msgspec

from engine import commands as cmd
from engine.diagnosis.segment import GUESSING
from engine.events import EpochEnded
from engine.state.run_state import RunState

_STEPS = (1.0, 2.0, 5.0, 10.0)
_LOWEST, _HIGHEST = 1e-8, 1e3
RUINED = 3.0
"""A validation loss so many times the best one's, or guessing's, is of weights that nobody wants back."""


def next_rate(rate: float, by: int) -> float:
    """The next higher (`by` 1) or lower (-1) learning rate of the series 1, 2, 5, 10, about a third of a decade away."""
    if rate <= 0:
        return _LOWEST if by > 0 else 0.0
    decade = math.floor(math.log10(rate) + 1e-9)
    steps = sorted({float(f"{step}e{d}") for d in (decade - 1, decade, decade + 1) for step in _STEPS})
    near = 1e-6 * rate
    if by > 0:
        found = next(step for step in steps if step > rate + near)
    else:
        found = next(step for step in reversed(steps) if step < rate - near)
    return min(max(found, _LOWEST), _HIGHEST)


def rolled_back(state: RunState) -> cmd.Branch | cmd.Start:
    """What has a diverged run trained on from where it was last good, with a third of its rate or less (see `_tamed`).

    A branch that diverged before it had good weights of its own goes back to those it began with; any other run, to the beginning.
    """
    good = _good(state)
    rate = _tamed(state, good)
    if good is not None:
        at = "last" if good is state.epochs[-1] else "best"
        return cmd.Branch(run=state.run, at=at, values={"learning_rate": rate})
    config = msgspec.structs.replace(state.config, learning_rate=rate)
    if state.parent is None:
        return cmd.Start(config=config, preset=state.preset)
    return cmd.Branch(run=state.parent.run, at=state.parent.at, values=msgspec.structs.asdict(config))


def _good(state: RunState) -> EpochEnded | None:
    """The last epoch, or the best where the last is ruined already, though its loss is still a number; None without any."""
    best = state.best
    most = RUINED * GUESSING[state.config.loss]
    if best is None or best.validation_loss is None or best.validation_loss > most:
        return None
    last = state.epochs[-1]
    most = min(most, RUINED * best.validation_loss)
    return last if last.validation_loss is not None and last.validation_loss <= most else best


def _tamed(state: RunState, good: EpochEnded | None) -> float:
    """A third of the rate; where a constant one was raised by more than that since the last good epoch, or without one since the
    run began, what it was then."""
    config = state.config
    third = float(f"{config.learning_rate / 3:.2g}")
    is_constant = config.schedule == "constant" and not config.warmup and not config.lr_decay
    if not is_constant or state.started is None:
        return third
    return min(third, good.learning_rate if good is not None else state.started.config.learning_rate)
