"""Parts of a text that do something when they are clicked."""

from __future__ import annotations

from textual.content import Content
from textual.style import Style


def button(words: str | Content, action: str, style: str = "") -> Content:
    """Text that runs `action` when it is clicked."""
    content = Content.styled(words, style) if isinstance(words, str) else words
    return content.stylize(Style.from_meta({"action": action}))
