"""Help: a page is taken apart, fits its width, and stands under the facts of its field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from engine.config import HYPERPARAMETERS
from engine.errors import ConfigProblem
from tui.widgets.help_pane import Block, HelpPane, blocks, facts, inline, lay_out, page_of

PAGE = """# Learning rate

How far a step goes, *never* more than
**one** `rate` (see [momentum](momentum.md)); 2 * 3 * 4.

## Formula

    w - r * g

- first point
  goes on
- second
1. third

```
# no heading
```
| a | b |
"""


class TestHelp:
    def test_a_page_is_taken_apart(self) -> None:
        assert list(blocks(PAGE)) == [
            Block(
                "paragraph",
                "How far a step goes, *never* more than **one** `rate` (see [momentum](momentum.md)); 2 * 3 * 4.",
            ),
            Block("heading", "Formula"),
            Block("verbatim", "w - r * g"),
            Block("item", "first point goes on", "•"),
            Block("item", "second", "•"),
            Block("item", "third", "1."),
            Block("verbatim", "# no heading"),
            Block("verbatim", "| a | b |"),
        ]

    def test_emphasis_is_a_style_and_not_a_character(self) -> None:
        text = inline("an *a b*, **c**, `d*e*`, [f](g.md) and 2 * 3 * 4")
        assert text.plain == "an a b, c, d*e*, f and 2 * 3 * 4"
        assert [(text.plain[s.start : s.end], s.style) for s in text.spans if s.style] == [
            ("a b", "italic"),
            ("c", "bold"),
            ("d*e*", "$text-accent"),
        ]

    def test_items_hang_and_close_up(self) -> None:
        lines = [line.plain.rstrip() for line in lay_out(blocks(PAGE), 12)]
        at = lines.index("• first")
        assert lines[at : at + 4] == ["• first", "  point goes", "  on", "• second"]
        assert lines[lines.index("Formula") + 1 :][:2] == ["  w - r * g", ""]

    @given(st.text(st.sampled_from("ab #-*1.`|>[]() \n\t漢")), st.integers(10, 80))
    def test_any_page_fits_its_width(self, page: str, width: int) -> None:
        assert all(line.cell_length <= width for line in lay_out(blocks(page), width))

    @pytest.mark.parametrize("name", HYPERPARAMETERS)
    def test_every_page_there_is_loses_its_markup(self, name: str) -> None:
        text = "\n".join(line.plain for line in lay_out(blocks(page_of(name)), 34))
        assert text
        assert not any(mark in text for mark in ("**", "`", "##"))

    @pytest.mark.parametrize("name", HYPERPARAMETERS)
    def test_the_facts_are_those_of_the_table(self, name: str) -> None:
        parameter = HYPERPARAMETERS[name]
        assert f"Takes {parameter.expected}." in facts(name)
        assert f"Default: {parameter.format(parameter.default) or 'empty'}." in facts(name)
        assert (f"Unit: {parameter.about.unit}." in facts(name)) == bool(parameter.about.unit)

    async def test_the_pane_shows_facts_and_page_and_starts_each_field_at_the_top(self, pages: dict[str, str]) -> None:
        pages["dropout"] = PAGE * 3
        pane = HelpPane("dropout")
        async with PaneApp(pane).run_test(size=(34, 9)) as pilot:
            assert screen_text(pilot.app).startswith(
                "Dropout Share of hidden outputs set to zero at random in each training step. Takes a number"
            )
            pane.focus()
            await pilot.press("end")
            assert "| a | b |" in screen_text(pilot.app)
            pane.show("seed")
            await pilot.pause()
            assert screen_text(pilot.app).startswith("▸ Seed Start of every random choice;")

    async def test_without_a_page_the_facts_are_enough(self, pages: dict[str, str]) -> None:
        pane = HelpPane()
        async with PaneApp(pane).run_test(size=(34, 9)) as pilot:
            assert screen_text(pilot.app) == ""
            pane.show("epochs")
            await pilot.pause()
            assert screen_text(pilot.app) == (
                "Epochs Passes over the training images. Takes a whole number from 1 to 10000. Unit: epochs. Default: 25."
            )


class PaneApp(App[None]):
    """The help pane alone, without the focus."""

    AUTO_FOCUS = None

    def __init__(self, pane: HelpPane) -> None:
        super().__init__()
        self.pane = pane

    def compose(self) -> ComposeResult:
        yield self.pane


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The help pages there are: none, until a test puts one in."""
    table: dict[str, str] = {}

    def page(name: str) -> str:
        if name not in table:
            raise ConfigProblem(f"There is no help page '{name}'.")
        return table[name]

    monkeypatch.setattr("engine.help.page", page)
    return table


def screen_text(app: App[None]) -> str:
    """The words on the screen, without the padding and the scrollbar."""
    return " ".join(" ".join(strip.text[:-2] for strip in app.screen._compositor.render_strips()).split())
