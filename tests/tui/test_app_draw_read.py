"""Only the newest drawing is asked for, and read anew with newer weights; pictures from files; every size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from textual import events

from engine.errors import RunProblem
from tests import events_kit as kit
from tests.fake_engine import refusing
from tests.tui.draw_kit import drawing, trained
from tui.views.opinion import Opinion, Silent

# what is asked


async def test_an_empty_sheet_asks_nothing_and_gives_no_answer() -> None:
    async with drawing() as on:
        await on.press("up", "left", "e", "d", "right", "d", "n", "w")
        await on.tell(*kit.numbered(kit.epoch_events(kit.BLOG, 2, 2), len(trained())))
        assert on.reader.commands == []
        assert on.answer == Silent("An empty sheet: there is nothing to read. f reads a picture from a file.")


async def test_clearing_takes_the_answer_away_also_one_under_way() -> None:
    async with drawing() as on:
        await on.drag((4, 3), (20, 9))
        await on.read()
        assert isinstance(on.answer, Opinion)
        on.reader.gate.clear()
        on.reader.asked.clear()
        await on.drag((20, 3), (20, 9))
        await on.reader.asked.wait()
        await on.press("c")
        assert isinstance(on.answer, Silent)
        on.reader.gate.set()
        await on.read()
        assert isinstance(on.answer, Silent)
        assert "Reads" not in on.text()


async def test_never_two_questions_at_a_time_and_only_the_newest_drawing_is_asked_for() -> None:
    async with drawing() as on:
        on.reader.gate.clear()
        await on.drag((4, 3), (8, 3))
        await on.reader.asked.wait()
        for x in range(8, 30):
            await on.drag((x, 3), (x + 1, 4 + x % 7))
        on.reader.gate.set()
        await on.read()
        first, newest = on.reader.questions
        assert on.reader.most_at_once == 1
        assert first.pixels != newest.pixels
        prepared = on.pad.pad.sheet.prepared()
        assert prepared is not None
        assert newest.pixels == prepared.tobytes()


async def test_while_torch_is_loaded_it_says_so() -> None:
    async with drawing() as on:
        on.reader.gate.clear()
        await on.drag((4, 3), (8, 9))
        await on.reader.asked.wait()
        await on.settle()
        assert "Loading torch" in on.text()
        on.reader.gate.set()
        await on.read()
        assert "Predicted: 7" in on.text()
        on.reader.gate.clear()
        await on.drag((8, 3), (8, 9))
        await on.settle()
        assert "Loading torch" not in on.text()
        assert "Predicted: 7" in on.text()
        on.reader.gate.set()


async def test_the_same_drawing_is_read_anew_with_every_newer_checkpoint() -> None:
    async with drawing() as on:
        await on.draw()
        seq = len(trained())
        for epoch, sure in ((2, 0.95), (3, 0.4)):
            on.reader.epoch, on.reader.sure = epoch, sure
            more = kit.numbered(kit.epoch_events(kit.BLOG, epoch, 2), seq)
            seq += len(more)
            await on.tell(*more)
            await on.read()
        assert len(on.reader.questions) == 2
        assert len({question.pixels for question in on.reader.questions}) == 1
        text = on.text()
        assert "Uncertain: 7? 40.0%" in text
        assert "last weights, epoch 3" in text
        for row in ("1 7 91.0%", "2 7 95.0%", "3 7? 40.0%"):
            assert row in " ".join(text.split())
        await on.tell(*kit.numbered([kit.progress(kit.BLOG, 4 * kit.steps_per_epoch(kit.BLOG), 9)], seq))
        assert len(on.reader.questions) == 2


async def test_w_asks_the_best_weights_and_what_is_known_is_not_asked_again() -> None:
    async with drawing() as on:
        await on.draw()
        for _ in range(3):
            await on.press("w")
            await on.read()
        assert [question.weights for question in on.reader.questions] == ["best"]
        assert "best weights, epoch 1" in on.text()


async def test_n_shows_the_drawing_as_it_is_drawn() -> None:
    async with drawing() as on:
        await on.drag((2, 1), (10, 4))
        await on.read()
        assert "fitted as MNIST was" in on.text()
        await on.press("n")
        await on.read()
        assert "as drawn, not fitted" in on.text()
        drawn = np.frombuffer(on.reader.questions[-1].pixels, np.uint8).reshape(28, 28)
        assert drawn[:10].any()
        assert not drawn[10:].any()


async def test_without_a_run_or_its_weights_it_says_why_nothing_is_read() -> None:
    async with drawing([]) as on:
        await on.drag((4, 3), (20, 9))
        assert "No run yet" in on.text()
        await on.tell(*trained(0))
        assert "No weights yet" in on.text()
        assert on.reader.commands == []
        await on.tell(*trained(1)[len(trained(0)) :])
        await on.read()
        assert "Predicted: 7" in on.text()
        assert on.notices == []


async def test_a_refusal_is_said_once_and_in_place() -> None:
    async with drawing() as on:
        on.reader.answer = refusing(RunProblem("brave-otter has no weights that open."))
        await on.drag((4, 3), (20, 9))
        await on.read()
        assert on.answer == Silent("brave-otter has no weights that open.", fault=True)
        assert "brave-otter has no weights" in on.text()
        assert on.notices == []
        on.reader.commands.clear()
        await on.press("1", "6")
        await on.read()
        assert on.reader.commands == []
        on.reader.answer = on.reader.read
        await on.drag((4, 3), (20, 12))
        await on.read()
        assert "Predicted: 7" in on.text()


async def test_over_a_slow_line_the_stroke_goes_first() -> None:
    async with drawing(slow=True, clock=lambda: 0.0) as on:
        on.app.line.send(10_000_000)
        await on.drag((4, 3), (20, 9))
        assert on.ink > 0
        assert on.screen.seen.image is None
        assert on.reader.commands == []


# pictures from files


def picture(folder: Path, name: str = "a seven.png") -> Path:
    """A black seven on white paper."""
    paper = np.full((120, 90), 255, np.uint8)
    paper[20:30, 20:70] = 0
    for y in range(30, 100):
        x = 65 - (y - 30) // 2
        paper[y, x - 5 : x + 5] = 0
    path = folder / name
    Image.fromarray(paper).save(path)
    return path


def typed(text: str) -> tuple[str, ...]:
    """Keys that type it."""
    names: dict[str, str] = {
        "/": "slash",
        ".": "full_stop",
        " ": "space",
        "-": "minus",
        "_": "underscore",
        "~": "tilde",
    }
    return tuple(names.get(c, c) for c in text)


async def test_a_path_that_is_typed_is_read_and_what_was_done_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = picture(tmp_path, "seven.png")
    async with drawing() as on:
        await on.press("f")
        assert "Picture file" in on.text()
        await on.press(*typed(path.name), "enter")
        await on.done("file")
        await on.read()
        assert "seven.png: dark on light: inverted" in on.text()
        assert "Predicted: 7" in on.text()
        prepared = on.pad.pad.sheet.prepared()
        assert prepared is not None
        assert on.reader.questions[-1].pixels == prepared.tobytes()
        await on.press("z")
        assert on.ink == 0
        assert "seven.png" not in on.text()


@pytest.mark.parametrize(
    "pasted",
    [
        str,
        lambda path: f"'{path}'",
        lambda path: str(path).replace(" ", "\\ "),
        lambda path: path.as_uri(),
        lambda path: f"{path}\n",
        lambda path: f"~/{path.name}",
    ],
)
async def test_a_path_can_be_pasted_as_terminals_write_it(
    pasted: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = picture(tmp_path)
    async with drawing() as on:
        on.app.post_message(events.Paste(pasted(path)))
        await on.settle()
        assert on.screen.field.has_focus
        await on.press("enter")
        await on.done("file")
        assert on.pad.pad.sheet.given is not None
        assert on.notices == []


async def test_in_the_field_letters_are_text_and_escape_leaves_it() -> None:
    async with drawing() as on:
        pen = on.pad.pen
        await on.press("f", "c", "d", "up", "down", "pageup", "shift+up", "ctrl+up", "z")
        assert on.screen.field.value == "cdz"
        assert on.pad.pen == pen
        await on.press("escape")
        assert "Picture file" not in on.text()
        await on.press("down")
        assert on.pad.pen != pen
        await on.press("f", "enter")
        assert on.screen.field.value == "cdz"


@pytest.mark.parametrize("name", ["missing.png", "empty.png", "words.txt", "paper.png"])
async def test_what_is_no_picture_of_a_digit_is_said_in_a_sentence_and_leaves_the_drawing(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "words.txt").write_text("seven")
    Image.new("L", (40, 40), 255).save(tmp_path / "paper.png")
    async with drawing(size=(60, 18)) as on:
        await on.drag((4, 3), (20, 9))
        ink = on.ink
        on.app.post_message(events.Paste(str(tmp_path / name)))
        await on.press("enter")
        await on.done("file")
        assert on.ink == ink
        note = "".join(on.text().split())
        assert name in note
        assert "fgoesbacktothepath" in note
        assert on.notices == []


# how it is shown


@pytest.mark.parametrize(
    ("size", "ascii_only"),
    [((50, 16), True), ((60, 18), False), ((80, 24), True), ((100, 20), False), ((120, 40), True), ((200, 50), False)],
)
async def test_pad_and_bars_are_whole_at_every_size(size: tuple[int, int], ascii_only: bool) -> None:
    async with drawing(size=size, ascii=ascii_only) as on:
        await on.draw()
        width, height = on.pad.content_size
        assert width == 2 * height
        lines = on.text().splitlines()
        for digit in range(10):
            assert any(line.endswith("%" + line[-1]) and f" {digit} " in line for line in lines)
        assert "Pen up" in on.text() and "Predicted: 7" in on.text()
        assert not ascii_only or on.text().isascii()
        assert on.screen.seen.region.height in (0, 7, 14, 28)


async def test_nothing_is_painted_while_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with drawing() as on:
        await on.drag((4, 3), (20, 9))
        await on.read()
        painted: list[str] = []
        for widget in on.screen.query("*"):
            monkeypatch.setattr(widget, "refresh", lambda *_a, _name=str(widget.id), **_o: painted.append(_name))
        last = kit.progress(kit.BLOG, kit.steps_per_epoch(kit.BLOG) + 9, 9)
        await on.tell(*kit.numbered([last], len(trained())))
        assert painted == []
