"""What is printed or warned: on the log screen, counted, never on the picture."""

from __future__ import annotations

import threading
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine import events as ev
from tests import events_kit as kit
from tests.tui.app_kit import stage
from tui.screens.log import broken


def opening() -> list[ev.Event]:
    """The beginning of a run."""
    return kit.numbered(kit.opening())


async def test_new_lines_are_counted_until_they_are_seen() -> None:
    async with stage(opening()) as on:
        await on.tell(ev.LogLine(seq=100, text="first words"), ev.LogLine(seq=101, text="second words"))
        assert "3 Log (2)" in on.text()
        assert "first words" not in on.text()
        await on.press("3")
        assert "first words" in on.text()
        assert "second words" in on.text()
        await on.tell(ev.LogLine(seq=102, text="third words"))
        assert "third words" in on.text()
        await on.press("1")
        assert "3 Log (" not in on.text()


async def test_lines_come_without_escape_sequences() -> None:
    async with stage([*opening(), ev.LogLine(seq=100, text="\x1b[31mred\x1b[0m \x07bell\x1b]0;title\x07 end")]) as on:
        await on.press("3")
        assert "engine  red  bell end" in on.text()


async def test_a_long_log_is_followed() -> None:
    async with stage([*opening(), *(ev.LogLine(seq=100 + n, text=f"line {n}") for n in range(1500))]) as on:
        await on.press("3")
        assert "line 1499" in on.text()
        assert "line 3 " not in on.text()


async def test_own_lines_are_followed_however_many_there_were() -> None:
    async with stage(opening()) as on:
        await on.press("3")
        for n in range(1200):
            on.app.note(f"own line {n}")
            if n % 100 == 99:
                await on.pilot.pause()
        await on.settle()
        assert "own line 1199" in on.text()
        await on.press("1")
        on.app.note("one more")
        await on.settle()
        assert "3 Log (1)" in on.text()


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_a_long_line_can_be_read_to_its_end(size: tuple[int, int]) -> None:
    long = " ".join(f"word{n}" for n in range(60))
    async with stage(
        [*opening(), ev.LogLine(seq=100, text=long), ev.LogLine(seq=101, text="x" * 200)], size=size
    ) as on:
        await on.press("3")
        shown = " ".join(on.text().replace("│", " ").split())
        assert long in shown
        assert shown.count("x") >= 200
        await on.pilot.resize_terminal(size[0] + 30, size[1])
        await on.settle()
        assert long in " ".join(on.text().replace("│", " ").split())


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=300), st.integers(16, 120))
def test_no_part_of_a_line_is_wider_than_there_is_room(text: str, width: int) -> None:
    parts = broken(f"engine  {text}", width)
    assert all(cell_len(part) <= width for part in parts)
    assert "".join("".join(parts).split()) == "".join(f"engine{text}".split())


async def test_the_log_of_the_next_run_is_its_own() -> None:
    async with stage([*opening(), ev.LogLine(seq=100, text="old words")]) as on:
        await on.press("3")
        await on.tell(*kit.numbered([*kit.opening(run="2026-03-14-1540-calm-owl"), ev.LogLine(text="new words")]))
        assert "new words" in on.text()
        assert "old words" not in on.text()


async def test_prints_and_warnings_of_this_process_are_kept_from_the_picture() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        async with stage(opening()) as on:
            print("stray words")
            warner = threading.Thread(target=lambda: warnings.warn("odd use", UserWarning, stacklevel=1))
            warner.start()
            warner.join()
            await on.settle()
            await on.settle()
            assert "stray" not in on.text()
            assert "odd use" not in on.text()
            assert "3 Log (2)" in on.text()
            await on.press("3")
            assert "screen  stray words" in on.text()
            assert "UserWarning: odd use" in on.text()
    assert warnings.showwarning.__module__ == "warnings"


async def test_what_is_set_and_not_read_is_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_TUI_EPOCS", "3")
    async with stage(opening()) as on:
        await on.press("3")
        assert "MNIST_TUI_EPOCS is not known and has no effect; did you mean MNIST_TUI_EPOCHS?" in on.text()
