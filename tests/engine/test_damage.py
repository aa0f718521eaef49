"""One changed byte in any file of a run is noticed, and told with the file and what gives back what it held."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.events import LogLine, RunStarted
from engine.log.event_log import EventLog
from engine.runs.folder import RunFolder, find_run, write_atomic
from engine.runs.integrity import damages
from engine.runs.result_file import encode_result, end_in_log, read_result
from engine.runs.test_predictions import read_test_predictions
from tests.recorded_kit import NAMES, lay_out


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A finished run, with the result that this version would write."""
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    lay_out(tmp_path)
    found = find_run("finished")
    end = found.finished()
    assert end is not None
    write_atomic(found.result, encode_result(end, found.events))
    return found


def change(path: Path, at: int, bit: int = 1) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= bit
    path.write_bytes(content)


def told(run: RunFolder) -> list[str]:
    return [str(damage).removeprefix(f"{run.path}/") for damage in damages(run)]


def test_a_whole_run_has_no_damage(run: RunFolder) -> None:
    assert damages(run) == ()


@pytest.mark.parametrize("name", NAMES)
def test_nor_has_one_of_version_0_1_0(run: RunFolder, name: str) -> None:
    assert damages(RunFolder(run.path.with_name(name))) == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("last.pt", "last.pt is damaged: archive/data/0 in it does not match its checksum; best.pt is whole."),
        ("best.pt", "best.pt is damaged: archive/data/0 in it does not match its checksum; last.pt is whole."),
        (
            "epoch-00002.pt",
            "epoch-00002.pt is damaged: archive/data/0 in it does not match its checksum; best.pt is whole.",
        ),
        (
            "look-best.npz",
            "look-best.npz is damaged: probabilities.npy in it does not match its checksum; "
            "`mnist-tui eval finished --weights best` looks again.",
        ),
        ("result.json", "result.json is damaged: it does not match its checksum; the log holds the same."),
        (
            "events.jsonl",
            "events.jsonl is damaged: it was changed since the run ended; `mnist-tui replay finished` trains the run again.",
        ),
    ],
)
def test_a_changed_byte_in_the_middle_is_told(run: RunFolder, name: str, words: str) -> None:
    path = run.path / name
    content = path.read_bytes()
    change(path, content.index(b"archive/data/0") + 400 if name.endswith(".pt") else len(content) // 2)
    assert told(run) == [words]


def test_a_file_that_was_cut_short_is_told(run: RunFolder) -> None:
    for name in ("last.pt", "best.pt"):
        path = run.path / name
        path.write_bytes(path.read_bytes()[:1000])
    assert told(run) == [
        "last.pt is damaged: it is not whole (BadZipFile); no other checkpoint is whole.",
        "best.pt is damaged: it is not whole (BadZipFile); no other checkpoint is whole.",
    ]


def test_every_byte_of_a_result_is_checked_or_without_effect(run: RunFolder) -> None:
    whole, end = run.result.read_bytes(), read_result(run.result)
    assert end is not None and end.outcome == "completed"
    for at in range(0, len(whole), 11):
        change(run.result, at)
        assert read_result(run.result) in (None, end)
        run.result.write_bytes(whole)


def test_what_comes_after_the_end_does_not_count_as_a_change(run: RunFolder) -> None:
    log = EventLog(run.events)
    log.append(LogLine(text="a look"))
    log.close()
    assert damages(run) == ()


def test_without_its_result_or_with_a_damaged_one_a_run_is_what_its_log_tells(run: RunFolder) -> None:
    end = run.finished()
    change(run.result, len(run.result.read_bytes()) // 2)
    assert run.finished() is not None and run.status() == "finished"
    run.result.unlink()
    told = run.finished()
    assert told is not None and end is not None
    assert (told.outcome, told.step, told.test) == (end.outcome, end.step, end.test)
    assert run.status() == "finished"


def test_a_run_that_was_resumed_after_its_end_and_killed_is_interrupted(run: RunFolder) -> None:
    run.result.unlink()
    begun = run.state().started
    assert begun is not None
    log = EventLog(run.events)
    log.append(RunStarted(**{name: getattr(begun, name) for name in RunStarted.__struct_fields__}))
    log.close()
    assert end_in_log(run.events) is None
    assert run.status() == "interrupted"


def test_a_log_whose_end_was_torn_tells_no_end(run: RunFolder) -> None:
    run.result.unlink()
    run.events.write_bytes(run.events.read_bytes()[:-10])
    assert run.status() == "interrupted"
    run.events.write_bytes(b"")
    assert end_in_log(run.events) is None


def test_every_byte_of_a_look_is_checked_or_without_effect(run: RunFolder) -> None:
    path = run.look("best")
    whole, before = path.read_bytes(), read_test_predictions(path)
    assert before is not None
    for at in range(0, len(whole), 97):
        change(path, at)
        after = read_test_predictions(path)
        if after is not None:
            assert (after.probabilities == before.probabilities).all()
            assert (after.labels == before.labels).all() and after.epoch == before.epoch
        path.write_bytes(whole)
