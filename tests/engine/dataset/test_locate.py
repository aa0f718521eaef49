"""Where data is looked for, what counts as a data set, and what is said when there is none."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from engine.dataset import locate
from engine.dataset.idx import IdxFiles
from engine.dataset.locate import NpzFile, PickleFile
from engine.errors import DataProblem
from tests.kit import NAMES, write_tiny_set


@pytest.fixture
def three_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The folders looked at by default, none of them there."""
    folders = [tmp_path / name for name in ("packaged", "repository", "cache")]
    monkeypatch.setattr(locate, "places", lambda: folders)
    return folders


def folder_found(data_dir: Path | None = None) -> Path:
    source = locate.locate(data_dir)
    assert isinstance(source, IdxFiles)
    return source.folder


def test_the_places_are_the_package_the_repository_and_the_cache(tmp_path: Path) -> None:
    packaged, repository, cache = locate.places()
    assert packaged.parts[-3:] == ("engine", "_data", "mnist")
    assert repository == packaged.parents[2] / "data" / "mnist"
    assert cache == tmp_path / "home" / "cache" / "mnist"


@pytest.mark.parametrize("present", [(0, 1, 2), (1, 2), (2,)])
def test_the_first_place_that_has_a_set_is_used(present: tuple[int, ...], three_places: list[Path]) -> None:
    for number in present:
        write_tiny_set(three_places[number], 6, 1)
    assert folder_found() == three_places[present[0]]


def test_a_given_folder_goes_before_all_places(three_places: list[Path], tiny: Path) -> None:
    write_tiny_set(three_places[0], 6, 1)
    assert folder_found(tiny) == tiny


def test_a_given_folder_without_data_is_not_made_good_by_another_place(
    three_places: list[Path], tmp_path: Path
) -> None:
    write_tiny_set(three_places[0], 6, 1)
    (tmp_path / "bare").mkdir()
    with pytest.raises(DataProblem, match=r"no data set was found in .*bare"):
        locate.locate(tmp_path / "bare")


def test_when_nothing_is_found_every_place_and_the_remedy_are_named(three_places: list[Path]) -> None:
    with pytest.raises(DataProblem) as problem:
        locate.locate()
    for place in three_places:
        assert str(place) in str(problem.value)
    assert "`mnist-tui fetch --data-dir DIR` downloads MNIST" in str(problem.value)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match=r"absent does not exist; expected a folder with the four files"):
        locate.locate(tmp_path / "absent")


def test_the_remedy_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / "my data; rm"
    folder.mkdir()
    with pytest.raises(DataProblem, match=re.escape(f"`mnist-tui fetch --data-dir '{folder}'`")):
        locate.locate(folder)


@pytest.mark.parametrize("subfolder", ["", "MNIST/raw", "raw"])
def test_a_set_is_found_where_torchvision_leaves_it(subfolder: str, tmp_path: Path) -> None:
    write_tiny_set(tmp_path / subfolder, 6, 1)
    assert folder_found(tmp_path) == tmp_path / subfolder


@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("gzipped", [False, True])
def test_the_spellings_of_the_four_names_are_known(dotted: bool, gzipped: bool, tmp_path: Path) -> None:
    names = [(name.replace("-idx", ".idx") if dotted else name) + (".gz" if gzipped else "") for name in NAMES]
    for name in names:
        (tmp_path / name).touch()
    source = locate.locate(tmp_path)
    assert source == IdxFiles(tmp_path, *(tmp_path / name for name in names))


def test_a_gzipped_file_goes_before_a_plain_one_and_a_file_before_a_folder(tmp_path: Path) -> None:
    name = NAMES[0]
    (tmp_path / f"{name}.gz").mkdir()
    assert locate.idx_file(tmp_path, name) == tmp_path / f"{name}.gz"
    (tmp_path / name).touch()
    assert locate.idx_file(tmp_path, name) == tmp_path / name
    (tmp_path / f"{name}.gz").rmdir()
    (tmp_path / f"{name}.gz").touch()
    assert locate.idx_file(tmp_path, name) == tmp_path / f"{name}.gz"


@pytest.mark.parametrize(("name", "kind"), [("mnist.npz", NpzFile), ("mnist.pkl.gz", PickleFile)])
def test_the_other_two_formats_are_found_in_a_folder_and_by_path(
    name: str, kind: type[NpzFile | PickleFile], tmp_path: Path
) -> None:
    (tmp_path / name).touch()
    assert locate.locate(tmp_path) == kind(tmp_path / name)
    assert locate.locate(tmp_path / name) == kind(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "kind"), [("other.npz", NpzFile), ("v1.2.pkl.gz", PickleFile), ("mnist.pkl", PickleFile)]
)
def test_a_path_may_have_any_name_of_a_known_kind(name: str, kind: type[NpzFile | PickleFile], tmp_path: Path) -> None:
    (tmp_path / name).touch()
    assert locate.locate(tmp_path / name) == kind(tmp_path / name)


@pytest.mark.parametrize("name", ["mnist.csv", "train-images-idx3-ubyte.gz", "mnist.zip", "mnist"])
def test_a_path_of_another_kind_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    with pytest.raises(DataProblem, match=f"{name} is a file of another kind; expected a folder with"):
        locate.locate(tmp_path / name)


@pytest.mark.parametrize("absent", NAMES)
def test_one_missing_file_is_named_with_its_folder(absent: str, tiny: Path) -> None:
    (tiny / f"{absent}.gz").unlink()
    with pytest.raises(DataProblem) as problem:
        locate.locate(tiny)
    assert f"{tiny} has 3 of the four files of a data set, {absent}.gz is missing" in str(problem.value)
    assert f"`mnist-tui fetch --data-dir {tiny}`" in str(problem.value)


def test_all_missing_files_are_named(tiny: Path) -> None:
    for name in NAMES[1:]:
        (tiny / f"{name}.gz").unlink()
    with pytest.raises(
        DataProblem, match=r"has 1 of the four.*, train-labels.* and t10k-images.* and t10k-labels.* are"
    ):
        locate.locate(tiny)


def test_a_whole_set_in_another_format_goes_before_a_part_of_one(tiny: Path) -> None:
    (tiny / f"{NAMES[0]}.gz").unlink()
    (tiny / "mnist.npz").touch()
    assert locate.locate(tiny) == NpzFile(tiny / "mnist.npz")


def test_a_whole_set_in_a_subfolder_goes_before_a_part_of_one(tiny: Path) -> None:
    shutil.copytree(tiny, tiny / "raw")
    (tiny / f"{NAMES[0]}.gz").unlink()
    assert folder_found(tiny) == tiny / "raw"


def test_a_folder_that_may_not_be_looked_into_is_named(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(DataProblem, match="tiny cannot be looked at: Permission denied"):
        locate.locate(tiny)


def test_a_path_that_no_system_has_is_not_there() -> None:
    with pytest.raises(DataProblem, match=r"/no\\x00where does not exist"):
        locate.locate(Path("/no\0where"))
