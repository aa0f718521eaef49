"""Why a hint is given: the figures behind it, what to try, and what is going on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from engine.diagnosis import Hint
from engine.help.catalog import HINT
from tui.views.hints import evidence, heading, remedy
from tui.views.plain import ascii_content, spelled
from tui.widgets.choice import ASCII_SIGNS, SIGNS
from tui.widgets.help_pane import blocks, lay_out


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person wants of a hint: its remedy in the form, or to hear no more of its rule."""

    wish: Literal["apply", "silence"]
    hint: Hint


class HintText(Widget):
    """One hint in full, laid out for the width there is."""

    DEFAULT_CSS = "HintText { height: auto; width: 1fr; }"

    def __init__(self, hint: Hint, *, ascii_only: bool) -> None:
        super().__init__()
        self._hint, self._ascii = hint, ascii_only

    def show(self, hint: Hint) -> None:
        """Show another."""
        self._hint = hint
        self.refresh(layout=True)

    def render(self) -> Content:
        """The text."""
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the text takes at this width."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        if width < 1:
            return []
        hint, blank = self._hint, Content("")
        signs = ASCII_SIGNS if self._ascii else SIGNS
        explained = spelled(hint.explanation) if self._ascii else hint.explanation
        lines = [
            *heading(hint).wrap(width),
            blank,
            Content.styled("The figures", "$text-primary"),
            *evidence(hint, width),
            blank,
            Content.styled("What to try", "$text-primary"),
            *(Content("  ") + line for line in remedy(hint).wrap(max(width - 2, 1))),
            blank,
            Content.styled("What is going on", "$text-primary"),
            *lay_out(blocks(explained, signs.changed), width),
        ]
        return [ascii_content(line) for line in lines] if self._ascii else lines


class Why(ModalScreen[Verdict | None]):
    """The hints one after the other; answers with what is wanted of one, or None."""

    CSS_PATH = "why.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,i", "close", "Close", show=False),
        Binding("enter,a", "apply", "Take the remedy", show=False),
        Binding("h", "silence", "Say no more of it", show=False),
        Binding("right,n", "turn(1)", "Next", show=False),
        Binding("left", "turn(-1)", "Before", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, hints: Sequence[Hint], *, ascii_only: bool = False) -> None:
        super().__init__(classes="-ascii" if ascii_only else "")
        self._hints, self._place = tuple(hints), 0
        self._page = HintText(self._hints[0], ascii_only=ascii_only)

    @property
    def hint(self) -> Hint:
        """The one that is shown."""
        return self._hints[self._place]

    @property
    def explains(self) -> str:
        """The page of the rule, which leads to those beside it."""
        return HINT + self.hint.rule

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="why") as box:
            box.border_subtitle = "h silences it, ctrl+g explains, q goes back"
            yield self._page

    def on_mount(self) -> None:
        self._entitle()
        self.query_one("#why").focus()

    def _entitle(self) -> None:
        turns = "left/right turn" if self.has_class("-ascii") else "←/→ turn"
        of = f", {self._place + 1} of {len(self._hints)}, {turns}" if len(self._hints) > 1 else ""
        self.query_one("#why").border_title = f"Why? A {self.hint.severity}{of}"

    def action_turn(self, by: int) -> None:
        """Show the next hint, or the one before."""
        if len(self._hints) > 1:
            self._place = (self._place + by) % len(self._hints)
            self._page.show(self.hint)
            self._entitle()
            self.query_one("#why").scroll_home(animate=False)

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one("#why").scroll_relative(y=by, animate=False)

    def action_apply(self) -> None:
        """Take the remedy, where there is one."""
        if self.hint.remedy is not None:
            self.dismiss(Verdict("apply", self.hint))

    def action_silence(self) -> None:
        """Hear no more of it."""
        self.dismiss(Verdict("silence", self.hint))

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)
