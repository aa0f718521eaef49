"""Recipes of docs/contributing.md, tried out: what a made-up row of a table gets by itself, and what reports the rest.

A made-up screen is in `tests/tui/test_screen_table.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import torch

from engine import events as ev
from engine import protocol
from engine.config import HYPERPARAMETERS, TrainConfig, make_config
from engine.diagnosis import rates
from engine.errors import ConfigProblem
from engine.help.catalog import catalog, of_choice
from engine.log.event_log import EventLog, read_events
from engine.state.run_state import fold
from engine.worker.model.optimizers import build_optimizer
from tests import events_kit as kit
from tests.tui.form_kit import FormApp
from tui.cli.main import main
from tui.widgets.choice import Choice
from tui.widgets.field_row import FieldRow


@pytest.fixture
def lion() -> Iterator[str]:
    """A made-up optimizer in the table of hyperparameters, and nowhere else."""
    row = HYPERPARAMETERS["optimizer"]
    choices = row.choices
    object.__setattr__(row, "choices", (*choices, "lion"))
    yield "lion"
    object.__setattr__(row, "choices", choices)


def with_optimizer(name: str) -> TrainConfig:
    return msgspec.structs.replace(TrainConfig(), optimizer=name)


def test_a_flag_takes_an_optimizer_of_the_table(lion: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert make_config({"optimizer": lion}).optimizer == lion
    main(["train", "--help"])
    assert lion in capsys.readouterr().out


async def test_the_form_offers_an_optimizer_of_the_table(lion: str) -> None:
    async with FormApp().run_test(size=(60, 60)) as pilot:
        await pilot.pause()
        (row,) = [row for row in pilot.app.query(FieldRow) if row.parameter.name == "optimizer"]
        assert lion in row.options
        row.focus_editor()
        await pilot.pause()
        assert isinstance(row.editor, Choice)


def test_an_optimizer_without_a_page_a_usual_rate_or_a_builder_is_reported_by_name(lion: str) -> None:
    with pytest.raises(ConfigProblem, match="'optimizer lion'"):
        of_choice("optimizer", lion)
    assert {*HYPERPARAMETERS["optimizer"].choices} - {*rates.USUAL} == {lion}
    with pytest.raises(AssertionError, match=lion):
        build_optimizer(with_optimizer(lion), torch.nn.Parameter(torch.zeros(2)))


def test_pages_rates_and_builders_are_complete() -> None:
    for name in HYPERPARAMETERS["optimizer"].choices:
        assert of_choice("optimizer", name) in catalog().values()
        assert rates.usual_rate(with_optimizer(name)) > 0
        assert build_optimizer(with_optimizer(name), torch.nn.Parameter(torch.zeros(2)))


class Applauded(ev.Base, frozen=True, kw_only=True, tag="applauded"):
    """A made-up event."""

    seconds: float


def log_of_applause(path: Path) -> None:
    """A log with the made-up event between two others."""
    log = EventLog(path)
    for event in (kit.created(), Applauded(seconds=2.5), ev.LogLine(text="the end")):
        log.append(event)  # type: ignore[arg-type]
    log.close()


def test_a_reader_that_does_not_know_an_event_skips_it(tmp_path: Path) -> None:
    log_of_applause(tmp_path / "events.jsonl")
    known = list(read_events(tmp_path / "events.jsonl"))
    assert [event.seq for event in known] == [0, 2]
    assert fold(known).seq == 2


def test_an_event_of_the_union_is_logged_sent_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "Event", ev.Event | Applauded)
    monkeypatch.setattr(protocol, "ServerMessage", protocol.ServerMessage | Applauded)
    log_of_applause(tmp_path / "events.jsonl")
    event = list(read_events(tmp_path / "events.jsonl"))[1]
    assert event == Applauded(seq=1, time=event.time, seconds=2.5)
    assert protocol.decode_server(protocol.encode(event)) == event


def test_an_event_that_the_reducer_does_not_know_is_reported_by_name() -> None:
    events = [*kit.numbered([kit.created()]), Applauded(seq=1, seconds=2.5)]
    with pytest.raises(AssertionError, match="Applauded"):
        fold(events)  # type: ignore[arg-type]
