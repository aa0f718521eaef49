"""Texts for terminals that have nothing but ASCII."""

from __future__ import annotations

from textual.content import Content

_TWINS = str.maketrans(dict(zip("…·×–—→←★✓✗≤≥±’━╸─", ".-x--><*+x<>~'##-", strict=True)))


def ascii_text(text: str) -> str:
    """The text with a character of ASCII for every other one; as many cells as before."""
    return "".join(c if c.isascii() else "?" for c in text.translate(_TWINS))


def ascii_content(content: Content) -> Content:
    """The same with its styles."""
    return Content(ascii_text(content.plain), list(content.spans))
