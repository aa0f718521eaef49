"""Files that are none, cannot be read, or would never end: one sentence that names them, and never a wait."""

from __future__ import annotations

import io
import os
import socket
from pathlib import Path

import numpy as np
import pytest

from engine.errors import PictureProblem
from engine.pictures import read_picture, read_stream
from engine.pictures.opening import LARGEST_FILE
from tests.engine.pictures.kit import digits, encoded
from tests.privileges import modes_count


def refused(path: Path | str) -> str:
    with pytest.raises(PictureProblem) as raised:
        read_picture(path)
    return str(raised.value)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(encoded(digits()[0]))
    for name in (path, str(path)):
        made = read_picture(name)
        assert made.pixels is not None and np.array_equal(made.pixels, digits()[0])
        assert (made.width, made.height, made.missing, made.said) == (28, 28, "", ("as it is",))


def test_a_missing_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.png") == f"There is no file {tmp_path}/none.png."


def test_a_folder_says_how_its_pictures_are_named(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"{tmp_path} is a folder; name the pictures in it, as in {tmp_path}/*.png."


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()
    assert refused(path).startswith(f"{path} is empty; expected a picture (PNG")


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.png"
    os.mkfifo(path)
    assert refused(path).startswith(f"{path} is a device, pipe or socket; expected a picture")


def test_a_path_that_becomes_a_pipe_after_the_look_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, file = tmp_path / "pipe.png", tmp_path / "file.png"
    os.mkfifo(path)
    file.write_bytes(b"x")
    before = file.stat()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", lambda self, **_: before)
        sentence = refused(path)
    assert "pipe" in sentence


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero", "/dev/tty"])
def test_a_device(device: str) -> None:
    assert "is a device, pipe or socket" in refused(device)


def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert "is a device, pipe or socket" in refused("s")


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes(encoded(digits()[0]))
    path.chmod(0)
    with modes_count():
        assert refused(path) == f"{path} cannot be read: Permission denied."


def test_a_file_of_terabytes_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert "has more than 64 million bytes" in refused(path)


def test_a_loop_of_links_and_names_that_cannot_be(tmp_path: Path) -> None:
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop)
    assert refused(loop).startswith(f"{loop} cannot be read: ")
    assert "cannot be read: File name too long" in refused(tmp_path / ("x" * 300))
    assert "is no name of a file" in refused("nu\0ll.png")


def test_a_name_is_shown_without_what_would_drive_the_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in refused(tmp_path / "\x1b[2J.png")
    assert refused(tmp_path / "\udcff.png").encode("utf-8")


def test_a_stream_is_read_no_further_than_a_file(tmp_path: Path) -> None:
    assert read_stream(io.BytesIO(encoded(digits()[0])), "standard input").pixels is not None
    with pytest.raises(PictureProblem, match=r"^standard input is empty"):
        read_stream(io.BytesIO(), "standard input")

    class Endless:
        taken = 0

        def read(self, size: int) -> bytes:
            self.taken += size
            return b"\0" * size

    endless = Endless()
    with pytest.raises(PictureProblem, match=r"^standard input has more than 64 million bytes"):
        read_stream(endless, "standard input")
    assert endless.taken == LARGEST_FILE + 1
