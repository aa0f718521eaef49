"""Rules on what the hidden layers do: units that are dead, activations driven to their limits."""

from __future__ import annotations

from engine.config import TrainConfig
from engine.diagnosis.hint import Figure, Finding, Severity
from engine.diagnosis.rates import one_digit, slower, usual_rate
from engine.diagnosis.segment import CHANCE, LINEAR, Segment
from engine.diagnosis.wording import count, percent
from engine.fields import Value

DEAD = 0.5
"""Share of a layer's units that give 0 for a thousand images. In a sound run some do, up to a fifth in our recordings: part of
them sees the empty margin of the images alone."""
ALL_BUT_DEAD = 0.9
"""From here on the layer passes hardly anything on."""
SATURATED = 0.8
"""Share of a layer's values within 0.05 of a limit of their activation. Sound runs have up to 0.45 in our recordings, and a
network that has learned may be sure of itself: so only where it reads worse than one without hidden layers."""


def dead_relus(segment: Segment) -> Finding | None:
    """In one of the hidden layers most ReLUs are 0 for every image."""
    told = segment.spread
    shares = [(layer.dead, n) for n, layer in enumerate(told.hidden, 1) if layer.dead is not None] if told else []
    if not told or not shares or max(shares)[0] < DEAD:
        return None
    share, number = max(shares)
    layer = told.hidden[number - 1]
    words = {"share": percent(share, 0), "units": count(layer.units), "layer": str(number)}
    evidence = (
        *(Figure(f"dead units, hidden layer {n}", _of_units(dead, told.hidden[n - 1].units)) for dead, n in shares),
        *_ends(segment),
    )
    severity: Severity = "fault" if share >= ALL_BUT_DEAD else "warning"
    return Finding("most", words, evidence, _livelier(segment.config), severity)


def _of_units(share: float, units: int) -> str:
    return f"{round(share * units)} of {units}, on a thousand validation images"


def _livelier(config: TrainConfig) -> dict[str, Value]:
    """An activation whose units cannot die; and the usual rate, where it is above that."""
    changes: dict[str, Value] = {"activation": "leaky_relu"}
    if config.learning_rate > 2 * usual_rate(config):
        changes["learning_rate"] = one_digit(usual_rate(config))
    return changes


def saturated(segment: Segment) -> Finding | None:
    """Nearly all values of a hidden layer lie at a limit of its sigmoid or tanh, and it reads badly."""
    told = segment.spread
    shares = (
        [(layer.saturated, n) for n, layer in enumerate(told.hidden, 1) if layer.saturated is not None] if told else []
    )
    if not told or not shares or not segment.epochs or max(shares)[0] < SATURATED:
        return None
    accuracy = segment.epochs[-1].validation_accuracy
    if accuracy >= LINEAR:
        return None
    share, number = max(shares)
    config = segment.config
    words = {"share": percent(share, 0), "layer": str(number), "activation": config.activation}
    evidence = (
        *(Figure(f"saturated values, hidden layer {n}", f"{percent(s)}, on a thousand images") for s, n in shares),
        *_ends(segment),
        Figure("learning rate", f"{config.learning_rate:g}, usual {usual_rate(config):.3g}"),
    )
    severity: Severity = "fault" if accuracy < CHANCE else "warning"
    return Finding("limits", words, evidence, _gentler(config), severity)


def _gentler(config: TrainConfig) -> dict[str, Value]:
    if config.learning_rate > usual_rate(config):
        return {"learning_rate": slower(config, 10)}
    return {"init": "auto"} if config.init != "auto" else {"activation": "relu"}


def _ends(segment: Segment) -> tuple[Figure, ...]:
    """What comes of it."""
    if not segment.epochs:
        return ()
    last = segment.epochs[-1]
    return (Figure("validation accuracy", f"{percent(last.validation_accuracy)}, epoch {last.epoch}"),)
