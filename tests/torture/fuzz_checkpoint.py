"""Damaged checkpoints: real ones with changed bytes, and intact ones with contents no trainer would write."""

from __future__ import annotations

import asyncio
import copy
import io
import os
import pickle
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import torch
from hypothesis import strategies as st

from engine import commands as cmd
from engine.config import TrainConfig
from engine.errors import RunProblem
from engine.events import Finished
from engine.runs.folder import RunFolder
from engine.worker.training.checkpoint_file import load_checkpoint
from tests.kit import write_tiny_set
from tests.torture.damage import Damaged, damaged, junk, rezipped
from tests.torture.fuzz import WRITES, Shelf, Target, allowed, told
from tests.torture.ground import settings, variable
from tests.torture.instants import obey

RUN = "otter"
_MAY = (*WRITES, "os.chmod", "socket.connect")


class Harm:
    """Creates a folder if unpickled by a reader that executes pickles."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def targets(folder: Path) -> list[Target]:
    """Bytes for the reader; contents for a session that resumes."""
    trained = _train(folder / "sound")
    real = trained.checkpoint("last").read_bytes()
    contents = torch.load(trained.checkpoint("last"), weights_only=True)
    harm = _saved({**contents, "place": Harm(folder / "harm")})
    plain = pickle.dumps({"format": "mnist-tui checkpoint 1", "config": {}, "model": Harm(folder / "harm")})
    bytes_ = damaged([real, harm, plain]) | rezipped([real, harm]) | junk(b"PK\3\4", b"\x80\2}", b"\x80\4cos\n")
    check = _check_resume(folder / "home", trained)
    return [
        Target("checkpoint", bytes_, _check_bytes(folder / "e", folder / "harm"), 4),
        Target("what a checkpoint holds", changes(contents), check, 1, may=_MAY),
    ]


def _train(home: Path) -> RunFolder:
    """A run of one epoch with very few weights."""
    config = settings(write_tiny_set(home / "data", train=24, test=6), epochs=1)
    with variable("MNIST_TUI_HOME", str(home)):
        name = asyncio.run(obey(cmd.Start(config=msgspec.structs.replace(config, hidden=(2,)), name=RUN)))
    return RunFolder(home / "runs" / name)


def _saved(contents: Any) -> bytes:
    file = io.BytesIO()
    torch.save(contents, file)
    return file.getvalue()


def _check_bytes(folder: Path, harm: Path) -> Callable[[Damaged], None]:
    """Returns config and contents, or raises with a sentence; never executes anything from the file."""
    shelf = Shelf(folder)

    def check(given: Damaged) -> None:
        with shelf.lay({"last.pt": given.content}) as at:
            try:
                config, contents = load_checkpoint(at / "last.pt")
            except RunProblem as problem:
                told(problem)
                assert "last.pt" in str(problem)
            else:
                assert isinstance(config, TrainConfig)
                assert isinstance(contents, dict)
        assert not harm.exists()

    return check


_OTHERS: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        3,
        10**9,
        10**30,
        2.5,
        float("nan"),
        float("inf"),
        "",
        "epoch",
        b"\xff",
        [],
        [1],
        {},
        {"a": 1},
    ),
    *(torch.zeros(0), torch.zeros(3), torch.full((2, 784), float("nan")), torch.zeros(3, dtype=torch.uint8)),
)


class Change:
    """Checkpoint contents with some values changed or removed."""

    def __init__(self, contents: dict[str, Any], chance: random.Random, edits: int) -> None:
        self.contents, self.told = copy.deepcopy(contents), []
        for _ in range(edits):
            self.told.append(self._edit(chance))

    def __repr__(self) -> str:
        return "; ".join(self.told)

    def _edit(self, chance: random.Random) -> str:
        at: Any = self.contents
        path: list[Any] = []
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                return "nothing"
            path.append(key := chance.choice(keys))
            inside = isinstance(at[key], dict | list) and len(at[key]) > 0
            if not inside or chance.random() < 0.3:
                break
            at = at[key]
        where = ".".join(map(str, path))
        if isinstance(at, dict) and chance.random() < 0.2:
            del at[key]
            return f"no {where}"
        if isinstance(at, tuple):
            return "nothing"
        at[key] = chance.choice(_OTHERS)
        return f"{where} is {at[key]!r:.60}"


def changes(contents: dict[str, Any]) -> st.SearchStrategy[Change]:
    """One or two changes."""
    chances = st.integers(0, 2**64 - 1).map(random.Random)
    return st.builds(Change, st.just(contents), chances, st.integers(1, 2))


def _check_resume(home: Path, trained: RunFolder) -> Callable[[Change], None]:
    """A session that resumes from it refuses, or the run ends with a sentence."""

    sound = torch.load(trained.checkpoint("last"), weights_only=True)["config"]

    def check(given: Change) -> None:
        run = RunFolder(home / "runs" / RUN)
        with allowed():
            shutil.rmtree(home, ignore_errors=True)
            run.path.mkdir(parents=True)
            for path in (trained.config, trained.events):
                shutil.copy(path, run.path)
            _cut_end(run.events)
            run.checkpoint("last").write_bytes(_saved(given.contents))
        with variable("MNIST_TUI_HOME", str(home)), variable("XDG_RUNTIME_DIR", str(home)):
            try:
                abort = repr(given.contents.get("config")) != repr(sound)  # the run could be very long
                asyncio.run(obey(cmd.ResumeRun(run=RUN), abort=abort))
            except RunProblem as problem:
                told(problem)
                assert not str(problem).startswith("The engine failed"), str(problem)
                return
        end = run.state().finished
        assert isinstance(end, Finished)
        told(RunProblem(end.reason))
        assert "Error" not in end.reason, end.reason

    return check


def _cut_end(log: Path) -> None:
    """As if the engine had been killed before it logged the end."""
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(line for line in lines if b'"finished"' not in line[:20]))
