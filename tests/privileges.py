"""Makes file modes effective even if the tests run as root."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_OVERRIDES = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


@contextmanager
def modes_count() -> Iterator[None]:
    """Within the block this thread obeys file modes, like any user but root."""
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root may write anywhere")
    before = _capabilities()
    _set([before[0] & ~_OVERRIDES, *before[1:]])
    try:
        yield
    finally:
        _set(before)


def _call(name: str, data: ctypes.Array[ctypes.c_uint32]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)((ctypes.c_uint32 * 2)(_VERSION, 0), data):
        number = ctypes.get_errno()
        pytest.skip(f"{name}: {os.strerror(number)}")


def _capabilities() -> list[int]:
    """Effective, permitted and inheritable capabilities of this thread, as low and high words."""
    data = (ctypes.c_uint32 * 6)()
    _call("capget", data)
    return list(data)


def _set(capabilities: list[int]) -> None:
    _call("capset", (ctypes.c_uint32 * 6)(*capabilities))
