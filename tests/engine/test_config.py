"""The table of hyperparameters as a whole: names, values that go together, and which fields mean anything."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given

from engine.config import HYPERPARAMETERS, TrainConfig, applies, differences, make_config, no_effect
from engine.errors import ConfigProblem, ExitCode
from tests.engine.strategies import configs, examples


@examples(40)
@given(config=configs())
def test_a_configuration_survives_being_taken_apart(config: TrainConfig) -> None:
    assert make_config(msgspec.structs.asdict(config)) == config


@examples(40)
@given(config=configs(), base=configs())
def test_the_differences_are_what_makes_one_configuration_of_another(config: TrainConfig, base: TrainConfig) -> None:
    changed = differences(config, base)
    assert msgspec.structs.replace(base, **changed) == config
    assert all(getattr(base, name) != value for name, value in changed.items())


@examples(40)
@given(config=configs())
def test_every_field_knows_for_every_configuration_whether_it_applies(config: TrainConfig) -> None:
    assert {type(applies(config, name)) for name in HYPERPARAMETERS} == {bool}


def test_nothing_laid_over_gives_the_base() -> None:
    base = make_config({"epochs": 3})
    assert make_config({}) == TrainConfig()
    assert make_config({}, base) == base
    assert make_config({"batch_size": 8}, base) == make_config({"epochs": 3, "batch_size": 8})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("learning-rate", "learning_rate"),
        ("learningrate", "learning_rate"),
        ("lerning_rate", "learning_rate"),
        ("batchsize", "batch_size"),
        ("batch", "batch_size"),
        ("epoch", "epochs"),
        ("optimizr", "optimizer"),
        ("wieght_decay", "weight_decay"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(name: str, meant: str) -> None:
    with pytest.raises(ConfigProblem) as caught:
        make_config({name: 1})
    assert str(caught.value) == f"There is no hyperparameter '{name}'; did you mean '{meant}'?"
    assert caught.value.field == name


def test_a_name_like_no_other_is_refused_with_where_the_names_are() -> None:
    with pytest.raises(ConfigProblem, match=r"'zzz'; `mnist-tui train --help` lists them\.$"):
        make_config({"zzz": 1})


@pytest.mark.parametrize("name", ["x" * 5000, "a\x1b[2Jb", "a\nb"])
def test_an_unknown_name_cannot_spoil_the_message(name: str) -> None:
    with pytest.raises(ConfigProblem) as caught:
        make_config({name: 1})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


TOGETHER: list[tuple[dict[str, Any], str, str]] = [
    ({"model": "fastcnn", "batch_size": 1}, "batch_size", "at least 2 images"),
    ({"model": "fastcnn", "train_images": 1}, "train_images", "at least 2 images"),
    ({"model": "mlp", "batch_norm": True, "batch_size": 1}, "batch_size", "at least 2 images"),
    ({"model": "mlp", "batch_norm": True, "train_images": 1}, "train_images", "at least 2 images"),
    ({"precision": "fp16", "device": "cpu"}, "precision", "take fp32, or bf16"),
    *(
        ({"device": name}, "device", "expected auto, cpu, cuda, cuda:N or mps")
        for name in ("", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:1.0", "cuda:0x1", "cuda:٣", "cuda:²", "cuda0", "cpu:0")
    ),
]


@pytest.mark.parametrize(("values", "field", "words"), TOGETHER, ids=[str(values) for values, *_ in TOGETHER])
def test_values_that_cannot_work_together_are_refused(values: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ConfigProblem) as caught:
        make_config(values)
    assert caught.value.field == field
    assert caught.value.exit_code == ExitCode.USAGE
    assert words in str(caught.value)
    assert str(caught.value).startswith(HYPERPARAMETERS[field].about.label + ": ")


@pytest.mark.parametrize(
    "values",
    [
        {"model": "fastcnn", "batch_size": 2},
        {"model": "fastcnn", "train_images": 2},
        {"model": "cnn", "batch_size": 1, "batch_norm": True},
        {"model": "mlp", "batch_size": 1, "batch_norm": False},
        {"model": "mlp", "batch_size": 2, "batch_norm": True},
        {"precision": "fp16", "device": "cuda"},
        {"precision": "fp16", "device": "auto"},
        {"precision": "bf16", "device": "cpu"},
        {"device": "cuda:0"},
        {"device": "cuda:15"},
        {"device": "mps"},
    ],
    ids=str,
)
def test_values_beside_those_are_taken(values: dict[str, Any]) -> None:
    config = make_config(values)
    assert {name: getattr(config, name) for name in values} == values


def test_a_base_is_part_of_what_must_go_together() -> None:
    base = make_config({"model": "fastcnn"})
    with pytest.raises(ConfigProblem, match="at least 2 images"):
        make_config({"batch_size": 1}, base)


@pytest.mark.parametrize(
    ("values", "name", "expected"),
    [
        ({"optimizer": "sgd"}, "momentum", True),
        ({"optimizer": "rmsprop"}, "momentum", True),
        ({"optimizer": "adam"}, "momentum", False),
        ({"optimizer": "sgd", "momentum": 0.9}, "nesterov", True),
        ({"optimizer": "sgd", "momentum": 0.0}, "nesterov", False),
        ({"optimizer": "rmsprop", "momentum": 0.9}, "nesterov", False),
        ({"optimizer": "adam"}, "beta1", True),
        ({"optimizer": "adamw"}, "beta2", True),
        ({"optimizer": "sgd"}, "beta1", False),
        ({"optimizer": "rmsprop"}, "alpha", True),
        ({"optimizer": "adam"}, "alpha", False),
        ({"optimizer": "adagrad"}, "eps", True),
        ({"optimizer": "sgd"}, "eps", False),
        ({"optimizer": "adagrad"}, "lr_decay", True),
        ({"optimizer": "sgd"}, "lr_decay", False),
        ({"optimizer": "sgd"}, "weight_decay", True),
        ({"model": "mlp"}, "hidden", True),
        ({"model": "cnn"}, "hidden", False),
        ({"model": "mlp"}, "batch_norm", True),
        ({"model": "cnn"}, "batch_norm", False),
        ({"model": "linear"}, "dropout", False),
        ({"model": "linear"}, "activation", False),
        ({"model": "fastcnn"}, "activation", True),
        ({"loss": "cross_entropy"}, "label_smoothing", True),
        ({"loss": "mse"}, "label_smoothing", False),
        ({"schedule": "one_cycle"}, "peak_at", True),
        ({"schedule": "one_cycle"}, "warmup", False),
        ({"schedule": "cosine"}, "warmup", True),
        ({"schedule": "step"}, "step_every", True),
        ({"schedule": "plateau"}, "step_every", False),
        ({"schedule": "plateau"}, "plateau_patience", True),
        ({"schedule": "plateau"}, "factor", True),
        ({"schedule": "constant"}, "factor", False),
        ({"model": "linear"}, "learning_rate", True),
    ],
)
def test_a_field_applies_where_something_reads_it(values: dict[str, Any], name: str, expected: bool) -> None:
    assert applies(make_config(values), name) is expected


def test_the_form_has_each_group_in_one_piece() -> None:
    groups = [parameter.about.group for parameter in HYPERPARAMETERS.values()]
    changes = [group for group, before in zip(groups, ["", *groups], strict=False) if group != before]
    assert changes == ["Network", "Objective", "Optimizer", "Schedule", "Training", "Augmentation", "Machine"]


def test_what_a_network_is_built_from_cannot_change_in_a_run() -> None:
    fixed = {name for name, parameter in HYPERPARAMETERS.items() if not parameter.about.live}
    assert fixed >= {"model", "hidden", "activation", "init", "loss", "seed", "device", "precision", "data_dir"}


@pytest.mark.parametrize(
    ("values", "name", "said"),
    [
        ({"optimizer": "adamw"}, "momentum", "has no effect with adamw"),
        ({"optimizer": "sgd"}, "momentum", ""),
        ({"optimizer": "sgd"}, "nesterov", "has no effect beside the other settings"),
        ({"model": "linear"}, "dropout", "has no effect with linear"),
        ({}, "plateau_patience", "has no effect with constant"),
        ({"loss": "mse"}, "label_smoothing", "has no effect with mse"),
    ],
)
def test_why_a_field_has_no_effect_is_said_with_what_keeps_it_from_it(
    values: dict[str, object], name: str, said: str
) -> None:
    assert no_effect(make_config(values), name) == said
