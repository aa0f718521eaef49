"""`replay` names a possible reason for different results."""

from __future__ import annotations

import msgspec
import pytest

from engine import events as ev
from tests.events_kit import MACHINE, numbered
from tests.tui.cli_kit import engine_sending, home, make_run, short_run, use_engine
from tui.cli.main import main

__all__ = ["home"]

HERE = msgspec.structs.replace(MACHINE, instructions="AVX512", processor="AMD EPYC")


def events_on(machine: ev.Machine, loss: float = 0.5) -> list[ev.Event]:
    """A run on this machine with this training loss."""
    return numbered(
        [
            msgspec.structs.replace(event, machine=machine)
            if isinstance(event, ev.RunStarted)
            else msgspec.structs.replace(event, train_loss=loss)
            if isinstance(event, ev.EpochEnded)
            else event
            for event in short_run()
        ]
    )


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        (HERE, HERE, ""),
        (
            HERE,
            msgspec.structs.replace(HERE, instructions="AVX2"),
            " The machine may be the reason: AVX512 then, AVX2 now.",
        ),
        (
            MACHINE,
            HERE,
            " The processor may be the reason: version 0.1.0 did not record it; this one is AMD EPYC with AVX512.",
        ),
    ],
    ids=["the same", "other instructions", "a log of 0.1.0"],
)
def test_where_a_figure_differs_the_machine_is_named(
    before: ev.Machine, now: ev.Machine, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(events_on(before), "mine")
    use_engine(monkeypatch, engine_sending(events_on(now, 0.5000001)))
    assert main(["replay", "mine", "--quiet"]) == 4
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"The results differ from mine: The train loss of epoch 1 was 0.5 and is 0.5000001.{why}"
    )


def test_where_none_differs_the_machine_is_not_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(events_on(HERE), "mine")
    use_engine(monkeypatch, engine_sending(events_on(msgspec.structs.replace(HERE, instructions="AVX2"))))
    assert main(["replay", "mine"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "All results are identical to mine."
