"""Run folders: made, found, listed, and told apart by how they stand.

A folder that a ``kill -9`` left at any moment opens: its log's torn end is ignored, checkpoints are whole or not
there.
"""

from __future__ import annotations

import contextlib
import datetime
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import tomli_w

from engine.config import HYPERPARAMETERS, TrainConfig, applies, differences, make_config
from engine.errors import ConfigProblem, RunProblem
from engine.events import Finished
from engine.fields import short
from engine.files import read_json, write_atomic
from engine.log.event_log import read_events
from engine.paths import runs_dir
from engine.runs.names import ADJECTIVES, ANIMALS
from engine.runs.presence import SESSION, OutOfTouch, Presence, SessionInfo, out_of_touch, presence
from engine.runs.result_file import end_in_log, read_result
from engine.settings import read_toml
from engine.state.run_state import RunState, fold

RunStatus = Literal["running", "finished", "stopped", "aborted", "diverged", "failed", "interrupted", "unreachable"]
_OUTCOMES: dict[str, RunStatus] = {
    "completed": "finished",
    "early_stopped": "finished",
    "stopped": "stopped",
    "aborted": "aborted",
    "diverged": "diverged",
    "failed": "failed",
}
LAST = "last"
"""What people call the newest run."""
_BEGINNING = re.compile(
    rb'\{"type":"run_created","seq":0,"time":([0-9]{1,12}(?:\.[0-9]+)?),"run":"([A-Za-z0-9._-]{1,100})"[,}]'
)
"""How a log begins (`engine.protocol.encode` writes the fields in their order)."""
_HEAD = 400
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class RunFolder:
    """A run's folder and the files in it. Two are equal where their paths are."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path
        """Changes only where an engine that is busy with the run follows its folder's new name."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunFolder) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def log(self) -> Path:
        return self.path / "engine.log"

    @property
    def result(self) -> Path:
        return self.path / "result.json"

    @property
    def session(self) -> Path:
        return self.path / SESSION

    @property
    def predictions(self) -> Path:
        """What was read in the validation images after each epoch (`engine.runs.validation_predictions`)."""
        return self.path / "readings.bin"

    def look(self, kind: str) -> Path:
        """Path of the latest look at the test set with the weights ``last`` or ``best`` (`engine.runs.test_predictions`)."""
        return self.path / f"look-{kind}.npz"

    def checkpoint(self, kind: str) -> Path:
        """Path of the checkpoint ``last`` or ``best``, or of the one kept after an epoch, by its number."""
        return self.path / (f"epoch-{int(kind):05}.pt" if kind.isdecimal() else f"{kind}.pt")

    def kept(self) -> list[int]:
        """The epochs whose checkpoints were kept, rising."""
        found = (re.fullmatch(r"epoch-(\d{5,})\.pt", path.name) for path in self.path.glob("epoch-*.pt"))
        return sorted(int(match[1]) for match in found if match)

    def state(self) -> RunState:
        """What the log tells of the run, under its folder's name."""
        return self.named(fold(read_events(self.events)))

    def named(self, state: RunState) -> RunState:
        """A state of this run under its folder's name, which counts where the folder was renamed or copied."""
        return msgspec.structs.replace(state, run=self.name) if state.run else state

    def finished(self) -> Finished | None:
        """The run's end, as ``result.json`` holds it, or else its log: the folder may have taken no new file any more."""
        return read_result(self.result) or end_in_log(self.events)

    def named_session(self) -> SessionInfo | None:
        """The session that ``session.json`` names, dead or alive."""
        return read_json(self.session, SessionInfo)

    def created(self) -> float:
        """When the run was created, Unix seconds: by its log, without one by its settings' file; 0 where neither tells."""
        if match := self._beginning():
            return float(match[1])
        with contextlib.suppress(OSError):
            return self.config.stat().st_mtime
        return 0.0

    def first_name(self) -> str:
        """What the run was called when it began, which its branches know it by; empty where its log does not tell."""
        match = self._beginning()
        return match[2].decode("ascii") if match else ""

    def _beginning(self) -> re.Match[bytes] | None:
        """What the log begins with, without reading all of it."""
        with contextlib.suppress(OSError):
            if self.events.is_file():  # a pipe would wait for somebody to write
                with self.events.open("rb") as file:
                    return _BEGINNING.match(file.read(_HEAD))
        return None

    def presence(self, *, locked: bool = False) -> Presence | None:
        """The engine that is busy with this run, or was when it was last heard from (`engine.runs.presence`)."""
        return presence(self.path, locked=locked)

    def live(self) -> SessionInfo | None:
        """The engine that is busy with this run, where one is (on another machine: as far as can be told)."""
        found = self.presence()
        return found.info if found and found.alive else None

    def status(self) -> RunStatus:
        """How the run stands.

        "interrupted" is an engine that went without a word, "unreachable" one on another machine that has not been heard
        from for long.
        """
        found = self.presence()
        if found and found.alive:
            return "running"
        if end := self.finished():
            return _OUTCOMES[end.outcome]
        return "unreachable" if found else "interrupted"

    def read_config(self) -> TrainConfig:
        """What was asked for. Raises `ConfigProblem` that names the file."""
        table = read_toml(self.config).get("train", {})
        if not isinstance(table, dict):
            raise ConfigProblem(f"{self.config}: 'train' must be a table.")
        try:
            return make_config(table)
        except ConfigProblem as fault:
            raise ConfigProblem(f"{self.config}: {fault}", fault.field) from fault


def create_run(
    config: TrainConfig, *, preset: str, version: str, name: str = "", root: Path | None = None
) -> RunFolder:
    """A new run's folder with its ``config.toml``. Raises `RunProblem` where it cannot be made."""
    root = root or runs_dir()
    if name and not _NAME.fullmatch(name):
        raise RunProblem(
            f"'{short(name)}' is no name for a run; expected letters, digits, '-', '_' and '.', 100 at most."
        )
    if name == LAST:
        raise RunProblem(f"'{LAST}' is what the newest run is called; take another name.")
    table = {"version": version, "preset": preset, "train": msgspec.to_builtins(config)}
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = _new_folder(root, name)
        try:
            write_atomic(folder.config, tomli_w.dumps(table).encode())
        except OSError:
            folder.path.rmdir()
            raise
    except OSError as fault:
        raise RunProblem(
            f"No run folder can be made in {root}: {fault.strerror}. MNIST_TUI_HOME puts runs elsewhere."
        ) from fault
    return folder


def _new_folder(root: Path, name: str) -> RunFolder:
    if name:
        path = root / name
        try:
            path.mkdir()
        except FileExistsError as fault:
            raise RunProblem(f"There is a run '{name}' already, in {root}; take another name.") from fault
        return RunFolder(path)
    chance = random.SystemRandom()
    stamp = datetime.datetime.now().astimezone().strftime("%Y-%m-%d-%H%M")
    while True:
        path = root / f"{stamp}-{chance.choice(ADJECTIVES)}-{chance.choice(ANIMALS)}"
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            return RunFolder(path)


def all_runs(root: Path | None = None) -> list[RunFolder]:
    """Every run, the newest last."""
    root = root or runs_dir()
    found: list[tuple[float, int, str, RunFolder]] = []
    try:
        for path in root.iterdir():
            run = RunFolder(path)
            with contextlib.suppress(OSError):  # no run, or deleted meanwhile
                found.append((run.created(), run.config.stat().st_mtime_ns, run.name, run))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as fault:
        raise RunProblem(f"The runs in {root} cannot be listed: {fault.strerror}.") from fault
    return [run for *_, run in sorted(found, key=lambda each: each[:3])]


def find_run(name: str, root: Path | None = None) -> RunFolder:
    """The run called `name`: whole, or a part that fits one alone; "last" is the newest.

    A run whose folder was renamed is also found by its first name, where no other is called so. Raises `RunProblem` where none or several fit.
    """
    runs = all_runs(root)
    if name == LAST and runs:
        return runs[-1]
    exact = [run for run in runs if run.name == name]
    near = exact or first_called(name, runs) or [run for run in runs if name and name in run.name]
    match near:
        case [run]:
            return run
        case []:
            raise RunProblem(f"There is no run '{short(name, 60)}' in {root or runs_dir()}; `mnist-tui ls` lists them.")
        case _:
            names = ", ".join(run.name for run in near[-5:])
            raise RunProblem(f"'{short(name, 60)}' fits {len(near)} runs ({names}); give more of the name.")


def first_called(name: str, runs: Sequence[RunFolder]) -> list[RunFolder]:
    """The one run among `runs` that was called `name` when it began; none where there are several, copies say."""
    found = [run for run in runs if name and run.first_name() == name]
    return found if len(found) == 1 else []


def live_runs(root: Path | None = None) -> Iterator[tuple[RunFolder, SessionInfo]]:
    """The runs an engine on this machine is busy with, newest first."""
    for run in reversed(all_runs(root)):
        found = run.presence()
        if found and found.here:
            yield run, found.info


def remove_run(run: RunFolder) -> None:
    """Delete a run's folder. Raises `RunProblem` while an engine is busy with it."""
    if run.live():
        raise RunProblem(f"{run.name} is running; stop it first.")
    shutil.rmtree(run.path)


def describe(config: TrainConfig) -> str:
    """What is special about a configuration, on one line: "sgd · learning_rate 0.01"."""
    parts: list[str] = [config.model, config.optimizer]
    for name, value in differences(config).items():
        if name not in ("model", "optimizer", "data_dir") and applies(config, name):
            parts.append(f"{name} {HYPERPARAMETERS[name].format(value)}")
    return " · ".join(parts)


def read_session(run: RunFolder) -> SessionInfo:
    """The engine of this machine that is busy with a run. Raises `RunProblem` where there is none."""
    found = run.presence()
    if found is None:
        raise RunProblem(f"{run.name} is not running ({run.status()}).")
    if not found.alive:
        raise OutOfTouch(out_of_touch(run.name, found))
    if not found.here:
        raise RunProblem(f"{run.name} is running on {short(found.info.host, 100)}; log in there to reach it.")
    return found.info
