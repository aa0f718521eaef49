"""A help page taken apart: the little Markdown that the pages are written in, as blocks and as styled parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

_ITEM = re.compile(r"\s*([-*+]|\d{1,3}[.)])\s+(.*)")
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>.+?)\*\*"
    r"|(?<![\w*])\*(?P<stress>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])"
    r"|\[(?P<link>[^\]]+)\]\([^)\s]*\)"
)
Kind = Literal["plain", "code", "strong", "stress", "link"]
BULLET = "•"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page. `mark` stands before an item of a list: a bullet or a number with its dot."""

    kind: Literal["heading", "paragraph", "item", "verbatim"]
    text: str
    mark: str = ""


def blocks(markdown: str, bullet: str = BULLET) -> Iterator[Block]:
    """The blocks of a page, in the little Markdown that the pages are written in.

    Headings, paragraphs, lists of one level, and verbatim lines: fenced, indented by four, or of a table. A heading of
    the first level is left out; the label stands for it.
    """
    held: Block | None = None
    fenced = False
    for line in [*markdown.splitlines(), ""]:
        fence = line.startswith("```")
        verbatim = not fence and (fenced or line.startswith("|") or (held is None and line.startswith("    ")))
        item = None if fence or verbatim else _ITEM.fullmatch(line)
        heading = not fence and not verbatim and line.startswith("#")
        plain = "" if fence or verbatim or item or heading else line.strip()
        fenced ^= fence
        if plain and held is not None:
            held = replace(held, text=f"{held.text} {plain}")
            continue
        if held is not None:
            yield held
        held = None
        if verbatim:
            yield Block("verbatim", line.removeprefix("    "))
        elif heading and line.startswith("##"):
            yield Block("heading", line.lstrip("#").strip())
        elif item:
            held = Block("item", item[2], item[1] if item[1][0].isdigit() else bullet)
        elif plain:
            held = Block("paragraph", plain.removeprefix("> "))


def parts(text: str) -> Iterator[tuple[str, Kind]]:
    """A text as its *stress*, **strong**, `code` and [links](address), and what is between them, none of it empty."""
    end = 0
    for found in _INLINE.finditer(text):
        if found.start() > end:
            yield text[end : found.start()], "plain"
        kind: Kind = found.lastgroup or "plain"  # type: ignore[assignment]
        yield found[kind], kind
        end = found.end()
    if end < len(text):
        yield text[end:], "plain"


def close(before: Block | None, block: Block) -> bool:
    """Whether a block follows the one before without an empty line."""
    return before is not None and (
        before.kind == "heading" or (before.kind == block.kind and before.kind in ("item", "verbatim"))
    )


def around_sketch(page: list[Block]) -> tuple[list[Block], list[Block]]:
    """A page in two: what stands before a drawing, up to the first formula or else paragraph, and what after it."""
    kinds = [block.kind for block in page]
    at = kinds.index("verbatim") if "verbatim" in kinds else 0
    while at < len(page) - 1 and kinds[at] == kinds[at + 1] == "verbatim":
        at += 1
    return page[: at + 1], page[at + 1 :]
