"""Terminal detection: is there one, which characters and which colors it supports."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

from engine.errors import ConfigProblem

_ADVICE = "use `ssh -t` over ssh, `docker run -it` in a container, or `mnist-tui train` to train without the app"


def require_terminal(streams: tuple[Any, ...] | None = None, environ: Mapping[str, str] = os.environ) -> None:
    """Raises `ConfigProblem` unless standard input, output and error are a terminal that can draw.

    Standard error is checked because Textual draws there.
    """
    given = streams or (sys.stdin, sys.stdout, sys.stderr)
    for name, stream in zip(("input", "output", "error"), given, strict=True):
        if stream is None or not stream.isatty():
            raise ConfigProblem(f"The app needs a terminal, but standard {name} is not one: {_ADVICE}.")
    if environ.get("TERM", "") in ("", "dumb", "unknown"):
        term = f"is '{environ['TERM']}'" if environ.get("TERM") else "is not set"
        raise ConfigProblem(
            f"The app needs a terminal with cursor movement, but TERM {term}: `export TERM=xterm-256color` works in nearly every "
            "terminal; `mnist-tui train` trains without the app."
        )


def speaks_utf8(stream: Any = None) -> bool:
    """Whether a stream (default: standard output) is encoded as UTF-8."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "ascii"
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def has_few_characters(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal's font has only 256 or 512 characters, as on the Linux and BSD consoles.

    They lack Braille, quadrants, rounded corners, stars and ticks (Linux: console_codes(4), setfont(8)).
    """
    return re.fullmatch(r"(linux|cons25|wsvt25|pcvt25|ansi|vt\d+)(-.*)?", environ.get("TERM", "")) is not None


def correct_color_variables(environ: MutableMapping[str, str]) -> bool:
    """Correct environment variables that would mislead Textual's color detection; return whether to use colors.

    NO_COLOR counts unless it is empty (https://no-color.org). GNU screen inherits COLORTERM from its terminal but does
    not support true color itself. tmux, whose TERM may also be screen, reduces the colors.
    """
    if not environ.get("NO_COLOR"):
        environ.pop("NO_COLOR", None)
    if environ.get("STY") and not environ.get("TMUX") and environ.get("TERM", "").startswith("screen"):
        environ.pop("COLORTERM", None)
    return "NO_COLOR" not in environ
