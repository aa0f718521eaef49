"""A torch that fails to import in one of several ways, for programs started by tests."""

from __future__ import annotations

from pathlib import Path

RAISES = {
    "ImportError": 'raise ImportError("libcudart.so.12: cannot open shared object file")',
    "OSError": 'raise OSError(5, "Input/output error")',
    "RuntimeError": 'raise RuntimeError("driver too old")',
    "MemoryError": "raise MemoryError",
    "SystemExit": "raise SystemExit(7)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
}
ENDS = {"exit": "import os; os._exit(3)", "abort": "import os; os.abort()"}
HANGS = {
    "sleep": "import time; time.sleep(1e6)",
    "spin": "while True: pass",
    "interpreter held": "import ctypes; ctypes.PyDLL(None).sleep(1000000)",
}


def broken_torch(folder: Path, how: str) -> str:
    """A folder for PYTHONPATH with a torch made of this source."""
    package = folder / "broken" / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text({**RAISES, **ENDS, **HANGS}[how] + "\n")
    return str(package.parent)
