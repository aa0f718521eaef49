"""Reading pickled arrays without running a pickle.

A pickle is a program, and the usual machine for it calls whatever the program names. Forbidding names is not enough:
the arguments of numpy's own constructors, the hashing of nested tuples and huge memo indices are harm of other kinds.
So this is another machine, which knows only the instructions that tuples of arrays are written with (protocols 0 to 5,
Python 2 and 3) and calls nothing. The standard library's `pickletools` documents the instructions.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, Final

from engine.dataset import numpy_pickles
from engine.dataset.numpy_pickles import PickleRefusedError

LONGEST: Final = 10_000
"""The most instructions that are followed; three pairs of arrays take about two hundred."""

_CONSTANTS: Final[dict[bytes, object]] = {
    pickle.NONE: None,
    pickle.NEWTRUE: True,
    pickle.NEWFALSE: False,
    pickle.EMPTY_TUPLE: (),
}
_UNSIGNED: Final = {pickle.BININT1: 1, pickle.BININT2: 2}
_BYTES: Final = {
    pickle.BINSTRING: 4,
    pickle.SHORT_BINSTRING: 1,
    pickle.BINBYTES: 4,
    pickle.SHORT_BINBYTES: 1,
    pickle.BINBYTES8: 8,
    pickle.BYTEARRAY8: 8,
}
_TEXTS: Final = {pickle.BINUNICODE: 4, pickle.SHORT_BINUNICODE: 1, pickle.BINUNICODE8: 8}
_TUPLES: Final = {pickle.TUPLE1: 1, pickle.TUPLE2: 2, pickle.TUPLE3: 3}
_PUTS: Final = {pickle.BINPUT: 1, pickle.LONG_BINPUT: 4}
_GETS: Final = {pickle.BINGET: 1, pickle.LONG_BINGET: 4}


def unpickle(content: bytes | bytearray) -> object:
    """The value a pickle stands for: tuples of numbers, bytes, text and arrays (as `numpy_pickles.Array`).

    Raises PickleRefusedError, with the reason, for anything else and for damaged data. Memory is in proportion to the
    length of the content; so is time, which LONGEST bounds too.
    """
    try:
        return _Machine(content).run()
    except (IndexError, KeyError, ValueError, TypeError, OverflowError, MemoryError) as fault:
        raise PickleRefusedError(f"is damaged, or not a pickle ({type(fault).__name__}: {fault})") from fault


class _Machine:
    """A stack, the places marked in it, a memo, and a place in the content."""

    def __init__(self, content: bytes | bytearray) -> None:
        self.content = content
        self.view = memoryview(content)
        self.place = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.encoded = 0

    def run(self) -> object:
        """Follow the instructions up to STOP; what the stack then holds is the value."""
        for _ in range(LONGEST):
            if (code := self.take(1)) == pickle.STOP:
                (value,) = self.stack
                return value
            self.follow(code)
        raise PickleRefusedError(
            f"has more than {LONGEST} pickle instructions; three pairs of arrays need about two hundred"
        )

    def follow(self, code: bytes) -> None:
        """Follow one instruction: most push a value, the others are in the table below."""
        if code in _CONSTANTS:
            self.stack.append(_CONSTANTS[code])
        elif code in _UNSIGNED:
            self.stack.append(self.size(_UNSIGNED[code]))
        elif code in _BYTES:
            self.stack.append(self.take(self.size(_BYTES[code])))
        elif code in _TEXTS:
            self.stack.append(str(self.take(self.size(_TEXTS[code])), "utf-8", "surrogatepass"))
        elif code in _TUPLES:
            self.stack.append(tuple(self.pop(_TUPLES[code])))
        elif code in _PUTS:
            self.memo[self.size(_PUTS[code])] = self.stack[-1]
        elif code in _GETS:
            self.stack.append(self.memo[self.size(_GETS[code])])
        elif code in _OTHERS:
            _OTHERS[code](self)
        else:
            raise PickleRefusedError(
                f"has the pickle instruction {code!r}, which tuples of arrays do not need, or is damaged"
            )

    def take(self, size: int) -> bytes:
        """The next bytes of the content."""
        start, self.place = self.place, self.place + size
        if self.place > len(self.view):
            raise ValueError("it stops early")
        return bytes(self.view[start : self.place])

    def line(self) -> bytes:
        """The bytes up to the next line feed, as protocol 0 writes its values."""
        line = self.take(self.content.index(b"\n", self.place) - self.place)
        self.place += 1
        return line

    def size(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def signed(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little", signed=True)

    def pop(self, count: int) -> list[Any]:
        """The last values of the stack, in the order they were pushed."""
        start = len(self.stack) - count
        if count < 0 or start < 0:
            raise ValueError("it takes more than there is")
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def protocol(self) -> None:
        if (number := self.size(1)) > pickle.HIGHEST_PROTOCOL:
            raise PickleRefusedError(f"is a pickle of protocol {number}; expected at most {pickle.HIGHEST_PROTOCOL}")

    def integer_line(self) -> None:
        # False and True are among these, as "00" and "01": 0 and 1 do for what they are needed here.
        self.stack.append(int(self.line().removesuffix(b"L")))

    def string_line(self) -> None:
        quoted = self.line()
        if len(quoted) < 2 or quoted[:1] not in (b"'", b'"') or quoted[-1:] != quoted[:1]:
            raise ValueError("a string without quotes")
        self.stack.append(str(quoted[1:-1], "unicode_escape").encode("latin-1"))

    def mark(self) -> None:
        self.marks.append(len(self.stack))

    def marked_tuple(self) -> None:
        self.stack.append(tuple(self.pop(len(self.stack) - self.marks.pop())))

    def name_lines(self) -> None:
        self.stack.append(numpy_pickles.named(str(self.line(), "utf-8"), str(self.line(), "utf-8")))

    def name(self) -> None:
        self.stack.append(numpy_pickles.named(*self.pop(2)))

    def call(self) -> None:
        made = numpy_pickles.called(*self.pop(2))
        # A text that is encoded once is no longer than its place in the content; one encoded again and again would be.
        self.encoded += len(made) if isinstance(made, bytes) else 0
        if self.encoded > len(self.view):
            raise PickleRefusedError("would take more memory than its arrays need")
        self.stack.append(made)

    def build(self) -> None:
        (state,) = self.pop(1)
        numpy_pickles.build(self.stack[-1], state)

    def put_line(self) -> None:
        self.memo[int(self.line())] = self.stack[-1]

    def get_line(self) -> None:
        self.stack.append(self.memo[int(self.line())])

    def memoize(self) -> None:
        self.memo[len(self.memo)] = self.stack[-1]


_OTHERS: Final[dict[bytes, Callable[[_Machine], object]]] = {
    pickle.PROTO: _Machine.protocol,
    pickle.FRAME: lambda machine: machine.take(8),
    pickle.BININT: lambda machine: machine.stack.append(machine.signed(4)),
    pickle.LONG1: lambda machine: machine.stack.append(machine.signed(machine.size(1))),
    pickle.INT: _Machine.integer_line,
    pickle.LONG: _Machine.integer_line,
    pickle.STRING: _Machine.string_line,
    pickle.UNICODE: lambda machine: machine.stack.append(str(machine.line(), "raw-unicode-escape")),
    pickle.MARK: _Machine.mark,
    pickle.TUPLE: _Machine.marked_tuple,
    pickle.PUT: _Machine.put_line,
    pickle.GET: _Machine.get_line,
    pickle.MEMOIZE: _Machine.memoize,
    pickle.GLOBAL: _Machine.name_lines,
    pickle.STACK_GLOBAL: _Machine.name,
    pickle.REDUCE: _Machine.call,
    pickle.BUILD: _Machine.build,
}
