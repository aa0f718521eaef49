"""Modules that are imported when something of theirs is first used: the first picture does without them.

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")
"""

from __future__ import annotations

import importlib
from typing import Any


class _Later:
    """Stands for a module; imports it at the first attribute."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)  # the next time it is found without coming here
        return value


def lazy(name: str) -> Any:
    """The module `name`, which is not imported yet."""
    return _Later(name)
