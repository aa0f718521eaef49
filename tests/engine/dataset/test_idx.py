"""IDX files: what is written is read back, and every fault is named with its file."""

from __future__ import annotations

import gzip
import re
import struct
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from engine.dataset.idx import read_images, read_labels
from engine.dataset.loading import load
from engine.errors import DataProblem
from tests.kit import NAMES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, idx_bytes, tiny_contents, tiny_digits

IMAGES, LABELS = tiny_digits(12)
GOOD_IMAGES, GOOD_LABELS = idx_bytes(IMAGES), idx_bytes(LABELS)
PAGE = b"<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>"
QUICK = settings(max_examples=60)


def header(*sizes: int, type_code: int = 8) -> bytes:
    return struct.pack(f">BBBB{len(sizes)}I", 0, 0, type_code, len(sizes), *sizes)


def written(folder: Path, content: bytes, name: str = TRAIN_IMAGES) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
@QUICK
@given(images=arrays(np.uint8, st.tuples(st.integers(0, 5), st.just(28), st.just(28))))
def test_images_come_back_as_written(pack: type, images: NDArray[np.uint8]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read = read_images(written(Path(folder), pack(idx_bytes(images))))
    assert read.dtype == np.uint8
    assert np.array_equal(read, images)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
@QUICK
@given(labels=arrays(np.uint8, st.integers(0, 50), elements=st.integers(0, 9)))
def test_labels_come_back_as_written(pack: type, labels: NDArray[np.uint8]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read = read_labels(written(Path(folder), pack(idx_bytes(labels)), TRAIN_LABELS))
    assert np.array_equal(read, labels)


def test_the_content_and_not_the_name_tells_whether_it_is_gzipped(tmp_path: Path) -> None:
    plain_with_gz_name = written(tmp_path, GOOD_IMAGES, "a.gz")
    gzipped_with_plain_name = written(tmp_path, gzip.compress(GOOD_IMAGES), "b")
    assert np.array_equal(read_images(plain_with_gz_name), IMAGES)
    assert np.array_equal(read_images(gzipped_with_plain_name), IMAGES)


DAMAGED_CHECKSUM = bytearray(gzip.compress(GOOD_IMAGES))
DAMAGED_CHECKSUM[-8] ^= 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(PAGE, "is a web page, not data", id="web page"),
        pytest.param(b"\n  " + PAGE.lower(), "is a web page, not data", id="web page after blank lines"),
        pytest.param(gzip.compress(PAGE), "is a web page, not data", id="gzipped web page"),
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(gzip.compress(b""), "starts with the bytes , expected two zero bytes", id="gzipped nothing"),
        pytest.param(b"PK\x03\x04", "starts with the bytes 50 4b 03 04, expected two zero bytes", id="zip"),
        pytest.param(b"\0\0\x08", "starts with the bytes 00 00 08, expected", id="three bytes"),
        pytest.param(GOOD_IMAGES[:10], "is cut short: it stops within the header", id="half a header"),
        pytest.param(GOOD_IMAGES[:-1], r"declares 12 images \(9408 bytes\), 9407 were found", id="a byte short"),
        pytest.param(GOOD_IMAGES[:16], r"declares 12 images \(9408 bytes\), 0 were found", id="header only"),
        pytest.param(GOOD_IMAGES + b"\0", r"is too long: its header declares 12 images \(9408 bytes\)", id="a byte long"),
        pytest.param(gzip.compress(GOOD_IMAGES[:-1]), "9407 were found", id="gzip of a byte short"),
        pytest.param(gzip.compress(GOOD_IMAGES + b"\0"), "is too long", id="gzip of a byte long"),
        pytest.param(gzip.compress(GOOD_IMAGES)[:-1], "its gzip data stops before the end", id="gzip a byte short"),
        pytest.param(gzip.compress(GOOD_IMAGES)[:200], "its gzip data stops before the end", id="gzip cut in the middle"),
        pytest.param(gzip.compress(GOOD_IMAGES)[:5], "its gzip data stops before the end", id="gzip cut in its header"),
        pytest.param(bytes(DAMAGED_CHECKSUM), "its gzip data is wrong .*CRC", id="gzip checksum"),
        pytest.param(b"\x1f\x8b\x08" + b"\xff" * 50, "its gzip data", id="gzip nonsense"),
        pytest.param(header(1, 28, 28, type_code=9), r"0x09 \(signed byte\); expected 0x08 \(unsigned", id="int8"),
        pytest.param(header(1, 28, 28, type_code=0x0B), "16-bit integer", id="int16"),
        pytest.param(idx_bytes(IMAGES.astype(np.int32)), "32-bit integer", id="int32"),
        pytest.param(idx_bytes(IMAGES.astype(np.float32)), "32-bit float", id="float32"),
        pytest.param(idx_bytes(IMAGES.astype(np.float64)), "64-bit float", id="float64"),
        pytest.param(header(1, 28, 28, type_code=7), r"0x07 \(unknown\)", id="unknown type"),
        pytest.param(GOOD_LABELS, r"1 dimensions \(magic number 2049\); expected images.*2051.*exchanged", id="labels"),
        pytest.param(idx_bytes(IMAGES[0]), "2 dimensions .*expected images, which have 3", id="one image"),
        pytest.param(idx_bytes(np.zeros((2, 32, 32), np.uint8)), "images of 32×32 pixels; expected 28×28", id="32x32"),
        pytest.param(idx_bytes(np.zeros((2, 28, 27), np.uint8)), "images of 28×27 pixels; expected 28×28", id="28x27"),
        pytest.param(header(2_000_000, 28, 28), r"declares 2000000 images \(1568000000 bytes\); expected at most", id="over 1 GiB"),
    ],
)  # fmt: skip
def test_a_fault_in_an_images_file_is_named(content: bytes, said: str, tmp_path: Path) -> None:
    path = written(tmp_path, content)
    with pytest.raises(DataProblem, match=said) as problem:
        read_images(path)
    assert str(problem.value).startswith(str(path))
    assert "\n" not in str(problem.value)


def test_a_damaged_file_comes_with_the_way_to_replace_it(tmp_path: Path) -> None:
    path = written(tmp_path, PAGE)
    with pytest.raises(DataProblem, match=re.escape(f"`mnist-tui fetch --data-dir {tmp_path}`")):
        read_images(path)


def test_images_in_place_of_labels_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD_IMAGES, TRAIN_LABELS)
    with pytest.raises(DataProblem, match=r"2051.*expected labels, which have 1.*2049.*exchanged"):
        read_labels(path)


@pytest.mark.parametrize(
    ("labels", "value", "index"), [([1, 26, 3], 26, 1), ([0, 9, 10], 10, 2), ([255], 255, 0), (list(range(1, 27)), 10, 9)]
)  # fmt: skip
def test_a_label_that_is_no_digit_is_named_with_its_place(
    labels: list[int], value: int, index: int, tmp_path: Path
) -> None:
    path = written(tmp_path, idx_bytes(np.array(labels, np.uint8)), TRAIN_LABELS)
    with pytest.raises(
        DataProblem, match=f"the label {value} at index {index}; expected digits from 0 to 9"
    ) as problem:
        read_labels(path)
    assert str(path) in str(problem.value)


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="is a folder; expected a data file"):
        read_images(tmp_path)


def test_a_device_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="is a device, pipe or socket"):
        read_images(Path("/dev/zero"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="absent cannot be read: No such file"):
        read_images(tmp_path / "absent")


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, GOOD_IMAGES)

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataProblem, match=f"{TRAIN_IMAGES} cannot be read: Permission denied"):
        read_images(path)


def test_a_name_that_would_upset_the_terminal_is_shown_as_escapes(tmp_path: Path) -> None:
    path = written(tmp_path, b"", "red\x1b[31m\nname\udcff")
    with pytest.raises(DataProblem, match=r"red\\x1b\[31m\\nname\\udcff is empty"):
        read_images(path)


@pytest.mark.parametrize("declared", [1_000_000, 2**32 - 1])
def test_an_absurd_header_takes_no_memory(declared: int, tmp_path: Path) -> None:
    path = written(tmp_path, header(declared, 28, 28) + bytes(100))
    tracemalloc.start()
    with pytest.raises(DataProblem):
        read_images(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 << 20


def test_a_gzip_bomb_is_left_packed(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(header(12, 28, 28) + bytes(64 << 20)))
    tracemalloc.start()
    with pytest.raises(DataProblem, match="is too long"):
        read_images(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 << 20


@pytest.mark.parametrize("name", NAMES)
def test_files_with_different_counts_are_refused_with_both_numbers(name: str, tiny: Path) -> None:
    sizes = {TRAIN_IMAGES: (11, 12), TRAIN_LABELS: (12, 11), TEST_LABELS: (4, 3)}
    images, labels = sizes.get(name, (3, 4))
    longer = tiny_contents(train=11, test=3)[name]
    (tiny / f"{name}.gz").write_bytes(gzip.compress(longer))
    with pytest.raises(DataProblem, match=f"holds {images} images but .* holds {labels} labels"):
        load(tiny)


@QUICK
@given(place=st.integers(0, len(gzip.compress(GOOD_IMAGES)) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_gzipped_file_never_changes_what_is_read(place: int, bit: int) -> None:
    content = bytearray(gzip.compress(GOOD_IMAGES))
    content[place] ^= 1 << bit
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), bytes(content))
        try:
            assert np.array_equal(read_images(path), IMAGES)
        except DataProblem as problem:
            assert str(path) in str(problem)
