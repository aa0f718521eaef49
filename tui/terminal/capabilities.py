"""What the terminal can do: whether it is one, its characters and its colors."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

from engine.errors import ConfigProblem

_WAY_OUT = "over ssh take `ssh -t`, in a container `docker run -it`, and without a screen `mnist-tui train`"


def expect_terminal(streams: tuple[Any, ...] | None = None, environ: Mapping[str, str] = os.environ) -> None:
    """Refuse to draw where there is no terminal that can. Raises `ConfigProblem`.

    Standard error counts too: that is where Textual draws.
    """
    given = streams or (sys.stdin, sys.stdout, sys.stderr)
    for name, stream in zip(("input", "output", "error"), given, strict=True):
        if stream is None or not stream.isatty():
            raise ConfigProblem(f"The app needs a terminal, and standard {name} is none: {_WAY_OUT}.")
    if environ.get("TERM", "") in ("", "dumb", "unknown"):
        term = f"is '{environ['TERM']}'" if environ.get("TERM") else "is not set"
        raise ConfigProblem(
            f"The app needs a terminal that can draw, and TERM {term}: `export TERM=xterm-256color` suits nearly every "
            "terminal; without a screen there is `mnist-tui train`."
        )


def speaks_utf8(stream: Any = None) -> bool:
    """Whether what is printed there is encoded as UTF-8."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "ascii"
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def has_few_characters(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal's font has 256 or 512 characters, as those of the Linux and BSD consoles have.

    Braille, quadrants, rounded corners, stars and ticks are not among them (Linux: console_codes(4), setfont(8)).
    """
    return re.fullmatch(r"(linux|cons25|wsvt25|pcvt25|ansi|vt\d+)(-.*)?", environ.get("TERM", "")) is not None


def suit_colors(environ: MutableMapping[str, str]) -> bool:
    """Tell Textual how many colors the terminal has where it would be mistaken; whether colors are wanted at all.

    NO_COLOR counts unless it is empty (https://no-color.org). GNU screen hands COLORTERM down from the terminal it was
    started in, and takes no millions of colors itself; tmux, which may call itself screen as well, turns them into fewer.
    """
    if not environ.get("NO_COLOR"):
        environ.pop("NO_COLOR", None)
    if environ.get("STY") and not environ.get("TMUX") and environ.get("TERM", "").startswith("screen"):
        environ.pop("COLORTERM", None)
    return "NO_COLOR" not in environ
