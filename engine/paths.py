"""The folders the program keeps things in: runs, downloaded data, configuration.

`MNIST_TUI_HOME`, where it is set, puts everything below one folder. Otherwise the platform's own places are
used (on Linux the XDG directories). Nothing here creates a folder.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Literal

import platformdirs

APP = "mnist-tui"
HOME_VARIABLE = "MNIST_TUI_HOME"

Kind = Literal["data", "cache", "config"]


def expanded(path: str) -> Path:
    """The path that a person means: ~ and ~NAME at its beginning are home folders, as in a shell.

    Shells leave them as they are in ``--data-dir=~/m``, in quotation marks and in files. What names no home folder
    stays as it is; a folder that is called "~" is "./~".
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib takes "./~" for "~", and raises where nobody has the name


def home(kind: Kind) -> Path:
    """The folder for one kind of file, as an absolute path.

    - `data`: `$MNIST_TUI_HOME`, else the platform's data folder for mnist-tui.
    - `cache`: `$MNIST_TUI_HOME/cache`, else the platform's cache folder for mnist-tui.
    - `config`: `$MNIST_TUI_HOME`, else the platform's configuration folder for mnist-tui.

    An account without a home folder (no HOME and no passwd entry, as in some containers) gets
    `<temporary folder>/mnist-tui-<uid>/<kind>`. Raises nothing.
    """
    chosen = os.environ.get(HOME_VARIABLE, "")
    if chosen.strip():
        base = expanded(chosen).absolute()
        return base / "cache" if kind == "cache" else base
    return _platform_home(kind) or Path(tempfile.gettempdir()) / f"{APP}-{os.getuid()}" / kind


def runs_dir() -> Path:
    """The folder that holds one folder for each run."""
    return home("data") / "runs"


def _platform_home(kind: Kind) -> Path | None:
    """The platform's folder, or None for an account that has no home folder."""
    try:
        match kind:
            case "data":
                path = platformdirs.user_data_path(APP, appauthor=False)
            case "cache":
                path = platformdirs.user_cache_path(APP, appauthor=False)
            case "config":
                path = platformdirs.user_config_path(APP, appauthor=False)
    except (RuntimeError, KeyError):
        return None
    # Without HOME and a passwd entry "~" stays as it is, which would make a folder of that name right here.
    return path if path.is_absolute() else None
