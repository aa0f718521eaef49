"""A changed byte in the middle of a log costs the event it is in, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.events import LogLine, Omitted
from engine.log.event_log import EventLog, read_events
from engine.runs.folder import RunFolder, find_run
from engine.runs.integrity import damages
from tests.recorded_kit import lay_out


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run whose result, as version 0.1.0 wrote it, says nothing of the log."""
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    lay_out(tmp_path)
    return find_run("interrupted")


def numbers(run: RunFolder) -> list[int]:
    return [event.seq for event in read_events(run.events)]


def damage(run: RunFolder, line: int, change: bytes = b"\x00") -> bytes:
    """Have this take the place of the third byte of a line; the log as it was."""
    whole = run.events.read_bytes()
    at = sum(len(each) for each in whole.splitlines(keepends=True)[:line]) + 2
    run.events.write_bytes(whole[:at] + change + whole[at + 1 :])
    return whole


@pytest.mark.parametrize(
    "change", [b"\x00", b"\xff", b"X", b"\n"], ids=["zero", "not utf-8", "a letter", "a line feed"]
)
def test_every_other_event_is_read(run: RunFolder, change: bytes) -> None:
    before = numbers(run)
    damage(run, 10, change)
    assert numbers(run) == [number for number in before if number != 10]
    assert [str(each).removeprefix(f"{run.path}/") for each in damages(run)] == [
        "events.jsonl is damaged: 1 of its events cannot be read; `mnist-tui replay interrupted` trains the run again."
    ]
    assert len(run.state().epochs) == 2


def test_two_lines_that_became_one_cost_both(run: RunFolder) -> None:
    before, whole = numbers(run), run.events.read_bytes()
    lines = whole.splitlines(keepends=True)
    run.events.write_bytes(b"".join([*lines[:10], lines[10][:-1] + b" ", *lines[11:]]))
    assert numbers(run) == [number for number in before if number not in (10, 11)]


def test_a_writer_goes_on_behind_it_and_keeps_the_log_as_it_was(run: RunFolder) -> None:
    before = numbers(run)
    damage(run, 10)
    damage(run, 20)
    damaged = run.events.read_bytes()
    log = EventLog(run.events)
    log.append(LogLine(text="on"))
    assert log.length == len(before) + 1
    log.close()
    events = list(read_events(run.events))
    assert [event.seq for event in events] == [*before, len(before)]
    assert [event.seq for event in events if isinstance(event, Omitted)] == [10, 20]
    assert run.events.with_name("events.jsonl.damaged").read_bytes() == damaged


def test_a_torn_end_behind_damage_is_cut_off_as_ever(run: RunFolder) -> None:
    before = numbers(run)
    damage(run, 10)
    with run.events.open("ab") as file:
        file.write(b'{"type":"log","seq":9')
    EventLog(run.events).close()
    assert numbers(run) == before


def test_a_number_that_changed_costs_its_event_alone(run: RunFolder) -> None:
    before, whole = numbers(run), run.events.read_bytes()
    run.events.write_bytes(whole.replace(b'"seq":10,', b'"seq":!0,').replace(b'"seq":12,', b'"seq":92,'))
    assert set(before) - set(numbers(run)) == {10, 12}
    run.events.write_bytes(whole.replace(b'"seq":12,', b'"seq":92,'))
    assert set(before) - set(numbers(run)) == {12}
    run.events.write_bytes(whole.replace(b'"seq":10,', b'"seq":!0,').replace(b'"seq":11,', b'"seq":91,'))
    assert set(before) - set(numbers(run)) == {10, 11}
