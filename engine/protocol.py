"""The socket's language: one JSON object a line, both ways.

client → engine: `Greeting` first, then commands. engine → client: `Hello` first, then every event of the current
run from `Greeting.since` on, exactly as they stand in the log, with replies in between.
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
"""Bytes of the longest line a client reads (a test that got everything wrong is half a megabyte)."""
COMMAND_LIMIT = 1024 * 1024
"""Bytes of the longest line the engine reads."""


Role = Literal["screen", "watcher", "script"]
"""What a client is: a screen steers, or waits its turn; a watcher only looks; a script gives an order and goes."""


class Greeting(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="greeting"):
    """A client's first line. Of run `run`, where it is the current one, events before number `since` are not sent.

    `created`, the time of its event 0, where it is given: a run that was made again under the same name is sent whole.
    `name` is what the others are told it is called (its terminal).
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
    """Answer to the command with this `id`; `error` is empty where it was accepted.

    `exit_code` is the status the fault deserves, `field` the hyperparameter it is about; `result` holds what was
    asked for.
    """

    id: int
    error: str = ""
    exit_code: int = 0
    field: str = ""
    result: dict[str, Any] = {}


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ready"):
    """The engine has loaded torch: a run starts without waiting for that. Belongs to no run.

    Where torch cannot be imported, `torch` is empty and `fault` a sentence that says why.
    """

    torch: str
    fault: str = ""


class Steers(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="steers"):
    """Who steers, said whenever that or the number of screens changes. Belongs to no run.

    `name` is the steering screen's, empty where none does; `you` where it is the one that is told; `screens` counts
    the screens and watchers attached.
    """

    name: str
    you: bool
    screens: int


class ExperimentOver(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="experiment_over"):
    """A guided experiment has ended: after its last arm, or before. Said after that arm's last event; belongs to no run.

    `fault` is a sentence that says why it ended before all its arms were trained; empty where they were.
    """

    experiment: str
    group: str
    fault: str = ""


class Working(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="working"):
    """How far the answer to the command with this `id` is: `share` from 0 to 1, and what is being done."""

    id: int
    share: float
    text: str = ""


ServerMessage = Hello | Reply | Ready | Steers | ExperimentOver | Working | Event
_TAGS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(ServerMessage))

_encoder = msgspec.json.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """One line, with its line feed."""
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
    """One event. Raises `EngineProblem` for anything else."""
    event: Event = _decode(Event, line, "an event")
    return event


def is_later(line: bytes, *, numbered: bool = True) -> bool:
    """Whether a line that could not be decoded is sound all the same, as a later version of mnist-tui writes it.

    That is an object with a `type` and a `seq` of its own, whose type or one of whose values only that version knows;
    where it need not be `numbered`, any object of an unknown type. Whoever reads passes it over.
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
    """What an engine sent. Raises `EngineProblem` for anything else."""
    message: ServerMessage = _decode(ServerMessage, line, "a message")
    return message


def decode_client(line: bytes) -> Greeting | Command:
    """What a client sent. Raises `EngineProblem` for anything else."""
    message: Greeting | Command = _decode(Greeting | Command, line, "a command")
    return message
