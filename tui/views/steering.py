"""Pure: what the keys that steer a run ask for."""

from __future__ import annotations

import math

import msgspec

from engine import commands as cmd
from engine.history import RunState

_STEPS = (1.0, 2.0, 5.0, 10.0)
_LOWEST, _HIGHEST = 1e-8, 1e3


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

    A branch that diverged before it had weights of its own goes back to those it began with; any other run, to the beginning.
    """
    rate = _tamed(state)
    if state.epochs:
        return cmd.Branch(run=state.run, values={"learning_rate": rate})
    config = msgspec.structs.replace(state.config, learning_rate=rate)
    if state.parent is None:
        return cmd.Start(config=config, preset=state.preset)
    return cmd.Branch(run=state.parent.run, at=state.parent.at, values=msgspec.structs.asdict(config))


def _tamed(state: RunState) -> float:
    """A third of the rate; where a constant one was raised since the last good epoch by more than that, that epoch's."""
    config = state.config
    third = float(f"{config.learning_rate / 3:.2g}")
    is_constant = config.schedule == "constant" and not config.warmup and not config.lr_decay
    return min(third, state.epochs[-1].learning_rate) if is_constant and state.epochs else third
