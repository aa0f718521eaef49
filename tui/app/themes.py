"""Colors: a dark, a light and a high-contrast theme, and one that is safe for the color-blind.

Blue stands for training and orange for validation everywhere; people with any of the common color weaknesses tell
the two apart. The last theme has no other colors than the eight of Okabe and Ito ("Color Universal Design: How to make
figures and presentations that are friendly to colorblind people", 2008, https://jfly.uni-koeln.de/color/) and grays.
"""

from __future__ import annotations

from textual.theme import Theme

_SHARED = {
    "block-cursor-text-style": "none",
    "block-cursor-blurred-text-style": "none",
}

DARK = Theme(
    name="mnist-dark",
    primary="#58a6ff",
    secondary="#8b96a8",
    accent="#e3c15c",
    warning="#f0a04b",
    error="#ff7b72",
    success="#56c28b",
    foreground="#d5dbe5",
    background="#0f131a",
    surface="#161b24",
    panel="#1f2632",
    dark=True,
    variables={
        **_SHARED,
        "train": "#58a6ff",
        "input-selection-background": "#58a6ff 35%",
        "validation": "#f0a04b",
        "muted": "#8490a1",
        "line": "#2f3948",
        "block-cursor-background": "#264a73",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#1f2c3d",
        "block-cursor-blurred-foreground": "#d5dbe5",
        "scrollbar": "#2f3948",
        "scrollbar-hover": "#46546a",
        "scrollbar-active": "#58a6ff",
        "scrollbar-background": "#0f131a",
        "scrollbar-background-hover": "#0f131a",
        "scrollbar-background-active": "#0f131a",
        "scrollbar-corner-color": "#0f131a",
    },
)

LIGHT = Theme(
    name="mnist-light",
    primary="#0b5fc0",
    secondary="#5b6675",
    accent="#7a5c00",
    warning="#b4540a",
    error="#c0202b",
    success="#16703a",
    foreground="#1f2630",
    background="#fafaf7",
    surface="#f1f1ec",
    panel="#e6e6df",
    dark=False,
    variables={
        **_SHARED,
        "train": "#0b5fc0",
        "input-selection-background": "#0b5fc0 35%",
        "validation": "#b4540a",
        "muted": "#5c6674",
        "line": "#c9cac3",
        "block-cursor-background": "#b8d4f4",
        "block-cursor-foreground": "#0b1a2c",
        "block-cursor-blurred-background": "#e3eaf2",
        "block-cursor-blurred-foreground": "#1f2630",
        "scrollbar": "#c9cac3",
        "scrollbar-hover": "#a9aba3",
        "scrollbar-active": "#0b5fc0",
        "scrollbar-background": "#fafaf7",
        "scrollbar-background-hover": "#fafaf7",
        "scrollbar-background-active": "#fafaf7",
        "scrollbar-corner-color": "#fafaf7",
    },
)

CONTRAST = Theme(
    name="mnist-contrast",
    primary="#5cc8ff",
    secondary="#d0d0d0",
    accent="#ffe14d",
    warning="#ffb000",
    error="#ff6b6b",
    success="#4dff9a",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    dark=True,
    variables={
        **_SHARED,
        "train": "#5cc8ff",
        "input-selection-background": "#5cc8ff 35%",
        "validation": "#ffb000",
        "muted": "#c4c4c4",
        "line": "#8a8a8a",
        "block-cursor-background": "#ffffff",
        "block-cursor-foreground": "#000000",
        "block-cursor-blurred-background": "#4a4a4a",
        "block-cursor-blurred-foreground": "#ffffff",
        "scrollbar": "#8a8a8a",
        "scrollbar-hover": "#ffffff",
        "scrollbar-active": "#5cc8ff",
        "scrollbar-background": "#000000",
        "scrollbar-background-hover": "#000000",
        "scrollbar-background-active": "#000000",
        "scrollbar-corner-color": "#000000",
    },
)

COLORBLIND = Theme(
    name="mnist-colorblind",
    primary="#56b4e9",  # sky blue
    secondary="#b8b8b8",
    accent="#f0e442",  # yellow
    warning="#e69f00",  # orange
    error="#d55e00",  # vermilion
    success="#009e73",  # bluish green
    foreground="#e8e8e8",
    background="#0c0c0c",
    surface="#141414",
    panel="#202020",
    dark=True,
    variables={
        **_SHARED,
        "train": "#56b4e9",
        "input-selection-background": "#56b4e9 35%",
        "validation": "#e69f00",
        "muted": "#9c9c9c",
        "line": "#505050",
        "block-cursor-background": "#0072b2",  # blue
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#2c3a44",
        "block-cursor-blurred-foreground": "#e8e8e8",
        "scrollbar": "#505050",
        "scrollbar-hover": "#787878",
        "scrollbar-active": "#56b4e9",
        "scrollbar-background": "#0c0c0c",
        "scrollbar-background-hover": "#0c0c0c",
        "scrollbar-background-active": "#0c0c0c",
        "scrollbar-corner-color": "#0c0c0c",
    },
)

THEMES: dict[str, Theme] = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST, "colorblind": COLORBLIND}
"""By the names that people type: in the config file's [screen] table, and after --theme."""


_FORMER_NAMES = {"colourblind": "colorblind"}


def find_theme(wanted: object) -> Theme | None:
    """The theme of that name, or None. Names from version 0.1.0 still work."""
    return THEMES.get(_FORMER_NAMES.get(wanted, wanted)) if isinstance(wanted, str) else None


def theme_name(wanted: object) -> str:
    """Textual's name for the requested theme; the dark theme for an unknown name."""
    return (find_theme(wanted) or DARK).name


def after(name: str) -> str:
    """The theme that comes next."""
    names = [theme.name for theme in THEMES.values()]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
