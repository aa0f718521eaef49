"""The commands that clients send to the engine: a closed union of frozen structs.

Each is answered by one `protocol.Reply` with the same `id`, whose `result` is described in `engine.answers`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from engine.config import TrainConfig
from engine.events import CheckpointKind, DataIdentity, Parent


class Base(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """The base of all commands. Each client numbers its own."""

    id: int = 0


class PlannedChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values for hyperparameters that take effect before step number `step` (from 0).

    Without `values`, the run continues there even if early stopping would trigger, as a resumed run does.
    """

    step: int
    values: dict[str, Any]


class Start(Base, frozen=True, kw_only=True, tag="start"):
    """Start a new run, called `name`, or by a generated name if that is empty.

    To replay an earlier run, `changes` are applied at their steps, and the run is stopped at step `stop_at`. `data` is the
    data set of the earlier run: a different one is refused unless `other_data` is true.
    """

    config: TrainConfig
    preset: str = ""
    name: str = ""
    changes: tuple[PlannedChange, ...] = ()
    stop_at: int | None = None
    data: DataIdentity | None = None
    other_data: bool = False


class ResumeRun(Base, frozen=True, kw_only=True, tag="resume_run"):
    """Resume a run from its last checkpoint; `epochs`, if given, is its new total.

    `take_over`: also if it belongs to an engine on another machine that has been silent for long. If that engine still
    runs, it detects this and abandons the run. `data_dir` is where the data are now; empty if they have not moved. A
    different data set is refused unless `other_data` is true.
    """

    run: str
    epochs: int | None = None
    take_over: bool = False
    data_dir: str = ""
    other_data: bool = False


class Branch(Base, frozen=True, kw_only=True, tag="branch"):
    """Start a new run from the checkpoint `at` of another, with other `values`.

    `at` is "last", "best", or the epoch of a kept checkpoint. The new run counts epochs from there.

    To replay an earlier branch, `origin` is the parent that its log names: any checkpoint of `run` with exactly the same
    contents is accepted. `changes`, `stop_at` and `data` are as in `Start`. A data set other than that of `run` (or `data`)
    is refused unless `other_data` is true.
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
    """Train the arms of a guided experiment one after the other, each as an ordinary run (`engine.experiments`).

    `values` override the settings of every arm. `name` is the name of this experiment run; empty for a generated one.
    `resume`: continue the interrupted experiment run `name`, or the latest one; `other_data` then allows a different data
    set.
    """

    experiment: str
    values: dict[str, Any] = {}
    name: str = ""
    resume: bool = False
    other_data: bool = False


class EvaluateRun(Base, frozen=True, kw_only=True, tag="evaluate_run"):
    """Evaluate a run's checkpoint on the test set; the evaluation is recorded in the run.

    `data_dir` and `other_data` are as in `ResumeRun`. An evaluation on different data does not replace the run's own
    results.
    """

    run: str
    weights: CheckpointKind = "best"
    data_dir: str = ""
    other_data: bool = False


class Pause(Base, frozen=True, kw_only=True, tag="pause"):
    """Pause after the current step."""


class Continue(Base, frozen=True, kw_only=True, tag="continue"):
    """Continue after a pause."""


class StepBatch(Base, frozen=True, kw_only=True, tag="step"):
    """Train one batch and pause."""


class Change(Base, frozen=True, kw_only=True, tag="change"):
    """Change hyperparameters from the next step on: `values` by name. They must be `live` in `engine.config.HYPERPARAMETERS`."""

    values: dict[str, Any]


class Undo(Base, frozen=True, kw_only=True, tag="undo"):
    """Undo the last change; once more, the one before it. An undo is recorded as a change."""


class OneMoreEpoch(Base, frozen=True, kw_only=True, tag="one_more_epoch"):
    """Raise the number of epochs by one; the learning-rate schedule is adapted to the new total."""


class Stop(Base, frozen=True, kw_only=True, tag="stop"):
    """Finish the batch, validate, and end with a test of the best weights."""


class Abort(Base, frozen=True, kw_only=True, tag="abort"):
    """Finish the batch, save the last checkpoint, and end without a test."""


class TakeControl(Base, frozen=True, kw_only=True, tag="take_control"):
    """Take control of the run; the screen that had it watches from then on."""


class ListDevices(Base, frozen=True, kw_only=True, tag="list_devices"):
    """List the devices that torch finds on this machine (for `mnist-tui doctor`)."""


class Cancel(Base, frozen=True, kw_only=True, tag="cancel"):
    """Cancel this client's query with the id `question`."""

    question: int


class PredictPictures(Base, frozen=True, kw_only=True, tag="read_pictures"):
    """Predict pictures of 28×28 bytes each (bright digits on a dark background, as in MNIST), concatenated in `pixels`.

    `exact`: with the same numbers to the last digit as a test evaluation, which costs as much as a thousand pictures.
    """

    run: str
    weights: CheckpointKind = "last"
    pixels: bytes
    exact: bool = False


class ShowWeights(Base, frozen=True, kw_only=True, tag="show_weights"):
    """The weights of the first layer, as a picture for each neuron or filter."""

    run: str
    weights: CheckpointKind = "last"


class MapOcclusion(Base, frozen=True, kw_only=True, tag="map_occlusion"):
    """An occlusion map: how the probabilities change while a patch covers each part of a picture in turn.

    `pixels` are 28×28 bytes; `patch` is the side of the patch in pixels, an odd number.
    """

    run: str
    weights: CheckpointKind = "last"
    pixels: bytes = b""
    patch: int = 5


class MeasureActivations(Base, frozen=True, kw_only=True, tag="measure_activations"):
    """Statistics of the hidden activations on a sample of validation images."""

    run: str
    weights: CheckpointKind = "last"


Corruption = Literal["noise", "rotation", "shift", "thickness"]
"""How images are corrupted to measure robustness."""


class MeasureRobustness(Base, frozen=True, kw_only=True, tag="measure_robustness"):
    """The accuracy on a sample of validation images by the amount of a corruption."""

    run: str
    weights: CheckpointKind = "last"
    corruption: Corruption = msgspec.field(default="noise", name="disturbance")


class TestRange(Base, frozen=True, kw_only=True, tag="test_range"):
    """Train a copy with a learning rate that rises until the loss explodes (`engine.analysis.lr_range_test`).

    It starts from the run's last checkpoint or, without a `run`, from new weights of `config`. The run is not changed.
    `data_dir` and `other_data` are as in `ResumeRun`.
    """

    __test__ = False  # not a pytest class

    run: str = ""
    config: TrainConfig | None = None
    data_dir: str = ""
    other_data: bool = False


Query = PredictPictures | ShowWeights | MapOcclusion | MeasureActivations | MeasureRobustness | TestRange
"""Queries about a run, answered from its checkpoints by an engine that does not train (`engine.worker.queries`).

A long one reports its progress (`protocol.Working`) and can be canceled.
"""

Steering = Pause | Continue | StepBatch | Change | Undo | OneMoreEpoch | Stop | Abort
"""Commands for the run in training; the trainer handles them between two steps."""

Job = Start | ResumeRun | Branch | Experiment | EvaluateRun | ListDevices
"""Commands that an idle engine accepts."""

Command = Steering | Job | TakeControl | Query | Cancel
