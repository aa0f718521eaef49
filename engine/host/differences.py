"""What of a machine decides the last digits of a run's figures, and in what two machines differ there."""

from __future__ import annotations

from typing import NamedTuple

from engine.events import Machine


class Difference(NamedTuple):
    """One property in which two machines differ: "AVX512" and "AVX2", "4 threads" and "2 threads"."""

    before: str
    now: str


def differences(before: Machine, now: Machine) -> tuple[Difference, ...]:
    """The differences between two machines that change the last digits of a run. Unknown properties are left out.

    Floating-point sums depend on their order, which follows from the vector instructions, the processor (math libraries
    choose code by it), the number of threads, the device, the precision, and the version of torch.
    """
    pairs = [
        (before.device, now.device),
        (_threads(before), _threads(now)),
        (before.precision, now.precision),
        (before.instructions, now.instructions),
        (before.processor, now.processor),
        (f"torch {before.torch}", f"torch {now.torch}"),
    ]
    return tuple(Difference(old, new) for old, new in pairs if old and new and old != new)


def _threads(machine: Machine) -> str:
    return f"{machine.threads} thread{'s' * (machine.threads != 1)}"
