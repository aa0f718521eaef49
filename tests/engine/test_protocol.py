"""The socket's and the log's language: what is written is read back, and anything else is refused in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import commands as cmd
from engine import events as ev
from engine import protocol
from engine.config import TrainConfig
from engine.errors import EngineProblem
from tests.each import each
from tests.engine.strategies import COMMAND_TYPES, EVENT_TYPES, configs, examples, messages

Decode = Callable[[bytes], Any]
DECODERS = (protocol.decode_event, protocol.decode_server, protocol.decode_client)


def named(each: object) -> str | None:
    """How a test's name shows a type or a function."""
    return getattr(each, "__name__", None)


PAUSED = b'{"type":"paused","seq":3,"time":1.5,"step":7,"position":0.25}'


@each("kind", EVENT_TYPES)
@examples(15)
@given(data=st.data())
def test_every_event_comes_back_as_it_was_sent(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    event = data.draw(messages(kind))
    line = protocol.encode(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert protocol.decode_event(line) == event
    assert protocol.decode_server(line) == event


@pytest.mark.parametrize("kind", [*COMMAND_TYPES, protocol.Greeting], ids=named)
@examples(15)
@given(data=st.data())
def test_every_command_comes_back_as_it_was_sent(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    command = data.draw(messages(kind))
    line = protocol.encode(command)
    assert line.count(b"\n") == 1
    assert protocol.decode_client(line) == command


@pytest.mark.parametrize("kind", [protocol.Hello, protocol.Reply, protocol.Ready, protocol.Working], ids=named)
@examples(15)
@given(data=st.data())
def test_every_answer_comes_back_as_it_was_sent(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    answer = data.draw(messages(kind))
    assert protocol.decode_server(protocol.encode(answer)) == answer


@examples(40)
@given(config=configs())
def test_a_start_fits_in_what_the_engine_reads(config: TrainConfig) -> None:
    line = protocol.encode(cmd.Start(config=config, preset="x" * 100, name="y" * 100))
    assert len(line) < protocol.COMMAND_LIMIT


JUNK = {
    "nothing": b"",
    "line feed": b"\n",
    "zero bytes": bytes(32),
    "words": b"hello\n",
    "null": b"null",
    "number": b"3",
    "list": b"[]",
    "no type": b"{}",
    "type null": b'{"type":null}',
    "type number": b'{"type":3}',
    "type list": b'{"type":["paused"]}',
    "unknown type": b'{"type":"exploded"}',
    "type twice removed": b'{"kind":"paused"}',
    "two objects": PAUSED + PAUSED,
    "single quotes": PAUSED.replace(b'"', b"'"),
    "field missing": b'{"type":"paused","step":7}',
    "text for a number": b'{"type":"paused","step":"7","position":0}',
    "fraction for a count": b'{"type":"paused","step":7.5,"position":0}',
    "null for a number": b'{"type":"paused","step":null,"position":0}',
    "bool for a number": b'{"type":"paused","step":true,"position":0}',
    "list for a number": b'{"type":"paused","step":[7],"position":0}',
    "nan": b'{"type":"paused","step":7,"position":NaN}',
    "infinity": b'{"type":"paused","step":7,"position":Infinity}',
    "float too large": b'{"type":"paused","step":7,"position":1e999}',
    "int of 5000 digits": b'{"type":"paused","step":' + b"9" * 5000 + b',"position":0}',
    "utf-8 cut": b'{"type":"log","text":"\xe2\x82"}',
    "utf-8 wrong": b'{"type":"log","text":"\xff\xfe"}',
    "half a surrogate": b'{"type":"log","text":"\\ud800"}',
    "utf-16": PAUSED.decode().encode("utf-16"),
    "not base64": b'{"type":"preview_digits","indices":[],"labels":[],"pixels":"%%%"}',
    "unknown choice": b'{"type":"phase","name":"dreaming","text":""}',
    "unknown choice of 5000 letters": b'{"type":"phase","name":"' + b"x" * 5000 + b'","text":""}',
    "unknown type of 5000 letters": b'{"type":"' + b"x" * 5000 + b'"}',
    "unknown field with an escape": b'{"type":"pause","\\u001b[31m' + b"x" * 5000 + b'":1}',
    "text too deep": b'{"type":"log","text":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "extra too deep": b'{"type":"log","text":"","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "result too deep": b'{"type":"reply","id":1,"result":{"a":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001 + b"}",
}


@pytest.mark.parametrize("decode", DECODERS, ids=named)
@each("line", JUNK.values())
def test_junk_is_refused_in_words(decode: Decode, line: bytes) -> None:
    with pytest.raises(EngineProblem) as caught:
        decode(line)
    assert f"of protocol {protocol.VERSION}: " in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("decode", "line"),
    [
        (protocol.decode_event, PAUSED),
        (protocol.decode_client, protocol.encode(cmd.Start(config=TrainConfig()))),
        (protocol.decode_server, protocol.encode(protocol.Reply(id=1, result={"a": [1, {"b": 2}]}))),
    ],
    ids=["event", "command", "reply"],
)
def test_a_line_cut_anywhere_is_refused(decode: Decode, line: bytes) -> None:
    line = line.rstrip()
    decode(line)
    for cut in range(len(line)):
        with pytest.raises(EngineProblem):
            decode(line[:cut])


@each("kind", EVENT_TYPES)
@examples(3)
@given(data=st.data())
def test_what_a_later_version_adds_to_an_event_is_passed_over(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    event = data.draw(messages(kind))
    later = {"color": {"deep": [1, None]}, **msgspec.to_builtins(event)}
    assert protocol.decode_event(msgspec.json.encode(later)) == event


@each("kind", COMMAND_TYPES)
def test_a_command_with_an_unknown_field_is_refused(kind: type[msgspec.Struct]) -> None:
    needed = {"config": {}, "run": "x", "pixels": "", "question": 1, "values": {}, "experiment": "x"}
    fields = {field.name: needed[field.name] for field in msgspec.structs.fields(kind) if field.required}
    message = {"type": kind.__struct_config__.tag, **fields}
    assert isinstance(protocol.decode_client(msgspec.json.encode(message)), kind)
    with pytest.raises(EngineProblem, match="color"):
        protocol.decode_client(msgspec.json.encode(message | {"color": "red"}))


def test_a_client_cannot_send_events_nor_an_engine_commands() -> None:
    with pytest.raises(EngineProblem):
        protocol.decode_client(PAUSED)
    with pytest.raises(EngineProblem):
        protocol.decode_server(protocol.encode(cmd.Pause(id=1)))
    with pytest.raises(EngineProblem):
        protocol.decode_event(protocol.encode(protocol.Ready(torch="2.8")))


def test_line_feeds_in_a_text_stay_within_the_line() -> None:
    line = protocol.encode(ev.LogLine(text="one\ntwo\r\n\u2028three\0"))
    assert line.count(b"\n") == 1
    assert protocol.decode_event(line).text == "one\ntwo\r\n\u2028three\0"  # type: ignore[union-attr]


def test_every_message_has_a_type_of_its_own() -> None:
    kinds: tuple[type[msgspec.Struct], ...]
    kinds = (*EVENT_TYPES, *COMMAND_TYPES, protocol.Greeting, protocol.Hello, protocol.Reply, protocol.Ready)
    tags = [kind.__struct_config__.tag for kind in kinds]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize(
    ("line", "numbered", "anyway"),
    [
        (b'{"type":"dreamt","seq":3}', True, True),
        (b'{"type":"dreamt"}', False, True),
        (b'{"type":"phase","seq":3,"name":"dreaming","text":""}', True, True),
        (b'{"type":"phase","name":"dreaming","text":""}', False, False),
        (b'{"type":"hello","protocol":"new"}', False, False),
        (b'{"seq":3}', False, False),
        (b'{"type":"dreamt","seq":3', False, False),
        (b"\xff", False, False),
    ],
)
def test_what_a_later_version_says_is_told_from_junk(line: bytes, numbered: bool, anyway: bool) -> None:
    assert protocol.is_later(line) is numbered
    assert protocol.is_later(line, numbered=False) is anyway
