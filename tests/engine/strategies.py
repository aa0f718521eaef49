"""Hypothesis strategies: configurations, every kind of message, and whole lives of runs.

Messages are made from their type hints, so an event or a command that is added later is covered as it is.
"""

from __future__ import annotations

import math
import random
import types
import typing
from typing import Any, Literal, Union

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from engine import events as ev
from engine.commands import Command
from engine.config import HYPERPARAMETERS, TrainConfig, make_config
from engine.fields import Hyperparameter, Value


def examples(most: int) -> settings:
    """How many examples a property is tried with; however long one takes on a busy machine."""
    return settings(max_examples=most, suppress_health_check=[HealthCheck.too_slow])


EVENT_TYPES: tuple[type[msgspec.Struct], ...] = typing.get_args(ev.Event)
COMMAND_TYPES: tuple[type[msgspec.Struct], ...] = typing.get_args(Command)
DEVICES = ("auto", "cpu", "cuda", "cuda:0", "cuda:11", "mps")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""Any text that UTF-8 has bytes for, control characters included."""
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)
finite = st.floats(allow_nan=False, allow_infinity=False)
losses = st.floats(0, 3.4e38, allow_subnormal=False)
"""Losses as 32-bit arithmetic has them."""


def values_of(parameter: Hyperparameter) -> st.SearchStrategy[Value]:
    """Every value that the field takes."""
    about = parameter.about
    match parameter.kind:
        case "choice":
            return st.sampled_from(parameter.choices)
        case "bool":
            return st.booleans()
        case "int":
            return st.integers(int(about.low), int(about.high))
        case "float":
            return st.floats(about.low, about.high, exclude_max=about.open_high)
        case "ints":
            return st.lists(st.integers(int(about.low), int(about.high)), min_size=1, max_size=16).map(tuple)
        case "text" if parameter.name == "device":
            return st.sampled_from(DEVICES)
        case "text":
            printable = st.characters(exclude_categories=["Cs", "Cc"])
            return st.text(printable, max_size=20).map(str.strip)


@st.composite
def configs(draw: st.DrawFn) -> TrainConfig:
    """Configurations that are sound, alone and together: some fields drawn, the others as they are by default."""
    changed = draw(st.sets(st.sampled_from(sorted(HYPERPARAMETERS)), max_size=8))
    values: dict[str, Any] = {name: draw(values_of(HYPERPARAMETERS[name])) for name in sorted(changed)}
    if values.get("model") in ("fastcnn", "deepcnn") or values.get("batch_norm"):
        values["batch_size"] = max(2, values.get("batch_size", 64))
        values["train_images"] = 0
    if values.get("device") == "cpu":
        values["precision"] = "fp32"
    return make_config(values)


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type, as the type hints of events and commands use them."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([of(each) for each in arguments])
    if origin is tuple:
        return st.lists(of(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(texts, texts | st.integers(0, 99) | st.lists(texts, max_size=2), max_size=3)
    if kind is TrainConfig:
        return configs()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return messages(kind)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        int: st.integers(-(2**63), 2**63 - 1),
        float: finite,
        bool: st.booleans(),
        str: texts,
        bytes: st.binary(max_size=12),
        type(None): st.none(),
    }
    return plain[kind]


def messages(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Any message of one type; its fields need not make sense together."""
    return st.builds(kind, **{field.name: of(field.type) for field in msgspec.structs.fields(kind)})


def test_result(share: float = 0.9) -> ev.TestResult:
    """A look at the test set: a hundred images, ten of each digit."""
    right = round(10 * share)
    confusion = tuple(
        tuple(right if i == j else 10 - right if j == (i + 1) % 10 else 0 for j in range(10)) for i in range(10)
    )
    wrong = tuple(ev.WrongImage(i, i % 10, (i + 1) % 10, 0.5) for i in range(10 * (10 - right)))
    return ev.TestResult(
        weights="best",
        epoch=1,
        images=100,
        wrong=len(wrong),
        accuracy=right / 10,
        low=0.8,
        high=0.95,
        loss=0.3,
        per_digit=(right / 10,) * 10,
        confusion=confusion,
        wrong_images=wrong,
        seconds=0.1,
    )


class Life:
    """Writes the log of a run as an engine would: numbered, dated, each figure in keeping with the others."""

    def __init__(self, config: TrainConfig, steps_per_epoch: int, chance: random.Random) -> None:
        self.events: list[ev.Event] = []
        self.config, self.steps_per_epoch, self.chance = config, steps_per_epoch, chance
        self.run = "2026-01-02-0304-calm-otter"
        self.step = self.epoch = 0
        self.seconds, self.lowest = 0.0, math.inf
        self.checkpoint: tuple[int, int, float, float] | None = None

    @property
    def position(self) -> float:
        return round(self.step / self.steps_per_epoch, 6)

    @property
    def left(self) -> int:
        """Steps left of the epoch under way."""
        return (self.epoch + 1) * self.steps_per_epoch - self.step

    def tell(self, event: ev.Event) -> None:
        number = len(self.events)
        self.events.append(msgspec.structs.replace(event, seq=number, time=1.7e9 + number))

    def create(self) -> None:
        self.tell(ev.RunCreated(run=self.run, config=self.config, preset="cnn", version="0.1.0", host="here"))

    def start(self) -> None:
        """Begin, or go on from the last checkpoint."""
        if self.checkpoint:
            self.step, self.epoch, self.seconds, self.lowest = self.checkpoint
        for name in ("importing", "data", "building"):
            self.tell(ev.Phase(name=name, text=name))
        self.tell(
            ev.RunStarted(
                config=self.config,
                machine=ev.Machine(device="cpu", reason="chosen", threads=1, precision="fp32", torch="2"),
                data="tiny",
                train_images=self.steps_per_epoch * 10,
                validation_images=10,
                test_images=10,
                parameters=100,
                steps_per_epoch=self.steps_per_epoch,
                step=self.step,
                position=self.position,
                resumed=self.checkpoint is not None,
            )
        )
        self.tell(ev.PreviewDigits(indices=(1,), labels=(7,), pixels=bytes(4)))
        self.tell(ev.Phase(name="first_step", text="first step"))

    def train(self, steps: int) -> None:
        """Train some steps of the epoch under way and tell of them, and what the last did to the one layer."""
        low, high = sorted((self.chance.uniform(0, 3), self.chance.uniform(0, 3)))
        bad = self.chance.choice((0, 0, 0, steps))
        self.step += steps
        self.seconds += steps * self.chance.uniform(0.01, 0.2)
        one = ev.LayerStep(name="784→10", weights=7840, weight_norm=2.0, gradient_norm=1.0, update_ratio=1e-3)
        self.tell(ev.Layers(step=self.step, position=self.position, layers=(one,)))
        self.tell(
            ev.Progress(
                epoch=self.epoch + 1,
                step=self.step,
                position=self.position,
                steps=steps,
                images=self.step * 10,
                loss=None if bad else (low + high) / 2,
                low=None if bad else low,
                high=None if bad else high,
                non_finite=bad,
                learning_rate=self.config.learning_rate,
                gradient_norm=1.0,
                images_per_second=self.chance.uniform(50, 1000),
                seconds=round(self.seconds, 4),
            )
        )

    def end_epoch(self, *, save: bool = True) -> None:
        """Validate after the epoch's last step, and save (or fail to)."""
        loss = self.chance.uniform(0, 3)
        self.epoch += 1
        best, self.lowest = loss < self.lowest, min(loss, self.lowest)
        spread = (ev.Histogram(-1.0, 1.0, (3, 7)),)
        place = {"epoch": self.epoch, "step": self.step, "position": self.position}
        self.tell(ev.Distributions(layers=("784→10",), weights=spread, gradients=spread, hidden=(), **place))
        self.tell(
            ev.EpochEnded(
                epoch=self.epoch,
                step=self.step,
                images=self.step * 10,
                train_loss=loss,
                train_accuracy=0.5,
                validation_loss=loss,
                validation_accuracy=0.5,
                learning_rate=self.config.learning_rate,
                gradient_norm=1.0,
                seconds=1.0,
                validation_seconds=0.25,
                total_seconds=self.seconds,
                images_per_second=self.chance.uniform(50, 1000),
                best=best,
            )
        )
        self.preview()
        if not save:
            self.tell(ev.SaveFailed(path="last.pt", reason="No space left on device"))
            return
        if best:
            self.tell(ev.CheckpointSaved(kind="best", epoch=self.epoch, step=self.step))
        self.save()

    def preview(self) -> None:
        self.tell(ev.Previews(step=self.step, position=self.position, probabilities=((0.1,) * 10,)))

    def save(self) -> None:
        self.checkpoint = (self.step, self.epoch, self.seconds, self.lowest)
        self.tell(ev.CheckpointSaved(kind="last", epoch=self.epoch, step=self.step))

    def pause(self) -> None:
        self.tell(ev.Paused(step=self.step, position=self.position))
        self.save()

    def go_on(self) -> None:
        self.tell(ev.Continued(step=self.step, position=self.position))

    def change(self, name: str, value: Value) -> None:
        parameter = HYPERPARAMETERS[name]
        old, new = parameter.format(getattr(self.config, name)), parameter.format(value)
        self.config = msgspec.structs.replace(self.config, **{name: value})
        self.tell(ev.Changed(step=self.step, position=self.position, name=name, old=old, new=new))

    def finish(self, outcome: ev.Outcome) -> None:
        """End, with a look at the test set where the outcome deserves one."""
        test = test_result() if outcome in ("completed", "early_stopped", "stopped") else None
        if outcome == "stopped":
            self.save()
            at = self.position
            self.tell(ev.Validation(step=self.step, position=at, loss=9.0, accuracy=0.5, seconds=0.1, best=False))
        if test:
            self.tell(ev.Phase(name="testing", text="testing"))
            self.tell(ev.Tested(test=test))
        self.tell(
            ev.Finished(
                run=self.run,
                outcome=outcome,
                reason="So it ended.",
                epochs=self.epoch,
                step=self.step,
                position=self.position,
                best_epoch=None,
                seconds=self.seconds,
                test=test,
            )
        )


_HAPPENINGS = (
    "",
    "",
    "",
    "pause",
    "step",
    "rate",
    "epochs",
    "log",
    "save",
    "save failed",
    "preview",
    "kill",
    "stop",
    "abort",
)


@st.composite
def lives(draw: st.DrawFn) -> list[ev.Event]:
    """The log of a run: one to three sessions, ended, killed at any moment, resumed from the last checkpoint."""
    config = make_config({"epochs": draw(st.integers(1, 3)), "learning_rate": 0.5})
    life = Life(config, draw(st.integers(1, 4)), random.Random(draw(st.integers(0, 999))))
    life.create()
    for _ in range(draw(st.integers(1, 3))):
        life.start()
        outcome = _session(draw, life)
        if outcome:
            life.finish(outcome)
        if life.checkpoint is None:
            break
        if outcome == "completed":
            life.config = msgspec.structs.replace(life.config, epochs=life.config.epochs + 1)
    return life.events


def _session(draw: st.DrawFn, life: Life) -> ev.Outcome | None:
    """Train until something ends it; None where it was killed."""
    while life.epoch < life.config.epochs:
        if life.left:
            life.train(draw(st.integers(1, life.left)))
        happening = draw(st.sampled_from(_HAPPENINGS))
        match happening:
            case "kill":
                return None
            case "stop":
                return "stopped"
            case "abort":
                life.save()
                return "aborted"
            case _:
                _happen(life, happening)
        if not life.left:
            life.end_epoch(save=draw(st.booleans()))
    return "completed"


def _happen(life: Life, happening: str) -> None:
    match happening:
        case "pause":
            life.pause()
            life.go_on()
        case "step":
            life.pause()
            if life.left:
                life.train(1)
                life.preview()
                life.pause()
        case "rate":
            life.change("learning_rate", life.chance.uniform(0, 1))
        case "epochs":
            life.change("epochs", min(life.config.epochs + 1, 5))
        case "log":
            life.tell(ev.LogLine(text="a warning"))
        case "save":
            life.save()
        case "save failed":
            life.tell(ev.SaveFailed(path="last.pt", reason="No space left on device"))
        case "preview":
            life.preview()
