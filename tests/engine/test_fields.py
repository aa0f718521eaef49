"""How values are read, checked and written: what a person may type into a field, and what they are told otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import HYPERPARAMETERS
from engine.errors import ConfigProblem
from engine.fields import Hyperparameter, plain
from tests.each import each
from tests.engine.strategies import examples, values_of

EVERY = each("parameter", HYPERPARAMETERS.values())
PARAMETERS = st.sampled_from(list(HYPERPARAMETERS.values()))
MANY_DIGITS = "9" * 5000

NONSENSE = {
    "learning_rate": ["", " ", "nan", "inf", "-inf", "-0.1", "1e", "abc", "1e7", "1e999", "1,5", "0x10", "٣", "true"],
    "momentum": ["1.0", "1.5", "-1", "1", MANY_DIGITS],
    "weight_decay": ["-1", "-1e-300", "11"],
    "eps": ["0", "-1e-8"],
    "dropout": ["1", "50%"],
    "epochs": ["", "0", "-3", "2.5", "999999999", "1e", "nan", "inf", "１２", MANY_DIGITS, "-" + MANY_DIGITS, "on"],
    "batch_size": ["0", "-8", "60001", "six"],
    "seed": ["-1", "12345678901234567890", "1e30", "0.5"],
    "hidden": ["", ",", "0", "128,0", "128,-1", "128;256", "12.5", "nan", "9000", "٣", ",".join("1" * 17), MANY_DIGITS],
    "nesterov": ["", "maybe", "2", "1.0"],
    "model": ["", "MLP", "resnet", "m l p"],
    "data_dir": ["a\0b", "a\nb", "a\rb", "a\x1b[31mb", "a\x7fb", "a\x9bb", "a\ud800b"],
}
EXPECTED = {
    "learning_rate": "a number from 0 to 1000000",
    "momentum": "a number from 0 to below 1 (0 = off)",
    "weight_decay": "a number from 0 to 10 (0 = off)",
    "eps": "a number from 1e-16 to 1",
    "dropout": "a number from 0 to below 1 (0 = off)",
    "epochs": "a whole number from 1 to 10000",
    "batch_size": "a whole number from 1 to 60000",
    "seed": "a whole number from 0 to 9223372036854775807",
    "hidden": "whole numbers from 1 to 8192 with commas between, 16 at most",
    "nesterov": "true or false",
    "model": "one of linear, mlp, cnn, fastcnn, deepcnn",
    "data_dir": "text",
}
CASES = [(name, text) for name, texts in NONSENSE.items() for text in texts]


def shown(text: object) -> str:
    return repr(text)[:24]


@pytest.mark.parametrize(("name", "text"), CASES, ids=[f"{name}={shown(text)}" for name, text in CASES])
def test_nonsense_is_refused_with_the_field_and_what_it_takes(name: str, text: str) -> None:
    parameter = HYPERPARAMETERS[name]
    with pytest.raises(ConfigProblem) as caught:
        parameter.parse(text)
    message = str(caught.value)
    assert caught.value.field == name
    assert message.startswith(parameter.about.label + ": ")
    assert message.endswith(f"; expected {EXPECTED[name]}.")
    assert message.isprintable()
    assert len(message) < 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", True),
        ("learning_rate", False),
        ("hidden", [True]),
        ("hidden", [128, "256"]),
        ("hidden", []),
        ("hidden", 128),
        ("hidden", [16**5000]),
        ("hidden", [[128]]),
        ("nesterov", 1),
        ("nesterov", "true"),
        ("epochs", "25"),
        ("epochs", None),
        ("epochs", 16**5000),
        ("epochs", -(16**5000)),
        ("learning_rate", 16**5000),
        ("learning_rate", {}),
        ("model", 16**5000),
        ("model", ["mlp"]),
        ("data_dir", 3),
        ("data_dir", {"a": [16**5000]}),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_values_of_another_kind_are_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigProblem) as caught:
        HYPERPARAMETERS[name].check(value)
    assert caught.value.field == name
    assert str(caught.value).endswith(f"; expected {HYPERPARAMETERS[name].expected}.")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("learning_rate", " 1e-3 ", 0.001),
        ("learning_rate", "0", 0.0),
        ("learning_rate", "1000000", 1e6),
        ("momentum", "0.9999", 0.9999),
        ("epochs", "10000", 10_000),
        ("epochs", "3.0", 3),
        ("seed", "9223372036854775807", 2**63 - 1),
        ("hidden", "128, 256", (128, 256)),
        ("hidden", "128 256", (128, 256)),
        ("hidden", "8192", (8192,)),
        ("nesterov", "YES", True),
        ("nesterov", "off", False),
        ("model", " cnn ", "cnn"),
        ("data_dir", "", ""),
        ("data_dir", "/straße/数据", "/straße/数据"),
    ],
)
def test_values_are_read_as_people_type_them(name: str, text: str, value: object) -> None:
    read = HYPERPARAMETERS[name].parse(text)
    assert read == value
    assert type(read) is type(value)


@EVERY
@examples(10)
@given(data=st.data())
def test_what_is_written_is_read_back(parameter: Hyperparameter, data: st.DataObject) -> None:
    value = data.draw(values_of(parameter))
    read = parameter.parse(parameter.format(value))
    assert read == parameter.check(value) == value
    assert type(read) is type(value)


@examples(100)
@given(parameter=PARAMETERS, text=st.text(max_size=20) | st.from_regex(r"\A[-+]?[0-9._]{0,9}(e[-+]?[0-9]{0,4})?\Z"))
def test_any_text_is_either_taken_or_refused_in_words(parameter: Hyperparameter, text: str) -> None:
    try:
        value = parameter.parse(text)
    except ConfigProblem as fault:
        assert fault.field == parameter.name
    else:
        assert parameter.check(value) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@examples(100)
@given(parameter=PARAMETERS, value=JSON)
def test_any_value_of_a_file_is_either_taken_or_refused_in_words(parameter: Hyperparameter, value: object) -> None:
    try:
        taken = parameter.check(value)
    except ConfigProblem as fault:
        assert fault.field == parameter.name
    else:
        assert parameter.check(taken) == taken
        assert parameter.parse(parameter.format(taken)) == (taken.strip() if isinstance(taken, str) else taken)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.001, "0.001"), (64, "64"), (64.0, "64"), (1e-8, "1e-08"), (1e6, "1000000"), (0.0, "0"), (1e300, "1e+300")],
)
def test_numbers_are_written_without_needless_digits(value: float, text: str) -> None:
    assert plain(value) == text


@EVERY
def test_every_field_is_described_and_has_a_sound_default(parameter: Hyperparameter) -> None:
    assert parameter.check(parameter.default) == parameter.default
    assert parameter.flag == "--" + parameter.name.replace("_", "-")
    assert parameter.about.label
    assert parameter.about.meaning.endswith(".")
    if parameter.kind in ("int", "float", "ints"):
        assert parameter.about.low < parameter.about.high < float("inf")
