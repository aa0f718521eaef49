"""Where a data set is looked for, and in which of the three formats it is there. Nothing is written."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import engine
from engine import paths
from engine.dataset.data_files import fetch_command, printable, show
from engine.dataset.idx import IdxFiles
from engine.dataset.mnist import NAMES
from engine.dataset.near_misses import near_misses
from engine.errors import DataProblem

NPZ_NAME: Final = "mnist.npz"
PICKLE_NAME: Final = "mnist.pkl.gz"

SUBFOLDERS: Final = ("", "MNIST/raw", "raw")
"""Where in a folder the files may be: in it, or where torchvision leaves them, seen from its root or from `MNIST`."""

_WANTED: Final = (
    f"the four files {', '.join(f'{name}.gz' for name in NAMES)} (gzipped or not), or {NPZ_NAME}, or {PICKLE_NAME}"
)


@dataclass(frozen=True, slots=True)
class NpzFile:
    """An archive as Keras publishes it."""

    path: Path


@dataclass(frozen=True, slots=True)
class PickleFile:
    """A pickle of three pairs, as the tutorials publish it."""

    path: Path


Source = IdxFiles | NpzFile | PickleFile


def places() -> Sequence[Path]:
    """The folders looked at when none is given: in the package, in the repository, in the cache that `fetch` fills."""
    package = Path(engine.__file__).parent
    return (package / "_data" / "mnist", package.parent / "data" / "mnist", cache_folder())


def cache_folder() -> Path:
    """The folder that `fetch` fills when none is given."""
    return paths.home("cache") / "mnist"


def locate(data_dir: Path | None = None) -> Source:
    """Find a data set: in `data_dir`, a folder or an .npz or .pkl.gz file, else in the first of `places` that has one.

    Raises DataProblem, with the places looked at and what to do, when there is none, and when only some of the four
    files are there.
    """
    if data_dir is not None:
        return _given(data_dir.absolute())
    for place in places():
        if found := _in_folder(place):
            return found
    looked = ", ".join(show(place) for place in places())
    raise DataProblem(
        f"no data set was found in {looked}; {fetch_command()} downloads MNIST, and --data-dir DIR names a folder that has it"
    )


def idx_file(folder: Path, name: str) -> Path | None:
    """The file of one of the four names in a folder, under the spellings it is met with; None when it is not there.

    A gzipped file comes first, since that is what `fetch` puts beside a damaged one.
    """
    dotted = name.replace("-idx", ".idx")
    spellings = [folder / spelling for spelling in (f"{name}.gz", f"{dotted}.gz", name, dotted)]
    # Some archive programs make a folder of this name, with the file in it or beside it.
    files = [path for path in spellings if (mode := _mode(path)) is not None and not stat.S_ISDIR(mode)]
    folders = [path for path in spellings if _mode(path) is not None]
    return next(iter(files + folders), None)


def _given(path: Path) -> Source:
    mode = _mode(path)
    if mode is None:
        raise DataProblem(f"{show(path)} does not exist; expected a folder with {_WANTED}")
    if not stat.S_ISDIR(mode):
        return _given_file(path)
    if found := _in_folder(path):
        return found
    raise DataProblem(
        f"no data set was found in {show(path)} or its subfolder MNIST/raw{near_misses(path)}; expected {_WANTED}; "
        f"{fetch_command(path)} downloads MNIST into it"
    )


def _given_file(path: Path) -> Source:
    match path.suffixes[-2:]:
        case [*_, ".npz"]:
            return NpzFile(path)
        case [*_, ".pkl"] | [*_, ".pkl", ".gz"]:
            return PickleFile(path)
    raise DataProblem(
        f"{show(path)} is a file of another kind; expected a folder with {_WANTED}, or the last two themselves"
    )


def _in_folder(folder: Path) -> Source | None:
    """The set in a folder or a subfolder known to hold sets; raises DataProblem when it is there in part."""
    partial: DataProblem | None = None
    for subfolder in (folder / name for name in SUBFOLDERS):
        found = [idx_file(subfolder, name) for name in NAMES]
        match found:
            case [Path() as train_images, Path() as train_labels, Path() as test_images, Path() as test_labels]:
                return IdxFiles(subfolder, train_images, train_labels, test_images, test_labels)
        if _mode(subfolder / NPZ_NAME) is not None:
            return NpzFile(subfolder / NPZ_NAME)
        if _mode(subfolder / PICKLE_NAME) is not None:
            return PickleFile(subfolder / PICKLE_NAME)
        if any(found):
            partial = partial or _incomplete(subfolder, found)
    if partial:
        raise partial
    return None


def _incomplete(folder: Path, found: Sequence[Path | None]) -> DataProblem:
    missing = [f"{name}.gz" for name, path in zip(NAMES, found, strict=True) if path is None]
    near = near_misses(folder, besides=[path.name for path in found if path is not None])
    return DataProblem(
        f"{show(folder)} has {len(NAMES) - len(missing)} of the four files of a data set, {' and '.join(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} missing{near}; put them there, or for MNIST run {fetch_command(folder)}"
    )


def _mode(path: Path) -> int | None:
    """A path's type and permissions; None when nothing is there. Raises DataProblem when that cannot be told."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as fault:
        raise DataProblem(f"{show(path)} cannot be looked at: {printable(fault.strerror or str(fault))}") from fault
