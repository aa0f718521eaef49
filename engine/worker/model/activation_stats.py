"""The activations of a network, listened to while it reads images: units that are dead, values that are saturated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn

from engine.config import TrainConfig
from engine.events import Hidden

BENDS = (nn.ReLU, nn.LeakyReLU, nn.GELU, nn.Tanh, nn.Sigmoid)
LIMITS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
NEAR = 0.05
"""So near to a limit of its activation, a value is saturated: the slope of tanh is below 0.1 there, of sigmoid below 0.05."""

Hear = Callable[[Tensor, Tensor], None]
"""Is told what enters a bend and what leaves it: (N, units) or (N, units, height, width)."""


def activation_stats_of(model: nn.Module) -> list[nn.Module]:
    """The activations of the hidden layers, from the input on."""
    return [module for module in model.modules() if isinstance(module, BENDS)]


@contextmanager
def listening(activation_stats: Sequence[nn.Module], hear: Sequence[Hear]) -> Iterator[None]:
    """Each of `hear` is told of every batch that passes its bend."""

    def hook(each: Hear) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        return lambda _module, entering, leaving: each(entering[0], leaving)

    handles = [
        activation.register_forward_hook(hook(each)) for activation, each in zip(activation_stats, hear, strict=True)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def by_unit(values: Tensor) -> Tensor:
    """(units, all its values): a unit is a neuron, or a channel at all its places."""
    return values.transpose(0, 1).flatten(1)


def near_limit(leaving: Tensor, activation: str) -> Tensor:
    """Whether each value is saturated; of an activation in `LIMITS`."""
    floor, ceiling = LIMITS[activation]
    return (leaving <= floor + NEAR) | (leaving >= ceiling - NEAR)


class FirstBatch:
    """Hears the first batch that passes each hidden layer's bend, and no more."""

    def __init__(self, model: nn.Module, config: TrainConfig) -> None:
        self._activation = config.activation
        self._activation_stats = activation_stats_of(model)
        self._heard: list[Hidden | None] = [None] * len(self._activation_stats)

    @contextmanager
    def listens(self) -> Iterator[None]:
        """While the network reads images."""
        with listening(self._activation_stats, [self._ear(n) for n in range(len(self._activation_stats))]):
            yield

    @property
    def heard(self) -> tuple[Hidden, ...]:
        """What was heard, a layer each."""
        return tuple(hidden for hidden in self._heard if hidden is not None)

    def _ear(self, number: int) -> Hear:
        def hear(entering: Tensor, leaving: Tensor) -> None:
            if self._heard[number] is None:
                self._heard[number] = hidden(self._activation, entering, leaving)

        return hear


def hidden(activation: str, entering: Tensor, leaving: Tensor) -> Hidden:
    """What a hidden layer does on a batch, from what enters its activation and what leaves it."""
    units = int(entering.shape[1])
    dead = saturated = None
    if activation == "relu":
        dead = round(float((by_unit(entering).amax(dim=1) <= 0).double().mean()), 4)
    elif activation in LIMITS:
        saturated = round(float(near_limit(leaving, activation).double().mean()), 4)
    return Hidden(activation=activation, units=units, dead=dead, saturated=saturated)
