"""Hooks on a network's activations that count dead units and saturated values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn

from engine.config import TrainConfig
from engine.events import Hidden

ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.GELU, nn.Tanh, nn.Sigmoid)
LIMITS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
NEAR = 0.05
"""A value this close to a limit is saturated: the derivative of tanh is below 0.1 there, that of sigmoid below 0.05."""

OnForward = Callable[[Tensor, Tensor], None]
"""Called with an activation's input and output: (N, units) or (N, units, height, width)."""


def activations_of(model: nn.Module) -> list[nn.Module]:
    """The activation modules of the hidden layers, in order from the input."""
    return [module for module in model.modules() if isinstance(module, ACTIVATIONS)]


@contextmanager
def forward_hooks(activations: Sequence[nn.Module], callbacks: Sequence[OnForward]) -> Iterator[None]:
    """Call the callback of each activation for every forward pass within the context."""

    def hook(callback: OnForward) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        return lambda _module, inputs, output: callback(inputs[0], output)

    handles = [
        activation.register_forward_hook(hook(callback))
        for activation, callback in zip(activations, callbacks, strict=True)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def by_unit(values: Tensor) -> Tensor:
    """(units, values): a unit is a neuron, or a channel at all its positions."""
    return values.transpose(0, 1).flatten(1)


def near_limit(leaving: Tensor, activation: str) -> Tensor:
    """Which output values of an activation in `LIMITS` are saturated."""
    floor, ceiling = LIMITS[activation]
    return (leaving <= floor + NEAR) | (leaving >= ceiling - NEAR)


class FirstBatch:
    """Measures each hidden layer on the first batch only."""

    def __init__(self, model: nn.Module, config: TrainConfig) -> None:
        self._activation = config.activation
        self._activations = activations_of(model)
        self._measured: list[Hidden | None] = [None] * len(self._activations)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Measure the first forward pass within the context."""
        with forward_hooks(self._activations, [self._on_forward(n) for n in range(len(self._activations))]):
            yield

    @property
    def layers(self) -> tuple[Hidden, ...]:
        """The measurements, one for each layer."""
        return tuple(hidden for hidden in self._measured if hidden is not None)

    def _on_forward(self, number: int) -> OnForward:
        def measure(entering: Tensor, leaving: Tensor) -> None:
            if self._measured[number] is None:
                self._measured[number] = hidden(self._activation, entering, leaving)

        return measure


def hidden(activation: str, entering: Tensor, leaving: Tensor) -> Hidden:
    """The shares of dead units and saturated values in a batch, from the input and output of the activation."""
    units = int(entering.shape[1])
    dead = saturated = None
    if activation == "relu":
        dead = round(float((by_unit(entering).amax(dim=1) <= 0).double().mean()), 4)
    elif activation in LIMITS:
        saturated = round(float(near_limit(leaving, activation).double().mean()), 4)
    return Hidden(activation=activation, units=units, dead=dead, saturated=saturated)
