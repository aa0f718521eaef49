"""``result.json``: how a run ended, with checksums of itself and of the log it is the end of."""

from __future__ import annotations

import mmap
import zlib
from pathlib import Path

import msgspec

from engine.errors import EngineProblem
from engine.events import Finished
from engine.protocol import decode_event

_CHECK = b',"crc32":"'
_LENGTH = len(_CHECK) + len('01234567"}')


class LogCheck(msgspec.Struct, frozen=True):
    """The CRC-32 of the log's first `bytes` bytes, in hexadecimal digits."""

    bytes: int
    crc32: str


class _Result(msgspec.Struct):
    log: LogCheck | None = None


def encode_result(end: Finished, log: Path) -> bytes:
    """What ``result.json`` is to hold: the event, with `log` (a `LogCheck`) and `crc32`, that of all before it."""
    told = msgspec.json.encode(end)[:-1]
    if check := _check(log):
        told += b',"log":' + msgspec.json.encode(check)
    return told + _CHECK + f'{zlib.crc32(told):08x}"}}'.encode()


def read_result(path: Path) -> Finished | None:
    """The event in a ``result.json``; None where there is none, or it does not match its checksum."""
    if (content := _content(path)) is None or not _matches(content):
        return None
    try:
        return msgspec.json.decode(content, type=Finished)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def end_in_log(path: Path) -> Finished | None:
    """The end of a run that its log tells, unless the run was resumed after it."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            at = content.rfind(b'\n{"type":"finished"') + 1
            if not at or content.find(b'\n{"type":"run_started"', at) >= 0:
                return None
            end = content.find(b"\n", at)
            line = content[at:end] if end >= 0 else b""
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None
    try:
        event = decode_event(line)
    except EngineProblem:
        return None
    return event if isinstance(event, Finished) else None


def result_damage(path: Path) -> str:
    """What is wrong with a ``result.json``, in a few words; empty where nothing is, or where there is none."""
    content = _content(path)
    return "" if content is None or read_result(path) else "it does not match its checksum"


def log_damage(result: Path, log: Path) -> str:
    """What is wrong with a run's log, as its ``result.json`` tells; empty where nothing is, or where that tells nothing."""
    content = _content(result)
    if content is None or not _matches(content):
        return ""
    try:
        told = msgspec.json.decode(content, type=_Result).log
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    if told is None or not log.is_file() or _check(log, told.bytes) == told:
        return ""
    return "it was changed since the run ended"


def _check(log: Path, most: int | None = None) -> LogCheck | None:
    """Of the whole log, or of its first bytes."""
    length, check = 0, 0
    try:
        with log.open("rb") as file:
            while piece := file.read(1 << 20 if most is None else min(1 << 20, most - length)):
                length, check = length + len(piece), zlib.crc32(piece, check)
    except OSError:
        return None
    return LogCheck(length, f"{check:08x}")


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None  # a pipe would wait for somebody to write
    except OSError:
        return None


def _matches(content: bytes) -> bool:
    """Whether a result matches its checksum; one of version 0.1.0 has none."""
    told, check = content[:-_LENGTH], content[-_LENGTH:]
    if not check.startswith(_CHECK):
        return True
    return check[len(_CHECK) : -2] == f"{zlib.crc32(told):08x}".encode()
