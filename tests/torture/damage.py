"""Damaged variants of valid files, as caused by disks, networks or editors."""

from __future__ import annotations

import io
import random
import warnings
import zipfile
from collections.abc import Sequence

from hypothesis import strategies as st

_LARGEST = 1 << 22
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"\0\0\0\1")
_KINDS = ("flip", "set", "cut", "drop", "insert", "repeat", "zero", "swap", "extreme")


class Damaged:
    """`content` with a short description of its origin for failure messages."""

    def __init__(self, content: bytes, sample: int, edits: Sequence[str]) -> None:
        self.content, self.sample, self.edits = content, sample, tuple(edits)

    def __repr__(self) -> str:
        edits = "; ".join(f"{edit:.200}" for edit in self.edits)
        return f"<{len(self.content)} bytes: sample {self.sample}, {edits or 'as it is'}>"


_chances = st.integers(0, 2**64 - 1).map(random.Random)
"""One hypothesis draw for many decisions; separate draws would dominate the run time."""


def damaged(samples: Sequence[bytes], most: int = 4) -> st.SearchStrategy[Damaged]:
    """One of the samples with at most `most` edits, rarely none."""
    numbers, times = st.integers(0, len(samples) - 1), st.sampled_from((1, 1, 1, *range(most + 1)))

    def damage(number: int, edits: int, chance: random.Random) -> Damaged:
        data = bytearray(samples[number])
        told = [_edit(data, chance) for _ in range(edits)]
        return Damaged(bytes(data), number, told)

    return st.builds(damage, numbers, times, _chances)


def _edit(data: bytearray, chance: random.Random) -> str:
    """Apply a random change and return its description."""
    kind = chance.choice(_KINDS)
    at = chance.randint(0, chance.choice((len(data), min(len(data), 64))))
    size = chance.randint(1, chance.choice((16, max(len(data), 1))))
    match kind:
        case "flip" | "set" if at < len(data):
            value = chance.randrange(256)
            data[at] = data[at] ^ (1 << value % 8) if kind == "flip" else value
            return f"byte {at} is {data[at]}"
        case "cut":
            del data[at:]
        case "drop":
            del data[at : at + size]
        case "insert":
            data[at:at] = chance.randbytes(min(size, 20))
        case "repeat" if len(data) < _LARGEST:
            data[at:at] = data[at : at + size]
        case "zero":
            data[at : at + size] = bytes(len(data[at : at + size]))
        case "swap":
            other = chance.randint(0, len(data))
            data[at : at + 4], data[other : other + 4] = data[other : other + 4], data[at : at + 4]
        case "extreme":
            data[at : at + 4] = chance.choice(_EXTREMES)
    return f"{kind} at {at}, size {size}"


def junk(*starts: bytes) -> st.SearchStrategy[Damaged]:
    """Random bytes, some after one of these prefixes."""
    return st.builds(
        lambda start, tail: Damaged(start + tail, -1, (repr(start + tail),)),
        st.sampled_from((b"", *starts)),
        st.binary(max_size=200),
    )


def rezipped(samples: Sequence[bytes]) -> st.SearchStrategy[Damaged]:
    """Valid zip archives with damaged, swapped, renamed, duplicated or missing members."""
    opened = [_members(sample) for sample in samples]

    def pack(number: int, edits: int, chance: random.Random) -> Damaged:
        method, members = opened[number]
        members = list(members)
        told = [_edit_members(members, chance) for _ in range(edits) if members]
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as target, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about duplicate member names
            for name, content in members:
                target.writestr(name, content)
        return Damaged(file.getvalue(), number, told)

    return st.builds(pack, st.integers(0, len(samples) - 1), st.integers(1, 2), _chances)


def _members(archive: bytes) -> tuple[int, list[tuple[str, bytes]]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        found = [(name, source.read(name)) for name in source.namelist()]
        return source.infolist()[0].compress_type, found


def _edit_members(members: list[tuple[str, bytes]], chance: random.Random) -> str:
    one, other = (chance.randrange(len(members)) for _ in range(2))
    (name, content), (second, rest) = members[one], members[other]
    match kind := chance.choice(("damage", "damage", "damage", "swap", "leave out", "rename", "double")):
        case "damage":
            data = bytearray(content)
            told = _edit(data, chance)
            members[one] = name, bytes(data)
            return f"{name}: {told}"
        case "swap":
            members[one], members[other] = (name, rest), (second, content)
        case "leave out":
            del members[one]
        case "rename":
            members[one] = "".join(chance.choices("abc/.0", k=4)), content
        case "double":
            members.append(members[one])
    return f"{kind} {name}, {second}"
