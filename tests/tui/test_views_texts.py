"""Title, status lines, results, table of runs and help, as texts of a size."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events as ev
from engine.client import Lost
from engine.config import HYPERPARAMETERS
from engine.settings import find_preset
from engine.state.run_state import RunState, fold, reduce
from tests import events_kit as kit
from tui.app import exit_messages
from tui.keymap import bindings as keys
from tui.views import results
from tui.views.digits import digit_views
from tui.views.form import with_preset
from tui.views.help_page import METRICS, help_page
from tui.views.plain import ascii_content, ascii_text, spelled
from tui.views.snapshot import Snapshot
from tui.views.status import ASCII_SIGNS, metrics_line, progress_bar, progress_line, short_name, title
from tui.views.tables import digit_bars, epoch_table, pair_text
from tui.widgets.help_pane import page_of

TRAINING = kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1), *kit.epoch_events(kit.BLOG, 2)])
SNAPSHOTS = {
    "idle": Snapshot(preset="blog-adam", engine="ready"),
    "starting": Snapshot(preset="blog-adam", engine="starting"),
    "preparing": Snapshot(state=fold(kit.numbered(kit.opening()[:2])), engine="ready"),
    "training": Snapshot(state=fold(TRAINING), engine="ready"),
    "paused": Snapshot(state=fold([*TRAINING, ev.Paused(seq=999, step=1564, position=2.0)]), engine="ready"),
    "finished": Snapshot(state=fold(kit.whole_run(epochs=2)), engine="ready"),
    "diverged": Snapshot(state=fold(kit.diverged_run()), engine="ready"),
    "collapsed": Snapshot(state=fold(kit.numbered([*kit.opening(), *kit.ending(kit.BLOG, 1, table=kit.collapsed())]))),
    "lost": Snapshot(
        state=fold(TRAINING), engine="gone", lost=Lost("The engine was ended by SIGKILL.", log=("a", "b"))
    ),
    "interrupted": Snapshot(state=fold(TRAINING), opened=True, engine="ready"),
    "waiting": Snapshot(state=fold(TRAINING), waiting="stopping and testing", engine="ready"),
}
LONG = "/home/ada/.local/share/mnist-tui/runs/2026-03-14-1532-brave-otter"


def unsaved(*names: str, events: list[ev.Event] = TRAINING) -> Snapshot:
    """A run of which these files cannot be saved."""
    faults = [
        ev.SaveFailed(path=f"{LONG}/{name}", reason="No space left on device", seq=10_000 + number)
        for number, name in enumerate(names)
    ]
    return Snapshot(state=fold([*events, *faults]), engine="ready")


SNAPSHOTS["training, unsaved"] = unsaved("last.pt", "events.jsonl")
SNAPSHOTS["finished, unsaved"] = unsaved("result.json", events=kit.whole_run(epochs=2))


@pytest.mark.parametrize("name", SNAPSHOTS)
@settings(max_examples=25)
@given(width=st.integers(0, 220), height=st.integers(0, 30))
def test_no_text_is_wider_or_higher_than_its_place(name: str, width: int, height: int) -> None:
    snapshot = SNAPSHOTS[name]
    for line in (progress_line(snapshot, width), metrics_line(snapshot, width)):
        assert line.cell_length <= width
        assert "\n" not in line.plain
    lines = results.panel(snapshot, width, height).plain.split("\n")
    assert len(lines) <= max(height, 1)
    assert all(len(line.rstrip()) <= max(width, 0) for line in lines if width >= 24)


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_every_state_has_a_headline(name: str) -> None:
    line = progress_line(SNAPSHOTS[name], 120).plain
    expected = {
        "idle": "engine: ready",
        "starting": "engine: starting",
        "preparing": "reading the data",
        "collapsed": "reads everything as 3: it has learned nothing",
        "lost": "The engine was ended by SIGKILL.",
        "interrupted": "not finished",
        "waiting": "stopping and testing",
    }
    assert expected.get(name, name.partition(",")[0]) in line


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
@pytest.mark.parametrize("names", [("last.pt",), ("last.pt", "events.jsonl"), ("a", "b", "events.jsonl")])
def test_what_cannot_be_saved_has_its_reason_and_the_end_of_its_path_at_every_width(
    names: tuple[str, ...], width: int
) -> None:
    line = metrics_line(unsaved(*names), width).plain
    assert line.startswith("not saved: ")
    if width >= 80:
        assert f"{names[-1]}: No space left on device" in line
    assert len(names) == 1 or width < 80 or f"(and {len(names) - 1} file{'s'[: len(names) - 2]} more)" in line
    if width == 200:
        assert f"not saved: {LONG}/{names[-1]}: " in line
        assert line.endswith("; training continues")


def test_a_run_that_has_ended_is_not_said_to_go_on() -> None:
    snapshot = SNAPSHOTS["finished, unsaved"]
    assert metrics_line(snapshot, 200).plain == f"not saved: {LONG}/result.json: No space left on device"
    assert "test accuracy 97.81%" in progress_line(snapshot, 120).plain


def test_the_farewell_says_what_is_not_saved() -> None:
    first, second = exit_messages.of_run(SNAPSHOTS["finished, unsaved"].state).splitlines()
    assert first == exit_messages.of_run(SNAPSHOTS["finished"].state)
    assert f"could not be saved completely: {LONG}/result.json (No space left on device)" in second


def test_the_figures_come_back_once_saving_works_and_say_what_is_lost() -> None:
    again = ev.SavedAgain(path=f"{LONG}/events.jsonl", lost=3, seq=20_000)
    snapshot = unsaved("events.jsonl")
    state = reduce(snapshot.state, again)
    line = metrics_line(Snapshot(state=state, engine="ready"), 160).plain
    assert "validation accuracy" in line
    assert "3 events lost from its log" in line


def test_the_bar_is_full_only_at_the_end() -> None:
    assert progress_bar(0.999, 20, ASCII_SIGNS).plain == "#" * 19 + "-"
    assert progress_bar(1.0, 20, ASCII_SIGNS).plain == "#" * 20
    assert progress_bar(0.0, 20, ASCII_SIGNS).plain == "-" * 20


def test_a_run_that_is_only_read_cannot_be_steered() -> None:
    assert not SNAPSHOTS["interrupted"].running
    assert SNAPSHOTS["training"].running
    assert not SNAPSHOTS["lost"].running


@pytest.mark.parametrize(
    ("run", "short"),
    [
        ("2026-03-14-1532-brave-otter", "brave-otter"),
        ("mine", "mine"),
        ("a-b-c-d-e", "a-b-c-d-e"),
        ("2026-03-14-1532", "2026-03-14-1532"),
    ],
)
def test_short_names(run: str, short: str) -> None:
    assert short_name(run) == short


def test_the_title_names_preset_and_run() -> None:
    assert title(SNAPSHOTS["training"]).plain == " mnist-tui  blog-adam · brave-otter"
    assert title(SNAPSHOTS["idle"]).plain == " mnist-tui  blog-adam"
    assert "(from its folder)" in title(SNAPSHOTS["interrupted"]).plain


def test_the_table_of_epochs_has_the_latest_and_stars_the_best() -> None:
    state = fold(kit.whole_run(epochs=12))
    lines = [line.plain for line in epoch_table(state, 60, 7)]
    assert len(lines) == 7
    assert [int(line[:6].strip("★ ")) for line in lines[2:]] == [8, 9, 10, 11, 12]
    assert lines[-1].startswith("★")
    assert "97.80%" in lines[-1]
    narrow = [line.plain for line in epoch_table(state, 40, 7)]
    assert all(len(line) <= 40 for line in narrow)


def test_bars_are_as_long_as_the_share_read_wrongly() -> None:
    test = kit.test_result(kit.confusion(), 3)
    lines = [line.plain for line in digit_bars(test, [(4, 9, 21), (7, 2, 1)], 50, 20, ascii_only=True)]
    bars = {int(line[0]): line.count("#") for line in lines if line[:1].isdigit() and "->" not in line}
    wrong = {digit: 1 - (share or 0) for digit, share in enumerate(test.per_digit)}
    assert sorted(bars, key=lambda d: (bars[d], d)) == sorted(
        bars, key=lambda d: (round(40 * wrong[d] / max(wrong.values())), d)
    )
    assert "4 -> 9: 21 - 7 -> 2: 1" in lines


def test_a_digit_that_is_not_in_the_set_has_no_bar() -> None:
    table = tuple(tuple(0 if i == 6 else n for n in row) for i, row in enumerate(kit.confusion()))
    test = msgspec.structs.replace(
        kit.test_result(kit.confusion(), 3), confusion=table, per_digit=(1.0,) * 6 + (None,) + (0.9,) * 3
    )
    lines = [line.plain for line in digit_bars(test, [], 50, 20)]
    assert any(line.startswith("6 not in the set") for line in lines)


@pytest.mark.parametrize(("pair", "text"), [((4, 9, 21), "4 → 9: 21"), ((1, 7, 1), "1 → 7: 1")])
def test_pairs_in_words(pair: tuple[int, int, int], text: str) -> None:
    assert pair_text(pair) == text


def test_digits_without_readings_have_none() -> None:
    state = fold(kit.numbered(kit.opening()))
    assert [(v.label, v.prediction, v.probability) for v in digit_views(state)] == [(d, None, None) for d in range(10)]
    assert digit_views(RunState()) == ()


def test_a_preset_is_laid_over_the_defaults_and_keeps_the_machine() -> None:
    current = msgspec.structs.replace(kit.BLOG, device="cpu", threads=2, data_dir="/data", learning_rate=7.0, seed=3)
    config = with_preset(find_preset("cnn"), current)
    assert (config.device, config.threads, config.data_dir) == ("cpu", 2, "/data")
    assert msgspec.structs.replace(config, device="auto", threads=0, data_dir="") == find_preset("cnn").config


def test_the_help_page_has_every_key_and_every_figure() -> None:
    for width in (30, 60, 112, 200):
        text = help_page(width).plain
        for key in keys.KEYS:
            assert key.shown in text
        for name, _ in METRICS:
            assert name in text
    assert max(map(len, help_page(112).plain.splitlines())) <= 112


def test_every_key_of_the_table_is_a_binding_of_one_place() -> None:
    for where in ("everywhere", "train", "runs"):
        bound = [b.key for b in keys.bindings(where)]  # type: ignore[arg-type, union-attr]
        assert len(bound) == len(set(bound))
    names = [name for key in keys.KEYS for name in key.keys.split(",")]
    assert not any("alt+" in name or name in {f"f{n}" for n in range(1, 13)} for name in names)
    everywhere = {n for k in keys.KEYS if k.where == "everywhere" for n in k.keys.split(",")}
    elsewhere = {n for k in keys.KEYS if k.where != "everywhere" for n in k.keys.split(",")}
    assert not everywhere & elsewhere


@given(st.integers(0, 200))
def test_the_line_of_keys_fits_and_keeps_the_most_important(width: int) -> None:
    shown = keys.fitting(keys.bar(["train", "everywhere"]), width)
    assert sum(map(keys.cells, shown)) <= width
    if width >= 30:
        assert {"r", "p, space"} <= {key.shown for key in shown}


@given(st.text())
def test_ascii_texts_are_ascii_and_as_long(text: str) -> None:
    assert ascii_text(text).isascii()
    assert len(ascii_text(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("w ← w − η·m/(√v + ε)", "w <- w - eta*m/(sqrt(v) + eps)"),
        ("y = γ·(x − m)/√(v + ε)", "y = gamma*(x - m)/sqrt(v + eps)"),
        ("cos πs, fⁿ, β2", "cos pi s, f^n, beta2"),
        ("plain", "plain"),
    ],
)
def test_formulas_are_spelled_out_where_only_ascii_can_be_shown(text: str, shown: str) -> None:
    assert spelled(text) == shown


@pytest.mark.parametrize("name", HYPERPARAMETERS)
def test_no_page_of_the_help_has_a_character_that_is_not_spelled_out(name: str) -> None:
    page = page_of(name)
    assert spelled(page).count("?") == page.count("?")


def test_ascii_contents_keep_their_styles() -> None:
    line = progress_line(SNAPSHOTS["training"], 100)
    assert ascii_content(line).spans == line.spans
