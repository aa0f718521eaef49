"""A run whose files cannot be written continues, reports it once, and saves again when it can."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from engine import events as ev
from engine.runs.folder import RunFolder
from engine.runs.presence import SessionInfo
from engine.sockets import listen
from engine.worker.command_queue import CommandQueue
from engine.worker.training.checkpoint_file import load_checkpoint
from tests.engine.worker.conftest import Story
from tests.privileges import modes_count

Train = Callable[..., Story]
FAULTS = [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO, errno.ESTALE, errno.ENODEV]


class Disk:
    """Writes, unless it is set to fail: then every flush raises this error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refuses: int | None = None
        real = os.fsync

        def fsync(descriptor: int) -> None:
            if self.refuses:
                raise OSError(self.refuses, os.strerror(self.refuses))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def after(epoch: int, do: Callable[[], object]) -> Callable[[ev.Event, CommandQueue], None]:
    """A script that does something at an epoch's end, before it is saved."""

    def script(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.EpochEnded) and event.epoch == epoch:
            do()

    return script


def saves_of(story: Story) -> list[tuple[str, str]]:
    """The save events in order: the file, and what happened."""
    saves = []
    for event in story.events:
        match event:
            case ev.SaveFailed(path=path, reason=reason):
                saves.append((Path(path).name, reason))
            case ev.SavedAgain(path=path):
                saves.append((Path(path).name, "again"))
            case ev.CheckpointSaved(kind=kind):
                saves.append((f"{kind}.pt", "saved"))
    return saves


def expect_nothing_half(folder: RunFolder) -> None:
    assert not [each.name for each in folder.path.iterdir() if each.name.endswith(".tmp")]


@pytest.mark.parametrize("number", FAULTS, ids=errno.errorcode.get)
def test_every_fault_is_reported_once_and_the_run_ends_well(train: Train, disk: Disk, number: int) -> None:
    disk_full = after(1, lambda: setattr(disk, "refuses", number))
    story = train(disk_full, epochs=3)
    assert story.end.outcome == "completed"
    assert story.end.test is not None
    said = os.strerror(number)
    assert [name for name, what in saves_of(story) if what == said] == [
        "best.pt",
        "last.pt",
        "look-best.npz",
        "result.json",
    ]
    assert not any(what in ("saved", "again") for _, what in saves_of(story))
    assert [Path(fault.path).name for fault in story.state.unsaved] == [
        "best.pt",
        "last.pt",
        "look-best.npz",
        "result.json",
    ]
    assert all(Path(fault.path).parent == story.folder.path for fault in story.state.unsaved)
    assert isinstance(story.events[-2], ev.SaveFailed)  # before the last event: whoever leaves then knows
    expect_nothing_half(story.folder)


def folder_below(tmp_path: Path) -> RunFolder:
    """The folder of the one run there is."""
    [path] = (tmp_path / "runs").iterdir()
    return RunFolder(path)


def test_the_checkpoint_from_before_stays_and_saving_goes_on_when_it_can(
    train: Train, disk: Disk, tmp_path: Path
) -> None:
    kept: list[bytes] = []

    def script(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.EpochEnded):
            disk.refuses = errno.ENOSPC if event.epoch in (2, 3) else None
            if event.epoch > 1:
                kept.append(folder_below(tmp_path).checkpoint("last").read_bytes())

    story = train(script, epochs=4)
    assert kept[0] == kept[1] == kept[2]
    saves = [what for name, what in saves_of(story) if name == "last.pt"]
    assert saves == ["saved", os.strerror(errno.ENOSPC), "again", "saved"]
    assert story.state.unsaved == ()
    assert load_checkpoint(story.folder.checkpoint("last")).epoch == 4
    assert story.folder.finished() is not None
    expect_nothing_half(story.folder)


@pytest.mark.parametrize("epochs", [2, 3])
def test_what_could_not_be_written_at_the_very_end_is_tried_once_more_when_all_is_done(
    train: Train, disk: Disk, epochs: int
) -> None:
    """The disk has room again after the test, which works with the best weights: the last are saved, not those."""

    def script(event: ev.Event, control: CommandQueue) -> None:
        match event:
            case ev.EpochEnded(epoch=epoch) if epoch == epochs:
                disk.refuses = errno.ENOSPC
            case ev.Tested():
                disk.refuses = None

    story = train(script, epochs=epochs, keep_every=epochs, learning_rate=0.02)
    again = train(epochs=epochs, keep_every=epochs, learning_rate=0.02)
    names = [name for name, what in saves_of(story) if what == os.strerror(errno.ENOSPC)]
    assert {"last.pt", f"epoch-{epochs:05}.pt"} <= set(names)
    saves = saves_of(story)
    for name, kind in (("last.pt", "last.pt"), (f"epoch-{epochs:05}.pt", "kept.pt")):
        assert saves.index((name, os.strerror(errno.ENOSPC))) < saves.index((name, "again"))
        assert saves[-6:].count((kind, "saved")) == 1
    assert [Path(each.path).name for each in story.state.unsaved] == ["look-best.npz"]
    for kind in ("last", "best", str(epochs)):
        one, other = (load_checkpoint(each.folder.checkpoint(kind))[1] for each in (story, again))
        assert one["place"]["step"] == other["place"]["step"]
        assert all(one["model"][name].equal(other["model"][name]) for name in one["model"])


def test_another_reason_is_reported_again(train: Train, disk: Disk) -> None:
    numbers = {1: errno.ENOSPC, 2: errno.ENOSPC, 3: errno.EROFS}

    def script(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.EpochEnded):
            disk.refuses = numbers[event.epoch]

    saves = [what for name, what in saves_of(train(script, epochs=3)) if name == "last.pt"]
    assert saves == [os.strerror(errno.ENOSPC), os.strerror(errno.EROFS)]


def a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text("a file")


@pytest.mark.parametrize(
    ("damage", "reason"), [(shutil.rmtree, "No such file or directory"), (a_file, "Not a directory")]
)
def test_a_missing_folder_is_reported_and_the_run_ends_well(
    train: Train, tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    story = train(after(1, lambda: damage(folder_below(tmp_path).path)), epochs=2)
    assert story.end.outcome == "completed"
    assert {what for _, what in saves_of(story)} == {reason}
    assert [Path(fault.path).name for fault in story.state.unsaved] == [
        "best.pt",
        "last.pt",
        "readings.bin",
        "look-best.npz",
        "result.json",
    ]


def test_a_read_only_folder_is_reported_and_the_run_ends_well(train: Train, tmp_path: Path) -> None:
    with modes_count():
        story = train(after(2, lambda: folder_below(tmp_path).path.chmod(0o555)), epochs=2)
    story.folder.path.chmod(0o755)
    assert story.end.outcome == "completed"
    assert {what for _, what in saves_of(story)} == {"saved", "Permission denied"}
    assert load_checkpoint(story.folder.checkpoint("last")).epoch == 1


def test_the_best_weights_are_written_again_where_they_were_deleted(train: Train, tmp_path: Path) -> None:
    story = train(
        after(2, lambda: folder_below(tmp_path).checkpoint("best").unlink()), epochs=2, learning_rate=0.0, dropout=0.0
    )
    assert story.end.best_epoch == 1
    assert load_checkpoint(story.folder.checkpoint("best")).origin("best").epoch == 1


@contextlib.contextmanager
def another_engine(folder: RunFolder) -> Iterator[None]:
    """A process of another number that listens, and has made a run of the same name."""
    with tempfile.TemporaryDirectory() as private, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", private)
        server, path = listen()
        with server:
            shutil.rmtree(folder.path)
            folder.path.mkdir()
            info = SessionInfo(os.uname().nodename, 1, str(path))
            folder.session.write_bytes(msgspec.json.encode(info))
            yield


def test_a_run_of_the_same_name_that_another_engine_has_made_is_left_alone(train: Train, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        made = after(2, lambda: stack.enter_context(another_engine(folder_below(tmp_path))))
        story = train(made, epochs=3)
        assert [each.name for each in story.folder.path.iterdir()] == ["session.json"]
    assert story.end.outcome == "completed"
    assert all("process 1 on" in fault.reason for fault in story.state.unsaved)
    assert len(story.state.unsaved) == 5


def test_a_disk_so_full_that_not_even_the_fault_can_be_printed_ends_no_run_without_a_word(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("something broke")

    monkeypatch.setattr("engine.worker.training.optimizer_step.Step.__call__", broken)
    monkeypatch.setattr(traceback, "print_exc", full)
    story = train()
    assert (story.end.outcome, story.end.fault) == ("failed", "training")
    assert "something broke" in story.end.reason
