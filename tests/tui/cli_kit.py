"""Helpers for tests of the command line: a home of its own, run folders made from events, an engine that runs them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from engine.commands import Command
from engine.events import CheckpointSaved, Event, Finished, RunCreated
from engine.files import write_atomic
from engine.log.event_log import EventLog
from engine.runs.folder import RunFolder, create_run
from tests.events_kit import BLOG, RUN, ending, numbered, opening, whole_run
from tests.fake_engine import FakeEngine
from tui.headless import follow

CONFIG = msgspec.structs.replace(BLOG, epochs=2)
"""Of the runs below."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without runs and settings."""
    for name in list(os.environ):
        if name.startswith("MNIST_TUI_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    monkeypatch.setenv("MNIST_TUI_LOGOUT", "safe")
    monkeypatch.setenv("TERM", "xterm-256color")
    return tmp_path


@pytest.fixture
def signals() -> Iterator[None]:
    """Reset signal handlers to what a shell in a terminal sets."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def use_engine(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> FakeEngine:
    """Make every command start this engine."""
    monkeypatch.setattr(follow, "start_engine", engine.connect)
    return engine


def engine_that(on: Callable[[FakeEngine, Command], object]) -> FakeEngine:
    """An engine whose commands are answered by `on`."""
    engine = FakeEngine()
    engine.answer = lambda command: on(engine, command)
    return engine


def make_run(events: Iterable[Event], name: str = RUN) -> RunFolder:
    """A run's folder with these events, as an engine leaves it."""
    events = list(events)
    first = events[0]
    assert isinstance(first, RunCreated)
    folder = create_run(first.config, preset=first.preset, version=first.version, name=name)
    log = EventLog(folder.events, clock=iter([event.time for event in events]).__next__)
    for event in events:
        written = log.append(event)
        if written.__struct_config__.tag == "finished":
            write_atomic(folder.result, folder.events.read_bytes().splitlines(keepends=True)[-1])
    log.close()
    return folder


def short_run(epochs: int = 2) -> list[Event]:
    """A complete run with few events."""
    return whole_run(epochs=epochs, events_per_epoch=2)


def engine_sending(events: list[Event], name: str = "start") -> FakeEngine:
    """An engine that sends these events after the command `name`."""
    return engine_that(lambda engine, command: engine.push(*events) if command.__struct_config__.tag == name else None)


def interrupted(position: float = 3.4) -> list[Event]:
    """The events after `opening` of an aborted run."""
    saved = CheckpointSaved(kind="last", epoch=3, step=2659)
    [end] = ending(CONFIG, 3, outcome="aborted", step=2659)
    assert isinstance(end, Finished)
    return numbered([saved, msgspec.structs.replace(end, position=position)], first=len(opening(CONFIG)))
