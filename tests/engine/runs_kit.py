"""Helpers for tests of run folders: making them, finishing them, having an engine busy with them."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine import files
from engine.config import TrainConfig
from engine.events import Finished
from engine.runs import folder as runs
from engine.runs.folder import RunFolder
from engine.runs.presence import SessionInfo
from engine.sockets import listen

CONFIG = TrainConfig()
HOST = socket.gethostname()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The path of a socket where something listens."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        server, path = listen()
        with server:
            yield path


def create(root: Path, name: str = "", config: TrainConfig = CONFIG) -> RunFolder:
    return runs.create_run(config, preset="cnn", version="0.1.0", name=name, root=root)


def finish(run: RunFolder, outcome: str = "completed") -> None:
    finished = Finished(
        run=run.name,
        outcome=outcome,  # type: ignore[arg-type]
        reason="So it ended.",
        epochs=1,
        step=10,
        position=1.0,
        best_epoch=1,
        seconds=2.0,
        test=None,
    )
    files.write_atomic(run.result, msgspec.json.encode(finished))


def occupy(run: RunFolder, path: Path | str, *, host: str = HOST, pid: int = 1, boot: str = "") -> SessionInfo:
    """Have the folder say that an engine is busy with it: one of version 0.1.0 without `boot`."""
    info = SessionInfo(host, pid, str(path), boot, "other" if boot else "")
    run.session.write_bytes(msgspec.json.encode(info))
    return info


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
