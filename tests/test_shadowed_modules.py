"""User modules that shadow ours or a library's, in PYTHONPATH or the current folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OTHERS = {
    "engine.py": "raise RuntimeError('not this one')",
    "tui.py": "raise RuntimeError('not this one')",
    "engine/__init__.py": "raise RuntimeError('not this one')",
    "tui/__init__.py": "x = 1",
    "random.py": "x = 1",
    "queue.py": "raise RuntimeError('not this one')",
    "argparse.py": "raise SystemExit('usage: mine')",
    "contextlib.py": "def f(:",
}


def run(folder: Path, *arguments: str, module: bool = False) -> subprocess.CompletedProcess[str]:
    """The command with `folder` in PYTHONPATH and as the current folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MNIST_TUI_")}
    environment |= {
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "MNIST_TUI_HOME": str(folder / "home"),
        "OMP_NUM_THREADS": "1",
    }
    # Like the script that pip installs, whose own folder is first on the path.
    script = folder.parent / "bin" / "mnist-tui"
    script.parent.mkdir(exist_ok=True)
    script.write_text("import sys\nfrom mnist_tui import main\nsys.exit(main())\n")
    how = ["-m", "mnist_tui"] if module else [str(script)]
    return subprocess.run(
        [sys.executable, *how, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def lay(folder: Path, file: str, text: str) -> Path:
    """A user's folder with one module."""
    path = folder / "mine" / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return folder / "mine"


# python -m imports contextlib itself, before anything of ours.
@pytest.mark.parametrize(
    ("file", "module"),
    [*((file, False) for file in OTHERS), *((file, True) for file in OTHERS if file != "contextlib.py")],
)
def test_modules_of_our_names_and_of_pythons_own_library_are_passed_over(
    file: str, module: bool, tmp_path: Path
) -> None:
    done = run(lay(tmp_path, file, OTHERS[file]), "ls", module=module)
    assert (done.returncode, done.stderr) == (0, "")
    assert "There are no runs in" in done.stdout


def test_the_engine_is_shielded_too(tmp_path: Path) -> None:
    folder = lay(tmp_path, "engine/__init__.py", OTHERS["engine/__init__.py"])
    for file in ("tui.py", "random.py", "queue.py"):
        (folder / file).write_text(OTHERS[file])
    tiny = ["--model", "linear", "--train-images", "500", "--epochs", "1", "--device", "cpu"]
    done = run(folder, "train", "--json", *tiny)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["type"] == "finished"


@pytest.mark.parametrize("arguments", [("train", "--epochs", "1"), ("compare", "last", "last")])
def test_a_module_in_the_place_of_a_library_is_named(arguments: tuple[str, ...], tmp_path: Path) -> None:
    folder = lay(tmp_path, "numpy.py", "x = 1")
    done = run(folder, *arguments)
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr == (
        f"mnist-tui: {folder / 'numpy.py'} is imported in place of the library 'numpy', which mnist-tui needs; "
        "rename it, or take its folder out of PYTHONPATH (`env -u PYTHONPATH mnist-tui` does without).\n"
    )


def test_a_package_in_the_place_of_a_library_is_named_once_it_fails(tmp_path: Path) -> None:
    folder = lay(tmp_path, "msgspec/__init__.py", "x = 1")
    done = run(folder, "ls")
    assert done.returncode == 4
    assert done.stderr.startswith(f"mnist-tui: {folder / 'msgspec' / '__init__.py'} is imported in place of ")
    assert len(done.stderr.splitlines()) == 1
