"""The wheel is complete: it is built, installed elsewhere and run from another folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_code_data_presets_pages_and_styles(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for part in ("engine", "tui"):
        tracked = [
            p.relative_to(ROOT).as_posix()
            for p in (ROOT / part).rglob("*")
            if p.is_file() and "__pycache__" not in p.parts
        ]
        assert not [name for name in tracked if name not in names]
    assert {n for n in names if n.startswith("engine/_data/mnist/") and n.endswith(".gz")} == {
        f"engine/_data/mnist/{name}-ubyte.gz"
        for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    }
    assert not [n for n in names if n.startswith("tests")]
    assert "mnist_tui.py" in names
    [entry_points] = [n for n in names if n.endswith(".dist-info/entry_points.txt")]
    assert "mnist-tui = mnist_tui:main" in zipfile.ZipFile(wheel).read(entry_points).decode()


@pytest.mark.timeout(120)
def test_it_trains_from_another_folder_with_the_data_it_brought(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "engine").mkdir()  # a folder with that name in the current directory must not interfere
    (elsewhere / "engine" / "__init__.py").write_text("raise RuntimeError('not this one')")
    zipfile.ZipFile(wheel).extractall(site)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(elsewhere), str(site)]),
        "MNIST_TUI_HOME": str(tmp_path / "home"),
        "OMP_NUM_THREADS": "1",
    }
    code = (
        "import sys, mnist_tui; mnist_tui.shield(); import engine; print(engine.__file__, file=sys.stderr); "
        "sys.exit(mnist_tui.main())"
    )
    arguments = [
        "train",
        "--json",
        "--model",
        "linear",
        "--train-images",
        "500",
        "--epochs",
        "1",
        "--learning-rate",
        "0.01",
        "--device",
        "cpu",
    ]
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0].startswith(str(site))
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["type"] == "finished"
    assert last["test"]["images"] == 10_000
    assert last["test"]["accuracy"] > 0.5
