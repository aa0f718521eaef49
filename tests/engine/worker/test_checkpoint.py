"""Checkpoints: whole or not there, and never code."""

from __future__ import annotations

import os
import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine import commands as cmd
from engine.config import make_config
from engine.errors import RunProblem
from engine.worker.training.checkpoint_file import Checkpoint, load_checkpoint, save_checkpoint
from tests.engine.worker.conftest import Story

CONTENTS = {"model": {"w": torch.ones(3)}, "optimizer": {}, "random": {}, "place": {"epoch": 0}, "best": None}


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.marker}",)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    config = make_config({"hidden": (7,)})
    save_checkpoint(tmp_path / "last.pt", Checkpoint(config, CONTENTS))
    read, contents = load_checkpoint(tmp_path / "last.pt")
    assert read == config
    assert torch.equal(contents["model"]["w"], torch.ones(3))
    assert [p.name for p in tmp_path.iterdir()] == ["last.pt"]


@pytest.mark.parametrize("write", ["torch.save", "pickle", "inside"])
def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path: Path, write: str) -> None:
    path, marker = tmp_path / "evil.pt", tmp_path / "pwned"
    match write:
        case "torch.save":
            torch.save(Evil(marker), path)
        case "pickle":
            path.write_bytes(pickle.dumps(Evil(marker)))
        case "inside":
            torch.save({"format": "mnist-tui checkpoint 1", "config": {}, **CONTENTS, "place": Evil(marker)}, path)
    with pytest.raises(RunProblem, match="not a mnist-tui checkpoint") as problem:
        load_checkpoint(path)
    assert not marker.exists()
    assert "weights_only" not in str(problem.value)


def test_a_whole_module_of_another_project_is_refused(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pt")
    with pytest.raises(RunProblem, match=r"model\.pt"):
        load_checkpoint(tmp_path / "model.pt")


def script(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own format of before, which people still have
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)


def packed(path: Path) -> None:
    """A sound checkpoint but for its tensor, which is packed: 16 MB in 16 kB."""
    _rewrite(path, torch.zeros(4_000_000), zipfile.ZIP_DEFLATED)


def _rewrite(path: Path, tensor: torch.Tensor, how: int) -> None:
    save_checkpoint(path, Checkpoint(make_config({}), CONTENTS | {"model": {"w": tensor}}))
    entries = _entries(path)
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def _entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def declared(path: Path) -> None:
    """A tensor that is said to have 64 thousand million numbers, of which there are ten."""
    _rewrite(path, torch.zeros(10), zipfile.ZIP_STORED)
    entries = _entries(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content.replace(b"K\n", b"\x8a\x05\x00\x00\x00\x00\x10"))


def overlapping(path: Path) -> None:
    """Many entries of the archive that are all the same bytes of the file."""
    _rewrite(path, torch.zeros(10), zipfile.ZIP_STORED)
    with zipfile.ZipFile(path, "a") as archive:
        [large] = [entry for entry in archive.infolist() if entry.filename.endswith("data.pkl")]
        for number in range(500):
            again = zipfile.ZipInfo(f"x/{number}")
            again.header_offset, again.CRC = large.header_offset, large.CRC
            again.file_size = again.compress_size = large.file_size
            archive.filelist.append(again)
        archive.comment = b"rewrite the list of entries"


@pytest.mark.parametrize(
    "make", [script, packed, declared, overlapping, Path.mkdir, os.mkfifo], ids=lambda f: f.__name__
)
def test_a_file_that_resembles_a_checkpoint_is_refused_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "x.pt"
    make(path)
    with pytest.raises(RunProblem) as problem:
        load_checkpoint(path)
    said = str(problem.value)
    assert said.startswith(f"{path} ")
    assert "\n" not in said
    assert not any(word in said for word in ("weights_only", "safe", "torch.load", "pickle"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", {"w": torch.ones(3)}),
        ("model", {}),
        ("model", 3),
        ("optimizer", {}),
        ("random", {}),
        ("random", {"cpu": torch.ones(3)}),
        ("place", {"epoch": 1}),
        ("place", {"epoch": -1}),
        ("plateau", None),
        ("meter", None),
        ("best", 3),
        ("best", {"epoch": 1}),
    ],
)
def test_a_checkpoint_that_does_not_fit_itself_is_refused_with_a_sentence(
    train: Callable[..., Story], key: str, value: object
) -> None:
    story = train(epochs=1)
    path = story.folder.checkpoint("last")
    config, contents = load_checkpoint(path)
    save_checkpoint(path, Checkpoint(config, contents | {key: value}))
    end = train(of=story, epochs=2).end
    assert (end.outcome, end.fault) == ("failed", "training")
    assert end.reason.startswith(f"{path} does not fit its own configuration: it is damaged, or of another version")


@pytest.mark.parametrize("junk", [b"", b"hello", b"PK\x03\x04", b"\x80\x02}q\x00.", bytes(1000)])
def test_other_files_are_refused(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "x.pt").write_bytes(junk)
    with pytest.raises(RunProblem, match=r"x\.pt"):
        load_checkpoint(tmp_path / "x.pt")


def test_another_dictionary_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": {"w": torch.ones(1)}}, tmp_path / "x.pt")
    with pytest.raises(RunProblem, match="expected 'mnist-tui checkpoint 1'"):
        load_checkpoint(tmp_path / "x.pt")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_half_a_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, Checkpoint(make_config({}), CONTENTS))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(RunProblem):
        load_checkpoint(path)


@pytest.mark.parametrize("breaks", ["fsync", "replace"])
def test_a_write_that_breaks_off_leaves_the_file_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, Checkpoint(make_config({}), CONTENTS))
    before = path.read_bytes()

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken) if breaks == "fsync" else monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(path, Checkpoint(make_config({"seed": 5}), CONTENTS))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["last.pt"]


def test_a_missing_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunProblem, match="before its first checkpoint"):
        load_checkpoint(tmp_path / "last.pt")


def test_the_last_checkpoint_alone_brings_a_run_back(train: Callable[..., Story]) -> None:
    """The best weights are in it too: losing best.pt, or a crash between the two writes, loses nothing."""
    straight = train(epochs=4)
    left = train(epochs=4, before=(cmd.StepBatch(), cmd.Abort()))
    left.folder.checkpoint("best").unlink(missing_ok=True)
    resumed = train(of=left)
    assert resumed.end.best_epoch == straight.end.best_epoch
    assert resumed.end.test.loss == straight.end.test.loss  # type: ignore[union-attr]
