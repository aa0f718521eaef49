"""Default, preset, config file, environment, flag: each lies over the one before, and says where it is wrong."""

from __future__ import annotations

import os
import re
import threading
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

import engine
from engine.config import HYPERPARAMETERS, TrainConfig, applies
from engine.errors import ConfigProblem
from engine.settings import Settings, config_path, effective, find_preset, presets
from engine.unknown_settings import slips_of_environment


class Layers:
    """A config file and an environment of a test's own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.toml"
        self.environ: dict[str, str] = {}

    def write(self, text: str | bytes) -> None:
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def read(self, flags: dict[str, str] | None = None, preset: str | None = None) -> Settings:
        return effective(flags, preset, self.environ)

    def fault(self, flags: dict[str, str] | None = None, preset: str | None = None) -> ConfigProblem:
        with pytest.raises(ConfigProblem) as caught:
            self.read(flags, preset)
        assert str(caught.value).isprintable()
        return caught.value


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layers:
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    return Layers(tmp_path)


@pytest.mark.parametrize(
    ("most", "epochs", "origin"),
    [
        ("preset", 5, "preset cnn"),
        ("file", 7, "{path}"),
        ("environment", 9, "MNIST_TUI_EPOCHS"),
        ("flag", 11, "flag --epochs"),
    ],
)
def test_each_layer_lies_over_the_ones_before(layers: Layers, most: str, epochs: int, origin: str) -> None:
    upto = ["preset", "file", "environment", "flag"].index(most)
    if upto >= 1:
        layers.write("[train]\nepochs = 7\n")
    if upto >= 2:
        layers.environ["MNIST_TUI_EPOCHS"] = "9"
    settings = layers.read({"epochs": "11"} if upto >= 3 else {}, preset="cnn")
    assert settings.config.epochs == epochs
    assert settings.origins["epochs"] == origin.format(path=layers.path)


def test_a_layer_leaves_the_fields_it_does_not_name(layers: Layers) -> None:
    layers.write("[train]\nbatch_size = 32\n")
    layers.environ["MNIST_TUI_SEED"] = "4"
    settings = layers.read({"learning_rate": "0.5"}, preset="overfit")
    assert settings.config == msgspec.structs.replace(
        find_preset("overfit").config, batch_size=32, seed=4, learning_rate=0.5
    )
    assert set(settings.origins) == set(HYPERPARAMETERS)
    assert settings.origins["train_images"] == "preset overfit"
    assert settings.origins["batch_size"] == str(layers.path)
    assert settings.origins["seed"] == "MNIST_TUI_SEED"
    assert settings.origins["learning_rate"] == "flag --learning-rate"
    assert settings.origins["momentum"] == "default"


def test_nothing_given_is_the_first_preset(layers: Layers) -> None:
    settings = layers.read()
    assert settings.preset == "blog-adam"
    assert settings.config == find_preset("blog-adam").config
    assert settings.notes == ()
    assert settings.screen == {}


@pytest.mark.parametrize(("most", "name"), [("file", "cnn"), ("environment", "overfit"), ("flag", "blog-sgd")])
def test_the_preset_itself_is_chosen_by_the_highest_layer(layers: Layers, most: str, name: str) -> None:
    upto = ["file", "environment", "flag"].index(most)
    layers.write('preset = "cnn"\n')
    if upto >= 1:
        layers.environ["MNIST_TUI_PRESET"] = "overfit"
    settings = layers.read(preset="blog-sgd" if upto >= 2 else None)
    assert settings.preset == name
    assert settings.config == find_preset(name).config


def test_values_of_the_file_are_plain_toml(layers: Layers) -> None:
    layers.write('[train]\nhidden = [64, 32]\nmodel = "mlp"\nlearning_rate = 1\nnesterov = true\n')
    config = layers.read().config
    assert (config.hidden, config.model, config.learning_rate, config.nesterov) == ((64, 32), "mlp", 1.0, True)


def test_a_higher_layer_can_mend_what_does_not_go_together(layers: Layers) -> None:
    layers.write('[train]\nprecision = "fp16"\ndevice = "cpu"\n')
    assert layers.read({"device": "cuda"}).config.precision == "fp16"
    assert layers.fault().field == "precision"


def test_the_screen_table_is_passed_on(layers: Layers) -> None:
    layers.write('[screen]\ntheme = "light"\n')
    assert layers.read().screen == {"theme": "light"}


def test_a_value_that_means_nothing_is_noted_where_it_was_given(layers: Layers) -> None:
    settings = layers.read({"momentum": "0.9", "epochs": "3"})
    assert settings.notes == ("--momentum has no effect with these settings; it is ignored.",)
    assert layers.read({"momentum": "0.9", "optimizer": "sgd"}).notes == ()


FILES: list[tuple[str, str | bytes, str]] = [
    ("syntax", "epochs = = 3", "is not a TOML file"),
    ("cut", "[train", "is not a TOML file"),
    ("twice", "[train]\nepochs = 1\nepochs = 2\n", "is not a TOML file"),
    ("latin-1", b'[train]\ndata_dir = "caf\xe9"\n', "is not a TOML file"),
    ("zero bytes", bytes(64), "is not a TOML file"),
    ("deep", "a = " + "[" * 20_000 + "]" * 20_000, "is not a TOML file"),
    ("many digits", "[train]\nseed = " + "9" * 5000 + "\n", "is not a TOML file"),
    ("hexadecimal", "[train]\nseed = 0x" + "f" * 5000 + "\n", "Seed: a number of thousands of digits is out of range"),
    ("unknown table", "[trian]\nepochs = 3\n", "'trian' is not known; expected preset, [train] or [screen]"),
    ("value outside", "epochs = 3\n", "'epochs' is not known; expected preset, [train] or [screen]"),
    ("train no table", "train = 3\n", "'train' must be a table"),
    ("train a list", "[[train]]\nepochs = 3\n", "'train' must be a table"),
    ("screen no table", "screen = true\n", "'screen' must be a table"),
    ("preset no name", "preset = 3\n", "'preset' must be a name"),
    ("unknown field", "[train]\nepoch = 3\n", "There is no hyperparameter 'epoch'; did you mean 'epochs'?"),
    ("wrong type", '[train]\nepochs = "3"\n', "Epochs: '3' is not that; expected a whole number from 1 to 10000"),
    ("bool", "[train]\nepochs = true\n", "Epochs: 'True' is not that"),
    ("fraction", "[train]\nepochs = 2.5\n", "Epochs: 2.5 is not a whole number"),
    ("nan", "[train]\nlearning_rate = nan\n", "Learning rate: nan is not a number that can be used"),
    ("out of range", "[train]\nmomentum = 1.0\n", "Momentum: 1 is out of range; expected a number from 0 to below 1"),
    ("date", "[train]\nepochs = 2020-01-01\n", "Epochs: '2020-01-01' is not that"),
    ("table", "[train.epochs]\nx = 1\n", "Epochs: '{'x': 1}' is not that"),
]


@pytest.mark.parametrize(("text", "words"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_a_fault_in_the_file_names_the_file(layers: Layers, text: str | bytes, words: str) -> None:
    layers.write(text)
    message = str(layers.fault())
    assert message.startswith(str(layers.path))
    assert words in message
    assert len(message) < 300 + len(str(layers.path))


def test_a_file_that_cannot_be_read_is_named(layers: Layers) -> None:
    layers.path.mkdir()
    assert str(layers.fault()) == f"{layers.path} cannot be read: Is a directory."


def test_a_path_that_no_file_can_have_is_named(layers: Layers) -> None:
    layers.environ["MNIST_TUI_CONFIG"] = "/" + "x" * 300
    assert str(layers.fault()).startswith("/xxx")


def test_a_fault_in_the_environment_names_the_variable(layers: Layers) -> None:
    layers.environ["MNIST_TUI_BATCH_SIZE"] = "-8"
    fault = layers.fault()
    assert (
        str(fault) == "MNIST_TUI_BATCH_SIZE: Batch size: -8 is out of range; expected a whole number from 1 to 60000."
    )
    assert fault.field == "batch_size"


def test_a_fault_in_a_flag_names_the_flag(layers: Layers) -> None:
    fault = layers.fault({"learning_rate": "fast"})
    assert "--learning-rate" in str(fault)
    assert "Learning rate: 'fast' is not a number; expected a number from 0 to 1000000." in str(fault)
    assert fault.field == "learning_rate"


def test_values_that_do_not_go_together_across_layers_are_refused(layers: Layers) -> None:
    layers.write('[train]\nmodel = "fastcnn"\n')
    layers.environ["MNIST_TUI_BATCH_SIZE"] = "1"
    assert layers.fault().field == "batch_size"


@pytest.mark.parametrize("where", ["file", "environment", "flag"])
def test_an_unknown_preset_is_refused_with_the_known_ones(layers: Layers, where: str) -> None:
    if where == "file":
        layers.write('preset = "bolg-adam"\n')
    elif where == "environment":
        layers.environ["MNIST_TUI_PRESET"] = "bolg-adam"
    fault = layers.fault(preset="bolg-adam" if where == "flag" else None)
    assert fault.field == "preset"
    assert str(fault) == f"There is no preset 'bolg-adam'; expected one of {', '.join(presets())}."


def test_other_variables_of_the_program_are_no_hyperparameters(layers: Layers) -> None:
    layers.environ |= {"MNIST_TUI_HOME": "/somewhere", "MNIST_TUI_FASTER": "yes", "EPOCHS": "3"}
    assert layers.read().config == find_preset("blog-adam").config


def test_the_config_file_is_in_the_home_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    assert config_path({}) == tmp_path / "config.toml"
    assert config_path({"MNIST_TUI_CONFIG": "/etc/other.toml"}) == Path("/etc/other.toml")


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_sound_and_says_what_it_is_for(name: str, layers: Layers) -> None:
    preset = presets()[name]
    config = preset.config
    assert preset.name == name
    assert 0 < len(preset.comment) <= 100
    assert preset.comment.isprintable()
    assert preset.comment.endswith(".")
    assert len(preset.watch) > 40
    assert preset.watch.isprintable()
    assert preset.values
    assert all(applies(config, field) for field in preset.values), "a preset sets nothing that means nothing"
    assert layers.read(preset=name).config == config


def test_presets_come_in_an_order_that_is_theirs() -> None:
    assert next(iter(presets())) == "blog-adam"
    assert {"blog-adam", "blog-sgd", "cnn", "lr-too-high", "sigmoid-deep", "overfit"} <= set(presets())


BLOG: dict[str, Any] = {
    "model": "mlp",
    "hidden": (128, 256),
    "activation": "relu",
    "dropout": 0.5,
    "loss": "cross_entropy",
    "optimizer": "adam",
    "learning_rate": 0.001,
    "batch_size": 64,
    "epochs": 25,
    "schedule": "constant",
    "weight_decay": 0.0,
    "clip_norm": 0.0,
    "label_smoothing": 0.0,
    "patience": 0,
    "train_images": 0,
    "shift": 0.0,
    "rotation": 0.0,
    "scale": 0.0,
    "noise": 0.0,
    "precision": "fp32",
}


def test_blog_adam_is_the_network_of_the_tutorial() -> None:
    config = find_preset("blog-adam").config
    assert {name: getattr(config, name) for name in BLOG} == BLOG


def test_blog_sgd_differs_in_the_optimizer_alone() -> None:
    adam, sgd = find_preset("blog-adam").config, find_preset("blog-sgd").config
    assert msgspec.structs.replace(adam, optimizer="sgd") == sgd


def test_a_configuration_can_be_told_from_the_defaults() -> None:
    assert find_preset("lr-too-high").config != TrainConfig()


def test_a_config_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.toml"
    with pytest.raises(ConfigProblem, match="nowhere"):
        effective(environ={"MNIST_TUI_CONFIG": str(missing)})


def test_a_config_file_may_be_what_a_shell_makes_of_a_command(tmp_path: Path) -> None:
    pipe = tmp_path / "63"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("[train]\nepochs = 7\n",))
    writer.start()
    assert effective(environ={"MNIST_TUI_CONFIG": str(pipe)}).config.epochs == 7
    writer.join()


@pytest.mark.parametrize(
    "name", ["EPOCHS", "PRESET", "CONFIG", "DATA_DIR", "NESTEROV", "LR", "LEARNING_RATE", "NONSENSE"]
)
@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_variable_is_one_that_is_not_set(layers: Layers, name: str, empty: str) -> None:
    as_it_is = layers.read()
    layers.environ[f"MNIST_TUI_{name}"] = empty
    assert layers.read() == as_it_is
    assert slips_of_environment(layers.environ) == ()


@pytest.mark.parametrize(("name", "field"), [("LR", "learning_rate"), ("BATCH", "batch_size")])
def test_the_short_names_of_flags_are_variables_too(layers: Layers, name: str, field: str) -> None:
    layers.environ[f"MNIST_TUI_{name}"] = "32"
    settings = layers.read()
    assert getattr(settings.config, field) == 32
    assert settings.origins[field] == f"MNIST_TUI_{name}"
    layers.environ[f"MNIST_TUI_{field.upper()}"] = "32"
    assert getattr(layers.read().config, field) == 32
    layers.environ[f"MNIST_TUI_{field.upper()}"] = "16"
    assert str(layers.fault()) == (
        f"MNIST_TUI_{field.upper()} and MNIST_TUI_{name} are one setting and have different values; take one away."
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MNIST_TUI_EPOCS", "MNIST_TUI_EPOCHS"),
        ("MNIST_TUI_epochs", "MNIST_TUI_EPOCHS"),
        ("MNIST_TUI_LEARNINGRATE", "MNIST_TUI_LEARNING_RATE"),
        ("MNIST_TUI_HMOE", "MNIST_TUI_HOME"),
    ],
)
def test_a_variable_that_is_not_read_is_told_with_the_one_that_was_meant(name: str, meant: str) -> None:
    assert slips_of_environment({name: "3"}) == (
        f"The environment variable {name} is not known and has no effect; did you mean {meant}?",
    )


def test_every_variable_that_is_read_is_no_slip() -> None:
    # What the sources ask the environment for, wherever that is.
    root = Path(engine.__file__).parent.parent
    sources = [path.read_text() for part in ("engine", "tui") for path in (root / part).rglob("*.py")]
    read = {name for text in sources for name in re.findall(r'"(MNIST_TUI_[A-Z]+)"', text)}
    assert {"MNIST_TUI_HOME", "MNIST_TUI_TOUR", "MNIST_TUI_MIRROR"} <= read
    every = read | {f"MNIST_TUI_{name.upper()}" for name in (*HYPERPARAMETERS, "config", "preset", "lr", "batch")}
    assert slips_of_environment(dict.fromkeys(every, "1")) == ()


def test_slips_in_the_config_file_are_told(layers: Layers) -> None:
    layers.write('[screen]\ntheme = "dark"\ncolor = "red"\nslow = "yes"\nascii = true\ntour = false\n')
    place = f"{layers.path}: [screen]"
    assert layers.read().notes == (
        f"{place} 'color' is not known and has no effect; expected ascii, slow, theme, tour.",
        f"{place} slow is 'yes' and has no effect; expected true or false.",
    )
    layers.write('[screen]\nthem = "dark"\n')
    assert layers.read().notes == (f"{place} 'them' is not known and has no effect; did you mean theme?",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epochs = 3\n", "'epochs' is not known; expected preset, [train] or [screen]; epochs belongs under [train]."),
        ("ascii = true\n", "'ascii' is not known; expected preset, [train] or [screen]; ascii belongs under [screen]."),
        ("trian = 3\n", "'trian' is not known; expected preset, [train] or [screen]."),
        ("[train]\nlr = 0.5\n", "There is no hyperparameter 'lr'; did you mean 'learning_rate'?"),
        ("[train]\nbatch = 5\n", "There is no hyperparameter 'batch'; did you mean 'batch_size'?"),
    ],
)
def test_a_key_in_the_wrong_place_or_under_a_short_name_is_put_right(layers: Layers, text: str, said: str) -> None:
    layers.write(text)
    assert str(layers.fault()) == f"{layers.path}: {said}"


def test_no_preset_that_is_shipped_has_a_key_that_is_not_read() -> None:
    folder = Path(engine.__file__).parent / "presets"
    for path in folder.glob("*.toml"):
        table = tomllib.loads(path.read_text())
        assert table.keys() <= {"comment", "watch", "order", "train"}
        assert table.get("train", {}).keys() <= HYPERPARAMETERS.keys()


@pytest.mark.parametrize("given", ["~", "~/m", "./~", "./~/m", "m/~", "~nobody-has-this-name/m"])
def test_home_is_home_wherever_the_data_folder_is_given(
    layers: Layers, given: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    meant = str(tmp_path) + given[1:] if given in ("~", "~/m") else given
    assert layers.read({"data_dir": given}).config.data_dir == meant
    layers.environ["MNIST_TUI_DATA_DIR"] = given
    assert layers.read().config.data_dir == meant
    del layers.environ["MNIST_TUI_DATA_DIR"]
    layers.write(f'[train]\ndata_dir = "{given}"\n')
    assert layers.read().config.data_dir == meant


def test_home_is_home_for_the_config_file_itself(
    layers: Layers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    layers.write("[train]\nepochs = 7\n")
    layers.environ["MNIST_TUI_CONFIG"] = "~/config.toml"
    assert layers.read().config.epochs == 7
