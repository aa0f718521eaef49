"""The results of commands and queries: what `protocol.Reply.result` holds for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec

from engine.commands import Corruption
from engine.errors import EngineProblem
from engine.events import CheckpointKind
from engine.fields import short


class StartedRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of `Start`, `ResumeRun`, `Branch` and `Experiment`; of `EvaluateRun` without `path`.

    `group` is the experiment run's name. `run` is empty where an experiment was aborted before its first run.
    """

    group: str = ""
    run: str = ""
    path: str = ""


class AppliedChange(msgspec.Struct, frozen=True, kw_only=True):
    """Of `Change`, `Undo` and `OneMoreEpoch`: the values that differ now, and why some of them have no effect."""

    changed: dict[str, Any] = {}
    no_effect: dict[str, str] = {}


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device that torch finds; `fault` says why it cannot be used, and is empty where it can."""

    device: str
    name: str
    fault: str = ""


class DefaultDevice(msgspec.Struct, frozen=True, kw_only=True):
    """The device that ``auto`` selects, and why."""

    device: str
    reason: str


class Devices(msgspec.Struct, frozen=True, kw_only=True):
    """Of `ListDevices`: torch's version, the devices, the default one, and the number of CPU threads available."""

    torch: str
    devices: tuple[Device, ...]
    default: DefaultDevice
    threads: int


class NetworkAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Of every query about a network: which checkpoint's weights it has."""

    weights: CheckpointKind
    epoch: int
    step: int


class PicturePredictions(NetworkAnswer, frozen=True, kw_only=True):
    """Of `PredictPictures`: ten probabilities for each picture."""

    probabilities: tuple[tuple[float, ...], ...]


class FirstLayerWeights(NetworkAnswer, frozen=True, kw_only=True):
    """Of `ShowWeights`: pictures of the first layer's weights, by descending norm; of a linear network by digit.

    `pictures`: C × `height` × `width` signed bytes; multiplied by `scales` [C] / 127 they are the weights.
    `indices` [C]: the neuron, filter or digit of each picture. `norms` [C]: Euclidean norms. `count`: how many neurons,
    filters or digits the layer has.
    """

    kind: Literal["templates", "neurons", "filters"]
    count: int
    height: int
    width: int
    indices: tuple[int, ...]
    norms: tuple[float, ...]
    scales: tuple[float, ...]
    pictures: bytes


class OcclusionMap(NetworkAnswer, frozen=True, kw_only=True):
    """Of `MapOcclusion`: `probabilities` [10] of the picture, and `covered` [784][10] with the patch on each pixel, row by row."""

    patch: int
    probabilities: tuple[float, ...]
    covered: tuple[tuple[float, ...], ...]


class ValueDistribution(msgspec.Struct, frozen=True, kw_only=True):
    """Mean, standard deviation, and a histogram of equal bins from `low` to `high`."""

    mean: float
    deviation: float
    low: float
    high: float
    bins: tuple[int, ...]


class LayerActivations(msgspec.Struct, frozen=True, kw_only=True):
    """A hidden layer on a sample of images.

    Of its `units` (`kind`: neurons or channels), `never` and `always` count those whose input to the activation is
    positive on no image, or on every one. `above`: the share of positive inputs. Of tanh and sigmoid, `saturated` is the
    share of outputs within 0.05 of a limit, and `stuck` the number of units saturated on every image. `before` and `after`:
    the values before and after the activation.
    """

    activation: str
    kind: Literal["neurons", "channels"]
    units: int
    never: int
    always: int
    above: float
    saturated: float | None
    stuck: int | None
    before: ValueDistribution
    after: ValueDistribution


class Activations(NetworkAnswer, frozen=True, kw_only=True):
    """Of `MeasureActivations`: the hidden layers from the input on, on a sample of `images`; none of a linear network."""

    images: int
    layers: tuple[LayerActivations, ...]


class Robustness(NetworkAnswer, frozen=True, kw_only=True):
    """Of `MeasureRobustness`: the accuracy on a sample of `images`, for each amount of one corruption."""

    corruption: Corruption = msgspec.field(name="disturbance")
    images: int
    amounts: tuple[float, ...]
    accuracies: tuple[float, ...]


class RangeTest(msgspec.Struct, frozen=True, kw_only=True):
    """Of `TestRange`: smoothed `losses` by learning rate, and the suggested rates, None where there is none.

    `epoch` is that of the weights it began with.
    """

    epoch: int = 0
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    steepest: float | None
    tenth: float | None


Answer = PicturePredictions | FirstLayerWeights | OcclusionMap | Activations | Robustness | RangeTest
"""What queries are answered with."""

_T = TypeVar("_T", bound=msgspec.Struct)


def encode_result(answer: msgspec.Struct | None) -> dict[str, Any]:
    """A struct as `protocol.Reply.result`."""
    result: dict[str, Any] = msgspec.to_builtins(answer) if answer is not None else {}
    return result


def decode_result(kind: type[_T], result: Mapping[str, Any]) -> _T:
    """`protocol.Reply.result` as a struct. Raises `EngineProblem` where it is none."""
    try:
        return msgspec.convert(result, kind)
    except msgspec.ValidationError as fault:
        raise EngineProblem(f"The engine's answer is no {kind.__name__}: {short(str(fault), 200)}.") from fault
