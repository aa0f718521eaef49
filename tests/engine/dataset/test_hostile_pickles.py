"""Pickles that run code when read, and those that eat time or memory: none does anything here."""

from __future__ import annotations

import codecs
import os
import pickle
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from engine.dataset.pickled import read_pickled
from engine.errors import DataProblem
from tests.each import each
from tests.engine.dataset.pickles import Call, State, three_pairs

PAIRS = three_pairs()
(X, Y), *OTHERS = PAIRS


def refused(content: bytes, folder: Path) -> str:
    path = folder / "mnist.pkl.gz"
    path.write_bytes(content)
    with pytest.raises(DataProblem) as problem:
        read_pickled(path)
    assert str(problem.value).startswith(str(path))
    return str(problem.value)


def harms(marker: Path) -> dict[str, Call]:
    return {
        "system": Call(os.system, f"touch {marker}"),
        "eval": Call(eval, f"open({str(marker)!r}, 'w').close()"),
        "exec": Call(exec, f"open({str(marker)!r}, 'w').close()"),
        "open": Call(open, str(marker), "w"),
        "partial": Call(partial, os.mkdir, str(marker)),
        "path": Call(Path.touch, marker),
    }


PLACES: dict[str, Callable[[Call], object]] = {
    "alone": lambda harm: harm,
    "in place of a pair": lambda harm: (harm, *OTHERS),
    "in place of images": lambda harm: ((harm, Y), *OTHERS),
    "in place of labels": lambda harm: ((X, harm), *OTHERS),
    "after good pairs": lambda harm: (*PAIRS, harm),
    "in an array of objects": lambda harm: ((X, np.array([harm] * 12)), *OTHERS),
    "in an array's state": lambda harm: ((State(harm), Y), *OTHERS),
    "in an array's bytes": lambda harm: ((State((1, (1,), np.dtype("f4"), False, harm)), Y), *OTHERS),
    "as a number type": lambda harm: ((Call(np.dtype, harm), Y), *OTHERS),
    "as text to encode": lambda harm: ((Call(codecs.encode, harm, "latin1"), Y), *OTHERS),
}


@pytest.mark.parametrize("harm", ["system", "eval", "exec", "open", "partial", "path"])
@each("place", PLACES)
@each("protocol", [0, 2, 4, 5])
def test_no_code_in_the_file_is_run(harm: str, place: str, protocol: int, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    content = pickle.dumps(PLACES[place](harms(marker)[harm]), protocol)
    refused(content, tmp_path)
    assert not marker.exists()


@pytest.mark.parametrize("harm", ["system", "eval", "exec", "path"])
def test_a_plain_reader_would_have_run_it(harm: str, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    pickle.loads(pickle.dumps(PLACES["after good pairs"](harms(marker)[harm])))
    assert marker.exists()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (pickle.dumps(Call(os.system, "true"), 2), f"{os.system.__module__}.system"),
        (pickle.dumps(Call(eval, "1"), 4), "builtins.eval"),
        (pickle.dumps(Call(eval, "1"), 2), "__builtin__.eval"),
        (b"cos\nsystem\n.", "os.system"),
        (b"cnumpy\nload\n.", "numpy.load"),
        (b"cnumpy.core.multiarray\nscalar\n.", "numpy.core.multiarray.scalar"),
        (b"c_codecs\ndecode\n.", "_codecs.decode"),
        (b"cnumpy\ndtype.newbyteorder\n.", "numpy.dtype.newbyteorder"),
        (b"c\x1b[31m\nred\n.", "\\x1b[31m.red"),
    ],
)  # fmt: skip
def test_what_the_file_asks_for_is_named(content: bytes, name: str, tmp_path: Path) -> None:
    assert f"asks for {name}; pickles can run code" in refused(content, tmp_path)


ENCODE = b"c_codecs\nencode\n"
DTYPE = b"cnumpy\ndtype\n"
RECONSTRUCT = b"cnumpy._core.multiarray\n_reconstruct\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(pickle.dumps(np.array([None]), 2), id="array of objects"),
        pytest.param(pickle.dumps(np.array([None]), 5), id="array of objects, protocol 5"),
        pytest.param(DTYPE + b"(S'O8'\nI0\nI1\ntR.", id="object type"),
        pytest.param(DTYPE + b"(S'V8'\nI0\nI1\ntR.", id="void type"),
        pytest.param(DTYPE + b"(S'f4,O'\nI0\nI1\ntR.", id="type with fields in its code"),
        pytest.param(DTYPE + b"(S'f4'\nI0\nI1\ntR(I3\nS'<'\nN(S'a'\ntNI-1\nI-1\nI0\ntb.", id="type with fields"),
        pytest.param(DTYPE + b"(S'f4'\nI0\nI1\ntR(I3\nS'O'\nNNNI-1\nI-1\nI0\ntb.", id="byte order"),
        pytest.param(ENCODE + b"(Vtrue\nS'rot13'\ntR.", id="another codec"),
        pytest.param(ENCODE + b"(Vtrue\nS'latin1'\nS'strict'\ntR.", id="encode with an error handler"),
        pytest.param(RECONSTRUCT + b"(" + DTYPE + b"(I0\ntS'b'\ntR.", id="another class than ndarray"),
        pytest.param(RECONSTRUCT + b"N.", id="a name and nothing done"),
        pytest.param(RECONSTRUCT + b"Nb.", id="state of a name"),
        pytest.param(DTYPE + b"}S'__defaults__'\nNsb.", id="attributes of a name"),
        pytest.param(b"(I1\ntI2\nb.", id="state of a tuple"),
        pytest.param(b"I1\n(tR.", id="call of a number"),
        pytest.param(b"(S'os'\nS'system'\ntR.", id="call of a tuple"),
        pytest.param(b"I1\nI2\n\x93.", id="name made of numbers"),
        pytest.param(b"(S'true'\nios\nsystem\n.", id="instance"),
        pytest.param(b"(cos\nsystem\nS'true'\no.", id="object"),
        pytest.param(b"\x82\x01.", id="extension"),
        pytest.param(b"Pname\n.", id="persistent name"),
        pytest.param(b"\x97.", id="buffer from elsewhere"),
        pytest.param(b"R.", id="call of nothing"),
        pytest.param(b"(.", id="a mark"),
        pytest.param(b".", id="nothing"),
        pytest.param(b"N", id="no end"),
        pytest.param(b"NN.", id="two values"),
        pytest.param(b"t.", id="tuple without a mark"),
        pytest.param(b"h\x05.", id="nothing under that number"),
        pytest.param(b"I" + b"9" * 10_000 + b"\n.", id="number of ten thousand digits"),
    ],
)  # fmt: skip
def test_what_an_array_of_numbers_does_not_need_is_refused(content: bytes, tmp_path: Path) -> None:
    assert "three pairs" not in refused(content, tmp_path), "refused while it is read, not for what came out"


def reconstructed(shape: bytes, data: bytes = b"''") -> bytes:
    """An array of float32 with a shape and bytes of its own."""
    kind = DTYPE + b"(S'f4'\nI0\nI1\ntR"
    return RECONSTRUCT + b"(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n" + shape + kind + b"I0\nS" + data + b"\ntb."


@pytest.mark.parametrize(
    "shape", [b"(I-1\nt", b"(I4294967296\nI4294967296\nt", b"(I1\nt", b"(Nt", b"(I0\nI0\nI0\nI0\nt", b"(S'4'\nt", b"I4\n"]
)  # fmt: skip
def test_a_shape_that_does_not_fit_its_bytes_is_refused(shape: bytes, tmp_path: Path) -> None:
    refused(reconstructed(shape), tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"Nr\xff\xff\xff\xff0.", id="huge memo index"),
        pytest.param(b"\x96" + (2**40).to_bytes(8, "little") + b".", id="huge bytearray"),
        pytest.param(b"\x8e" + (2**62).to_bytes(8, "little") + b".", id="huge bytes"),
        pytest.param(b"\x8d" + b"\xff" * 8 + b".", id="huge text"),
        pytest.param(b"\x95" + b"\xff" * 8 + b"N.", id="huge frame"),
        pytest.param(b")" + b"2\x86" * 60 + b".", id="tuples of themselves, sixty deep"),
        pytest.param(b")" + b"q\x00h\x00\x86" * 60 + b".", id="tuples of themselves through the memo"),
    ],
)
def test_time_and_memory_stay_small(content: bytes, tmp_path: Path) -> None:
    tracemalloc.start()
    refused(content, tmp_path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 60 << 20


def test_one_text_encoded_again_and_again_takes_no_memory(tmp_path: Path) -> None:
    text = b"X" + (1 << 20).to_bytes(4, "little") + b"a" * (1 << 20) + b"q\x00"
    content = text + ENCODE + b"q\x01" + b"h\x01h\x00X\x06\0\0\0latin1\x86R" * 1000 + b"."
    tracemalloc.start()
    assert "would take more memory than its arrays need" in refused(content, tmp_path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 << 20


@pytest.mark.parametrize(
    "content", [b"N" + b"\x85" * 200_000 + b".", b"(" * 200_000 + b"t" * 200_000 + b"."], ids=["tuples", "marks"]
)
def test_a_pickle_of_very_many_instructions_is_given_up(content: bytes, tmp_path: Path) -> None:
    assert "has more than 10000 pickle instructions" in refused(content, tmp_path)
