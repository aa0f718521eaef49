"""The protocol between client and engine: one JSON object per line in both directions.

A client sends a `Greeting`, then commands. The engine sends a `Hello`, then every event of the current run from
`Greeting.since` on, byte for byte as in the log, interleaved with replies.
"""

from __future__ import annotations

import functools
from typing import Any, Literal, get_args

import msgspec

from engine.commands import Command
from engine.errors import EngineProblem
from engine.events import Event
from engine.fields import short

VERSION = 1
LINE_LIMIT = 64 * 1024 * 1024
"""The longest line in bytes that a client reads (a test in which every image is misclassified takes 0.5 MB)."""
COMMAND_LIMIT = 1024 * 1024
"""The longest line in bytes that the engine reads."""


Role = Literal["screen", "watcher", "script"]
"""A screen may take control; a watcher is read-only; a script sends a command and leaves."""


class Greeting(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="greeting"):
    """A client's first line. If `run` is the current run, its events before number `since` are not sent.

    `created`, the time of the run's event 0, distinguishes it from one that was made again under the same name. `name` is
    how the client (its terminal) is shown to the others.
    """

    protocol: int = VERSION
    role: Role = "screen"
    name: str = ""
    run: str = ""
    since: int = 0
    created: float = 0.0


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="hello"):
    """The engine's first line; `run` is the current run's name, or empty."""

    protocol: int = VERSION
    version: str
    pid: int
    run: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="reply"):
    """The answer to the command with this `id`; `error` is empty if it was accepted.

    `exit_code` is the exit status for the error, `field` the hyperparameter it is about. `result` is one of
    `engine.answers`.
    """

    id: int
    error: str = ""
    exit_code: int = 0
    field: str = ""
    result: dict[str, Any] = {}


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ready"):
    """The engine has loaded torch, so that a run can start at once. Belongs to no run.

    If torch cannot be imported, `torch` is empty and `fault` is the reason as a sentence.
    """

    torch: str
    fault: str = ""


class Steers(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="steers"):
    """Which screen has control, sent whenever that or the number of screens changes. Belongs to no run.

    `name` is that screen's name, empty if there is none; `you` is true for that screen itself; `screens` counts the
    attached screens and watchers.
    """

    name: str
    you: bool
    screens: int


class ExperimentOver(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="experiment_over"):
    """A guided experiment has ended. Sent after the last event of its last run; belongs to no run.

    `fault` is the reason, as a sentence, why not all arms were trained; empty if they were.
    """

    experiment: str
    group: str
    fault: str = ""


class Working(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="working"):
    """The progress of the command with this `id`: `share` from 0 to 1, and what is being done."""

    id: int
    share: float
    text: str = ""


ServerMessage = Hello | Reply | Ready | Steers | ExperimentOver | Working | Event
_TAGS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(ServerMessage))

_encoder = msgspec.json.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """The message as one line, with its line feed."""
    return _encoder.encode(message) + b"\n"


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _decode(kind: Any, line: bytes, what: str) -> Any:
    try:
        return _decoder(kind).decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise EngineProblem(f"This is not {what} of protocol {VERSION}: {short(fault, 200)}.") from fault


def decode_event(line: bytes) -> Event:
    """Decode an event. Raises `EngineProblem` for anything else."""
    event: Event = _decode(Event, line, "an event")
    return event


def is_later(line: bytes, *, numbered: bool = True) -> bool:
    """Whether a line that could not be decoded may be valid in a later version of mnist-tui, so that readers skip it.

    It is an object with a `type` and a `seq`, of which only a later version knows the type or a value; unless `numbered`,
    any object of an unknown type.
    """
    try:
        found = _decoder(Any).decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if not isinstance(found, dict) or not isinstance(kind := found.get("type"), str):
        return False
    seq = found.get("seq")
    return (type(seq) is int and seq >= 0) or (not numbered and kind not in _TAGS)


def decode_server(line: bytes) -> ServerMessage:
    """Decode a line from an engine. Raises `EngineProblem` for an invalid one."""
    message: ServerMessage = _decode(ServerMessage, line, "a message")
    return message


def decode_client(line: bytes) -> Greeting | Command:
    """Decode a line from a client. Raises `EngineProblem` for an invalid one."""
    message: Greeting | Command = _decode(Greeting | Command, line, "a command")
    return message
