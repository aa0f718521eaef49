"""mnist.npz: Keras's archive is read; objects, bombs and other shapes are not."""

from __future__ import annotations

import io
import pickle
import tempfile
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dataset.npz import read_npz
from engine.errors import DataProblem
from tests.kit import tiny_digits

X, Y = tiny_digits(12)
X_TEST, Y_TEST = tiny_digits(4, seed=1)
GOOD: Mapping[str, Any] = {"x_train": X, "y_train": Y, "x_test": X_TEST, "y_test": Y_TEST}

QUICK = settings(max_examples=60)


def archive(**changed: Any) -> bytes:
    """The content of a good archive, with some arrays changed or, when None, left out."""
    arrays = {key: array for key, array in (GOOD | changed).items() if array is not None}
    file = io.BytesIO()
    np.savez(file, allow_pickle=True, **arrays)
    return file.getvalue()


GOOD_ARCHIVE = archive()


def rezipped(method: int, **replaced: bytes) -> bytes:
    """A good archive with other bytes for some members, written with a compression method."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD_ARCHIVE)) as source, zipfile.ZipFile(file, "w", method) as target:
        for name in source.namelist():
            target.writestr(name, replaced.get(name.removesuffix(".npy"), source.read(name)))
    return file.getvalue()


def npy(version: bytes, header: bytes, values: bytes = b"") -> bytes:
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header + values


def read(content: bytes) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mnist.npz"
        path.write_bytes(content)
        return read_npz(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_the_archive_is_read_and_split(method: int) -> None:
    splits = read(rezipped(method))
    assert np.array_equal(splits.train.images, X[:10])
    assert np.array_equal(splits.train.labels, Y[:10])
    assert np.array_equal(splits.validation.images, X[10:])
    assert np.array_equal(splits.test.images, X_TEST)
    assert splits.test.labels.dtype == np.uint8


@pytest.mark.parametrize("kind", ["int8", "int32", "int64", "uint16", ">i4"])
def test_labels_of_any_integer_type_are_read(kind: str) -> None:
    assert np.array_equal(read(archive(y_train=Y.astype(kind))).train.labels, Y[:10])


def test_fortran_order_is_read() -> None:
    assert np.array_equal(read(archive(x_test=np.asfortranarray(X_TEST))).test.images, X_TEST)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"\x80\x04N.", "is not a sound zip archive", id="no zip"),
        pytest.param(b"<html>not found</html>", "is a web page, not data", id="web page"),
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(archive()[:-30], "is not a sound zip archive", id="cut short"),
        pytest.param(archive(y_test=None), "misses y_test; found x_test, x_train, y_train, expected", id="a key less"),
        pytest.param(archive(x_train=None, x_test=None), "misses x_train, x_test", id="two keys less"),
        pytest.param(archive(x_train=X.astype(np.float32)), "x_train in .*float32 of shape", id="float images"),
        pytest.param(archive(x_train=X.reshape(12, 784)), r"uint8 of shape \(12, 784\)", id="flat images"),
        pytest.param(archive(x_test=X_TEST[..., None]), r"\(4, 28, 28, 1\)", id="images with a channel"),
        pytest.param(archive(x_test=np.uint8(3)), r"uint8 of shape \(\)", id="a single number"),
        pytest.param(archive(y_train=np.eye(12)), "y_train in .*float64 of shape", id="one-hot labels"),
        pytest.param(archive(y_test=Y_TEST.astype(float)), "y_test in .*float64 of shape", id="float labels"),
        pytest.param(archive(y_test=Y_TEST + 7), "y_test in .* has the label .*expected digits", id="labels over 9"),
        pytest.param(archive(y_train=Y[:11]), "holds 12 images but y_train .* holds 11 labels", id="a label less"),
        pytest.param(
            archive(x_train=X[:1], y_train=Y[:1]), "holds 1 training images; expected at least 2", id="1 image"
        ),
        pytest.param(archive(x_test=X[:0], y_test=Y[:0]), "holds no test images", id="no test images"),
        pytest.param(archive(y_train=Y.astype(object)), "y_train in .* holds Python objects", id="objects"),
        pytest.param(rezipped(zipfile.ZIP_BZIP2), "compressed with method 12; expected", id="bzip2"),
        pytest.param(rezipped(zipfile.ZIP_LZMA), "compressed with method 14; expected", id="lzma"),
        pytest.param(rezipped(0, x_train=b"nothing"), r"is damaged \(ValueError", id="no npy"),
        pytest.param(rezipped(0, x_train=npy(b"\2\0", b"{}")), "npy version 2.0; expected 1.0", id="npy version"),
        pytest.param(rezipped(0, x_train=npy(b"\1\0", b"{}")), r"is damaged \(ValueError", id="npy header"),
        pytest.param(
            rezipped(0, x_train=npy(b"\1\0", b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999, 28, 28)}")),
            r"holds 0 bytes; its header declares uint8 of shape \(99999999, 28, 28\)",
            id="shape beyond the bytes",
        ),
    ],
)
def test_a_fault_is_named(content: bytes, said: str) -> None:
    with pytest.raises(DataProblem, match=said) as problem:
        read(content)
    assert "mnist.npz" in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        # the length of a member's name, at byte 26, says that the name goes on into the image
        pytest.param(GOOD_ARCHIVE[:26] + b"\x00\x20" + GOOD_ARCHIVE[28:], "is not a sound zip archive", id="a name"),
        pytest.param(
            rezipped(
                0, x_train=npy(b"\1\0", str({"descr": "|u1", "fortran_order": False, "shape": (2,) * 900}).encode())
            ),
            "its header declares uint8 of shape",
            id="dimensions",
        ),
    ],
)
def test_a_fault_with_a_long_story_is_told_in_short(content: bytes, said: str) -> None:
    with pytest.raises(DataProblem, match=said) as problem:
        read(content)
    assert len(str(problem.value)) < 600
    assert str(problem.value).isprintable()


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    marker = tmp_path / "marker"

    class Harm:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (marker,)

    content = archive(y_train=np.array([Harm()] * 12))
    with pytest.raises(DataProblem, match="Python objects, which could run code"):
        read(content)
    assert not marker.exists()
    pickle.loads(pickle.dumps(Harm()))
    assert marker.exists(), "the harm would have been done by a plain reader"


def test_a_zip_bomb_is_left_packed() -> None:
    content = rezipped(zipfile.ZIP_DEFLATED, x_train=bytes(8 << 20))
    lying = content.replace((8 << 20).to_bytes(4, "little"), (0xF0000000).to_bytes(4, "little"))
    tracemalloc.start()
    with pytest.raises(DataProblem, match=r"x_train in .* declares 4026531840 bytes .*expected at most"):
        read(lying)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 << 20


@QUICK
@given(header=st.text(max_size=80).map(lambda text: text.encode("latin-1", "replace")))
def test_any_npy_header_gives_splits_or_a_problem(header: bytes) -> None:
    with pytest.raises(DataProblem, match=r"mnist\.npz"):
        read(rezipped(0, x_train=npy(b"\1\0", header)))
