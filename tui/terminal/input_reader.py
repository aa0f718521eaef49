"""What is read from the keyboard, put in order: nothing that is not meant as a key becomes one.

Terminals mark a paste (bracketed paste), but not all of them, and not through every program between. Unmarked, each of
its letters would be a key: an `s` stops the run, a `q` leaves. And over a slow line the sequence of an arrow key comes in
parts, and Escape comes together with the letter that was typed after it.
"""

from __future__ import annotations

import codecs
import os
import re
import select
import time
from collections.abc import Callable

PASTED = 9
"""So many characters at once are a paste: whoever types fast, over a line that stalls, sends fewer."""
TOGETHER_SECONDS = 0.01
"""What follows within this time has come at once: a hundred characters a second are nobody's typing."""
_AT_MOST = 1 << 20
HELD = frozenset(",.<>+=-[]{}")
"""Keys that are held down, to move a cursor or to turn a knob: many of one of them is no paste, however it comes."""
_BEGIN, _END = "\x1b[200~", "\x1b[201~"
_ESCAPE = "\x1b[27u"
"""The escape key where nothing can follow it (fixterms and kitty's keyboard protocol)."""
_RUN = re.compile(rf"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]{{{PASTED},}}")
"""Text as it is pasted: anything but control characters, though with tabs and ends of lines."""
_SEQUENCE = re.compile(
    r"(\x1b(?:\[M...|\[[0-?]*[ -/]*[@-~]|O.|[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|[^\[\]OP_^X\x1b]|(?=\x1b)))", re.DOTALL
)
"""A whole escape sequence (ECMA-48 5.3, 5.4 and 5.6; xterm's mouse), an escape with a letter, or one before another."""
_BEGUN = re.compile(r"\x1b(?:\[M.{0,2}|\[[0-?]*[ -/]*|O|[\]P_^X][^\x07\x1b]{0,4096}\x1b?)?\Z", re.DOTALL)
"""The beginning of one, at the end of what was read."""


def _marked(run: re.Match[str]) -> str:
    """Text as a paste; a key that was held down stays one."""
    text = run[0]
    return text if text[0] in HELD and len(set(text)) == 1 else f"{_BEGIN}{text}{_END}"


class Keyboard:
    """Reads a terminal's input as text in which every paste is marked and every escape sequence is whole.

    What is no UTF-8 comes as U+FFFD: a terminal of another encoding is no reason to end. `clock` counts seconds.
    """

    def __init__(self, descriptor: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._descriptor, self._clock = descriptor, clock
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._inside = False
        """Whether the terminal has begun a paste and not ended it."""
        self._begun, self._since = "", 0.0

    def read(self) -> str | None:
        """What has come, with what comes at once after it; None at the end of the input. Raises OSError."""
        data = os.read(self._descriptor, 1 << 16)
        if not data:
            return None
        while data[:1] != b"\x1b" and len(data) < _AT_MOST and self._more():
            if not (more := os.read(self._descriptor, 1 << 16)):
                break
            data += more
        return self.put_in_order(self._decoder.decode(data))

    def _more(self) -> bool:
        return bool(select.select([self._descriptor], [], [], TOGETHER_SECONDS)[0])

    def put_in_order(self, text: str) -> str:
        """The text without a sequence that is not over, and with marks around what must have been pasted."""
        before = ""
        if self._begun == "\x1b" and text[:1] not in "[O]P_^X" and not self._inside:
            before = _ESCAPE  # the key, and then another; both at once are the key with Alt, which means nothing here
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
        elif part[1] in "]P_^X":  # an answer to a question that was not ours
            return ""
        return part

    def late(self, seconds: float) -> str:
        """What there is to tell where the rest of a sequence has not come for so long: it was the escape key."""
        if not self._begun or self._inside or self._clock() - self._since < seconds:
            return ""
        self._begun = ""
        return _ESCAPE
