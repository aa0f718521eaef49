"""What a person can ask of the engine: a closed union of frozen commands.

Each is answered by one `protocol.Reply` with the same `id`: accepted, or refused with a sentence.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from engine.config import TrainConfig
from engine.events import CheckpointKind, DataIdentity, Parent


class Base(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """What every command has; the client numbers its own."""

    id: int = 0


class PlannedChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other values for hyperparameters, before step number `step` (from 0) is made.

    Without any `values`: the run goes on there, though it be time to stop early (as one that was resumed).
    """

    step: int
    values: dict[str, Any]


class Start(Base, frozen=True, kw_only=True, tag="start"):
    """Begin a new run. `name` is its name, or empty for one made up.

    `changes` are made at their steps, and at step `stop_at` it is stopped as `Stop` does: so an earlier run is run again.
    `data` is the set that one was trained on: another is refused, unless `other_data` says that it may be one.
    """

    config: TrainConfig
    preset: str = ""
    name: str = ""
    changes: tuple[PlannedChange, ...] = ()
    stop_at: int | None = None
    data: DataIdentity | None = None
    other_data: bool = False


class ResumeRun(Base, frozen=True, kw_only=True, tag="resume_run"):
    """Go on with a run from its last checkpoint; `epochs`, where given, is its new total.

    `take_over`: also where an engine on another machine had it and has not been heard from for long. One that still runs
    there notices, and leaves the run alone. `data_dir` is where its data are now; empty: where they were. Other data are
    refused, unless `other_data` is true.
    """

    run: str
    epochs: int | None = None
    take_over: bool = False
    data_dir: str = ""
    other_data: bool = False


class Branch(Base, frozen=True, kw_only=True, tag="branch"):
    """Begin a new run where another one was: with the weights of its checkpoint `at`, and other `values`.

    `at` is "last", "best", or the epoch of a checkpoint that was kept. The new run counts its epochs on from there.

    So that an earlier branch is run again: `origin`, where it is given, is what that one's log tells of its parent, and any
    checkpoint of `run` will do that gives the very same beginning; `changes` and `stop_at` are as in `Start`, and so is `data`.
    Other data than those of `run` (or `data`) are refused, unless `other_data` is true.
    """

    run: str
    at: str = "last"
    values: dict[str, Any] = {}
    name: str = ""
    origin: Parent | None = None
    changes: tuple[PlannedChange, ...] = ()
    stop_at: int | None = None
    data: DataIdentity | None = None
    other_data: bool = False


class Experiment(Base, frozen=True, kw_only=True, tag="experiment"):
    """Train the arms of a guided experiment one after the other, each an ordinary run (`engine.experiments`).

    `values` are laid over every arm, `name` is what this performance is called (empty: one is made up). `resume`: go on
    with the performance `name`, the latest where that is empty, from where it was broken off; `other_data` then allows
    that the data have become others.
    """

    experiment: str
    values: dict[str, Any] = {}
    name: str = ""
    resume: bool = False
    other_data: bool = False


class EvaluateRun(Base, frozen=True, kw_only=True, tag="evaluate_run"):
    """Look at the test set with a run's checkpoint; the look is recorded in the run.

    `data_dir` and `other_data` as in `ResumeRun`; a look at other data leaves the run's own figures as they are.
    """

    run: str
    weights: CheckpointKind = "best"
    data_dir: str = ""
    other_data: bool = False


class Pause(Base, frozen=True, kw_only=True, tag="pause"):
    """Wait after the step under way."""


class Continue(Base, frozen=True, kw_only=True, tag="continue"):
    """Go on after a pause."""


class StepBatch(Base, frozen=True, kw_only=True, tag="step"):
    """Train one batch and pause."""


class Change(Base, frozen=True, kw_only=True, tag="change"):
    """Give hyperparameters other values from the next step on: `values` by name, as numbers and texts.

    Those that are `live` in `engine.config.HYPERPARAMETERS` can be changed; `Reply.result` has `changed`, what was, and
    `no_effect`, why some of it means nothing beside the other values (`engine.config.no_effect`).
    """

    values: dict[str, Any]


class Undo(Base, frozen=True, kw_only=True, tag="undo"):
    """Give what was changed last the values it had before, as a new change; once more goes back further."""


class OneMoreEpoch(Base, frozen=True, kw_only=True, tag="one_more_epoch"):
    """Raise the number of epochs by one; the schedule is planned anew for the new total."""


class Stop(Base, frozen=True, kw_only=True, tag="stop"):
    """Finish the batch, validate, keep the best weights, test them, end."""


class Abort(Base, frozen=True, kw_only=True, tag="abort"):
    """Finish the batch, save the last checkpoint, end without a test."""


class TakeControl(Base, frozen=True, kw_only=True, tag="take_control"):
    """Steer from here on; the screen that did only watches then."""


class ListDevices(Base, frozen=True, kw_only=True, tag="list_devices"):
    """Say what torch sees on this machine (for `mnist-tui doctor`)."""


class Cancel(Base, frozen=True, kw_only=True, tag="cancel"):
    """Give up the question that was sent by this client with number `question`."""

    question: int


class ReadPictures(Base, frozen=True, kw_only=True, tag="read_pictures"):
    """Read pictures of 28×28 bytes each (ink is bright, as in MNIST), one after the other in `pixels`.

    The answer: `probabilities`, ten a picture, and the `epoch` and `step` of the weights. `exact`: with the very numbers
    that a test gives, which costs the work of a thousand pictures.
    """

    run: str
    weights: CheckpointKind = "last"
    pixels: bytes
    exact: bool = False


class ShowWeights(Base, frozen=True, kw_only=True, tag="show_weights"):
    """The weights of the first layer, a picture for each neuron or filter (`questions.weights`)."""

    run: str
    weights: CheckpointKind = "last"


class MapOcclusion(Base, frozen=True, kw_only=True, tag="map_occlusion"):
    """What in a picture a reading hangs on: a patch of paper covers one place after the other (`questions.occlusion`).

    `pixels` are 28×28 bytes, `patch` is the patch's side in pixels, an odd number.
    """

    run: str
    weights: CheckpointKind = "last"
    pixels: bytes = b""
    patch: int = 5


class MeasureActivations(Base, frozen=True, kw_only=True, tag="measure_activations"):
    """What the hidden layers do on a sample of validation images (`questions.activations`)."""

    run: str
    weights: CheckpointKind = "last"


Disturbance = Literal["noise", "rotation", "shift", "thickness"]
"""What images are disturbed by."""


class MeasureRobustness(Base, frozen=True, kw_only=True, tag="measure_robustness"):
    """The accuracy on a sample of validation images, the more the more disturbed (`questions.robustness`)."""

    run: str
    weights: CheckpointKind = "last"
    disturbance: Disturbance = "noise"


class TestRange(Base, frozen=True, kw_only=True, tag="test_range"):
    """Train a copy with a learning rate that rises until the loss explodes (`engine.analysis.lr_range_test`); no run is touched.

    It begins with the weights of the run's last checkpoint; without a `run`, with new ones of `config`. The answer: the `rates`
    that were tried, the smoothed `losses`, the suggestions `steepest` and `tenth` (null where there is none), and `epoch`.
    `data_dir` and `other_data` as in `ResumeRun`.
    """

    __test__ = False  # not a pytest class

    run: str = ""
    config: TrainConfig | None = None
    data_dir: str = ""
    other_data: bool = False


Question = ReadPictures | ShowWeights | MapOcclusion | MeasureActivations | MeasureRobustness | TestRange
"""What an engine that trains nothing answers about a run, from its checkpoints: `engine.worker.queries`.

Each is answered by a `Reply`; one that takes long tells how far it is (`protocol.Working`), and can be given up.
"""

Steering = Pause | Continue | StepBatch | Change | Undo | OneMoreEpoch | Stop | Abort
"""Commands for the run under way; the trainer takes them between two steps."""

Job = Start | ResumeRun | Branch | Experiment | EvaluateRun | ListDevices
"""Commands that give an idle engine something to do."""

Command = Steering | Job | TakeControl | Question | Cancel
