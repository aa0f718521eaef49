"""Which data set it is: the same wherever it lies, another as soon as an image, a label or the split is."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from engine.dataset import expect_same, is_other, load, stamp
from engine.dataset.identity import MNIST_DIGESTS, difference, identify
from engine.dataset.locate import locate
from engine.dataset.types import Examples, Splits
from engine.errors import OtherDataProblem
from engine.events import DataIdentity
from tests.kit import TEST_LABELS, TRAIN_IMAGES, idx_bytes, tiny_contents, write_tiny_set


def of(folder: Path) -> DataIdentity:
    return load(folder).identity


def test_a_set_that_was_moved_or_unpacked_is_the_same(tiny: Path, tmp_path: Path) -> None:
    before = of(tiny)
    assert before.path == str(tiny)
    moved = tiny.rename(tmp_path / "moved")
    for path in moved.glob("*.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert not is_other(before, of(moved))
    assert of(moved).path == str(moved)


def test_what_differs_is_named(tmp_path: Path) -> None:
    one = write_tiny_set(tmp_path / "one", train=30, test=6)
    known = of(one)
    contents = tiny_contents(train=30, test=6)
    labels = np.frombuffer(contents[TEST_LABELS][8:], np.uint8)
    (one / f"{TEST_LABELS}.gz").write_bytes(gzip.compress(idx_bytes((labels + 1) % 10)))
    assert difference(known, of(one)) == "the labels differ"
    images = bytearray(contents[TRAIN_IMAGES])
    images[-1] ^= 1  # one pixel
    (one / f"{TRAIN_IMAGES}.gz").write_bytes(gzip.compress(bytes(images)))
    assert difference(known, of(one)) == "the images and the labels differ"


def test_another_split_of_the_same_images_is_another_set(tiny: Path) -> None:
    data = load(tiny)
    parts = Splits(
        Examples(data.train_images[:-1], data.train_labels[:-1]),
        Examples(
            np.concatenate([data.train_images[-1:], data.validation_images]),
            np.concatenate([data.train_labels[-1:], data.validation_labels]),
        ),
        Examples(data.test_images, data.test_labels),
    )
    found = identify(parts, str(tiny))
    assert is_other(data.identity, found)
    assert difference(data.identity, found) == "the split differs"


def test_both_sets_are_named_in_one_sentence(tmp_path: Path) -> None:
    one, two = (of(write_tiny_set(tmp_path / name, 30, 6, seed)) for seed, name in enumerate(("one", "two")))
    expect_same("otter", None, two)
    expect_same("otter", one, one)
    with pytest.raises(OtherDataProblem) as problem:
        expect_same("otter", one, two)
    assert str(problem.value) == (
        f"otter was trained on the data of {one.path} (digest {one.digest[:8]}), and those of {two.path} "
        f"({two.digest[:8]}) are others: the images and the labels differ."
    )
    replaced = DataIdentity(path=one.path, digest=two.digest, images=one.images, labels=two.labels)
    with pytest.raises(
        OtherDataProblem, match=r"The data in .*one are not the ones that otter was trained on: the labels"
    ):
        expect_same("otter", one, replaced)


def test_what_is_written_down_of_mnist_is_its_digest() -> None:
    data = load()
    assert data.is_mnist and data.identity.is_mnist
    parts = (
        Examples(data.train_images, data.train_labels),
        Examples(data.validation_images, data.validation_labels),
        Examples(data.test_images, data.test_labels),
    )
    found = identify(Splits(*parts), data.identity.path)
    assert {name: getattr(found, name) for name in MNIST_DIGESTS} == MNIST_DIGESTS
    assert data.identity.digest == found.digest


def test_files_that_are_replaced_have_another_stamp(tiny: Path) -> None:
    before = stamp(tiny)
    assert stamp(tiny) == before
    path = locate(tiny).train_labels  # type: ignore[union-attr]
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    assert stamp(tiny) != before
