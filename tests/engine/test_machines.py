"""What of a machine decides the last digits: recorded with a run, and named where it is another."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine import events as ev
from engine.host.differences import Difference, differences
from engine.state.run_state import fold
from engine.worker.model.processor import instructions, processor
from tests import events_kit as kit
from tui.headless.report import opening
from tui.views.mark_texts import differences_text, mark_text

HERE = msgspec.structs.replace(kit.MACHINE, instructions="AVX512", processor="AMD EPYC")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, ""),
        ({"reason": "another reason"}, ""),
        ({"instructions": "AVX2"}, "AVX512 then, AVX2 now"),
        (
            {"instructions": "AVX2", "processor": "Intel Xeon"},
            "AVX512 then, AVX2 now, AMD EPYC then, Intel Xeon now",
        ),
        ({"threads": 1, "torch": "2.9"}, "2 threads then, 1 thread now, torch 2.13.0 then, torch 2.9 now"),
        ({"instructions": "", "processor": ""}, ""),
    ],
)
def test_what_differs_is_named_and_what_is_not_known_is_not(changed: dict[str, object], told: str) -> None:
    assert differences_text(differences(HERE, msgspec.structs.replace(HERE, **changed))) == told


def resumed(machine: ev.Machine) -> list[ev.Event]:
    """A run of two epochs that goes on after the first, on this machine."""
    opened = kit.opening()
    begun = next(event for event in opened if isinstance(event, ev.RunStarted))
    first = kit.epoch_events(kit.BLOG, 1)
    end = next(event for event in first if isinstance(event, ev.EpochEnded))
    again = msgspec.structs.replace(begun, machine=machine, step=end.step, position=1.0, resumed=True)
    there = [msgspec.structs.replace(begun, machine=HERE) if event is begun else event for event in opened]
    return kit.numbered([*there, *first, again])


def test_a_resume_on_another_processor_says_so() -> None:
    state = fold(resumed(msgspec.structs.replace(HERE, instructions="AVX2")))
    assert state.moved == (Difference("AVX512", "AVX2"),)
    assert mark_text(state.marks[-1]) == "resumed on another machine (AVX512 then, AVX2 now)"
    assert opening(state)[1] == "Note: different machine (AVX512 then, AVX2 now); the last digits of results may differ"


def test_a_resume_on_the_same_one_says_nothing() -> None:
    state = fold(resumed(HERE))
    assert (state.moved, mark_text(state.marks[-1])) == ((), "resumed")
    assert not [line for line in opening(state) if "machine" in line]


def test_this_processor_has_a_name(tmp_path: Path) -> None:
    assert instructions()
    assert processor()
    made_up = tmp_path / "cpuinfo"
    made_up.write_text("processor\t: 0\nmodel name\t: Some  CPU @ 3 GHz\n")
    assert processor(made_up) == "Some CPU @ 3 GHz"
    assert processor(tmp_path / "nothing")
