"""Run folders recorded by version 0.1.0, as in the home of a user who upgraded."""

from __future__ import annotations

import importlib.util
import shutil
import socket
from pathlib import Path

RECORDED = Path(__file__).parent / "data" / "runs-0.1.0"
NAMES = sorted(path.name for path in RECORDED.iterdir() if path.is_dir() and not path.name.startswith("_"))


def lay_out(home: Path) -> Path:
    """Copy the recorded runs and their data, ``digits``, below `home`; return `home`.

    The engine of `interrupted` was killed on this host, that of `elsewhere` on another one.
    """
    for name in NAMES:
        shutil.copytree(RECORDED / name, home / "runs" / name)
    session = home / "runs" / "interrupted" / "session.json"
    session.write_text(session.read_text().replace('"box"', f'"{socket.gethostname()}"'))
    _digits(home / "digits")
    return home


def _digits(folder: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_digits", RECORDED / "make_digits.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    made.make_digits(folder)
