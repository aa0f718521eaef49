"""The data a run belongs to: where they lie, from wherever the run is opened, and which set they were."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.commands import Branch, Command, Experiment, Start
from engine.config import TrainConfig
from engine.events import DETAILS, DataIdentity, EpochEnded, line_starts
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder
from engine.state.run_state import fold

_DETAILS = line_starts(*DETAILS, EpochEnded)


def known_data(run: RunFolder) -> DataIdentity | None:
    """Which data set a run was trained on last; None where its log does not tell."""
    return fold(read_events(run.events, without=_DETAILS)).data


def data_before(run: RunFolder) -> DataIdentity | None:
    """Which data set a run goes on from: its own, or that of the run it branched off; None where neither log tells."""
    state = fold(read_events(run.events, without=_DETAILS))
    if state.data is None and state.parent is not None:
        return known_data(RunFolder(run.path.parent / state.parent.run))
    return state.data


def absolute(data_dir: str) -> str:
    """A data folder as an absolute path, seen from the present folder; empty (the shipped set) stays empty."""
    if not data_dir:
        return ""
    path = Path(data_dir)
    with contextlib.suppress(RuntimeError):  # "~" of a user there is not
        path = path.expanduser()
    return str(path.absolute())


def with_absolute_data(config: TrainConfig) -> TrainConfig:
    """The configuration with its data folder as an absolute path."""
    return msgspec.structs.replace(config, data_dir=absolute(config.data_dir))


def with_absolute_folder(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of hyperparameters by name; of the data folder, where it is one of them, the absolute path."""
    place = values.get("data_dir")
    return {**values, "data_dir": absolute(place)} if isinstance(place, str) else dict(values)


def from_here(command: Command) -> Command:
    """A command with the data folder it names as an absolute path: its engine may be at home in another folder."""
    match command:
        case Start(config=config):
            return msgspec.structs.replace(command, config=with_absolute_data(config))
        case Branch(values=values) | Experiment(values=values):
            return msgspec.structs.replace(command, values=with_absolute_folder(values))
    return command


def data_dir_of(config: TrainConfig, known: DataIdentity | None) -> str:
    """Where the data of a run lie: a relative folder (of version 0.1.0) is the one that its log names, if it does."""
    given = config.data_dir
    if given and known is not None and not Path(given).is_absolute():
        return known.path
    return given
