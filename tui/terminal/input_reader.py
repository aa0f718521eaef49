"""Reads raw terminal input and marks pastes, so only typed characters become keys.

Not all terminals, and not all programs in between, support bracketed paste. Each letter of an unmarked paste would be a
key: `s` stops the run, `q` quits. Over a slow line the sequence of an arrow key arrives in pieces, and Escape arrives
together with the next letter.
"""

from __future__ import annotations

import codecs
import os
import re
import select
import time
from collections.abc import Callable

PASTED = 9
"""This many characters at once are a paste: fast typing over a stalling line sends fewer."""
TOGETHER_SECONDS = 0.01
"""Characters within this time arrived at once: nobody types 100 characters per second."""
_AT_MOST = 1 << 20
HELD = frozenset(",.<>+=-[]{}")
"""Keys that users hold down to move or adjust something: repeats of one of them are not a paste."""
_BEGIN, _END = "\x1b[200~", "\x1b[201~"
_ESCAPE = "\x1b[27u"
"""The unambiguous Escape key (fixterms and kitty's keyboard protocol)."""
_RUN = re.compile(rf"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]{{{PASTED},}}")
"""Pasted text: anything but control characters other than tabs and line ends."""
_SEQUENCE = re.compile(
    r"(\x1b(?:\[M...|\[[0-?]*[ -/]*[@-~]|O.|[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|[^\[\]OP_^X\x1b]|(?=\x1b)))", re.DOTALL
)
"""A complete escape sequence (ECMA-48 5.3, 5.4 and 5.6; xterm's mouse), an escape with a letter, or before another."""
_BEGUN = re.compile(r"\x1b(?:\[M.{0,2}|\[[0-?]*[ -/]*|O|[\]P_^X][^\x07\x1b]{0,4096}\x1b?)?\Z", re.DOTALL)
"""The start of an escape sequence at the end of the input."""


def _marked(run: re.Match[str]) -> str:
    """The text marked as a paste, unless it is the repeat of a held key."""
    text = run[0]
    return text if text[0] in HELD and len(set(text)) == 1 else f"{_BEGIN}{text}{_END}"


class InputReader:
    """Reads terminal input as text with all pastes marked and only complete escape sequences.

    Invalid UTF-8 is replaced with U+FFFD instead of raising. `clock` returns seconds.
    """

    def __init__(self, descriptor: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._descriptor, self._clock = descriptor, clock
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._inside = False
        """Whether we are inside a bracketed paste."""
        self._begun, self._since = "", 0.0

    def read(self) -> str | None:
        """The available input, with what follows immediately; None at end of file. Raises OSError."""
        data = os.read(self._descriptor, 1 << 16)
        if not data:
            return None
        while data[:1] != b"\x1b" and len(data) < _AT_MOST and self._more():
            if not (more := os.read(self._descriptor, 1 << 16)):
                break
            data += more
        return self.normalized(self._decoder.decode(data))

    def _more(self) -> bool:
        return bool(select.select([self._descriptor], [], [], TOGETHER_SECONDS)[0])

    def normalized(self, text: str) -> str:
        """The text with pastes marked, and without an incomplete sequence at its end, which is kept for the next call."""
        before = ""
        if self._begun == "\x1b" and text[:1] not in "[O]P_^X" and not self._inside:
            before = _ESCAPE  # Escape, then another key; together they would mean Alt+key, which is not used here
        else:
            text = self._begun + text
        begun = _BEGUN.search(text)
        self._begun, self._since = begun[0] if begun else "", self._clock()
        return before + "".join(map(self._part, _SEQUENCE.split(text[: len(text) - len(self._begun)])))

    def _part(self, part: str) -> str:
        if part in (_BEGIN, _END):
            self._inside = part == _BEGIN
        elif self._inside:
            pass
        elif not part.startswith("\x1b"):
            return _RUN.sub(_marked, part)
        elif len(part) <= 2:
            return _ESCAPE
        elif part[1] in "]P_^X":  # a reply to a query that was not ours
            return ""
        return part

    def timed_out(self, seconds: float) -> str:
        """The Escape key, if an incomplete sequence has not continued for `seconds`; otherwise empty."""
        if not self._begun or self._inside or self._clock() - self._since < seconds:
            return ""
        self._begun = ""
        return _ESCAPE
