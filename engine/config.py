"""`TrainConfig`: the one table of hyperparameters.

A field here is a field of the form, a flag of the command line, a key of the config file and an environment variable
(`MNIST_TUI_` + its name in capitals). Its page for people is ``engine/help/en/NAME.md``.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from engine.errors import ConfigProblem
from engine.fields import Field, Group, Hyperparameter, Kind, Value, options, short

_LAYERED = options(model=("mlp", "cnn", "fastcnn", "deepcnn"))
_ADAM = options(optimizer=("adam", "adamw"))
SHORT_NAMES = {"learning_rate": "lr", "batch_size": "batch"}
"""Second, shorter names of some hyperparameters: as a flag (--lr) and as an environment variable (MNIST_TUI_LR)."""


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a run does. Immutable; `msgspec.structs.replace` makes a changed one."""

    # fmt: off
    model: Annotated[Literal["linear", "mlp", "cnn", "fastcnn", "deepcnn"], Field(
        label="Model", group=Group.NETWORK, meaning="The kind of network.")] = "mlp"
    hidden: Annotated[tuple[int, ...], Field(
        label="Hidden sizes", group=Group.NETWORK, unit="neurons", low=1, high=8192, when=options(model="mlp"),
        meaning="Neurons in each hidden layer, from the input on.")] = (128, 256)
    activation: Annotated[Literal["relu", "leaky_relu", "gelu", "tanh", "sigmoid"], Field(
        label="Activation", group=Group.NETWORK, when=_LAYERED, meaning="The bend after each hidden layer.")] = "relu"
    batch_norm: Annotated[bool, Field(
        label="Batch norm", group=Group.NETWORK, when=options(model="mlp"),
        meaning="Normalize what each hidden layer passes on, over the batch.")] = False
    dropout: Annotated[float, Field(
        label="Dropout", group=Group.NETWORK, low=0, high=1, open_high=True, live=True, when=_LAYERED, zero="off",
        meaning="Share of hidden outputs set to zero at random in each training step.")] = 0.5
    init: Annotated[Literal["auto", "he", "xavier", "torch"], Field(
        label="Initialization", group=Group.NETWORK, meaning="How the first weights are drawn; auto follows the activation.")] = "auto"

    loss: Annotated[Literal["cross_entropy", "nll", "mse", "bce"], Field(
        label="Loss", group=Group.OBJECTIVE, meaning="What training makes small.")] = "cross_entropy"
    label_smoothing: Annotated[float, Field(
        label="Label smoothing", group=Group.OBJECTIVE, low=0, high=1, open_high=True, live=True, zero="off",
        when=options(loss="cross_entropy"), meaning="Share of the target given to all ten digits alike.")] = 0.0

    optimizer: Annotated[Literal["sgd", "adam", "adamw", "rmsprop", "adagrad"], Field(
        label="Optimizer", group=Group.OPTIMIZER, live=True, meaning="The rule that turns gradients into steps.")] = "adam"
    learning_rate: Annotated[float, Field(
        label="Learning rate", group=Group.OPTIMIZER, low=0, high=1e6, live=True, meaning="The size of each step.")] = 0.001
    momentum: Annotated[float, Field(
        label="Momentum", group=Group.OPTIMIZER, low=0, high=1, open_high=True, live=True, zero="off",
        when=options(optimizer=("sgd", "rmsprop")), meaning="Share of the last step that carries over.")] = 0.0
    nesterov: Annotated[bool, Field(
        label="Nesterov", group=Group.OPTIMIZER, live=True, when=lambda c: c.optimizer == "sgd" and c.momentum > 0,
        meaning="Measure the gradient one momentum step ahead.")] = False
    beta1: Annotated[float, Field(
        label="Beta 1", group=Group.OPTIMIZER, low=0, high=1, open_high=True, live=True, when=_ADAM,
        meaning="Memory of the gradient's running mean.")] = 0.9
    beta2: Annotated[float, Field(
        label="Beta 2", group=Group.OPTIMIZER, low=0, high=1, open_high=True, live=True, when=_ADAM,
        meaning="Memory of the gradient's running square.")] = 0.999
    alpha: Annotated[float, Field(
        label="Alpha", group=Group.OPTIMIZER, low=0, high=1, open_high=True, live=True, when=options(optimizer="rmsprop"),
        meaning="Memory of the gradient's running square.")] = 0.99
    eps: Annotated[float, Field(
        label="Epsilon", group=Group.OPTIMIZER, low=1e-16, high=1, live=True, when=options(optimizer=("adam", "adamw", "rmsprop", "adagrad")),
        meaning="Keeps the division by the running square finite.")] = 1e-8
    lr_decay: Annotated[float, Field(
        label="Rate decay", group=Group.OPTIMIZER, low=0, high=1, live=True, zero="off", when=options(optimizer="adagrad"),
        meaning="How fast adagrad's rate falls with the number of steps.")] = 0.0
    weight_decay: Annotated[float, Field(
        label="Weight decay", group=Group.OPTIMIZER, low=0, high=10, live=True, zero="off",
        meaning="Pull of every weight toward zero.")] = 0.0
    clip_norm: Annotated[float, Field(
        label="Gradient clip", group=Group.OPTIMIZER, low=0, high=1e6, live=True, zero="off",
        meaning="Longest gradient a step may use; a longer one is shortened.")] = 0.0

    schedule: Annotated[Literal["constant", "step", "cosine", "one_cycle", "plateau"], Field(
        label="Schedule", group=Group.SCHEDULE, live=True, meaning="How the learning rate changes over the run.")] = "constant"
    warmup: Annotated[float, Field(
        label="Warm-up", group=Group.SCHEDULE, unit="epochs", low=0, high=100, live=True, zero="off",
        when=options(schedule=("constant", "step", "cosine", "plateau")),
        meaning="Epochs over which the rate rises from zero.")] = 0.0
    peak_at: Annotated[float, Field(
        label="Peak at", group=Group.SCHEDULE, unit="of the run", low=0.01, high=0.99, live=True, when=options(schedule="one_cycle"),
        meaning="Share of the run after which one-cycle reaches its highest rate.")] = 0.3
    step_every: Annotated[int, Field(
        label="Step every", group=Group.SCHEDULE, unit="epochs", low=1, high=10_000, live=True, when=options(schedule="step"),
        meaning="Epochs between two cuts of the rate.")] = 10
    factor: Annotated[float, Field(
        label="Cut factor", group=Group.SCHEDULE, low=0, high=1, live=True, when=options(schedule=("step", "plateau")),
        meaning="What each cut multiplies the rate with.")] = 0.1
    plateau_patience: Annotated[int, Field(
        label="Plateau after", group=Group.SCHEDULE, unit="epochs", low=0, high=10_000, live=True, when=options(schedule="plateau"),
        meaning="Epochs without a better validation loss before the rate is cut.")] = 2

    epochs: Annotated[int, Field(
        label="Epochs", group=Group.TRAINING, unit="epochs", low=1, high=10_000, live=True,
        meaning="Passes over the training images.")] = 25
    batch_size: Annotated[int, Field(
        label="Batch size", group=Group.TRAINING, unit="images", low=1, high=60_000, live=True,
        meaning="Images in each step.")] = 64
    best_by: Annotated[Literal["loss", "accuracy"], Field(
        label="Best by", group=Group.TRAINING, meaning="The validation figure by which the best epoch is found.")] = "loss"
    patience: Annotated[int, Field(
        label="Patience", group=Group.TRAINING, unit="epochs", low=0, high=10_000, live=True, zero="never stop early",
        meaning="Epochs without a better validation figure before training stops.")] = 0
    keep_every: Annotated[int, Field(
        label="Keep every", group=Group.TRAINING, unit="epochs", low=0, high=10_000, live=True, zero="last and best",
        meaning="Epochs between two checkpoints that are kept for good, to branch from.")] = 0
    train_images: Annotated[int, Field(
        label="Train images", group=Group.TRAINING, unit="images", low=0, high=1_000_000, zero="all",
        meaning="How many of the training images are used.")] = 0
    seed: Annotated[int, Field(
        label="Seed", group=Group.TRAINING, low=0, high=2**63 - 1,
        meaning="Start of every random choice; the same seed gives the same run.")] = 0

    shift: Annotated[float, Field(
        label="Shift", group=Group.AUGMENTATION, unit="pixels", low=0, high=14, live=True, zero="off",
        meaning="Each training image is moved at random by up to so much.")] = 0.0
    rotation: Annotated[float, Field(
        label="Rotation", group=Group.AUGMENTATION, unit="degrees", low=0, high=180, live=True, zero="off",
        meaning="Each training image is turned at random by up to so much.")] = 0.0
    scale: Annotated[float, Field(
        label="Scale", group=Group.AUGMENTATION, low=0, high=0.9, live=True, zero="off",
        meaning="Each training image grows or shrinks at random by up to this share.")] = 0.0
    noise: Annotated[float, Field(
        label="Noise", group=Group.AUGMENTATION, low=0, high=2, live=True, zero="off",
        meaning="Standard deviation of the noise added to each pixel (ink is 1).")] = 0.0

    device: Annotated[str, Field(
        label="Device", group=Group.MACHINE, meaning="Where it trains: auto, cpu, cuda, cuda:N or mps.")] = "auto"
    precision: Annotated[Literal["fp32", "bf16", "fp16"], Field(
        label="Precision", group=Group.MACHINE, meaning="Number format of the matrix products.")] = "fp32"
    threads: Annotated[int, Field(
        label="Threads", group=Group.MACHINE, low=0, high=1024, zero="by rule",
        meaning="CPU threads; 0 follows a fixed rule for the model.")] = 0
    data_dir: Annotated[str, Field(
        label="Data folder", group=Group.MACHINE, path=True, meaning="Folder with the data files; empty takes the MNIST that is shipped.")] = ""
    # fmt: on


def _kind(hint: Any) -> tuple[Kind, tuple[str, ...]]:
    if typing.get_origin(hint) is Literal:
        return "choice", typing.get_args(hint)
    kinds: dict[Any, Kind] = {bool: "bool", int: "int", float: "float", str: "text", tuple[int, ...]: "ints"}
    return kinds[hint], ()


def _table() -> Mapping[str, Hyperparameter]:
    defaults = TrainConfig()
    table = {}
    for name, hint in typing.get_type_hints(TrainConfig, include_extras=True).items():
        kind, choices = _kind(typing.get_args(hint)[0])
        about = next(a for a in hint.__metadata__ if isinstance(a, Field))
        table[name] = Hyperparameter(name, kind, getattr(defaults, name), choices, about)
    return types.MappingProxyType(table)


HYPERPARAMETERS: Mapping[str, Hyperparameter] = _table()
"""Every hyperparameter by name, in the order of the form."""


def applies(config: TrainConfig, name: str) -> bool:
    """Whether the field means anything beside the other values of `config`."""
    when = HYPERPARAMETERS[name].about.when
    return when is None or bool(when(config))


def no_effect(config: TrainConfig, name: str) -> str:
    """Why a field means nothing beside the other values, in words ("has no effect with adamw"); empty where it does."""
    if applies(config, name):
        return ""
    when = HYPERPARAMETERS[name].about.when
    for other, parameter in HYPERPARAMETERS.items():
        others = (msgspec.structs.replace(config, **{other: choice}) for choice in parameter.choices)
        if when is not None and any(map(when, others)):
            return f"has no effect with {parameter.format(getattr(config, other))}"
    return "has no effect beside the other settings"


def make_config(values: Mapping[str, object], base: TrainConfig | None = None) -> TrainConfig:
    """`base` (the defaults) with `values` laid over it, each checked alone and then together.

    Raises `ConfigProblem` for an unknown name, a value of the wrong kind or out of range, or values that do not go
    together.
    """
    config = msgspec.structs.replace(base or TrainConfig(), **check_each(values))
    check_together(config)
    return config


def check_each(values: Mapping[str, object]) -> dict[str, Value]:
    """`values` by name, each checked alone. Raises `ConfigProblem` as `make_config` does."""
    checked: dict[str, Value] = {}
    for name, value in values.items():
        if name not in HYPERPARAMETERS:
            raise ConfigProblem(f"There is no hyperparameter '{short(name)}'; {_nearest(name)}", name)
        checked[name] = HYPERPARAMETERS[name].check(value)
    return checked


def _nearest(name: str) -> str:
    import difflib  # noqa: PLC0415 - only for a message

    given = name.replace("-", "_")
    whole = [field for field, short_name in SHORT_NAMES.items() if short_name == given]
    close = whole or difflib.get_close_matches(given, HYPERPARAMETERS, n=1)
    return f"did you mean '{close[0]}'?" if close else "`mnist-tui train --help` lists them."


def check_together(config: TrainConfig) -> None:
    """Refuse values that are each in range but cannot work with one another. Raises `ConfigProblem`."""
    if normalizes(config) and 1 in (config.batch_size, config.train_images):
        field = "batch_size" if config.batch_size == 1 else "train_images"
        raise ConfigProblem(
            f"{HYPERPARAMETERS[field].about.label}: this network normalizes over the batch, which needs at least 2 images; "
            "take 2 or more, or another network.",
            field,
        )
    if not _is_device(config.device):
        raise ConfigProblem(
            f"Device: '{short(config.device)}' is not one; expected auto, cpu, cuda, cuda:N or mps.", "device"
        )
    if config.precision == "fp16" and config.device == "cpu":
        raise ConfigProblem("Precision: fp16 has no fast arithmetic on a CPU; take fp32, or bf16.", "precision")


def normalizes(config: TrainConfig) -> bool:
    """Whether the network has batch normalization in it."""
    return config.model in ("fastcnn", "deepcnn") or (config.model == "mlp" and config.batch_norm)


def _is_device(name: str) -> bool:
    return name in {"auto", "cpu", "cuda", "mps"} or (
        name.startswith("cuda:") and name[5:].isascii() and name[5:].isdecimal()
    )


def differences(config: TrainConfig, base: TrainConfig | None = None) -> dict[str, Value]:
    """The fields in which `config` is not as `base` (the defaults), by name."""
    before = msgspec.structs.asdict(base or TrainConfig())
    return {name: value for name, value in msgspec.structs.asdict(config).items() if value != before[name]}
