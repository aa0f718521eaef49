"""Keys, pastes, and input that is neither."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from tui.terminal.input_reader import HELD, PASTED, InputReader

BEGIN, END = "\x1b[200~", "\x1b[201~"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def keys(text: str) -> list[str]:
    """Textual's interpretation: key names, and pastes in parentheses."""
    parser = XTermParser()
    found = list(parser.feed(text))
    return [
        m.key if isinstance(m, events.Key) else f"({m.text})" for m in found if isinstance(m, events.Key | events.Paste)
    ]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("q", ["q"]),
        ("rq", ["r", "q"]),
        ("\x1b[A\x1b[B", ["up", "down"]),
        ("\x1b[A" * 50, ["up"] * 50),
        ("\x1bOA" * 50, ["up"] * 50),
        ("sdxq" * 1000, ["(" + "sdxq" * 1000 + ")"]),
        ("rm -rf\nyes\r\n", ["(rm -rf\nyes\r\n)"]),
        (BEGIN + "s" * 100 + END, ["(" + "s" * 100 + ")"]),
        ("\x1b[31m" + "s" * 20 + "\x1b[A", ["(" + "s" * 20 + ")", "up"]),
        ("\x03" + "q" * 20, ["ctrl+c", "(" + "q" * 20 + ")"]),
        ("\x1br", ["escape"]),
        ("\x1br\x1bs\x1bq", ["escape"] * 3),
        ("\x1b\x1b[A", ["escape", "up"]),
        ("\x1b[A\x1bx\x1b[B", ["up", "escape", "down"]),
        ("\x1b]11;rgb:0000/0000/0000\x07q", ["q"]),
        ("\x1bP1$r0m\x1b\\q", ["q"]),
    ],
)
def test_many_characters_at_once_are_a_paste_and_few_are_keys(text: str, seen: list[str]) -> None:
    assert keys(InputReader(0).normalized(text)) == seen


def test_what_the_terminal_marks_is_not_marked_again_across_reads() -> None:
    reader = InputReader(0)
    parts = [BEGIN + "s" * 50, "q" * 50, "x" * 50 + END, "q"]
    assert [reader.normalized(part) for part in parts] == parts


@pytest.mark.parametrize("sequence", ["\x1b[A", "\x1bOA", "\x1b[1;5C", "\x1b[<0;10;10M", "\x1b[201~", "\x1b[M abc"[:6]])
def test_a_sequence_may_come_in_parts(sequence: str) -> None:
    for cut in range(1, len(sequence)):
        reader = InputReader(0)
        assert reader.normalized(sequence[:cut]) == ""
        assert reader.normalized(sequence[cut:]) == sequence


def test_a_sequence_whose_rest_does_not_come_is_the_escape_key() -> None:
    now = 0.0
    reader = InputReader(0, lambda: now)
    assert reader.normalized("\x1b[") == ""
    now = 0.2
    assert reader.timed_out(0.3) == ""
    now = 0.4
    assert keys(reader.timed_out(0.3)) == ["escape"]
    assert reader.timed_out(0.3) == ""
    assert keys(reader.normalized("q")) == ["q"]


def test_a_key_soon_after_escape_is_a_key() -> None:
    reader = InputReader(0)
    assert reader.normalized("\x1b") == ""
    assert keys(reader.normalized("q")) == ["escape", "q"]
    assert keys(reader.normalized("\x1bq")) == ["escape"]


@given(st.text(alphabet="\x1b[]OAMq27~;<\x07\x00é\r", max_size=40), st.integers(0, 40))
def test_however_it_is_cut_the_same_comes_out_and_nothing_hangs(text: str, cut: int) -> None:
    whole, parted = InputReader(0), InputReader(0)
    together = whole.normalized(text) + whole.timed_out(-1)
    apart = parted.normalized(text[:cut]) + parted.normalized(text[cut:]) + parted.timed_out(-1)
    apart, together = (each.replace(BEGIN, "").replace(END, "") for each in (apart, together))
    with_escape_apart = text[cut - 1 : cut] == "\x1b" and text[cut:]
    assert apart == together or with_escape_apart


@given(st.integers(0, 3 * PASTED))
def test_the_number_that_is_a_paste(length: int) -> None:
    marked = InputReader(0).normalized("s" * length)
    assert marked == (f"{BEGIN}{'s' * length}{END}" if length >= PASTED else "s" * length)


def test_what_comes_in_parts_but_at_once_is_read_together(pipe: tuple[int, int]) -> None:
    descriptor, writing = pipe
    reader = InputReader(descriptor)
    os.write(writing, b"s" * 4096)
    os.write(writing, b"q" * 4096)
    assert reader.read() == BEGIN + "s" * 4096 + "q" * 4096 + END


def test_a_byte_that_is_no_utf8_is_a_sign_and_no_fault(pipe: tuple[int, int]) -> None:
    descriptor, writing = pipe
    reader = InputReader(descriptor)
    os.write(writing, b"caf\xe9")
    assert reader.read() == "caf"  # the last byte may start a character
    os.write(writing, b"q")
    assert reader.read() == "\N{REPLACEMENT CHARACTER}q"


def test_a_character_may_come_in_parts(pipe: tuple[int, int]) -> None:
    descriptor, writing = pipe
    reader = InputReader(descriptor)
    first, second = "é".encode()[:1], "é".encode()[1:]
    os.write(writing, first)
    before = reader.read()
    os.write(writing, second)
    assert (before or "") + (reader.read() or "") == "é"


@pytest.mark.parametrize("key", sorted(HELD))
def test_a_key_that_is_held_down_is_many_keys_even_over_a_line_that_stalls(key: str) -> None:
    reader = InputReader(0)
    assert reader.normalized(key * 40) == key * 40
    mixed = key * PASTED + "s"
    assert reader.normalized(mixed) == f"{BEGIN}{mixed}{END}"
