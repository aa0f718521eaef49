"""The themes."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from tests.tui.app_kit import stage
from tui.themes import DARK, THEMES, after, theme_name


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(text: str) -> float:
        parts = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in Color.parse(text).normalized)
        red, green, blue = parts
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_what_is_to_be_read_can_be_read(theme: Theme) -> None:
    background = theme.background or ""
    for name in ("foreground", "primary", "success", "error", "warning", "accent"):
        assert contrast(getattr(theme, name), background) >= 4.5, name
    assert contrast(theme.variables["muted"], background) >= 4.5
    assert contrast(theme.foreground or "", theme.panel or "") >= 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_training_and_validation_differ_to_any_eye(theme: Theme) -> None:
    """Blue and orange lie on both sides of the axis that people with a red-green weakness see."""
    train, validation = (Color.parse(theme.variables[name]) for name in ("train", "validation"))
    assert train.b > train.r
    assert validation.r > validation.b


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("light", "mnist-light"), ("contrast", "mnist-contrast"), ("pink", DARK.name), (None, DARK.name), (3, DARK.name)],
)
def test_unknown_themes_are_the_dark_one(wanted: object, name: str) -> None:
    assert theme_name(wanted) == name


def test_themes_go_round() -> None:
    name = DARK.name
    for _ in THEMES:
        name = after(name)
    assert name == DARK.name


async def test_t_changes_the_theme() -> None:
    async with stage(theme="light") as on:
        assert on.app.theme == "mnist-light"
        await on.press("t")
        assert on.app.theme == "mnist-contrast"
