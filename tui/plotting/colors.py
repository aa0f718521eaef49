"""The contrast of two colors (WCAG 2.2), and a color that is readable on another."""

from __future__ import annotations

from textual.color import Color


def readable(color: Color, background: Color, ratio: float) -> Color:
    """The color, moved toward white or black until it stands out from the background by `ratio` (WCAG 2.2)."""
    end = max((Color(255, 255, 255), Color(0, 0, 0)), key=lambda c: contrast(c, background))
    steps = (color.blend(end, share / 20, alpha=1.0) for share in range(20))
    return next((c for c in steps if contrast(c, background) >= ratio), end)


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two colors, from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    """Relative luminance of an sRGB color (WCAG 2.2)."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
