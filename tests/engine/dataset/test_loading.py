"""The front door: the MNIST that comes with the program, and people's own sets."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.dataset import Dataset, load
from engine.dataset.mnist import NAMES, SHA256, is_mnist
from engine.dataset.types import Examples, Splits
from engine.errors import DataProblem
from tests.engine.dataset.pickles import three_pairs
from tests.kit import tiny_contents, tiny_digits, write_tiny_set

SHIPPED = Path(__file__).parents[3] / "data" / "mnist"


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load(SHIPPED)


def test_mnist_comes_with_the_program(mnist: Dataset) -> None:
    assert mnist.name == "mnist"
    assert mnist.source == str(SHIPPED)
    assert mnist.train_images.shape == (50_000, 28, 28)
    assert mnist.validation_images.shape == (10_000, 28, 28)
    assert mnist.test_images.shape == (10_000, 28, 28)
    assert mnist.train_labels.shape == (50_000,)
    assert mnist.validation_labels.shape == mnist.test_labels.shape == (10_000,)


def test_mnist_is_itself(mnist: Dataset) -> None:
    assert mnist.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.bincount(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.train_images[0, 5, 12:16].tolist() == [3, 18, 18, 18]


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_files_have_the_published_checksums(name: str) -> None:
    content = gzip.decompress((SHIPPED / f"{name}.gz").read_bytes())
    assert hashlib.sha256(content).hexdigest() == SHA256[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_files_carry_neither_name_nor_time(name: str) -> None:
    header = (SHIPPED / f"{name}.gz").read_bytes()[:10]
    assert header[3] == 0, "no optional fields"
    assert header[4:8] == bytes(4), "no time"


def test_the_arrays_are_ready_for_use(tiny: Path) -> None:
    data = load(tiny)
    for split in ("train", "validation", "test"):
        for array in (getattr(data, f"{split}_images"), getattr(data, f"{split}_labels")):
            assert array.dtype == np.uint8
            assert array.flags.c_contiguous
            assert array.flags.writeable


def test_the_last_sixth_of_a_small_set_validates(tiny: Path) -> None:
    images, labels = tiny_digits(12)
    data = load(tiny)
    assert np.array_equal(data.train_images, images[:10])
    assert np.array_equal(data.validation_images, images[10:])
    assert np.array_equal(data.train_labels, labels[:10])
    assert np.array_equal(data.validation_labels, labels[10:])
    assert len(data.test_images) == len(data.test_labels) == 4


def three_formats(folder: Path) -> list[Path]:
    """The same 12 + 5 training and 4 test digits, in each format."""
    (x, y), (x_validation, y_validation), (x_test, y_test) = (
        ((images * 255).round().astype(np.uint8).reshape(-1, 28, 28), labels) for images, labels in three_pairs()
    )
    whole_x, whole_y = np.concatenate([x, x_validation]), np.concatenate([y, y_validation])
    np.savez(folder / "set.npz", x_train=whole_x, y_train=whole_y, x_test=x_test, y_test=y_test)
    (folder / "set.pkl.gz").write_bytes(gzip.compress(pickle.dumps(three_pairs())))
    return [folder / "set.npz", folder / "set.pkl.gz"]


def test_every_format_is_loaded(tmp_path: Path) -> None:
    archive, pickled = (load(path) for path in three_formats(tmp_path))
    assert (len(archive.train_images), len(archive.validation_images), len(archive.test_images)) == (15, 2, 4)
    assert (len(pickled.train_images), len(pickled.validation_images), len(pickled.test_images)) == (12, 5, 4)
    assert np.array_equal(archive.test_images, pickled.test_images)
    assert archive.name == pickled.name == "set"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("fashion", "fashion"),
        ("FashionMNIST/raw", "FashionMNIST"),
        ("mnist", "mnist"),
        ("MNIST/raw", "mnist"),
        ("v1.0", "v1.0"),
    ],
)
def test_a_set_is_called_as_its_folder(folder: str, name: str, tmp_path: Path) -> None:
    assert load(write_tiny_set(tmp_path / folder, 6, 1)).name == name


def test_an_archive_called_mnist_that_is_not_is_called_as_its_folder(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    archive, _ = three_formats(tmp_path)
    assert load(archive.rename(tmp_path / "letters" / "mnist.npz")).name == "letters"


def test_mnist_is_recognized_wherever_it_lies(tmp_path: Path) -> None:
    for path in SHIPPED.glob("*.gz"):
        shutil.copy(path, tmp_path)
    assert load(tmp_path).name == "mnist"


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("what", [0, 1], ids=["images", "labels"])
def test_mnist_with_one_byte_changed_is_not_mnist(part: int, what: int, mnist: Dataset) -> None:
    splits = [
        [mnist.train_images, mnist.train_labels],
        [mnist.validation_images, mnist.validation_labels],
        [mnist.test_images, mnist.test_labels],
    ]
    changed = splits[part][what].copy()
    changed.flat[-1] ^= 1
    splits[part][what] = changed
    assert not is_mnist(Splits(*(Examples(*split) for split in splits)))


def test_a_set_of_the_size_of_mnist_is_loaded_from_its_own_folder(tmp_path: Path) -> None:
    """As Fashion-MNIST is: 60,000 and 10,000 images of other things."""
    folder = tmp_path / "fashion"
    folder.mkdir()
    tiny = tiny_contents(train=10, test=10)
    for name, times in zip(NAMES, (6000, 6000, 1000, 1000), strict=True):
        start = 16 if "images" in name else 8
        content = tiny[name][:4] + (10 * times).to_bytes(4, "big") + tiny[name][8:start] + tiny[name][start:] * times
        (folder / name).write_bytes(content)
    data = load(folder)
    assert data.name == "fashion"
    assert (len(data.train_images), len(data.validation_images), len(data.test_images)) == (50_000, 10_000, 10_000)


def test_loading_writes_nothing(tiny: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (tiny, *tiny.iterdir())}
    load(tiny)
    assert {path: path.stat().st_mtime_ns for path in (tiny, *tiny.iterdir())} == before


def test_exchanged_files_are_refused(tiny: Path) -> None:
    images, labels = (tiny / f"{name}.gz" for name in NAMES[:2])
    images.rename(tiny / "aside")
    labels.rename(images)
    (tiny / "aside").rename(labels)
    with pytest.raises(DataProblem, match=r"train-images.*magic number 2049.*expected images.*exchanged"):
        load(tiny)


@pytest.mark.parametrize(
    ("train", "test", "said"), [(1, 4, "holds 1 training images"), (12, 0, "holds no test images")]
)
def test_a_set_too_small_to_split_is_refused(train: int, test: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match=f"small {said}"):
        load(write_tiny_set(tmp_path / "small", train, test))
