"""Where the effective settings come from: default < preset < config file < environment < flag."""

from __future__ import annotations

import functools
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from engine.config import HYPERPARAMETERS, TrainConfig, applies, check_each, check_together, make_config
from engine.errors import ConfigProblem
from engine.fields import Value, short
from engine.paths import expanded, home
from engine.unknown_settings import PREFIX, meant_at_top, set_variable, slips_of_screen

DEFAULT_PRESET = "blog-adam"


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings with a name. `comment` is one line; `watch` says what to look at while it trains."""

    name: str
    comment: str
    watch: str
    values: Mapping[str, Any]

    @property
    def config(self) -> TrainConfig:
        """The preset over the defaults."""
        return make_config(self.values)


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective configuration. `origins` says of each field where its value is from; `notes` are sentences
    about what was given as flags or in the config file and has no effect; `screen` is the config file's [screen] table."""

    config: TrainConfig
    preset: str
    origins: Mapping[str, str]
    notes: tuple[str, ...]
    screen: Mapping[str, Any]


@functools.cache
def presets() -> Mapping[str, Preset]:
    """Every preset by name, in the order people should meet them."""
    found = []
    for entry in (resources.files("engine") / "presets").iterdir():
        if entry.name.endswith(".toml"):
            table = tomllib.loads(entry.read_text(encoding="utf-8"))
            preset = Preset(entry.name.removesuffix(".toml"), table["comment"], table["watch"], table.get("train", {}))
            found.append((table["order"], preset))
    return {preset.name: preset for _, preset in sorted(found, key=lambda pair: pair[0])}


def find_preset(name: str) -> Preset:
    """The preset of this name. Raises `ConfigProblem` that lists them."""
    if name not in presets():
        raise ConfigProblem(f"There is no preset '{short(name)}'; expected one of {', '.join(presets())}.", "preset")
    return presets()[name]


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's config file, whether it exists or not."""
    given = environ.get(PREFIX + "CONFIG", "")
    return expanded(given) if given.strip() else home("config") / "config.toml"


def read_toml(path: Path, *, pipes: bool = False) -> dict[str, Any]:
    """The tables of a TOML file. Raises `ConfigProblem` that names the file and what is wrong with it.

    `pipes`: whether to wait for what comes out of a pipe, as of a shell's ``<(…)``.
    """
    try:
        if not pipes and stat.S_ISFIFO(path.stat().st_mode):
            raise ConfigProblem(f"{path} is a pipe, and no file.")
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))  # some editors put a byte order mark first
    except OSError as fault:
        raise ConfigProblem(f"{path} cannot be read: {fault.strerror}.") from fault
    except UnicodeDecodeError as fault:
        raise ConfigProblem(f"{path} is not a TOML file: it is not UTF-8 text; save it as UTF-8.") from fault
    except (ValueError, RecursionError) as fault:
        raise ConfigProblem(f"{path} is not a TOML file: {fault}.") from fault


def effective(
    flags: Mapping[str, str] | None = None,
    preset: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """All layers laid over each other. `flags` are texts as typed, by hyperparameter name.

    Raises `ConfigProblem` that says in which layer a wrong value stands.
    """
    path = config_path(environ)
    file = read_toml(path, pipes=True) if environ.get(PREFIX + "CONFIG", "").strip() or _is_there(path) else {}
    _check_file(file, path)
    name = preset or environ.get(PREFIX + "PRESET", "").strip() or file.get("preset") or DEFAULT_PRESET
    chosen = find_preset(name)

    values: dict[str, Value] = {name: h.default for name, h in HYPERPARAMETERS.items()}
    origins = dict.fromkeys(values, "default")

    def lay(layer: Mapping[str, Value], origin: str) -> None:
        values.update(layer)
        origins.update(dict.fromkeys(layer, origin))

    lay(check_each(chosen.values), f"preset {chosen.name}")
    lay(_checked(file.get("train", {}), str(path)), str(path))
    for field, parameter in HYPERPARAMETERS.items():
        if variable := set_variable(field, environ):
            lay({field: _parsed(field, environ[variable], variable)}, variable)
        if flags and field in flags:
            lay({field: _parsed(field, flags[field], parameter.flag)}, "flag " + parameter.flag)
    config = msgspec.convert(values, TrainConfig)
    check_together(config)
    screen = file.get("screen", {})
    notes = (*_notes(config, flags or {}), *slips_of_screen(screen, path))
    return Settings(config, chosen.name, origins, notes, screen)


def effective_or_default() -> Settings:
    """The settings in effect; where they cannot be read the defaults, with a note that says why. Raises nothing."""
    try:
        return effective()
    except ConfigProblem as fault:
        chosen = find_preset(DEFAULT_PRESET)
        note = f"{fault} Until that is put right, the defaults are taken."
        return Settings(chosen.config, chosen.name, dict.fromkeys(HYPERPARAMETERS, "default"), (note,), {})


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # reading it says what is wrong
        return True


def _check_file(file: Mapping[str, Any], path: Path) -> None:
    for key, value in file.items():
        if key not in ("preset", "train", "screen"):
            raise ConfigProblem(f"{path}: '{short(key)}' is not known; {meant_at_top(key)}.")
        if not isinstance(value, str if key == "preset" else dict):
            raise ConfigProblem(f"{path}: '{key}' must be {'a name' if key == 'preset' else 'a table'}.")


def _checked(values: Mapping[str, Any], place: str) -> dict[str, Value]:
    try:
        return check_each(values)
    except ConfigProblem as fault:
        raise ConfigProblem(f"{place}: {fault}", fault.field) from fault


def _parsed(field: str, text: str, place: str) -> Value:
    try:
        return HYPERPARAMETERS[field].parse(text)
    except ConfigProblem as fault:
        raise ConfigProblem(f"{place}: {fault}", field) from fault


def _notes(config: TrainConfig, flags: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        f"{HYPERPARAMETERS[name].flag} has no effect with these settings; it is ignored."
        for name in flags
        if not applies(config, name)
    )
