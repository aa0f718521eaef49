"""mnist.pkl.gz: three pairs come back as bytes, whoever pickled them, and faults are named."""

from __future__ import annotations

import gzip
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.dataset.pickled import read_pickled
from engine.errors import DataProblem
from tests.engine.dataset.pickles import old_numpy, python2_dumps, three_pairs
from tests.kit import tiny_digits

PAIRS = three_pairs()
(X, Y), (X_VALIDATION, Y_VALIDATION), (X_TEST, Y_TEST) = PAIRS

WRITERS: dict[str, Callable[[object], bytes]] = {
    **{f"protocol {p}": lambda value, p=p: pickle.dumps(value, p) for p in range(6)},
    **{f"protocol {p}, numpy 1": lambda value, p=p: old_numpy(pickle.dumps(value, p)) for p in range(3)},
    **{f"protocol {p}, Python 2": lambda value, p=p: python2_dumps(value, p) for p in range(3)},
}


def read(content: bytes) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mnist.pkl.gz"
        path.write_bytes(content)
        return read_pickled(path)


def problem_with(content: bytes) -> str:
    with pytest.raises(DataProblem) as problem:
        read(content)
    assert "mnist.pkl.gz" in str(problem.value)
    assert "\n" not in str(problem.value)
    return str(problem.value)


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_the_three_pairs_come_back_as_bytes(writer: Callable[[object], bytes], pack: Callable[[bytes], bytes]) -> None:
    splits = read(pack(writer(PAIRS)))
    for seed, (count, examples) in enumerate(zip((12, 5, 4), splits, strict=True)):
        images, labels = tiny_digits(count, seed)
        assert examples.images.dtype == examples.labels.dtype == np.uint8
        assert np.array_equal(examples.images, images)
        assert np.array_equal(examples.labels, labels)


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("scale", [255, 256])
def test_either_scale_and_precision_gives_the_same_bytes(scale: int, kind: str) -> None:
    images = read(pickle.dumps(three_pairs(scale, kind), 2)).train.images
    assert np.array_equal(images, tiny_digits(12, 0)[0])


@pytest.mark.parametrize("protocol", range(6))
def test_fortran_order_is_read(protocol: int) -> None:
    pairs = ((np.asfortranarray(X), Y), *PAIRS[1:])
    assert np.array_equal(read(pickle.dumps(pairs, protocol)).train.images, tiny_digits(12, 0)[0])


def with_training(images: object = X, labels: object = Y) -> bytes:
    return pickle.dumps(((images, labels), *PAIRS[1:]), 4)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"<!DOCTYPE html><html>", "is a web page, not data", id="web page"),
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(
            gzip.compress(pickle.dumps(PAIRS))[:-9], "its gzip data stops before the end", id="gzip cut short"
        ),
        pytest.param(pickle.dumps(PAIRS)[:-9], "is damaged, or not a pickle", id="cut short"),
        pytest.param(b"\0\0\x08\x03", "has the pickle instruction b'\\x00'", id="IDX"),
        pytest.param(pickle.dumps(PAIRS[:2]), "expected a tuple of three pairs", id="two pairs"),
        pytest.param(pickle.dumps(PAIRS[0]), "expected a tuple of three pairs", id="one pair"),
        pytest.param(pickle.dumps((1, 2, 3)), "expected a tuple of three pairs", id="three numbers"),
        pytest.param(pickle.dumps(X, 2), "expected a tuple of three pairs", id="an array"),
        pytest.param(pickle.dumps({"images": 1}), "pickle instruction b'}'", id="a dictionary"),
        pytest.param(pickle.dumps([1]), "pickle instruction b']'", id="a list"),
        pytest.param(b"\x80\x63N.", "is a pickle of protocol 99; expected at most", id="protocol"),
        pytest.param(with_training(images=3), "the training images in", id="a number for images"),
        pytest.param(with_training(images=X[:, :783]), "float32 of shape (12, 783); expected floats", id="783 pixels"),
        pytest.param(with_training(images=(X * 255).astype(np.uint8)), "are uint8 of shape (12, 784)", id="bytes"),
        pytest.param(with_training(images=X * 2), "go from 0 to 2; expected pixels from 0 to 1", id="over 1"),
        pytest.param(with_training(images=X - 1), "go from -1 to 0; expected pixels from 0 to 1", id="under 0"),
        pytest.param(with_training(images=np.full((12, 784), np.nan)), "go from nan to nan", id="no numbers"),
        pytest.param(with_training(images=np.full((12, 784), np.inf)), "go from inf to inf", id="infinite"),
        pytest.param(with_training(images=X * 0.9), "are not bytes divided by 255 or 256", id="another scale"),
        pytest.param(with_training(labels=Y + 7), "expected digits from 0 to 9", id="labels over 9"),
        pytest.param(
            with_training(labels=Y.astype(float)), "float64 of shape (12,); expected labels", id="float labels"
        ),
        pytest.param(with_training(labels=Y[:11]), "holds 12 images but the training labels", id="a label less"),
        pytest.param(with_training(X[:0], Y[:0]), "the training images in", id="no images"),
        pytest.param(
            with_training(X > 0), "an array of type b1 (no plain numbers); expected numbers", id="truth values"
        ),
        pytest.param(with_training(X.astype(complex)), "an array of type c16 (no plain numbers)", id="complex numbers"),
    ],
)
def test_a_fault_is_named(content: bytes, said: str) -> None:
    assert said in problem_with(content)
