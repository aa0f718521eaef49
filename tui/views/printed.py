"""Help pages as lines for a terminal that just scrolls, or for a pipe: `mnist-tui explain`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from engine.help.catalog import Entry, catalog
from tui.views.fields import facts
from tui.views.pages import BULLET, Block, around_sketch, blocks, close, parts
from tui.views.plain import spelled
from tui.views.sketch import Row, draw, sketch_of

WIDEST = 88
"""Columns of the longest line: longer ones are tiring to read."""
_SKETCH = (56, 13)
Mark = Callable[[str, str], str]
"""A text in a style: "strong", "code", "faint", "first", …"""
_SEQUENCES: Mapping[str, str] = {
    "strong": "1",
    "stress": "3",
    "code": "36",
    "link": "4",
    "faint": "2",
    "axis": "2",
    "first": "1;36",
    "second": "1;33",
}
"""SGR parameters (ECMA-48) of the styles, in the terminal's own colors."""


def styled(text: str, style: str) -> str:
    """The text as a terminal shows it in a style."""
    code = _SEQUENCES.get(style)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def bare(text: str, _style: str) -> str:
    """The text alone."""
    return text


def page_lines(entry: Entry, width: int, mark: Mark = bare, *, ascii_only: bool = False) -> list[str]:
    """A page: title and group, what the table knows of a field, the text with its drawing, and what else to read."""
    shown = spelled if ascii_only else str
    title, group = shown(entry.title), f"{'-' if ascii_only else '·'} {shown(entry.group)}"
    beside = len(title) + 2 + len(group) <= width
    lines = [f"{mark(title, 'strong')}  {mark(group, 'faint')}" if beside else mark(title, "strong"), ""]
    if entry.kind == "field":
        lines += wrapped([(shown(entry.summary), "plain")], width, mark)
        lines += [*wrapped([(shown(facts(entry.name)), "faint")], width, mark), ""]
    page = [Block(b.kind, shown(b.text), b.mark) for b in blocks(entry.text, "*" if ascii_only else BULLET)]
    before, after = around_sketch(page)
    sketch = sketch_of(entry.name)
    if sketch is None:
        lines += _laid_out(page, width, mark)
    else:
        drawn = draw(sketch, min(width - 2, _SKETCH[0]), _SKETCH[1], ascii_only=ascii_only)
        rows = [_sketch_line(row, mark, shown) for row in drawn]
        lines += [*_laid_out(before, width, mark), "", *rows, "", *_laid_out(after, width, mark)]
    if entry.see:
        names = ", ".join(f"{catalog()[name].asked}" for name in entry.see)
        lines += ["", *wrapped([("See", "strong"), (f": {names}", "plain")], width, mark)]
    return lines


def contents_lines(width: int, mark: Mark = bare, *, ascii_only: bool = False) -> list[str]:
    """Every page in a line, group by group."""
    shown = spelled if ascii_only else str
    entries = list(catalog().values())
    names = {entry.name: entry.title if entry.kind == "preset" else entry.asked for entry in entries}
    room = max(map(len, names.values())) + 2
    lines: list[str] = []
    group = ""
    for entry in entries:
        if entry.group != group:
            group = entry.group
            lines += [*([""] if lines else []), mark(shown(group), "strong")]
        summary = _cut(shown(entry.summary.removesuffix(".")), max(width - room - 2, 10), "..." if ascii_only else "…")
        name = names[entry.name]
        lines.append(f"  {mark(name, 'code')}{' ' * (room - len(name))}{summary}")
    return [*lines, "", *wrapped([("mnist-tui explain NAME shows a page.", "faint")], width, mark)]


def _cut(text: str, room: int, end: str) -> str:
    return text if len(text) <= room else text[: room - len(end)].rstrip(" ,;:") + end


def _sketch_line(row: Row, mark: Mark, shown: Callable[[str], str]) -> str:
    *before, (text, ink) = row
    return "  " + "".join(mark(shown(t) if i == "text" else t, i) for t, i in [*before, (text.rstrip(), ink)])


def _laid_out(page: Iterable[Block], width: int, mark: Mark) -> list[str]:
    lines: list[str] = []
    before: Block | None = None
    for block in page:
        if before is not None and not close(before, block):
            lines.append("")
        before = block
        match block.kind:
            case "heading":
                lines += wrapped([(block.text, "strong")], width, mark)
            case "verbatim":
                lines.append(f"  {mark(block.text, 'code')}")
            case "paragraph" | "item":
                first = f"{block.mark} " if block.mark else ""
                folded = wrapped(parts(block.text), max(width - len(first), 1), mark)
                lines += [f"{' ' * len(first) if i else first}{line}" for i, line in enumerate(folded)]
    return lines


def wrapped(runs: Iterable[tuple[str, str]], width: int, mark: Mark) -> list[str]:
    """Styled runs as lines of at most `width` characters, broken at spaces; a word alone may be longer."""
    words: list[list[tuple[str, str]]] = [[]]
    for text, style in runs:
        first, *rest = text.split(" ")
        if first:
            words[-1].append((first, style))
        words += [[(word, style)] if word else [] for word in rest]
    lines: list[list[list[tuple[str, str]]]] = [[]]
    used = 0
    for word in filter(None, words):
        length = sum(len(text) for text, _ in word)
        if lines[-1] and used + 1 + length > width:
            lines.append([])
            used = 0
        used += length + bool(lines[-1])
        lines[-1].append(word)
    return [_line(line, mark) for line in lines if line]


def _line(words: list[list[tuple[str, str]]], mark: Mark) -> str:
    """Words with spaces between them, neighbors of one style under one mark."""
    runs: list[tuple[str, str]] = []
    for number, word in enumerate(words):
        for at, (text, style) in enumerate(word):
            gap = " " if number and at == 0 else ""
            if runs and runs[-1][1] == style:
                runs[-1] = (runs[-1][0] + gap + text, style)
            elif gap:
                runs += [(gap, "plain"), (text, style)]
            else:
                runs.append((text, style))
    return "".join(mark(text, style) for text, style in runs)
