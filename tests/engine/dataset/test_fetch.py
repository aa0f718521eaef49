"""Fetching: the first mirror that has a file right, nothing half, nothing needless, a sentence when none has it."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.dataset import download, fetch, load
from engine.errors import DataProblem
from tests.engine.dataset import mirror as answers
from tests.engine.dataset.fetch_kit import CONTENTS, FILES, FIRST, SUMS, expect_complete, get, mirror, server, target
from tests.engine.dataset.mirror import Answer, Mirror, serving
from tests.kit import NAMES, TRAIN_IMAGES, TRAIN_LABELS, write_tiny_set

__all__ = ["mirror", "server", "target"]


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_the_four_files_are_fetched_and_load(mirror: Mirror, target: Path) -> None:
    assert get(target, mirror.address) == [target / name for name in FILES]
    expect_complete(target)
    assert len(load(target).train_images) == 25


def test_an_address_may_end_with_a_slash(mirror: Mirror, target: Path) -> None:
    get(target, f"{mirror.address}/")
    expect_complete(target)


def test_a_complete_folder_is_left_alone_and_no_server_asked(mirror: Mirror, target: Path) -> None:
    get(target, mirror.address)
    mirror.asked.clear()
    before = {path: path.stat().st_mtime_ns for path in (target, *target.iterdir())}
    assert get(target, mirror.address) == []
    assert mirror.asked == []
    assert {path: path.stat().st_mtime_ns for path in (target, *target.iterdir())} == before


def test_files_that_are_there_unpacked_count(mirror: Mirror, target: Path) -> None:
    target.mkdir(parents=True)
    for name, content in CONTENTS.items():
        (target / name).write_bytes(content)
    assert get(target, mirror.address) == []
    assert mirror.asked == []


@pytest.mark.parametrize("name", NAMES)
def test_only_a_missing_file_is_fetched(name: str, mirror: Mirror, target: Path) -> None:
    get(target, mirror.address)
    (target / f"{name}.gz").unlink()
    mirror.asked.clear()
    assert get(target, mirror.address) == [target / f"{name}.gz"]
    assert mirror.asked == [f"{name}.gz"]


@pytest.mark.parametrize(
    "damaged",
    [b"", b"<!DOCTYPE html>", FILES[FIRST][:-1], FILES[FIRST][:50], CONTENTS[TRAIN_IMAGES][:-1], FILES[f"{TRAIN_LABELS}.gz"]],
    ids=["empty", "web page", "a byte short", "cut", "unpacked and cut", "labels"],
)  # fmt: skip
def test_a_damaged_file_is_replaced(damaged: bytes, mirror: Mirror, target: Path) -> None:
    get(target, mirror.address)
    (target / FIRST).write_bytes(damaged)
    assert get(target, mirror.address) == [target / FIRST]
    expect_complete(target)


def test_another_data_set_is_never_overwritten(mirror: Mirror, target: Path) -> None:
    write_tiny_set(target, train=30, test=6, seed=5)
    before = {path: path.read_bytes() for path in target.iterdir()}
    with pytest.raises(DataProblem, match=f"{FIRST} belongs to another data set than MNIST and is left as it is"):
        get(target, mirror.address)
    assert mirror.asked == []
    assert {path: path.read_bytes() for path in target.iterdir()} == before


MISBEHAVIORS: Mapping[str, tuple[Answer, str]] = {
    "403": (answers.refuse(403), "HTTP 403 Forbidden"),
    "404": (answers.refuse(404), "HTTP 404 Not Found"),
    "503": (answers.refuse(503), "HTTP 503 Service Unavailable"),
    "web page": (answers.page, "a web page instead of the file"),
    "plain text": (answers.send(b"out of service"), "not gzip data"),
    "nothing": (answers.send(b""), "not gzip data"),
    "other content": (answers.send(gzip.compress(b"other")), "other content: SHA-256"),
    "damaged gzip": (answers.send(FILES[FIRST][:-1]), "damaged gzip data"),
    "short": (answers.short, f"broke off after 100 of {len(FILES[FIRST])} bytes"),
    "short, no length": (answers.short_without_length, "damaged gzip data"),
    "no HTTP": (answers.garble, "BadStatusLine"),
    "redirect to a file": (answers.redirect("file:///etc/hostname"), "HTTP 302"),
    "redirect to itself": (answers.redirect(FIRST), "HTTP 302"),
}


@pytest.mark.parametrize(("answer", "said"), MISBEHAVIORS.values(), ids=MISBEHAVIORS)
def test_when_a_mirror_misbehaves_the_next_is_tried(answer: Answer, said: str, mirror: Mirror, target: Path) -> None:
    mirror.answers[FIRST] = answer
    with serving(FILES) as other:
        get(target, mirror.address, other.address)
        assert other.asked == [FIRST]
    expect_complete(target)


@pytest.mark.parametrize(("answer", "said"), MISBEHAVIORS.values(), ids=MISBEHAVIORS)
def test_when_no_mirror_is_left_the_address_and_reason_are_named(
    answer: Answer, said: str, mirror: Mirror, target: Path
) -> None:
    mirror.answers[FIRST] = answer
    with pytest.raises(DataProblem) as problem:
        get(target, mirror.address)
    sentence = str(problem.value)
    assert sentence.startswith(f"{FIRST} could not be fetched from {mirror.address}/{FIRST} ({said}")
    assert sentence.endswith(f"to do it by hand, put {', '.join(FILES)} into {target}")
    assert "\n" not in sentence
    assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answers.stall, "no data for 0.1 seconds"),
        (answers.silent, "no data for 0.1 seconds"),
        (answers.drip, "stalled after"),
    ],
    ids=["stops", "never answers", "drips"],
)
def test_a_server_that_stalls_is_given_up(answer: Answer, said: str, mirror: Mirror, target: Path) -> None:
    mirror.answers[FIRST] = answer
    with pytest.raises(DataProblem, match=said):
        get(target, mirror.address, timeout=0.1)
    assert list(target.iterdir()) == []


def test_a_server_that_does_not_answer_is_named(target: Path) -> None:
    address = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(DataProblem, match=f"{address}/{FIRST} \\(Connection refused\\)"):
        get(target, address)


def test_every_address_tried_is_named(mirror: Mirror, target: Path) -> None:
    mirror.answers[FIRST] = answers.refuse(503)
    addresses = (mirror.address, f"{mirror.address}/a", f"http://127.0.0.1:{closed_port()}/b")
    with pytest.raises(DataProblem) as problem:
        get(target, *addresses)
    for address in addresses:
        assert f"{address}/{FIRST} (" in str(problem.value)


def test_files_fetched_before_a_failure_stay(mirror: Mirror, target: Path) -> None:
    mirror.answers[f"{TRAIN_LABELS}.gz"] = answers.refuse(404)
    with pytest.raises(DataProblem, match=f"^{TRAIN_LABELS}.gz could not be fetched"):
        get(target, mirror.address)
    assert [path.name for path in target.iterdir()] == [FIRST]


def test_a_body_that_never_ends_is_cut_off(mirror: Mirror, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "LARGEST", 1000)
    with pytest.raises(DataProblem, match=r"\(more than 1000 bytes\)"):
        get(target, mirror.address)


@pytest.mark.parametrize(("answer", "known"), [(answers.file, True), (answers.no_length, False)])
def test_progress_is_told_from_nothing_to_all(answer: Answer, known: bool, mirror: Mirror, target: Path) -> None:
    mirror.answers[FIRST] = answer
    told: list[tuple[str, int, int | None]] = []
    fetch(target, [mirror.address], lambda *progress: told.append(progress), sha256=SUMS)
    size = len(FILES[FIRST])
    first = [(done, total) for file, done, total in told if file == FIRST]
    assert first[0] == (0, size if known else None)
    assert first[-1] == (size, size if known else None)
    assert list(dict.fromkeys(file for file, _, _ in told)) == list(FILES)


def test_the_mirror_of_the_environment_is_tried_first(
    mirror: Mirror, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(FILES) as own:
        monkeypatch.setenv("MNIST_TUI_MIRROR", own.address)
        own.answers[FIRST] = answers.refuse(404)
        get(target, mirror.address)
        assert own.asked == list(FILES)
    assert mirror.asked == [FIRST]
    expect_complete(target)


def test_a_folder_can_be_a_mirror(target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("MNIST_TUI_MIRROR", tmp_path.as_uri())
    get(target)
    expect_complete(target)


@pytest.mark.parametrize(
    "address", ["ftp://host/mnist", "/srv/mnist", "host:8000", "javascript:1", "http//typo", "http://[x"]
)
def test_a_mirror_of_another_kind_is_refused(
    address: str, mirror: Mirror, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_TUI_MIRROR", address)
    with pytest.raises(DataProblem, match=r"MNIST_TUI_MIRROR is .*; expected .* https://, http:// or file://"):
        get(target, mirror.address)
    assert mirror.asked == []
    assert not target.exists()


def test_without_any_mirror_the_way_by_hand_is_told(target: Path) -> None:
    with pytest.raises(
        DataProblem, match="could not be fetched from anywhere: no mirror is named; to do it by hand, put"
    ):
        get(target)
