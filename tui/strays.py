"""Warnings of this program's own libraries: kept for the log screen instead of being printed over the picture."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import TextIO


@contextlib.contextmanager
def warnings_to(note: Callable[[str], None]) -> Iterator[None]:
    """Give every warning shown meanwhile to `note`, from whatever thread it comes."""
    before = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        note(f"{category.__name__}: {message} ({PurePath(filename).name}, line {lineno})")

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before
