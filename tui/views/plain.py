"""Texts for terminals that have nothing but ASCII."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.content import Content

_TWINS = str.maketrans(dict(zip("…·×–—−→←↑↓▸▾▲‖↻★✓✗≤≥±’━╸─└├│", ".-x---><^v>v^\"@*+x<>~'##-`||", strict=True)))
_GREEK = {
    "Δ": "delta",
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "ε": "eps",
    "η": "eta",
    "μ": "mu",
    "λ": "lambda",
    "π": "pi",
} | {
    "σ": "sigma",
    "Φ": "Phi",
    "φ": "phi",
    "Σ": "sum",
    "∂": "d",
}
_SPELLED = str.maketrans(
    {**_GREEK, "√": "sqrt", "²": "^2", "ⁿ": "^n", "·": "*", "±": "+-", "≤": "<=", "≥": ">=", "≈": "~=", "←": "<-"}
    | {"°": " degrees", "′": "'", "⁶": "^6", "ᵀ": "^T"}
)


def spelled(text: str) -> str:
    """Prose or a formula in ASCII, at whatever length: "eta" for the Greek letter, "sqrt(v)" for the root of v."""
    apart = re.sub(rf"([{''.join(_GREEK)}])(?=[^\W\d])", r"\1 ", text)
    return ascii_text(re.sub(r"√(\w)", r"√(\1)", apart).translate(_SPELLED))


def ascii_text(text: str) -> str:
    """The text with a character of ASCII for every other one; as many cells as before."""
    return "".join(c if c.isascii() else "?" for c in text.translate(_TWINS))


def ascii_content(content: Content) -> Content:
    """The same with its styles."""
    from textual.content import Content  # noqa: PLC0415 - what is printed does without

    return Content(ascii_text(content.plain), list(content.spans))
