"""What the engine tells: a closed union of frozen events, each one line of a run's ``events.jsonl``.

Every event carries `seq` (0, 1, 2 … within its run, without gaps) and `time` (Unix seconds). A figure that is not
finite is None, since JSON has no word for it (`non_finite` counts such losses). Accuracies and probabilities are 0 to
1. The JSON is described for others in ``docs/events.md``.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, get_args

import msgspec

from engine.config import TrainConfig

PhaseName = Literal["importing", "data", "building", "device", "first_step", "training", "validation", "testing"]
Outcome = Literal["completed", "early_stopped", "stopped", "aborted", "diverged", "failed"]
Fault = Literal["", "config", "data", "device", "memory", "disk", "training"]
CheckpointKind = Literal["last", "best"]
SavedKind = Literal["last", "best", "kept"]


class Base(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """The fields that every event has; the session fills both in."""

    seq: int = -1
    time: float = 0.0

    detail: ClassVar[bool] = False
    """Sent many times in a run; one of them can be lost without changing what is known of the run's course and outcome."""
    superseded: ClassVar[bool] = False
    """A detail that the next one of its kind makes superfluous: the first to go where there is no room."""
    display: ClassVar[bool] = False
    """A detail that only a screen on this run shows; summaries of runs do without it."""


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """The run that another one branched off, and where: `at` is "last", "best", or the epoch of a kept checkpoint.

    `digest` is of all that the checkpoint gave to the new run; empty in logs of versions that kept none.
    """

    run: str
    at: str
    epoch: int
    step: int
    digest: str = ""


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a guided experiment a run is: number `number` (from 1) of `of`, called `label`.

    `group` is the name of this performance of the experiment, which all its arms share; `values` are the
    hyperparameters that were asked for beside the arm's own, the same for all of them.
    """

    experiment: str
    group: str
    number: int
    of: int
    label: str
    values: dict[str, Any] = {}


class RunCreated(Base, frozen=True, kw_only=True, tag="run_created"):
    """Always event 0: the run's name and what was asked for.

    `parent` is the run it branched off, `arm` the part of a guided experiment that it is; null where there is none.
    """

    run: str
    config: TrainConfig
    preset: str = ""
    version: str
    host: str
    parent: Parent | None = None
    arm: Arm | None = None


class Renamed(Base, frozen=True, kw_only=True, tag="renamed"):
    """The run has another name from here on: its folder was renamed, or this is a copy of it."""

    run: str


class Phase(Base, frozen=True, kw_only=True, tag="phase"):
    """What the engine is busy with, with a sentence for people."""

    name: PhaseName
    text: str


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run trains. `reason` says why this device; `threads` counts CPU threads.

    `instructions` are the vector instructions that torch uses on the CPU ("AVX2", "AVX512"), `processor` is its model; both
    are empty in logs of version 0.1.0.
    """

    device: str
    reason: str
    threads: int
    precision: str
    torch: str
    instructions: str = ""
    processor: str = ""


class DataIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Which data set it is: the absolute `path` it was read from, and digests (hexadecimal) of what it holds.

    `images` and `labels` are of all images and labels in their order; `digest` is of both and of the split: two sets with
    the same `digest` train, validate and test on the same images. `is_mnist`: the images and labels are the published MNIST's.
    """

    path: str
    digest: str
    images: str
    labels: str
    is_mnist: bool = False


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Images of a split, whatever their labels, that are in another one too, byte for byte.

    Only the training images that are used count (`train_images`).
    """

    test_in_training: int = 0
    test_in_validation: int = 0
    validation_in_training: int = 0


class RunStarted(Base, frozen=True, kw_only=True, tag="run_started"):
    """Training begins, or goes on after a resume, at `step` (0 in a new run).

    What the log holds beyond `step` was not kept by the checkpoint and does not count any more. `position` is the
    place in epochs (2.5: in the middle of the third). `identity` and `overlap` are of the data set; None in logs of
    versions that did not tell. `instead_of` is the set that the run, or the one it branched off, was trained on before,
    where that was another.
    """

    config: TrainConfig
    machine: Machine
    data: str
    train_images: int
    validation_images: int
    test_images: int
    parameters: int
    steps_per_epoch: int
    step: int
    position: float
    resumed: bool = False
    identity: DataIdentity | None = None
    overlap: Overlap | None = None
    instead_of: DataIdentity | None = None


class Progress(Base, frozen=True, kw_only=True, tag="progress"):
    """What happened since the last progress event, at most ten times a second.

    `steps` steps ended at `step`; `loss`, `low`, `high` are the mean, least and greatest of their finite training
    losses, None where none was finite; `non_finite` counts the others. `gradient_norm` and `gradient_norm_high` are the
    mean and the greatest of the gradients' norms before clipping. `last_loss` and `last_gradient_norm` are those of the
    step `step` alone, which do not depend on when the event was emitted; None where they are not finite, or in logs of
    version 0.1.0. `seconds` is time spent training and validating so far, without pauses.
    """

    detail = superseded = True

    epoch: int
    step: int
    position: float
    steps: int
    images: int
    loss: float | None
    low: float | None
    high: float | None
    non_finite: int = 0
    learning_rate: float
    gradient_norm: float | None
    gradient_norm_high: float | None = None
    images_per_second: float
    seconds: float
    last_loss: float | None = None
    last_gradient_norm: float | None = None

    @property
    def latest_loss(self) -> float | None:
        """The training loss of the latest step, None where it is not finite; in logs of 0.1.0 the mean of the latest few."""
        return self.loss if self.last_loss is None and not self.non_finite else self.last_loss

    @property
    def latest_gradient_norm(self) -> float | None:
        """The same of the gradient's norm."""
        return self.gradient_norm if self.last_gradient_norm is None else self.last_gradient_norm


class LayerStep(msgspec.Struct, frozen=True, kw_only=True):
    """What one step did to one layer's `weights`, without its biases; Euclidean norms, of the gradient before clipping.

    `update_ratio` is the norm of what the step added to the weights, over the weights' own norm.
    """

    name: str
    weights: int
    weight_norm: float | None
    gradient_norm: float | None
    update_ratio: float | None


class Layers(Base, frozen=True, kw_only=True, tag="layers"):
    """The layers with weights, from the input on, at one step: the run's first, and eight in each epoch, always the same."""

    detail = True

    step: int
    position: float
    layers: tuple[LayerStep, ...]


class Histogram(msgspec.Struct, frozen=True, array_like=True):
    """How values are spread: `counts` of bins of one width from `low` to `high`; the outermost take what lies beyond."""

    low: float
    high: float
    counts: tuple[int, ...]


class Hidden(msgspec.Struct, frozen=True, kw_only=True):
    """What a hidden layer did on the first thousand validation images, in shares from 0 to 1.

    `dead`: units that gave 0 for all of these images, of ReLU (else None). `saturated`: values within 0.05 of a limit of
    the activation, of sigmoid and tanh (else None).
    """

    activation: str
    units: int
    dead: float | None = None
    saturated: float | None = None


class Distributions(Base, frozen=True, kw_only=True, tag="distributions"):
    """How weights and gradients of each layer are spread after an epoch, from the input on, and what the hidden layers do.

    The gradients are the last step's, as it was used. None where a value is not finite.
    """

    detail = True

    epoch: int
    step: int
    position: float
    layers: tuple[str, ...]
    weights: tuple[Histogram | None, ...]
    gradients: tuple[Histogram | None, ...]
    hidden: tuple[Hidden, ...]


class EpochEnded(Base, frozen=True, kw_only=True, tag="epoch_ended"):
    """One pass over the training images, and the validation after it.

    The training figures are means over the images as they were trained on (with dropout and augmentation).
    `gradient_norm` is the mean Euclidean norm before clipping. `seconds` includes `validation_seconds`;
    `images_per_second` counts training alone. `best`: the best validation so far, by the run's `best_by`. `starved` is
    the share of the time its threads could have computed in which they waited for a core (None where the system does
    not tell); `waited` is how many seconds the loop waited for a GPU's results (None on a CPU).
    """

    epoch: int
    step: int
    images: int
    train_loss: float | None
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float
    learning_rate: float
    gradient_norm: float | None
    seconds: float
    validation_seconds: float
    total_seconds: float
    images_per_second: float
    best: bool
    starved: float | None = None
    waited: float | None = None


class Validation(Base, frozen=True, kw_only=True, tag="validation"):
    """A validation in the middle of an epoch, where a run was stopped. `best`: the best validation so far."""

    step: int
    position: float
    loss: float | None
    accuracy: float
    seconds: float
    best: bool


class PreviewDigits(Base, frozen=True, kw_only=True, tag="preview_digits"):
    """The validation images that previews are of: index, label, and 28×28 bytes each (row by row)."""

    detail = display = True

    indices: tuple[int, ...]
    labels: tuple[int, ...]
    pixels: bytes


class Previews(Base, frozen=True, kw_only=True, tag="previews"):
    """The network's current predictions for the preview images: ten probabilities each."""

    detail = superseded = display = True

    step: int
    position: float
    probabilities: tuple[tuple[float, ...], ...]


class Paused(Base, frozen=True, kw_only=True, tag="paused"):
    """Training waits, between two steps."""

    step: int
    position: float


class Continued(Base, frozen=True, kw_only=True, tag="continued"):
    """Training goes on after a pause."""

    step: int
    position: float


class Changed(Base, frozen=True, kw_only=True, tag="changed"):
    """A hyperparameter took another value from the next step on; both values as a person types them.

    `note` says what else that means, where it does (what becomes of an optimizer's memory).
    """

    step: int
    position: float
    name: str
    old: str
    new: str
    note: str = ""


class CheckpointSaved(Base, frozen=True, kw_only=True, tag="checkpoint_saved"):
    """A checkpoint is on disk, whole; a "kept" one stays there."""

    kind: SavedKind
    epoch: int
    step: int


class SaveFailed(Base, frozen=True, kw_only=True, tag="save_failed"):
    """Something could not be written; training goes on and the earlier file is as it was.

    Told once for each reason, and stands until `SavedAgain` with the same path.
    """

    path: str
    reason: str


class SavedAgain(Base, frozen=True, kw_only=True, tag="saved_again"):
    """What could not be written is on disk now. `lost` counts the events that the log could not keep meanwhile."""

    path: str
    lost: int = 0


class Omitted(Base, frozen=True, kw_only=True, tag="omitted"):
    """Holds the number of an event that the log could not keep; `time` is that event's, or an earlier one's."""


class LogLine(Base, frozen=True, kw_only=True, tag="log"):
    """A line that something in the engine printed, warned or logged."""

    detail = superseded = display = True

    text: str


class WrongImage(msgspec.Struct, frozen=True, array_like=True):
    """One image that was read wrongly: its index in the split, what it is, what was read and how surely."""

    index: int
    label: int
    prediction: int
    probability: float


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the test set.

    `low` and `high` bound the accuracy with 95% confidence (Wilson). `confusion[i][j]` counts the images of digit i
    read as j. `per_digit` is each digit's share read rightly, None for a digit that is not in the set. `overlap` counts
    the test images that are also training or validation images, None in logs of versions that did not.
    """

    __test__ = False  # not a pytest class

    weights: CheckpointKind
    epoch: int
    images: int
    wrong: int
    accuracy: float
    low: float
    high: float
    loss: float | None
    per_digit: tuple[float | None, ...]
    confusion: tuple[tuple[int, ...], ...]
    wrong_images: tuple[WrongImage, ...]
    seconds: float
    overlap: Overlap | None = None


class Tested(Base, frozen=True, kw_only=True, tag="tested"):
    """A look at the test set, at a run's end or because a person asked.

    `identity` is of the data set that was looked at. Where that is not the run's own, the look is none at the run's test
    set; None in logs of versions that did not tell.
    """

    test: TestResult
    identity: DataIdentity | None = None


class Finished(Base, frozen=True, kw_only=True, tag="finished"):
    """The end of a run, of whatever kind; after it come a resume, a look at the test set, or news of saving.

    `reason` is a sentence. `fault` says what kind of failure it was, where it was one. `epochs` counts whole epochs
    trained. `test` is None where the test set was not looked at. `diverged_at` is the step of the first training loss that
    was not finite, None where there was none.
    """

    run: str
    outcome: Outcome
    reason: str
    fault: Fault = ""
    epochs: int
    step: int
    position: float
    best_epoch: int | None
    seconds: float
    test: TestResult | None
    diverged_at: int | None = None

    @property
    def ended_at(self) -> int:
        """The last step to report: after a divergence, the step of the first loss that was not finite.

        Version 0.1.0 counted later steps in `step`.
        """
        return self.step if self.diverged_at is None else self.diverged_at

    @property
    def diverged(self) -> bool:
        """Whether a loss was not finite."""
        return self.outcome == "diverged"

    @property
    def failed(self) -> bool:
        """Whether something that is no result of the settings ended it: `fault` says what."""
        return self.outcome == "failed"

    @property
    def trained_to_end(self) -> bool:
        """Whether training ended by its own rules: after the last epoch, or by early stopping."""
        return self.outcome in ("completed", "early_stopped")

    @property
    def conclusive(self) -> bool:
        """Whether the run ended with a result, if a bad one, instead of being broken off by abort or a failure."""
        return self.outcome not in ("aborted", "failed")

    @property
    def unfinished(self) -> bool:
        """Whether epochs are left to train that a resume could train."""
        return self.outcome in ("stopped", "aborted", "failed")


Event = (
    RunCreated
    | Renamed
    | Phase
    | RunStarted
    | Progress
    | Layers
    | Distributions
    | EpochEnded
    | Validation
    | PreviewDigits
    | Previews
    | Paused
    | Continued
    | Changed
    | CheckpointSaved
    | SaveFailed
    | SavedAgain
    | Omitted
    | LogLine
    | Tested
    | Finished
)

EVENT_TYPES: tuple[type[Base], ...] = get_args(Event)


def line_starts(*kinds: type[Base]) -> tuple[bytes, ...]:
    """How the log lines of these events begin: enough to skip a line without decoding it."""
    return tuple(f'{{"type":"{kind.__struct_config__.tag}"'.encode() for kind in kinds)


DETAILS = tuple(kind for kind in EVENT_TYPES if kind.detail)
SUPERSEDED = tuple(kind for kind in EVENT_TYPES if kind.superseded)
DISPLAY = tuple(kind for kind in EVENT_TYPES if kind.display)
