"""The command line: help, invalid arguments, and the origin of settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import engine
from engine.config import HYPERPARAMETERS
from tests.tui.cli_kit import home
from tui.cli.main import main
from tui.cli.registry import COMMANDS

__all__ = ["home"]


@pytest.mark.parametrize("command", [[], ["train"], ["config"]])
def test_help_lists_every_hyperparameter_under_its_group(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    for parameter in HYPERPARAMETERS.values():
        assert f"  {parameter.flag}" in text
        assert f"\n{parameter.about.group}:\n" in text
    assert "--learning-rate, --lr X" in text
    assert "--batch-size, --batch N" in text


def test_help_of_a_field_says_what_it_is_what_it_takes_and_its_default(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    main(["train", "--help"])
    assert (
        "Share of hidden outputs set to zero at random in each training step. "
        "Expected: a number from 0 to below 1 (0 = off). Default: 0.5."
    ) in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_is_in_the_list(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: mnist-tui {command}")
    assert main(["--help"]) == 0
    captured = " ".join(capsys.readouterr().out.split())  # on a narrow terminal it wraps
    assert f" {command} {COMMANDS[command]} " in captured


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"mnist-tui {engine.__version__}\n"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("trian", "Unknown command 'trian'; did you mean 'train'?"),
        ("xyzzy", "Unknown command 'xyzzy'; expected one of train, attach, "),
        ("train --learing-rate 1", "Unknown option --learing-rate; did you mean --learning-rate?"),
        ("train --learning_rate=1", "Unknown option --learning_rate; did you mean --learning-rate?"),
        ("train --zzzz", "Unknown option --zzzz; see `mnist-tui train --help`."),
        ("ls --epochs 3", "Unknown option --epochs"),
        ("--acsii", "Unknown option --acsii; did you mean --ascii?"),
        ("--ascii train", "The command must come first: `mnist-tui train ...`."),
        ("train now", "Unexpected argument 'now'"),
        ("show", "RUN is missing; see `mnist-tui show --help`."),
        ("show a b", "Unexpected argument 'b'"),
        ("train --epochs", "--epochs needs a value (a whole number from 1 to 10000);"),
        ("train --epochs --json", "--epochs needs a value (a whole number from 1 to 10000);"),
        ("train --lr", "--learning-rate needs a value (a number from 0 to 1000000);"),
        ("ls --json=yes", "--json takes no value;"),
        ("train --preset nosuch", "There is no preset 'nosuch'; expected one of blog-adam, "),
        (
            "train --lr abc",
            "--learning-rate: Learning rate: 'abc' is not a number; expected a number from 0 to 1000000.",
        ),
        ("train --lr -1e-3", "--learning-rate: Learning rate: -0.001 is out of range"),
        ("train --nesterov perhaps", "--nesterov: Nesterov: 'perhaps' is neither; expected true or false."),
        (
            "eval last --weights bset",
            "--weights: expected best (by validation) or last (where training ended).",
        ),
        ("resume nosuch", "There is no run 'nosuch' in "),
        ("show nosuch", "There is no run 'nosuch' in "),
        ("attach", "No run is in progress on this machine;"),
        ("train --resume last --lr 1", "--learning-rate cannot be combined with --resume"),
        ("train --resume last --name a", "--name cannot be combined with --resume"),
        ("train --resume last --preset cnn", "--preset cannot be combined with --resume"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_status_2(
    line: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"mnist-tui: {sentence}")
    assert captured.err.count("\n") == 1


def test_control_characters_of_the_command_line_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["\x1b[2Jx"]) == 2
    assert main(["train", "--\x1b[2Jx"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def config_of(capsys: pytest.CaptureFixture[str], *flags: str) -> dict[str, dict[str, object]]:
    assert main(["config", "--json", *flags]) == 0
    settings: dict[str, dict[str, object]] = json.loads(capsys.readouterr().out)["settings"]
    return settings


@pytest.mark.parametrize(
    ("flags", "name", "value"),
    [
        ("--nesterov", "nesterov", True),
        ("--nesterov no", "nesterov", False),
        ("--nesterov=on", "nesterov", True),
        ("--lr 0.5", "learning_rate", 0.5),
        ("--learning-rate=1e-2", "learning_rate", 0.01),
        ("--batch 32", "batch_size", 32),
        ("--batch 32 --batch-size 64", "batch_size", 64),
        ("--hidden 30,20", "hidden", [30, 20]),
    ],
)
def test_a_flag_sets_its_field(flags: str, name: str, value: object, capsys: pytest.CaptureFixture[str]) -> None:
    entry = config_of(capsys, *flags.split())[name]
    assert entry["value"] == value
    assert entry["origin"] == f"flag {HYPERPARAMETERS[name].flag}"


def test_each_layer_wins_over_the_one_before(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def learning_rate(*flags: str) -> tuple[object, object]:
        entry = config_of(capsys, *flags)["learning_rate"]
        return entry["value"], entry["origin"]

    assert config_of(capsys)["seed"]["origin"] == "default"
    assert learning_rate("--preset", "lr-too-high") == (0.3, "preset lr-too-high")
    file = home / "config.toml"
    file.write_text('preset = "lr-too-high"\n[train]\nlearning_rate = 0.2\n')
    assert learning_rate() == (0.2, str(file))
    monkeypatch.setenv("MNIST_TUI_LEARNING_RATE", "0.3")
    assert learning_rate() == (0.3, "MNIST_TUI_LEARNING_RATE")
    assert learning_rate("--lr", "0.4") == (0.4, "flag --learning-rate")


def test_a_wrong_value_names_its_layer(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault() -> str:
        assert main(["config"]) == 2
        return capsys.readouterr().err

    monkeypatch.setenv("MNIST_TUI_EPOCHS", "0")
    assert (
        fault() == "mnist-tui: MNIST_TUI_EPOCHS: Epochs: 0 is out of range; expected a whole number from 1 to 10000.\n"
    )
    monkeypatch.delenv("MNIST_TUI_EPOCHS")
    file = home / "config.toml"
    file.write_text("[train]\nepochs = 0\n")
    assert fault().startswith(f"mnist-tui: {file}: Epochs: 0 is out of range")
    file.write_text("[train\n")
    assert fault().startswith(f"mnist-tui: {file} is not a TOML file: ")


def test_config_shows_the_file_and_brackets_what_has_no_effect(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--momentum", "0.5"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[:2] == [f"Config file: {home / 'config.toml'} (not found)", "Preset: blog-adam"]
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in lines[3:]}
    assert rows["momentum"] == ["(0.5)", "flag --momentum"]
    assert rows["dropout"] == ["0.5", "preset blog-adam"]
    assert list(rows) == list(HYPERPARAMETERS)
    assert captured.err == "Note: --momentum has no effect with these settings; it is ignored.\n"


def test_presets(capsys: pytest.CaptureFixture[str]) -> None:
    from engine.settings import presets

    assert main(["presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(presets())
    assert main(["presets", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["preset"] for one in found] == list(presets())
    assert found[0]["settings"]["optimizer"] == "adam"
