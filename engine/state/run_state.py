"""What is known of a run, as a fold over its events.

Every reader (the app, the headless console, `show`, `ls`) reaches its picture of a run through `reduce`, so a client
that comes late and is sent the whole log knows exactly what one knows that was there from the start.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Literal, TypeVar, assert_never

import msgspec

from engine import events as ev
from engine.config import HYPERPARAMETERS, TrainConfig
from engine.errors import ConfigProblem
from engine.host.differences import Difference, differences
from engine.state.loss_series import Point, Series

Status = Literal["none", "preparing", "training", "paused", "testing", "ended"]
LOG_LINES = 1000
_ROW = 10_000
"""Most progress taken in at once."""
_SPEED_MEMORY = 5.0
"""Seconds over which the measured speed forgets."""
_MOST_LAYERS, _MOST_DISTRIBUTIONS = 1024, 128
"""Most events of a kind that are kept; past that every second one is, the first and the latest always."""


_Told = TypeVar("_Told")


class Mark(msgspec.Struct, frozen=True):
    """Something that happened at a point of the curves.

    `change` is the event of a changed hyperparameter. Of a resume, `branched_from` names the parent run where a branch
    starts, `moved` lists the differences from the machine before, and `other_data` says that the data set is another.
    """

    kind: Literal["paused", "continued", "changed", "resumed", "kept"]
    step: int
    position: float
    change: ev.Changed | None = None
    branched_from: str = ""
    moved: tuple[Difference, ...] = ()
    other_data: bool = False


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """A run as the events so far tell it. Immutable."""

    seq: int = -1
    status: Status = "none"
    run: str = ""
    first_name: str = ""
    """What the run was called when it was created: its folder may have been renamed since."""
    preset: str = ""
    host: str = ""
    parent: ev.Parent | None = None
    arm: ev.Arm | None = None
    version: str = ""
    created: float = 0.0
    config: TrainConfig = TrainConfig()
    phase: ev.Phase | None = None
    started: ev.RunStarted | None = None
    moved: tuple[Difference, ...] = ()
    """How the machine differs from the one before the resume; later values differ in their last digits."""
    progress: ev.Progress | None = None
    speed: float | None = None
    """Images a second lately, smoothed; None before any is measured."""
    losses: Series = Series()
    layers: tuple[ev.Layers, ...] = ()
    """What watched steps did to each layer, thinned to `_MOST_LAYERS`."""
    distributions: tuple[ev.Distributions, ...] = ()
    """How each layer's weights and gradients were spread after epochs, thinned to `_MOST_DISTRIBUTIONS`."""
    epochs: tuple[ev.EpochEnded, ...] = ()
    stopped_at: ev.Validation | None = None
    digits: ev.PreviewDigits | None = None
    previews: ev.Previews | None = None
    marks: tuple[Mark, ...] = ()
    log: tuple[str, ...] = ()
    log_count: int = 0
    unsaved: tuple[ev.SaveFailed, ...] = ()
    """What cannot be written at present, a file each, the latest news last."""
    lost: int = 0
    """Events that the log could not keep."""
    checkpoint: ev.CheckpointSaved | None = None
    test: ev.TestResult | None = None
    """The latest look's."""
    tests: tuple[ev.TestResult, ...] = ()
    """The latest of each weights (best, last), the newest last."""
    test_evaluations: tuple[float, ...] = ()
    """When the test set was looked at, Unix seconds."""
    data: ev.DataIdentity | None = None
    """Which data set it is trained on; None in logs of versions that did not tell."""
    data_since: int = 0
    """The whole epochs before it was trained on this set: those were on another."""
    elsewhere: tuple[ev.Tested, ...] = ()
    """Looks at the test set of another data set, the latest of each and of each weights, the newest last."""
    finished: ev.Finished | None = None

    @property
    def identity(self) -> tuple[str, float]:
        """Which run this is, whatever it is called now: its first name and when it was created."""
        return self.first_name, self.created

    @property
    def step(self) -> int:
        """Steps trained and kept; of a divergence none after the first loss that was not finite."""
        steps = max(self._steps(), default=0)
        diverged_at = self.finished.diverged_at if self.finished else None
        return steps if diverged_at is None else min(steps, diverged_at)

    def _steps(self) -> Iterable[int]:
        for event in (self.started, self.progress, self.epochs[-1] if self.epochs else None):
            if event is not None:
                yield event.step

    @property
    def position(self) -> float:
        """Place in the run, in epochs."""
        at = self.started.position if self.started else 0.0
        if self.progress:
            at = max(at, self.progress.position)
        return max(at, float(self.epochs[-1].epoch)) if self.epochs else at

    @property
    def best(self) -> ev.EpochEnded | None:
        """The epoch that did best on validation."""
        return next((e for e in reversed(self.epochs) if e.best), None)

    @property
    def tested(self) -> ev.TestResult | None:
        """The test that stands for the run: the latest with the best weights, which validation chose, else with the last."""
        test_evaluations = {test.weights: test for test in self.tests}
        return (
            test_evaluations.get("best")
            or test_evaluations.get("last")
            or (self.finished.test if self.finished else None)
        )

    @property
    def validation_accuracy(self) -> float | None:
        """That of the weights which `tested` is of; before any look, of the best so far.

        So it can stand beside the test accuracy. A run that was stopped within an epoch was validated there, too.
        """
        return self.validation_beside(self.tested)

    def validation_beside(self, test: ev.TestResult | None) -> float | None:
        """The same for another look; None where no validation of its weights is known."""
        stop = self.stopped_at
        if test is not None:
            whole = next((e.validation_accuracy for e in self.epochs if e.epoch == test.epoch), None)
            return stop.accuracy if whole is None and stop is not None else whole
        if stop is not None and stop.best:
            return stop.accuracy
        return self.best.validation_accuracy if self.best else None

    @property
    def save_failed(self) -> ev.SaveFailed | None:
        """The latest fault in saving that still stands."""
        return self.unsaved[-1] if self.unsaved else None

    @property
    def running(self) -> bool:
        """Whether the engine is busy with this run."""
        return self.status not in ("none", "ended")


def reduce(state: RunState, event: ev.Event) -> RunState:
    """The state after `event`. Pure; an event that has been seen already changes nothing."""
    if isinstance(event, ev.RunCreated) and (event.run, event.time) != state.identity:
        return _created(event)  # also of a run that was removed and made again under the same name
    if event.seq <= state.seq:
        return state
    if isinstance(event, ev.Progress):
        return _progressed(state, (event,))
    return _apply(msgspec.structs.replace(state, seq=event.seq), event)


def fold(events: Iterable[ev.Event], state: RunState | None = None) -> RunState:
    """`reduce` over many events. Progress that comes in a row, as most events do, is taken in together."""
    state = state or RunState()
    row: list[ev.Progress] = []
    for event in events:
        if isinstance(event, ev.Progress) and len(row) < _ROW:
            row.append(event)
        else:
            state = reduce(_progressed(state, row), event)
            row.clear()
    return _progressed(state, row)


def _created(event: ev.RunCreated) -> RunState:
    return RunState(
        seq=event.seq,
        status="preparing",
        run=event.run,
        first_name=event.run,
        preset=event.preset,
        host=event.host,
        parent=event.parent,
        arm=event.arm,
        version=event.version,
        created=event.time,
        config=event.config,
    )


def _apply(state: RunState, event: ev.Event) -> RunState:
    put = functools.partial(msgspec.structs.replace, state)
    match event:
        case ev.Renamed(run=name):
            return put(run=name)
        case ev.Phase(name=name):
            return put(phase=event, status=_status_in(state, name))
        case ev.RunStarted():
            return _started(state, event)
        case ev.Layers():
            return put(layers=_added(state.layers, event, _MOST_LAYERS))
        case ev.Distributions():
            return put(distributions=_added(state.distributions, event, _MOST_DISTRIBUTIONS))
        case ev.EpochEnded():
            epochs = (*(e for e in state.epochs if e.epoch < event.epoch), event)
            return put(epochs=epochs)
        case ev.Validation():
            return put(stopped_at=event)
        case ev.PreviewDigits():
            return put(digits=event)
        case ev.Previews():
            return put(previews=event)
        case ev.Paused():
            return put(status="paused", marks=(*state.marks, Mark("paused", event.step, event.position)))
        case ev.Continued():
            marks = (*state.marks, Mark("continued", event.step, event.position))
            return put(status="training", marks=marks)
        case ev.Changed():
            return _changed(state, event)
        case ev.CheckpointSaved(kind="kept"):
            mark = Mark("kept", event.step, float(event.epoch))
            return put(unsaved=_without(state, f"epoch-{event.epoch:05}.pt"), marks=(*state.marks, mark))
        case ev.CheckpointSaved():
            return put(checkpoint=event, unsaved=_without(state, f"{event.kind}.pt"))
        case ev.SaveFailed(path=path):
            return put(unsaved=(*_without(state, PurePath(path).name), event))
        case ev.SavedAgain(path=path, lost=lost):
            return put(unsaved=_without(state, PurePath(path).name), lost=state.lost + lost)
        case ev.LogLine(text=text):
            return put(log=(*state.log[-LOG_LINES + 1 :], text), log_count=state.log_count + 1)
        case ev.Tested(identity=identity) if _is_elsewhere(state, identity):
            return put(elsewhere=(*(e for e in state.elsewhere if not _is_same_evaluation(e, event)), event))
        case ev.Tested(test=test, identity=identity):
            tests = (*(t for t in state.tests if t.weights != test.weights), test)
            return put(
                test=test,
                tests=tests,
                test_evaluations=(*state.test_evaluations, event.time),
                data=state.data or identity,
            )
        case ev.Finished():
            return put(status="ended", finished=event, phase=None)
        case ev.Progress() | ev.Omitted():  # progress has been taken in
            return state
        case ev.RunCreated():
            return _created(event)
        case _:
            assert_never(event)


def _added(kept: tuple[_Told, ...], event: _Told, most: int) -> tuple[_Told, ...]:
    """Kept events with one more; of too many every second one is dropped."""
    return (*(kept if len(kept) < most else (*kept[:-1:2], kept[-1])), event)


def _without(state: RunState, name: str) -> tuple[ev.SaveFailed, ...]:
    """The faults in saving but those of the file of this name."""
    return tuple(e for e in state.unsaved if PurePath(e.path).name != name)


def _status_in(state: RunState, phase: ev.PhaseName) -> Status:
    match phase:
        case "testing":
            return "testing"
        case "training" | "validation" | "first_step":
            return "paused" if state.status == "paused" else "training"
        case _:
            return "preparing"


def _started(state: RunState, event: ev.RunStarted) -> RunState:
    marks = tuple(m for m in state.marks if m.step <= event.step)
    moved = differences(state.started.machine, event.machine) if event.resumed and event.step and state.started else ()
    if event.resumed:
        parent = state.parent.run if state.parent is not None and state.started is None else ""
        resumed = Mark(
            "resumed",
            event.step,
            event.position,
            branched_from=parent,
            moved=moved,
            other_data=event.instead_of is not None,
        )
        marks = (*marks, resumed)
    epochs = tuple(e for e in state.epochs if e.step <= event.step)
    return msgspec.structs.replace(
        state,
        status="training",
        started=event,
        moved=moved,
        config=event.config,
        progress=None,
        speed=epochs[-1].images_per_second if epochs else None,
        losses=state.losses.until(event.step),
        layers=tuple(told for told in state.layers if told.step <= event.step),
        distributions=tuple(told for told in state.distributions if told.step <= event.step),
        epochs=epochs,
        marks=marks,
        previews=state.previews if state.previews and state.previews.step <= event.step else None,
        stopped_at=None,
        finished=None,
        test=None,
        tests=(),
        unsaved=(),
        data=event.identity or state.data,
        data_since=int(event.position) if event.instead_of is not None else min(state.data_since, int(event.position)),
        elsewhere=(),
    )


def _is_elsewhere(state: RunState, identity: ev.DataIdentity | None) -> bool:
    """Whether this is another data set than the run's, both being known."""
    return identity is not None and state.data is not None and identity.digest != state.data.digest


def _is_same_evaluation(one: ev.Tested, other: ev.Tested) -> bool:
    """Whether two looks at other data were at the same set with the same weights."""
    digests = [each.identity.digest if each.identity else "" for each in (one, other)]
    return digests[0] == digests[1] and one.test.weights == other.test.weights


def _progressed(state: RunState, events: Sequence[ev.Progress]) -> RunState:
    """The state after progress in a row; what has been seen already changes nothing."""
    seq, last, speed = state.seq, state.progress, state.speed
    points = []
    for event in events:
        if event.seq <= seq:
            continue
        if speed is None or last is None:
            speed = event.images_per_second
        else:
            share = 1 - math.exp(-max(event.seconds - last.seconds, 0.05) / _SPEED_MEMORY)
            speed += (event.images_per_second - speed) * share
        seq, last = event.seq, event
        points.append(_point(event))
    if not points:
        return state
    return msgspec.structs.replace(state, seq=seq, progress=last, speed=speed, losses=state.losses.extend(points))


def _point(event: ev.Progress) -> Point:
    return Point(
        event.step,
        event.position,
        event.seconds,
        event.images,
        event.steps - event.non_finite,
        event.loss,
        event.low,
        event.high,
        event.non_finite,
        event.gradient_norm if event.gradient_norm_high is None else event.gradient_norm_high,
        event.learning_rate,
        event.images_per_second,
    )


def _changed(state: RunState, event: ev.Changed) -> RunState:
    parameter = HYPERPARAMETERS.get(event.name)
    if parameter is None:
        return state
    mark = Mark("changed", event.step, event.position, change=event)
    try:
        config = msgspec.structs.replace(state.config, **{event.name: parameter.parse(event.new)})
    except ConfigProblem:  # a value that only a later version knows
        config = state.config
    return msgspec.structs.replace(state, config=config, marks=(*state.marks, mark))


def eta_seconds(state: RunState) -> float | None:
    """Seconds until the last epoch ends, validations included; None where nothing is measured yet."""
    if state.started is None or not state.speed or not state.running:
        return None
    left = max(state.config.epochs - state.position, 0.0)
    validations = state.config.epochs - (state.epochs[-1].epoch if state.epochs else 0)
    if state.epochs:
        validation = state.epochs[-1].validation_seconds
    else:  # a forward pass is about a third of a training step (forward, and two products for each backward)
        validation = state.started.validation_images / (3 * state.speed)
    return left * state.started.train_images / state.speed + max(validations, 0) * validation
