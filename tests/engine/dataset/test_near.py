"""What is nearly a data set is named where none is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.dataset.locate import locate
from engine.errors import DataProblem
from tests.kit import NAMES, TRAIN_IMAGES, write_tiny_set

GZ = f"{TRAIN_IMAGES}.gz"


def renamed(change: Callable[[str], str]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        for name in NAMES:
            (folder / f"{name}.gz").rename(folder / change(f"{name}.gz"))

    return make


def deeper(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    for name in NAMES:
        (folder / f"{name}.gz").rename(folder / "a" / "b" / f"{name}.gz")


def dead(folder: Path) -> None:
    for name in NAMES:
        (folder / f"{name}.gz").unlink()
        (folder / f"{name}.gz").symlink_to(f"/nowhere/{name}")


def archives(folder: Path) -> None:
    for name in NAMES:
        (folder / f"{name}.gz").unlink()
    (folder / "mnist.zip").touch()
    (folder / "letters.npz").touch()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (renamed(str.upper), f"{GZ.upper()} (the name should be {GZ})"),
        (renamed(lambda n: n.replace(".gz", ".GZ")), f"{TRAIN_IMAGES}.GZ (the name should be {GZ})"),
        (renamed(lambda n: n.replace("-idx", "_idx")), f"(the name should be {GZ})"),
        (renamed(lambda n: n.split("-idx")[0] + ".bin"), f"train-images.bin (the name should be {TRAIN_IMAGES})"),
        (deeper, "its subfolder a/b has 4 of the four files"),
        (dead, f"{GZ} is a link to /nowhere/{TRAIN_IMAGES}, which is not there"),
        (archives, "letters.npz (--data-dir takes the file itself), mnist.zip (an archive: unpack it)"),
    ],
    ids=["capitals", "GZ", "underscore", "bin", "subfolder", "links", "archives"],
)
def test_near_misses_are_listed(make: Callable[[Path], None], said: str, tmp_path: Path) -> None:
    folder = write_tiny_set(tmp_path / "set", 6, 1)
    make(folder)
    with pytest.raises(DataProblem) as problem:
        locate(folder)
    assert f"no data set was found in {folder}" in str(problem.value)
    assert "; near misses there: " in str(problem.value)
    assert said in str(problem.value)


def test_of_a_set_in_part_what_comes_near_to_the_rest_is_listed(tiny: Path) -> None:
    (tiny / GZ).rename(tiny / GZ.upper())
    with pytest.raises(DataProblem) as problem:
        locate(tiny)
    assert f"{GZ} is missing; near misses there: {GZ.upper()} (the name should be {GZ}); put" in str(problem.value)


def test_anything_else_in_a_folder_is_not(tmp_path: Path) -> None:
    for name in ("notes.txt", "train.py", "model.gz"):
        (tmp_path / name).touch()
    (tmp_path / "pictures").mkdir()
    with pytest.raises(DataProblem) as problem:
        locate(tmp_path)
    assert "near misses" not in str(problem.value)
