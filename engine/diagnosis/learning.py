"""Rules on a network that learns nothing, or too slowly."""

from __future__ import annotations

from itertools import pairwise

from engine.diagnosis.hint import Figure, Finding
from engine.diagnosis.rates import higher, lower, slower, usual_rate
from engine.diagnosis.segment import LEAST_STEPS, LINEAR, Segment
from engine.diagnosis.wording import count, number, percent
from engine.fields import Value

DEEP = 3
"""Hidden layers from which on sigmoids can keep the gradient from the first."""
SIGMOID_SLOPE = 0.25
"""Greatest slope of the sigmoid, at 0 (Hochreiter 1991; Glorot and Bengio 2010 measure it layer by layer)."""
TINY_NORM = 1e-3
"""A gradient of this length moves nothing at a usual rate; at guessing it is 0.1 to 1 where the network is sound."""
LOST = 1e-3
"""Share of the last layer's gradient that reaches the first one where the layers between keep it back. In our recordings of
sound runs it is between a tenth and ten times as long; of the six sigmoids of sigmoid-deep a hundred-thousandth."""
SLOW = 0.25
"""Share of the training loss that an epoch takes away at a usual rate while validation is below `LINEAR`: most often more
than half, in the first epoch alone."""
LOW = 0.5
"""Share of the usual rate below which the rate is the likely cause."""
LARGE_BATCH = 512
"""From this batch size on, the rate of a batch of 64 makes an epoch of few steps too short (Goyal et al. 2017 scale it
with the batch)."""
USUAL_BATCH = 64
MUCH_DROPOUT = 0.6
"""Dropout above which most of a layer is missing in each step; 0.5 is Srivastava et al.'s (2014) largest."""
DROPOUT_GAP = 0.8
"""Share of the validation accuracy, without dropout, that the training accuracy, with it, does not reach where dropout is
what holds it up; at a dropout of 0.5 a network that has learned anything reaches 0.9."""
LEAST_FLAT = 5
FLAT = 0.01
"""Plateau: in so many epochs the validation loss has improved by less than 1%: its own noise at 10,000 images."""
FLAT_TRAINING = 0.03
"""While the training loss falls by more than 3% in as many epochs, something is still learned."""


def vanishing(segment: Segment) -> Finding | None:
    """At guessing, with a gradient that is tiny, or that does not reach the first layers."""
    if not segment.at_guessing:
        return None
    if (lost := _lost_on_the_way(segment)) is not None:
        return lost
    config = segment.config
    norms = [epoch.gradient_norm for epoch in segment.epochs if epoch.gradient_norm is not None]
    evidence = [*_guessing(segment)]
    if norms:
        evidence.append(Figure("gradient norm", f"{number(norms[-1])}, epoch {segment.epochs[-1].epoch}, all layers"))
    if norms and norms[-1] < TINY_NORM:
        words = {"norm": number(norms[-1]), "loss": number(segment.epochs[-1].train_loss)}
        return Finding("tiny", words, tuple(evidence), _other_activation(segment))
    depth = len(config.hidden)
    if config.model != "mlp" or config.activation != "sigmoid" or depth < DEEP or config.batch_norm:
        return None
    bound = f"1/{round(1 / SIGMOID_SLOPE**depth)}"
    evidence.append(Figure("passed back", f"at most {SIGMOID_SLOPE:g} a sigmoid: {bound} through {depth}"))
    words = {"loss": number(segment.epochs[-1].train_loss), "depth": str(depth), "bound": bound}
    return Finding("deep", words, tuple(evidence), {"activation": "relu"})


def _lost_on_the_way(segment: Segment) -> Finding | None:
    """The gradient that reaches the first layer is a thousandth of the last layer's, or less."""
    if not segment.layers or len(segment.layers[-1].layers) < 3:
        return None
    told = segment.layers[-1]
    norms = [layer.gradient_norm for layer in told.layers]
    first, last = norms[0], norms[-1]
    if first is None or not last or first > LOST * last:
        return None
    words = {"first": number(first), "last": number(last), "depth": str(len(norms))}
    evidence = (
        *_guessing(segment),
        *(
            Figure(f"gradient norm, layer {n}", f"{number(layer.gradient_norm)} ({layer.name}), step {told.step}")
            for n, layer in enumerate(told.layers, 1)
        ),
    )
    return Finding("layers", words, evidence, _other_activation(segment))


def _other_activation(segment: Segment) -> dict[str, Value]:
    if segment.config.activation in ("sigmoid", "tanh"):
        return {"activation": "relu"}
    return {"init": "auto"}


def not_learning(segment: Segment) -> Finding | None:
    """The loss has stayed at the value of guessing for an epoch or more."""
    if not segment.at_guessing:
        return None
    config, epochs = segment.config, len(segment.epochs)
    rate, usual = config.learning_rate, usual_rate(config)
    changes: dict[str, Value] = {}
    if rate > usual:
        changes = {"learning_rate": slower(config, 10)}
    elif rate < LOW * usual:
        changes = {"learning_rate": higher(config)}
    elif config.activation in ("sigmoid", "tanh"):
        changes = {"activation": "relu"}
    words = {"guess": number(segment.guess), "epochs": str(epochs)}
    evidence = (*_guessing(segment), Figure("learning rate", f"{rate:g}, usual {usual:.3g}"))
    return Finding("epoch" if epochs == 1 else "epochs", words, evidence, changes)


def _guessing(segment: Segment) -> tuple[Figure, ...]:
    last = segment.epochs[-1]
    return (
        Figure("training loss", f"{number(last.train_loss)}, epoch {last.epoch}"),
        Figure("value of guessing", f"{number(segment.guess)} ({segment.config.loss})"),
        Figure("validation accuracy", f"{percent(last.validation_accuracy)}, epoch {last.epoch}; chance 10%"),
    )


def rate_low(segment: Segment) -> Finding | None:
    """The loss falls steadily but slowly, far from the goal, at a rate below the usual."""
    if segment.config.learning_rate >= LOW * usual_rate(segment.config) or segment.steps < LEAST_STEPS:
        return None
    if (fall := _slow_fall(segment)) is None:
        return None
    words = {"share": percent(fall), "now": number(segment.epochs[-1].train_loss)}
    rate = f"{segment.config.learning_rate:g}, usual {usual_rate(segment.config):.3g}"
    evidence = (*_falling(segment), Figure("learning rate", rate))
    return Finding("slow", words, evidence, {"learning_rate": higher(segment.config)})


def batch_large(segment: Segment) -> Finding | None:
    """The same with few steps an epoch, at a rate that would do for a small batch."""
    config, started = segment.config, segment.state.started
    per_image = config.learning_rate * USUAL_BATCH / config.batch_size
    if config.batch_size < LARGE_BATCH or per_image >= LOW * usual_rate(config) or started is None:
        return None
    if (fall := _slow_fall(segment)) is None:
        return None
    steps = max(round(started.train_images / config.batch_size), 1)
    words = {"steps": str(steps), "share": percent(fall), "batch": count(config.batch_size)}
    evidence = (
        *_falling(segment),
        Figure("batch size", f"{count(config.batch_size)} images, {steps} steps an epoch"),
        Figure("learning rate", f"{config.learning_rate:g}, usual {usual_rate(config):.3g} for {USUAL_BATCH} images"),
    )
    return Finding("slow", words, evidence, {"batch_size": USUAL_BATCH})


def _slow_fall(segment: Segment) -> float | None:
    """The share of the training loss that was lost in the last epoch, where it falls steadily and too slowly.

    Steadily: in each of the last two epochs, in training and validation alike, with the latest validation the best.
    """
    last = segment.epochs[-3:] if len(segment.epochs) > 2 else segment.epochs[-2:]
    trained = [epoch.train_loss for epoch in last if epoch.train_loss is not None]
    validated = [epoch.validation_loss for epoch in last if epoch.validation_loss is not None]
    if len(last) < 2 or len(trained) < len(last) or len(validated) < len(last):
        return None
    if segment.epochs[-1].validation_accuracy >= LINEAR or validated[-1] > 1.1 * trained[-1]:
        return None
    best = segment.best
    if best is None or best.epoch < segment.epochs[-1].epoch:
        return None
    if not all(after < before for losses in (trained, validated) for before, after in pairwise(losses)):
        return None
    falls = [1 - after / before for before, after in pairwise(trained)]
    return falls[-1] if max(falls) < SLOW else None


def _falling(segment: Segment) -> tuple[Figure, ...]:
    before, last = segment.epochs[-2:]
    return (
        Figure(
            "training loss",
            f"{number(before.train_loss)}, epoch {before.epoch}; {number(last.train_loss)}, epoch {last.epoch}",
        ),
        Figure(
            "validation loss", f"{number(last.validation_loss)}, epoch {last.epoch}: no gap, nothing learned by heart"
        ),
        Figure(
            "validation accuracy",
            f"{percent(last.validation_accuracy)}, epoch {last.epoch}; without hidden layers {percent(LINEAR, 0)}",
        ),
    )


def dropout_high(segment: Segment) -> Finding | None:
    """So much is dropped that training cannot learn what validation shows to be there."""
    config, last = segment.config, segment.epochs[-1:]
    if config.dropout <= MUCH_DROPOUT or config.model == "linear" or len(segment.epochs) < 2:
        return None
    trained, validated = last[0].train_accuracy, last[0].validation_accuracy
    if segment.steps < LEAST_STEPS or validated >= LINEAR or trained > validated * DROPOUT_GAP:
        return None
    words = {"dropout": f"{config.dropout:g}", "trained": percent(trained), "validated": percent(validated)}
    evidence = (
        Figure("training accuracy", f"{percent(trained)}, epoch {last[0].epoch}, with dropout"),
        Figure("validation accuracy", f"{percent(validated)}, epoch {last[0].epoch}, without"),
        Figure("dropout", f"{config.dropout:g}"),
    )
    return Finding("gap", words, evidence, {"dropout": 0.5})


def plateau(segment: Segment) -> Finding | None:
    """Neither loss has moved for some epochs, at one rate."""
    epochs = segment.epochs
    if len(epochs) <= LEAST_FLAT:
        return None
    losses = [epoch.validation_loss for epoch in epochs]
    known = [loss for loss in losses if loss is not None]
    before, trained = epochs[-LEAST_FLAT - 1], epochs[-1].train_loss
    if len(known) < len(losses) or trained is None or before.train_loss is None:
        return None
    earlier, lately = min(known[:-LEAST_FLAT]), min(known[-LEAST_FLAT:])
    rates = {epoch.learning_rate for epoch in epochs[-LEAST_FLAT - 1 :]}
    if lately < earlier * (1 - FLAT) or trained < before.train_loss * (1 - FLAT_TRAINING) or len(rates) > 1:
        return None
    best = segment.best or epochs[-1]
    words = {"least": number(best.validation_loss), "epochs": str(LEAST_FLAT)}
    evidence = (
        Figure("lowest validation loss", f"{number(best.validation_loss)}, epoch {best.epoch}"),
        Figure("lowest in the last epochs", f"{number(lately)}, epochs {before.epoch + 1} to {epochs[-1].epoch}"),
        Figure("training loss", f"{number(before.train_loss)}, epoch {before.epoch}; {number(trained)} now"),
        Figure("learning rate", f"{epochs[-1].learning_rate:g} all along"),
    )
    config = segment.config
    if config.schedule == "constant":
        return Finding("flat", words, evidence, {"schedule": "plateau"})
    return Finding("flat", words, evidence, {"learning_rate": lower(config.learning_rate, 3)})
