"""docs/events.md is complete, and its examples are valid."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import msgspec
import pytest

from engine import commands, diagnosis, events, protocol
from engine.errors import EngineProblem, ExitCode
from tests.each import each
from tui.cli.parser import ALIASES
from tui.cli.registry import COMMANDS
from tui.headless.follow import HUNG_UP
from tui.headless.output import READER_GONE

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "events.md").read_text(encoding="utf-8")
EVENTS = typing.get_args(events.Event)
COMMAND_TYPES = typing.get_args(commands.Command)
EXAMPLES = [line for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]


def tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def section(kind: type[msgspec.Struct]) -> str:
    """The section about an event, from its heading to the next one."""
    [found] = re.findall(rf"^### [^\n]*`{tag(kind)}`.*?(?=^##)", TEXT, re.DOTALL | re.MULTILINE)
    return str(found)


@each("kind", EVENTS)
def test_every_event_has_a_section_with_every_field_and_an_example(kind: type[msgspec.Struct]) -> None:
    text = section(kind)
    for field in kind.__struct_fields__:
        if field not in ("seq", "time"):
            assert f"`{field}`" in text, field
    assert f'{{"type":"{tag(kind)}",' in text


@pytest.mark.parametrize("kind", [events.Machine, events.TestResult, events.WrongImage])
def test_every_part_of_an_event_is_described(kind: type[msgspec.Struct]) -> None:
    for field in kind.__struct_fields__:
        assert f"`{field}`" in TEXT


@pytest.mark.parametrize(
    "choice",
    [events.PhaseName, events.Outcome, events.Fault, events.CheckpointKind],
    ids=["phase", "outcome", "fault", "kind"],
)
def test_every_word_of_a_closed_set_is_there(choice: object) -> None:
    for word in filter(None, typing.get_args(choice)):
        assert f"`{word}`" in TEXT


@pytest.mark.parametrize(
    "kind", [diagnosis.Hint, diagnosis.Figure, diagnosis.Remedy, diagnosis.Change], ids=lambda kind: kind.__name__
)
def test_every_part_of_a_hint_is_described(kind: type[msgspec.Struct]) -> None:
    part = TEXT.partition("Each of the `hints` is an object")[2].partition("\n### ")[0]
    assert [field for field in kind.__struct_fields__ if f"`{field}`" not in part] == []


def test_every_rule_of_the_diagnosis_is_there_in_its_order_and_so_is_every_severity() -> None:
    part = TEXT.partition("Each of the `hints` is an object")[2].partition("\n### ")[0].partition("| rule | meaning |")
    assert re.findall(r"^\| `(\w+)` \| ", part[2], re.MULTILINE) == [rule.name for rule in diagnosis.RULES]
    assert all(f"`{word}` (" in part[0] for word in typing.get_args(diagnosis.Severity))


@each("kind", COMMAND_TYPES)
def test_every_command_is_there_with_its_fields(kind: type[msgspec.Struct]) -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and f"`{tag(kind)}`" in line.split("|")[1]]
    [row] = [row for row in rows if row.count("|") == 4]
    for field in kind.__struct_encode_fields__:
        assert field == "id" or f"`{field}`" in row


@pytest.mark.parametrize("kind", [protocol.Greeting, protocol.Hello, protocol.Reply, protocol.Ready])
def test_the_protocol_is_there(kind: type[msgspec.Struct]) -> None:
    for field in kind.__struct_fields__:
        assert f"`{field}`" in TEXT
    assert any(line.startswith(f'{{"type":"{tag(kind)}"') for line in EXAMPLES)


@each("line", EXAMPLES)
def test_every_example_is_what_the_engine_sends_or_reads(line: str) -> None:
    try:
        message: msgspec.Struct = protocol.decode_server(line.encode())
    except EngineProblem:
        message = protocol.decode_client(line.encode())
    given = msgspec.json.decode(line)
    if not isinstance(message, commands.Base):
        assert set(given) == {"type", *message.__struct_fields__}


@pytest.mark.parametrize("status", [*map(int, ExitCode), READER_GONE, HUNG_UP])
def test_every_exit_status_is_there(status: int) -> None:
    assert f"\n| {status} | " in TEXT


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_page_of_the_command_line(command: str) -> None:
    assert f"\n| `mnist-tui {command}" in (DOCS / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("alias", ALIASES.values())
def test_every_alias_is_in_the_page_of_the_command_line(alias: str) -> None:
    assert f"`{alias}`" in (DOCS / "cli.md").read_text(encoding="utf-8")
