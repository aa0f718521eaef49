"""The rendered sequence makes a terminal show the frame, and is short."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tui.terminal.diff_renderer import DiffRenderer
from tui.terminal.textual_internals import ChopsUpdate, LayoutUpdate

WIDTH, HEIGHT = 12, 4
STYLES = (
    None,
    Style(color="#ff8800"),
    Style(color="red", bgcolor="#102030"),
    Style(bgcolor="blue", bold=True),
    Style(reverse=True),
    Style(color="green", underline=True),
)
Picture = list[list[tuple[str, Style | None]]]


def strip(pieces: list[tuple[str, Style | None]]) -> Strip:
    return Strip([Segment(text, style) for text, style in pieces]).adjust_cell_length(WIDTH)


def layout(picture: Picture) -> LayoutUpdate:
    return LayoutUpdate([[strip(row)] for row in picture], Region(0, 0, WIDTH, HEIGHT))


def terminal() -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(WIDTH, HEIGHT)
    return screen, pyte.Stream(screen)


def seen(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """The visible result: blanks have no foreground color."""
    cells = []
    for y in range(HEIGHT):
        row = [screen.buffer[y][x] for x in range(WIDTH)]
        cells.append(
            [
                (c.data, c.bg, c.reverse, c.underscore, *((c.fg, c.bold) if c.data.strip() or c.reverse else ()))
                for c in row
            ]
        )
    return cells


words = st.text(alphabet=" ab█─漢", min_size=1, max_size=6)
pictures = st.lists(st.lists(st.tuples(words, st.sampled_from(STYLES)), max_size=4), min_size=HEIGHT, max_size=HEIGHT)


@given(st.lists(pictures, min_size=1, max_size=4))
def test_what_is_sent_makes_the_terminal_show_the_picture(several: list[Picture]) -> None:
    renderer = DiffRenderer(ColorSystem.TRUECOLOR)
    screen, stream = terminal()
    for picture in several:
        sequence = renderer.changes(layout(picture), WIDTH, HEIGHT)
        assert sequence is not None
        stream.feed(sequence)
        whole, fresh = terminal()
        fresh.feed(DiffRenderer(ColorSystem.TRUECOLOR).changes(layout(picture), WIDTH, HEIGHT) or "")
        assert seen(screen) == seen(whole)
        assert [line.rstrip() for line in whole.display] == [
            "".join(text for text, _ in row) and strip(row).text.rstrip() for row in picture
        ]
        assert renderer.changes(layout(picture), WIDTH, HEIGHT) == ""


def test_a_part_of_a_line_is_written_where_it_belongs() -> None:
    renderer = DiffRenderer(ColorSystem.TRUECOLOR)
    screen, stream = terminal()
    stream.feed(renderer.changes(layout([[("." * WIDTH, None)]] * HEIGHT), WIDTH, HEIGHT) or "")
    chops = [{0: None, 4: Strip([Segment("abcd")]), 8: None} for _ in range(HEIGHT)]
    update = ChopsUpdate(chops, [(2, 4, 7)], [[4, 8, WIDTH]] * HEIGHT)
    stream.feed(renderer.changes(update, WIDTH, HEIGHT) or "")
    assert screen.display == ["." * WIDTH, "." * WIDTH, "....abc.....", "." * WIDTH]


def test_only_what_differs_is_sent() -> None:
    renderer = DiffRenderer(ColorSystem.TRUECOLOR)
    before: Picture = [[("loss 0.123", STYLES[1])]] * HEIGHT
    renderer.changes(layout(before), WIDTH, HEIGHT)
    after: Picture = [*before[:2], [("loss 0.124", STYLES[1])], before[3]]
    assert renderer.changes(layout(after), WIDTH, HEIGHT) == "\x1b[3;10H\x1b[38;2;255;136;0m4\x1b[0m"


def test_a_terminal_that_shows_something_else_is_painted_whole() -> None:
    renderer = DiffRenderer(ColorSystem.TRUECOLOR)
    picture: Picture = [[("all of it", None)]] * HEIGHT
    first = renderer.changes(layout(picture), WIDTH, HEIGHT)
    renderer.forget()
    assert renderer.changes(layout(picture), WIDTH, HEIGHT) == first
    assert renderer.sent == 2 * len(first or "")


@pytest.mark.parametrize(
    ("colors", "sequence"),
    [
        (ColorSystem.TRUECOLOR, "\x1b[38;2;255;136;0m"),
        (ColorSystem.EIGHT_BIT, "\x1b[38;5;208m"),
        (ColorSystem.STANDARD, "\x1b[91m"),
        (None, ""),
    ],
)
def test_colors_are_those_the_terminal_has(colors: ColorSystem | None, sequence: str) -> None:
    renderer = DiffRenderer(colors)
    sent = renderer.changes(layout([[("x" * WIDTH, STYLES[1])]] * HEIGHT), WIDTH, HEIGHT) or ""
    assert sequence in sent
    assert ("m" in sent) == bool(sequence)
