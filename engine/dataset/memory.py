"""How much memory a data set takes, told from its headers before it is read, and how much there is."""

from __future__ import annotations

import resource
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.dataset.data_files import GZIP_MAGIC, LIMIT, read_up_to, reading, show
from engine.dataset.idx import IdxFiles
from engine.dataset.locate import NpzFile, PickleFile, Source
from engine.dataset.types import SIDE
from engine.errors import DataProblem, MemoryProblem

IMAGE_BYTES: Final = SIDE * SIDE
"""Of one image, a byte a pixel, in memory."""

_IDX_SHARE, _NPZ_SHARE, _PICKLE_SHARE = 1.2, 2.1, 2.4
"""What reading takes at its peak, over the bytes of the content: one copy that grows; two; two, and the bytes made of floats."""

_PROC: Final = Path("/proc")
_CGROUP: Final = Path("/sys/fs/cgroup")


def expect_room(source: Source) -> None:
    """Raise `MemoryProblem` where reading a set takes more memory than is free; a damaged one is left to its reader."""
    images, peak = size_of(source)
    free = available_memory()
    if (
        free is not None and free < peak <= LIMIT * _PICKLE_SHARE
    ):  # beyond that a header is wrong, and its reader says so
        raise MemoryProblem(
            f"{show(_place(source))} has {_images(images)}, and reading it takes about {in_words(peak)} of memory; "
            f"{in_words(free)} are free. Take a data set with fewer images, or give it more memory."
        )


def size_of(source: Source) -> tuple[int | None, int]:
    """The images of a set (None where only reading it tells), and the bytes that reading takes; 0 where nothing tells."""
    try:
        match source:
            case IdxFiles():
                images = sum(_idx_images(path) for path in (source.train_images, source.test_images))
                return images, round(images * IMAGE_BYTES * _IDX_SHARE)
            case NpzFile(path=path):
                size = _npz_bytes(path)
                return size // IMAGE_BYTES, round(size * _NPZ_SHARE)
            case PickleFile(path=path):
                return None, round(_unpacked_bytes(path) * _PICKLE_SHARE)
    except (DataProblem, OSError, ValueError, struct.error, zipfile.BadZipFile):
        return None, 0


def available_memory(proc: Path = _PROC, cgroup: Path = _CGROUP) -> int | None:
    """Bytes this process may still take: the least of what the machine, its control groups and `ulimit -v` leave.

    None where the system does not tell.
    """
    return min(_limits(proc, cgroup), default=None)


def in_words(size: float) -> str:
    """A size of memory for people: "1.2 GiB"."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{max(size, 0) / 2**20:.0f} MiB"


def _limits(proc: Path, cgroup: Path) -> Iterator[int]:
    machine = _table(proc / "meminfo").get("MemAvailable")
    if machine is not None:
        yield machine * 1024
    yield from _group_limits(proc, cgroup)
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    taken = _table(proc / "self" / "status").get("VmSize")
    if soft != resource.RLIM_INFINITY and taken is not None:
        yield max(soft - taken * 1024, 0)


def _group_limits(proc: Path, cgroup: Path) -> Iterator[int]:
    """What the control groups (version 2, then 1) of this process leave; file pages that can be dropped count as free."""
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines or ["0::/"]:
        number, kinds, path = line.split(":", 2)
        if number == "0":
            base, most, used, droppable = cgroup, "memory.max", "memory.current", "inactive_file"
        elif "memory" in kinds.split(","):
            base, droppable = cgroup / "memory", "total_inactive_file"
            most, used = "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        group = base / path.lstrip("/")
        for folder in (group, *(p for p in group.parents if p.is_relative_to(base))):
            limit, taken = _number(folder / most), _number(folder / used)
            if limit is not None and taken is not None:
                yield max(limit - taken + _table(folder / "memory.stat").get(droppable, 0), 0)


def _number(path: Path) -> int | None:
    """The number a file holds; None where it is not there or holds "max"."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _table(path: Path) -> dict[str, int]:
    """The lines "name value" of a file, with or without a colon and a unit."""
    found = {}
    try:
        for line in path.read_text().splitlines():
            match line.replace(":", " ").split():
                case [name, value, *_] if value.isdecimal():
                    found[name] = int(value)
    except (OSError, ValueError):
        pass
    return found


def _place(source: Source) -> Path:
    return source.folder if isinstance(source, IdxFiles) else source.path


def _images(count: int | None) -> str:
    return "more images than fit" if count is None else f"{count} images"


def _idx_images(path: Path) -> int:
    """The number of images that the header of an IDX file declares."""
    with reading(path) as stream:
        return int(struct.unpack(">I", read_up_to(stream, 8)[4:])[0])


def _npz_bytes(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist() if entry.filename.startswith("x_"))


def _unpacked_bytes(path: Path) -> int:
    """Of a file's content; gzip data end with its length (RFC 1952, section 2.3.1)."""
    with path.open("rb") as file:
        if file.read(2) != GZIP_MAGIC:
            return path.stat().st_size
        file.seek(-4, 2)
        return int.from_bytes(file.read(4), "little")
