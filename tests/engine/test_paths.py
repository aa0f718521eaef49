"""Where the program keeps its files, with and without a home folder."""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path

import pytest

from engine import paths


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MNIST_TUI_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("kind", "below"), [("data", ""), ("cache", "cache"), ("config", "")])
def test_one_variable_puts_everything_below_one_folder(
    kind: paths.Kind, below: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    assert paths.home(kind) == tmp_path / below


def test_a_relative_home_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_TUI_HOME", "here")
    assert paths.home("data") == tmp_path / "here"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("~", "{home}"),
        ("~/m", "{home}/m"),
        ("./~/m", "{here}/~/m"),
        ("~nobody-has-this-name", "{here}/~nobody-has-this-name"),
    ],
)
def test_home_is_the_home_folder(given: str, meant: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("MNIST_TUI_HOME", given)
    assert str(paths.home("data")) == meant.format(home="/home/me", here=tmp_path)


def test_the_home_of_another_person_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = pwd.getpwuid(os.getuid())
    monkeypatch.setenv("HOME", "/elsewhere")
    assert paths.expanded(f"~{entry.pw_name}/m") == Path(entry.pw_dir) / "m"


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="XDG variables are Linux's")
@pytest.mark.parametrize(
    ("kind", "variable"), [("data", "XDG_DATA_HOME"), ("cache", "XDG_CACHE_HOME"), ("config", "XDG_CONFIG_HOME")]
)
def test_xdg_variables_are_followed(
    kind: paths.Kind, variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MNIST_TUI_HOME", "")
    monkeypatch.setenv(variable, str(tmp_path))
    assert paths.home(kind) == tmp_path / "mnist-tui"


@pytest.mark.parametrize("kind", ["data", "cache", "config"])
def test_an_account_without_a_home_gets_a_temporary_place(kind: paths.Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_entry(_uid: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", no_entry)
    assert paths.home(kind) == Path(tempfile.gettempdir()) / f"mnist-tui-{os.getuid()}" / kind


@pytest.mark.parametrize("fault", [RuntimeError("no home"), KeyError("uid")])
def test_a_home_that_cannot_be_told_gets_a_temporary_place(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> Path:
        raise fault

    monkeypatch.setattr("platformdirs.user_data_path", refuse)
    assert paths.home("data").parent.name == f"mnist-tui-{os.getuid()}"


def test_a_home_that_stays_a_tilde_gets_a_temporary_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_args, **_options: Path("~/.local/share/mnist-tui"))
    assert paths.home("data").parent.name == f"mnist-tui-{os.getuid()}"


def test_runs_live_below_the_data_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    assert paths.runs_dir() == tmp_path / "runs"
