"""Downloading the four files of MNIST into a folder: from the first mirror that has them, checked, never half."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import OpenerDirector

from engine.dataset.data_files import printable, read_up_to, reading, show
from engine.dataset.download import LARGEST, DownloadError, chunks, expect_content, opener_for_data, way_there
from engine.dataset.idx import read_images, read_labels
from engine.dataset.locate import idx_file
from engine.dataset.mnist import NAMES, SHA256
from engine.dataset.partial_file import Part, sweep
from engine.errors import DataProblem, reason

MIRRORS: Final = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
"""Where the files are published. That one is without TLS does no harm: contents are checked against their SHA-256."""

MIRROR_VARIABLE: Final = "MNIST_TUI_MIRROR"
"""The environment variable with the address of a mirror to try before all others."""

Progress = Callable[[str, int, int | None], None]
"""Told a file's name, the bytes that have come, and the bytes that will come (None when the server does not say)."""


def fetch(
    target: Path,
    mirrors: Sequence[str] = MIRRORS,
    progress: Progress | None = None,
    *,
    timeout: float = 20.0,
    opener: OpenerDirector | None = None,
    sha256: Mapping[str, str] = SHA256,
) -> list[Path]:
    """Download those of the four files that are missing or damaged in a folder; return the paths written.

    A mirror is the address of a folder; $MNIST_TUI_MIRROR is tried first. `timeout`, in seconds, is how long a server
    may send nothing or next to nothing. `sha256` has the checksum of each file's decompressed content.

    A file appears under its name only when it is complete and right, so several may fetch at once. When all is there
    and right, nothing is written and no server is asked. What a fetch that was killed has left is removed.

    Raises DataProblem when no mirror gives a file (with each address and its reason), when the folder cannot be
    written, and when it holds another data set, which is left as it is.
    """
    target = target.absolute()
    wanted = [name for name in NAMES if not _is_right(target, name, sha256[name])]
    if not wanted:
        sweep(target)
        return []
    source = _Mirrors(
        addresses=(*_own_mirror(), *mirrors),
        opener=opener or opener_for_data(),
        timeout=timeout,
        progress=progress or (lambda _file, _done, _total: None),
    )
    with _writing(target):
        target.mkdir(parents=True, exist_ok=True)
    fetched = [_fetch_file(target / f"{name}.gz", source, sha256[name]) for name in wanted]
    sweep(target)
    return fetched


@dataclass(frozen=True, slots=True)
class _Mirrors:
    """The addresses to try, in order, and how."""

    addresses: Sequence[str]
    opener: OpenerDirector
    timeout: float
    progress: Progress

    def get(self, file: str, expected: str, target: Path) -> bytearray:
        """The file from the first mirror that has it with the expected SHA-256. Raises DataProblem if none has."""
        tried: list[str] = []
        hints: dict[str, None] = {}
        for address in self.addresses:
            url = f"{address.rstrip('/')}/{file}"
            body = bytearray()
            try:
                for chunk, total in chunks(url, self.opener, self.timeout):
                    body += chunk
                    self.progress(file, len(body), total)
                expect_content(body, expected)
            except DownloadError as fault:
                tried.append(f"{printable(url)} ({fault})")
                hints |= dict.fromkeys(way_there(url, fault))
            else:
                return body
        raise DataProblem(
            f"{file} could not be fetched from {', '.join(tried) or 'anywhere: no mirror is named'}; "
            f"{''.join(f'{printable(hint, 400)}; ' for hint in hints)}"
            f"to do it by hand, put {', '.join(f'{name}.gz' for name in NAMES)} into {show(target)}"
        )


def _fetch_file(path: Path, source: _Mirrors, expected: str) -> Path:
    """Put one file in its place, in one step and complete; on any failure, an interrupt too, leave nothing half."""
    # Made before the download, so that a folder that cannot be written to is known at once.
    with _writing(path.parent):
        part = Part.beside(path)
    with part:
        body = source.get(path.name, expected, path.parent)
        with _writing(path.parent):
            part.become(path, body)
    return path


def _is_right(folder: Path, name: str, expected: str) -> bool:
    """Whether a file is there with the right content. Raises DataProblem for a sound file of another data set."""
    path = idx_file(folder, name)
    if path is None:
        return False
    try:
        with reading(path) as stream:
            found = hashlib.sha256(read_up_to(stream, LARGEST + 1)).hexdigest()
        if found == expected:
            return True
        (read_images if "images" in name else read_labels)(path)
    except DataProblem:
        return False
    raise DataProblem(
        f"{show(path)} belongs to another data set than MNIST and is left as it is; "
        "choose another folder with --data-dir DIR, or move the file away"
    )


def _own_mirror() -> list[str]:
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        return []
    try:
        scheme = urlsplit(mirror).scheme
    except ValueError:
        scheme = ""
    if scheme not in ("http", "https", "file"):
        raise DataProblem(
            f"{MIRROR_VARIABLE} is {printable(mirror)}; expected the address of a folder that starts with "
            "https://, http:// or file://"
        )
    return [mirror]


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        said = "it is not a folder" if isinstance(fault, FileExistsError) else reason(fault)
        blocked = next((place for place in (target, *target.parents) if os.path.lexists(place)), target)
        what = "" if blocked == target else f"{show(target)} cannot be made: "
        raise DataProblem(
            f"{what}{show(blocked)} cannot be written to: {said}; make it writable, or choose another folder "
            "with --data-dir DIR or the environment variable MNIST_TUI_DATA_DIR"
        ) from fault
