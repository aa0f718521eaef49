"""The bytes of a ``readings.bin`` (`engine.runs.validation_predictions`): its header, the checksums of its records, and whether all is whole."""

from __future__ import annotations

import zlib
from pathlib import Path

MAGIC = b"mnist-tui read 2"
MAGIC_1 = b"mnist-tui read 1"
"""Of version 0.1.0, which wrote no checksums."""
HEADER = len(MAGIC) + 8
_MOST_IMAGES = 10_000_000


def header_of(images: int) -> bytes:
    """The header of a file of so many images."""
    told = MAGIC + images.to_bytes(4, "little")
    return told + zlib.crc32(told).to_bytes(4, "little")


def images_in(header: bytes) -> int | None:
    """The number of images; None where the header is none of ours."""
    if len(header) < HEADER or not header.startswith((MAGIC, MAGIC_1)):
        return None
    count = int.from_bytes(header[len(MAGIC) : len(MAGIC) + 4], "little")
    if header.startswith(MAGIC) and header != header_of(count):
        return None
    return count if 0 < count <= _MOST_IMAGES else None


def is_whole(record: bytes) -> bool:
    """Whether a record matches its checksum."""
    return zlib.crc32(record[:8] + record[12:]) == int.from_bytes(record[8:12], "little")


def damage(path: Path) -> str:
    """What is wrong with the file at `path`, in a few words; empty where nothing is, or where there is none."""
    try:
        if not path.is_file() or not path.stat().st_size:
            return ""
        with path.open("rb") as file:
            header = file.read(HEADER)
            if (count := images_in(header)) is None:
                return "its header does not match its checksum"
            if header.startswith(MAGIC_1):
                return ""
            records = iter(lambda: file.read(12 + 2 * count), b"")
            checked = [is_whole(record) for record in records if len(record) == 12 + 2 * count]
    except OSError:
        return ""
    lost = len(checked) - sum(checked)
    return f"{lost} of {len(checked)} epochs do not match their checksum" if lost else ""
