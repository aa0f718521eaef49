"""Run folders: made, found, written."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from engine import files
from engine.config import TrainConfig, make_config
from engine.errors import ExitCode, RunProblem
from engine.events import RunCreated
from engine.log.event_log import EventLog
from engine.runs import folder as runs
from engine.runs.names import ADJECTIVES, ANIMALS
from tests.engine.runs_kit import CONFIG, HOST, create, listening, no_space, root
from tests.engine.strategies import configs, examples

__all__ = ["listening", "root"]


# made


def test_a_run_is_named_by_its_time_and_two_words(root: Path) -> None:
    name = create(root).name
    found = re.fullmatch(r"20\d\d-[01]\d-[0-3]\d-[0-2]\d[0-5]\d-([a-z]+)-([a-z]+)", name)
    assert found, name
    assert found[1] in ADJECTIVES
    assert found[2] in ANIMALS


def test_the_words_are_plain_and_different(root: Path) -> None:
    words = ADJECTIVES + ANIMALS
    assert len(set(words)) == len(words)
    assert all(re.fullmatch("[a-z]{3,8}", word) for word in words)


def test_a_name_that_is_taken_is_drawn_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["calm", "otter", "calm", "otter", "calm", "owl"])
    monkeypatch.setattr(random.SystemRandom, "choice", lambda self, words: next(drawn))
    assert create(root).name.endswith("-calm-otter")
    assert create(root).name.endswith("-calm-owl")


@pytest.mark.parametrize("name", ["a", "my-run", "Run_2.1", "7", "x" * 100])
def test_a_run_can_be_given_a_name(root: Path, name: str) -> None:
    assert create(root, name).path == root / name


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "..",
        ".",
        "/tmp/x",
        "a/b",
        "a b",
        " a",
        "x" * 101,
        "-flag",
        ".hidden",
        "naïve",
        "a\n",
        "a\0",
        "\x1b[2J",
        "last",
    ],
)
def test_other_names_are_refused(root: Path, name: str) -> None:
    with pytest.raises(RunProblem) as caught:
        create(root, name)
    assert caught.value.exit_code == ExitCode.USAGE
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 150
    assert not root.exists() or not list(root.iterdir())


def test_a_name_is_given_once(root: Path) -> None:
    create(root, "mine")
    with pytest.raises(RunProblem, match="There is a run 'mine' already"):
        create(root, "mine")


def test_a_place_that_takes_no_folder_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "runs"
    blocked.write_text("a file")
    for name in ("", "mine"):
        with pytest.raises(RunProblem, match=r"No run folder can be made in .*MNIST_TUI_HOME puts runs elsewhere"):
            create(blocked, name)
    with pytest.raises(RunProblem, match=r"No run folder can be made in .*: Not a directory"):
        create(blocked / "deeper")


def test_a_full_disk_leaves_no_half_made_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", no_space)
        with pytest.raises(RunProblem, match="No space left on device"):
            create(root, "mine")
    assert runs.all_runs(root) == []
    assert create(root, "mine").read_config() == CONFIG


@examples(40)
@given(config=configs())
def test_a_configuration_is_read_back_as_it_was_asked_for(config: TrainConfig) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert create(Path(folder), config=config).read_config() == config


# found


def test_runs_are_listed_in_the_order_of_their_logs_whatever_became_of_the_files(root: Path) -> None:
    for created, name in [(10, "b"), (30, "c"), (20, "a")]:
        run = create(root, name)
        event = RunCreated(run=name, config=CONFIG, version="0.1.0", host=HOST)
        EventLog(run.events, clock=lambda at=created: float(at)).append(event)
        os.utime(run.config, (100 - created, 100 - created))
    assert [run.name for run in runs.all_runs(root)] == ["b", "a", "c"]
    assert runs.find_run("last", root).name == "c"
    shutil.copytree(root / "b", root / "copy")
    assert runs.find_run("last", root).name == "c"


def test_a_run_without_a_log_has_the_time_of_its_settings(root: Path) -> None:
    for age, name in [(3, "b"), (1, "c"), (2, "a")]:
        os.utime(create(root, name).config, (0, 10**9 - age))
    assert [run.name for run in runs.all_runs(root)] == ["b", "a", "c"]


@pytest.mark.parametrize("begin", [b"", b"{", b'{"type":"run_created","seq":0,"time":1.2.3}', b"\xff" * 300])
def test_a_log_that_does_not_tell_its_time_does_not_hide_the_run(root: Path, begin: bytes) -> None:
    run = create(root, "mine")
    run.events.write_bytes(begin)
    os.utime(run.config, (0, 77))
    assert run.created() == 77


def test_what_is_no_run_is_not_listed(root: Path) -> None:
    create(root, "real")
    (root / "empty").mkdir()
    (root / "file").write_text("")
    (root / "gone").symlink_to(root / "nowhere")
    assert [run.name for run in runs.all_runs(root)] == ["real"]


def test_no_folder_is_no_runs(root: Path, tmp_path: Path) -> None:
    assert runs.all_runs(root) == []
    (tmp_path / "file").write_text("")
    assert runs.all_runs(tmp_path / "file") == []


def test_a_run_that_is_deleted_meanwhile_spoils_no_list(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [create(root, name).path for name in ("a", "b")]

    def deleting(_: Path) -> Iterator[Path]:
        for path in paths:
            yield path
            shutil.rmtree(paths[0], ignore_errors=True)

    monkeypatch.setattr(Path, "iterdir", deleting)
    assert "b" in [run.name for run in runs.all_runs(root)]


NAMES = ["2026-01-02-0304-calm-otter", "2026-01-02-0305-calm-owl", "2026-02-02-0304-wise-owl", "owl"]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("2026-01-02-0304-calm-otter", "2026-01-02-0304-calm-otter"),
        ("2026-02", "2026-02-02-0304-wise-owl"),
        ("otter", "2026-01-02-0304-calm-otter"),
        ("0305", "2026-01-02-0305-calm-owl"),
        ("owl", "owl"),
    ],
)
def test_a_run_is_found_by_any_part_of_its_name_that_fits_it_alone(root: Path, asked: str, name: str) -> None:
    for each in NAMES:
        create(root, each)
    assert runs.find_run(asked, root).name == name


@pytest.mark.parametrize(
    "asked", ["newt", "", "../runs", "otter ", "2026-01-02-0304-calm-otters", "x" * 5000, "\x1b[2J"]
)
def test_a_run_that_is_not_there_is_said_to_be_so(root: Path, asked: str) -> None:
    for each in NAMES:
        create(root, each)
    with pytest.raises(RunProblem, match=r"There is no run '.*`mnist-tui ls` lists them\.") as caught:
        runs.find_run(asked, root)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 150 + len(str(root))


def test_there_is_no_last_of_none(root: Path) -> None:
    with pytest.raises(RunProblem, match="There is no run 'last'"):
        runs.find_run("last", root)


def test_a_name_that_fits_several_is_refused_with_them(root: Path) -> None:
    for each in NAMES:
        create(root, each)
    with pytest.raises(RunProblem) as caught:
        runs.find_run("calm", root)
    assert str(caught.value).startswith("'calm' fits 2 runs (")
    assert all(name in str(caught.value) for name in NAMES[:2])


def test_of_very_many_that_fit_a_few_are_told(root: Path) -> None:
    for number in range(30):
        create(root, f"run-{number:02}")
    with pytest.raises(RunProblem, match=r"'run' fits 30 runs") as caught:
        runs.find_run("run", root)
    assert str(caught.value).count("run-") == 5


# written


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write_atomic(path, b"old")
    files.write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_file_that_cannot_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bytes | None, fault: BaseException
) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)

    def failing(_: int) -> None:
        raise fault

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(type(fault)):
        files.write_atomic(path, b"new")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == ({"file": before} if before else {})


def test_a_file_in_no_folder_is_told_to_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write_atomic(tmp_path / "nowhere" / "file", b"new")


# described


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "mlp · adam"),
        ({"optimizer": "sgd", "learning_rate": 0.01}, "mlp · sgd · learning_rate 0.01"),
        ({"model": "cnn", "hidden": [5]}, "cnn · adam"),
        ({"hidden": [64, 32], "data_dir": "/data"}, "mlp · adam · hidden 64,32"),
    ],
)
def test_a_configuration_on_one_line(values: dict[str, object], line: str) -> None:
    assert runs.describe(make_config(values)) == line
