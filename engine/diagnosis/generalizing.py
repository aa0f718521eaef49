"""Rules on training against validation and test."""

from __future__ import annotations

from collections.abc import Sequence

from engine.analysis.intervals import wilson_interval
from engine.diagnosis.hint import Figure, Finding
from engine.diagnosis.segment import Segment, changes_since, finite
from engine.diagnosis.wording import number, percent
from engine.events import EpochEnded
from engine.fields import Value
from engine.text.numbers import interval

OVERFIT_EPOCHS = 3
"""Epochs in a row for which the validation loss has been above its minimum: one or two are noise."""
OVERFIT_RISE = 0.03
"""How far above, in each of them, where the training loss is below the validation loss; noise is about 1%."""
OVERFIT_RISE_ALONE = 0.2
"""How far above where dropout, augmentation or smoothed labels keep the training loss above the validation loss."""
STILL = 0.01
"""Less than this share is the validation loss's own noise at 10,000 images."""
BEST_EPOCHS, BEST_GAIN = 3, 0.002
"""Best by loss costs accuracy where the best accuracy came so many epochs later and is higher by this much: 20 of
10,000 images, and the two readings are of the same images."""


def overfitting(segment: Segment) -> Finding | None:
    """The training loss falls while the validation loss has been rising for three epochs and more."""
    known, least = finite(segment.epochs), segment.best
    if len(known) <= OVERFIT_EPOCHS or least is None or _falls_again(known, least):
        return None
    # what the training loss has come down from: with other dropout, say, it was another figure
    first = known[0] if changes_since(segment.state, least.epoch) else least
    now, lately = known[-1], known[-OVERFIT_EPOCHS:]
    gap = _trained(now) < _validated(now)
    rise = OVERFIT_RISE if gap else OVERFIT_RISE_ALONE
    risen = all(_validated(epoch) > (1 + rise) * _validated(least) for epoch in lately)
    if least in lately or not risen or _trained(now) >= _trained(first):
        return None
    dropout = f" with dropout {segment.config.dropout:g}" if _drops(segment) else ""
    evidence = (
        Figure("validation loss", f"{number(_validated(least))}, epoch {least.epoch}, the lowest"),
        Figure("validation loss now", f"{number(_validated(now))}, epoch {now.epoch}"),
        Figure(
            "training loss" + dropout,
            f"{number(_trained(first))}, epoch {first.epoch}; {number(_trained(now))}, epoch {now.epoch}",
        ),
        Figure("accuracy", f"training {percent(now.train_accuracy)}, validation {percent(now.validation_accuracy)}"),
    )
    words = {"least": number(_validated(least)), "now": number(_validated(now)), "epoch": str(least.epoch)}
    return Finding("rise", words, evidence, _against_overfitting(segment))


def _falls_again(known: Sequence[EpochEnded], least: EpochEnded) -> bool:
    """Whether settings that were changed after the best epoch are bringing the validation loss down again."""
    before, lately = known[:-OVERFIT_EPOCHS], known[-OVERFIT_EPOCHS:]
    if least.epoch >= known[0].epoch:
        return False
    return min(map(_validated, lately)) < (1 - STILL) * min(map(_validated, before))


def _validated(epoch: EpochEnded) -> float:
    return epoch.validation_loss or 0.0


def _trained(epoch: EpochEnded) -> float:
    return epoch.train_loss or 0.0


def _drops(segment: Segment) -> bool:
    return segment.config.dropout > 0 and segment.config.model != "linear"


def _against_overfitting(segment: Segment) -> dict[str, Value]:
    """What helps most of what is not done yet: all images, dropout, moved images, a pull on the weights."""
    config = segment.config
    if config.train_images:
        return {"train_images": 0}
    if not _drops(segment) and config.model != "linear":
        return {"dropout": 0.3}
    if not (config.shift or config.rotation or config.scale or config.noise):
        return {"shift": 2.0}
    return {} if config.weight_decay else {"weight_decay": 0.01}


def best_by(segment: Segment) -> Finding | None:
    """The best epoch by loss came long before the most accurate one."""
    if segment.config.best_by != "loss" or not segment.epochs:
        return None
    best = segment.state.best
    exact = max(segment.state.epochs, key=lambda epoch: (epoch.validation_accuracy, -epoch.epoch))
    if best is None or exact.epoch - best.epoch < BEST_EPOCHS:
        return None
    gain = exact.validation_accuracy - best.validation_accuracy
    if gain < BEST_GAIN:
        return None
    smoothing = segment.config.label_smoothing if segment.config.loss == "cross_entropy" else 0.0
    evidence = [
        Figure(f"validation of epoch {best.epoch}, kept", _both(best)),
        Figure(f"validation of epoch {exact.epoch}", _both(exact)),
    ]
    if smoothing:
        evidence.append(Figure("label smoothing", f"{smoothing:g}: it trains toward another loss than validation's"))
    words = {"kept": str(best.epoch), "epoch": str(exact.epoch), "gain": f"{gain * 100:.1f} points"}
    return Finding("later", words, tuple(evidence), {"best_by": "accuracy"})


def _both(epoch: EpochEnded) -> str:
    return f"loss {number(epoch.validation_loss)}, accuracy {percent(epoch.validation_accuracy, 2)}"


def early_stop_near(segment: Segment) -> Finding | None:
    """The next epoch is the last, unless it is better than the best."""
    state, patience = segment.state, segment.config.patience
    best = state.best
    if not patience or not state.running or best is None or not state.epochs:
        return None
    waited = state.epochs[-1].epoch - best.epoch
    if waited < 1 or patience - waited != 1 or state.epochs[-1].epoch + 1 >= segment.config.epochs:
        return None
    by = segment.config.best_by
    goal = number(best.validation_loss) if by == "loss" else percent(best.validation_accuracy, 2)
    evidence = (
        Figure(f"best validation {by}", f"{goal}, epoch {best.epoch}"),
        Figure("epochs without a better one", f"{waited} of a patience of {patience}"),
    )
    return Finding(by, {"goal": goal}, evidence, {"patience": min(2 * patience, 10_000)})


def test_harder(segment: Segment) -> Finding | None:
    """The test accuracy lies below the validation accuracy by more than the two intervals allow."""
    state, test = segment.state, segment.state.tested
    epoch = next((e for e in state.epochs if test is not None and e.epoch == test.epoch), None)
    if test is None or epoch is None or state.started is None or state.started.validation_images <= 0:
        return None
    images = state.started.validation_images
    low, high = wilson_interval(round(epoch.validation_accuracy * images), images)
    if test.high >= low:
        return None
    evidence = (
        Figure("test accuracy", f"{percent(test.accuracy, 2)}, 95% interval {interval(test.low, test.high)}"),
        Figure(
            "validation accuracy",
            f"{percent(epoch.validation_accuracy, 2)}, epoch {epoch.epoch}, 95% interval {interval(low, high)}",
        ),
        Figure("images", f"test {test.images}, validation {images}"),
    )
    words = {"test": percent(test.accuracy), "validation": percent(epoch.validation_accuracy)}
    return Finding("below", words, evidence)


test_harder.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest's
