"""The test environment: its own home, runtime directory and data set, and the settings of a run."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import tomli_w

from engine.config import TrainConfig, make_config
from tests.kit import write_tiny_set


@dataclass(frozen=True, slots=True)
class Ground:
    """`home` is MNIST_TUI_HOME of every process started here; `config` is what they train."""

    home: Path
    sockets: Path
    config: TrainConfig

    @property
    def runs(self) -> Path:
        """The folder of the runs."""
        return self.home / "runs"


@contextlib.contextmanager
def ground(epochs: int = 80, *, keep: bool = False) -> Iterator[Ground]:
    """Create one and its environment variables; both are removed afterward.

    `keep`: what a failure happened in stays, and the failure tells where. The config file holds the settings too, so
    that an app that is opened here trains the same with one key.
    """
    folder = Path(tempfile.mkdtemp(prefix="mnist-torture-"))
    home, sockets = folder / "home", folder / "run"
    sockets.mkdir(mode=0o700)
    home.mkdir()
    config = settings(write_tiny_set(folder / "data", train=300, test=300), epochs)
    (home / "config.toml").write_text(tomli_w.dumps({"train": msgspec.to_builtins(config)}))
    with contextlib.ExitStack() as undo:
        for name in [name for name in os.environ if name.startswith("MNIST_TUI_")]:
            undo.enter_context(variable(name, None))
        undo.enter_context(variable("MNIST_TUI_HOME", str(home)))
        undo.enter_context(variable("XDG_RUNTIME_DIR", str(sockets)))
        undo.enter_context(variable("OMP_NUM_THREADS", "1"))
        try:
            yield Ground(home, sockets / "mnist-tui", config)
        except BaseException as fault:
            if keep:
                fault.add_note(f"what was left is in {folder}")
            else:
                shutil.rmtree(folder)
            raise
    shutil.rmtree(folder)


def settings(data: Path, epochs: int) -> TrainConfig:
    """A small network whose results depend on everything in a checkpoint: Adam's moments, dropout, shifts."""
    return make_config(
        {
            "model": "mlp",
            "hidden": (32,),
            "dropout": 0.3,
            "shift": 1.0,
            "noise": 0.05,
            "optimizer": "adam",
            "learning_rate": 0.003,
            "schedule": "cosine",
            "batch_size": 16,
            "epochs": epochs,
            "device": "cpu",
            "threads": 1,
            "data_dir": str(data),
        }
    )


@contextlib.contextmanager
def variable(name: str, value: str | None) -> Iterator[None]:
    """Set an environment variable during the block; None removes it."""
    before = os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before


@contextlib.contextmanager
def noted(words: str) -> Iterator[None]:
    """Add the circumstances to a failure."""
    try:
        yield
    except BaseException as fault:
        fault.add_note(words)
        raise
