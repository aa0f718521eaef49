"""What of a machine decides the last digits of a run's figures, and in what two machines differ there."""

from __future__ import annotations

from engine.events import Machine


def unlike(before: Machine, now: Machine) -> tuple[str, ...]:
    """In what two machines differ that decides the last digits, each as "A then, B now"; what one does not tell is no difference.

    Sums of floats come out otherwise in another order: with other vector instructions, another processor (for which the
    mathematics libraries choose other code), number of threads, device, precision or version of torch.
    """
    pairs = [
        (before.device, now.device),
        (_threads(before), _threads(now)),
        (before.precision, now.precision),
        (before.instructions, now.instructions),
        (before.processor, now.processor),
        (f"torch {before.torch}", f"torch {now.torch}"),
    ]
    return tuple(f"{old} then, {new} now" for old, new in pairs if old and new and old != new)


def _threads(machine: Machine) -> str:
    return f"{machine.threads} thread{'s' * (machine.threads != 1)}"
