"""The themes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.color import Color
from textual.theme import Theme

from tests import events_kit as kit
from tests.tui.app_kit import Stage, stage
from tui.app.themes import DARK, THEMES, after, theme_name


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
    assert contrast(theme.variables["muted"], theme.panel or "") >= 4.5
    for paper in (theme.panel, theme.surface):
        assert contrast(theme.foreground or "", paper or "") >= 4.5
    for cursor in ("block-cursor", "block-cursor-blurred"):
        assert contrast(theme.variables[f"{cursor}-foreground"], theme.variables[f"{cursor}-background"]) >= 4.5
    for tab in ("train", "validation"):
        assert contrast(theme.variables[tab], background) >= 4.5


@pytest.mark.parametrize("name", THEMES)
async def test_every_word_on_the_screens_can_be_read(name: str) -> None:
    run = kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)])
    async with stage(run, theme=name) as on:
        for keys in ([], ["2"], ["3"], ["1", "escape", "question_mark"], ["q", "q"]):
            await on.press(*keys)
            faint = [(word, keys) for word in words(on) if contrast(*word[1:]) < 4.5]
            assert faint == []
    async with stage(theme=name) as on:
        for keys in (["f", "tab", *"9,a"], ["escape", "o"]):
            await on.press(*keys)
            assert [word for word in words(on) if contrast(*word[1:]) < 4.5] == []


def words(on: Stage) -> Iterator[tuple[str, str, str]]:
    """Every piece of text that has a letter or a digit in it, its color, and the color behind it.

    Of a dialog alone where there is one: what lies behind it is faded.
    """
    screen = on.app.screen
    region = next((box.region for box in screen.query("#dialog, #picker")), screen.region)
    for strip in screen._compositor.render_strips()[region.y : region.bottom]:
        for text, style, _ in strip.crop(region.x, region.right):
            if style and style.color and style.bgcolor and any(c.isalnum() for c in text):
                pair = [Color.from_rich_color(color).hex for color in (style.color, style.bgcolor)]
                yield (text, *(reversed(pair) if style.reverse else pair))


def test_the_colorblind_theme_has_the_colors_of_okabe_and_ito_and_grays() -> None:
    palette = {"#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"}
    theme = THEMES["colorblind"]
    named = [theme.primary, theme.secondary, theme.accent, theme.warning, theme.error, theme.success]
    for color in [*named, theme.foreground, theme.background, *map(theme.variables.get, ("train", "validation"))]:
        red, green, blue = Color.parse(color or "").rgb
        assert color in palette or red == green == blue, color


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_training_and_validation_differ_to_any_eye(theme: Theme) -> None:
    """Blue and orange lie on both sides of the axis that people with a red-green weakness see."""
    train, validation = (Color.parse(theme.variables[name]) for name in ("train", "validation"))
    assert train.b > train.r
    assert validation.r > validation.b


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("light", "mnist-light"),
        ("colorblind", "mnist-colorblind"),
        ("pink", DARK.name),
        (None, DARK.name),
        (3, DARK.name),
    ],
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
