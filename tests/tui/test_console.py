"""The output of a run without the app, on a terminal and elsewhere."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import msgspec
import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.runs.folder import RunFolder
from engine.state.run_state import RunState, eta_seconds, fold, reduce
from engine.text.numbers import duration
from tests.events_kit import BLOG, diverged_run, epoch_events, numbered, opening, progress, whole_run
from tui.headless import presenters
from tui.headless.presenters import Bar, Lines, draws, status_parts
from tui.headless.report import epoch_line, last_words

CONFIG = msgspec.structs.replace(BLOG, epochs=3)
RUN = whole_run(CONFIG, events_per_epoch=30)


def folder(name: str) -> RunFolder:
    return RunFolder(Path("/runs") / name)


class Terminal(io.StringIO):
    """A terminal of 80 columns."""

    def __init__(self, columns: int = 80, lines: int = 40) -> None:
        super().__init__()
        self.columns, self.lines = columns, lines

    def isatty(self) -> bool:
        return True

    def shown(self) -> list[str]:
        """What the user sees."""
        screen = pyte.Screen(self.columns, self.lines)
        pyte.Stream(screen).feed(self.getvalue().replace("\n", "\r\n"))
        return [line.rstrip() for line in screen.display if line.strip()]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "40")
    return Terminal()


def show(presenter: presenters.Presenter, events: list[ev.Event], state: RunState | None = None) -> RunState:
    state = state or RunState()
    for event in events:
        state = reduce(state, event)
        presenter.show(event, state)
    return state


@pytest.mark.parametrize("run", [RUN, diverged_run()])
def test_lines_are_without_control_characters_and_fit_80_columns_where_they_are_of_an_epoch(
    run: list[ev.Event],
) -> None:
    out = io.StringIO()
    show(Lines(out, io.StringIO(), folder), run)
    assert all(c.isprintable() or c == "\n" for c in out.getvalue())
    assert all(len(line) <= 80 for line in out.getvalue().splitlines() if line.startswith("epoch"))


def test_the_line_of_an_epoch() -> None:
    event = ev.EpochEnded(
        epoch=7,
        step=1,
        images=1,
        train_loss=0.12345,
        train_accuracy=0.9612,
        validation_loss=None,
        validation_accuracy=0.5,
        learning_rate=1.0,
        gradient_norm=None,
        seconds=65.0,
        validation_seconds=1.0,
        total_seconds=65.0,
        images_per_second=1.0,
        best=True,
    )
    assert (
        epoch_line(event, 100)
        == "epoch   7/100  train 0.1235 (96.12%)  validation not finite (50.00%)  1 min 05 s  best"
    )
    assert not epoch_line(msgspec.structs.replace(event, best=False), 100).endswith("best")


def test_what_a_person_elsewhere_does_is_told() -> None:
    out = io.StringIO()
    events: list[ev.Event] = [
        *opening(CONFIG),
        ev.Validation(step=391, position=0.5, loss=0.25, accuracy=0.9375, seconds=0.5, best=True),
        ev.Paused(step=391, position=0.5),
        ev.Continued(step=391, position=0.5),
        ev.Changed(step=391, position=0.5, name="epochs", old="3", new="4"),
        ev.SaveFailed(path="/x\n/last.pt", reason="No space left on device"),
        ev.SavedAgain(path="/x\n/last.pt"),
        ev.SavedAgain(path="/x/events.jsonl", lost=1),
    ]
    show(Lines(out, io.StringIO(), folder), numbered(events))
    assert out.getvalue().splitlines()[-7:] == [
        "stopped at epoch 0.50  validation 0.2500 (93.75%)  best",
        "paused at epoch 0.50",
        "continued at epoch 0.50",
        "epochs 3 → 4 at epoch 0.50",
        "/x?/last.pt could not be saved: No space left on device; training continues",
        "/x?/last.pt was saved after all",
        "/x/events.jsonl was saved after all; 1 event lost",
    ]


def test_the_bar_leaves_one_line_for_each_epoch_and_the_end(terminal: Terminal) -> None:
    bar = Bar(terminal, folder)
    show(bar, RUN)
    bar.close()
    shown = terminal.shown()
    assert [line[:9] for line in shown if line.startswith("epoch")] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert shown[-1] == f"Folder         {folder(RUN[0].run).path}"  # type: ignore[union-attr]
    assert "\x1b[?25h" in terminal.getvalue()  # the cursor is shown again


def test_the_bar_stands_below_the_epochs(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.columns = 100
    monkeypatch.setenv("COLUMNS", "100")
    bar = Bar(terminal, folder, clock=itertools.count().__next__)
    events = numbered([*opening(CONFIG), *epoch_events(CONFIG, 1, 4), progress(CONFIG, 1000, 100)])
    state = show(bar, events)
    *_, above, last = terminal.shown()
    assert above.startswith("epoch 1/3  train ")
    assert last.startswith("epoch 2/3 ")
    left = eta_seconds(state)
    assert left is not None
    for figure in ("loss ", "validation 94.45%", f"{duration(left)} left", "40,000 images/s"):
        assert figure in last
    assert len(last) <= 97  # room for the ^C that the terminal echoes
    bar.notify("A note.")
    assert terminal.shown()[-2:-1] == ["A note."]
    bar.close()


def test_the_bar_is_drawn_four_times_a_second_at_most(terminal: Terminal) -> None:
    now = 0.0
    bar = Bar(terminal, folder, clock=lambda: now)
    state = show(bar, numbered(opening(CONFIG)))
    sizes = set()
    for n in range(20):  # two seconds at ten events per second
        now = n / 10
        state = show(bar, [msgspec.structs.replace(progress(CONFIG, n + 1, 1), seq=100 + n)], state)
        sizes.add(len(terminal.getvalue()))
    bar.close()
    assert 4 <= len(sizes) <= 9


states = st.sampled_from([fold(RUN[:n]) for n in range(0, len(RUN), 7)])


@given(states, st.integers(1, 200))
def test_metrics_go_where_there_is_no_room(state: RunState, width: int) -> None:
    head, metrics = status_parts(state, width)
    wide_head, wide = status_parts(state, 1000)
    assert head == wide_head
    assert wide.startswith(metrics)
    assert not metrics or len(head) + len(metrics) + 8 + 3 <= width


@pytest.mark.parametrize(
    ("terminal_type", "tty", "expected"),
    [
        ("xterm", True, True),
        ("xterm", False, False),
        ("dumb", True, False),
        ("unknown", True, False),
        ("", True, False),
    ],
)
def test_where_a_bar_can_be_drawn(terminal_type: str, tty: bool, expected: bool) -> None:
    stream = Terminal() if tty else io.StringIO()
    assert draws(stream, {"TERM": terminal_type}) is expected
    assert draws(Terminal(), {}) is False


def test_last_words_of_a_run_without_a_checkpoint() -> None:
    end = ev.Finished(
        run="r",
        outcome="aborted",
        reason="Left.",
        epochs=0,
        step=0,
        position=0.0,
        best_epoch=None,
        seconds=0.0,
        test=None,
    )
    state = fold(numbered([*opening(CONFIG), end]))
    assert last_words(state) == "Interrupted at epoch 0.0; no checkpoint had been saved."
