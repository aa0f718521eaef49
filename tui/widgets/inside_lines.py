"""The lines above and below what the Inside screen shows: its panes, and how an answer stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.content import Content
from textual.reactive import reactive

from tui.views.activations import layer_blocks
from tui.views.inside import PANES, Activations, Pane
from tui.views.markup import button
from tui.views.tables import rule
from tui.widgets.line import Clickable, SnapshotText

LABELS: dict[Pane, tuple[str, str]] = {
    "weights": ("w", "Weights"),
    "occlusion": ("o", "Occlusion"),
    "activations": ("a", "Activations"),
    "robustness": ("r", "Robustness"),
}
_BAR = 20


class InsideTabs(Clickable):
    """One line: the panes, the one that is shown marked."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    InsideTabs {
        height: 1;
        width: 1fr;
    }
    """

    pane: reactive[Pane] = reactive[Pane]("weights")

    def render(self) -> Content:
        """Each pane with its key, and the keys that turn them."""
        parts = []
        for pane in PANES:
            key, label = LABELS[pane]
            style = "bold underline $train" if pane == self.pane else ""
            words = Content.assemble((f" {key} ", "$muted"), (label, style), " " if self.size.width >= 54 else "")
            parts.append(button(words, f"screen.pane('{pane}')"))
        arrows = "left/right" if self.screen.has_class("-ascii") else "←/→"
        if self.size.width >= 76:
            parts.append(Content.styled(f"   {arrows} turns", "$muted"))
        return Content("").join(parts)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an answer stands: `share` of it is done (None: nothing is under way), `text` says what; or `news` of newer weights.

    `hint` says what keys there are otherwise.
    """

    share: float | None = None
    text: str = ""
    fault: str = ""
    news: str = ""
    hint: Content = field(default_factory=Content)


class InsideNote(SnapshotText):
    """One line: how far the answer is, why there is none, or that there are newer weights."""

    DEFAULT_CSS = """
    InsideNote {
        height: 1;
        width: 1fr;
        padding: 0 1;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.standing = Standing()

    def tell(self, standing: Standing) -> None:
        """Say this."""
        self.standing = standing
        self.show(self.snapshot)

    def build(self, width: int, height: int) -> Content:
        """What matters most now."""
        now = self.standing
        if now.share is not None:
            room = min(_BAR, max(width - 40, 0))
            bar = "#" * round(now.share * room) if self.ascii_only else rule(now.share, room)
            words = f" {now.share:4.0%} {now.text}"
            parts = Content.assemble((bar.ljust(room), "$train"), words, ("   escape gives up", "$muted"))
        elif now.fault:
            parts = Content.styled(now.fault, "$error")
        elif now.news:
            parts = Content.styled(now.news, "bold $accent")
        else:
            parts = now.hint
        return parts.truncate(width, ellipsis=not self.ascii_only)


class LayersText(SnapshotText):
    """The hidden layers, a block of lines each, from one of them on."""

    DEFAULT_CSS = """
    LayersText {
        width: 1fr;
        height: 1fr;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._found: Activations | None = None
        self.first = 0

    def tell(self, found: Activations | None) -> None:
        """Show these."""
        self._found = found
        self.show(self.snapshot)

    def turn(self, by: int) -> None:
        """Begin with a layer so many further, or back."""
        if self._found:
            self.first = min(max(self.first + by, 0), self._last_first())
            self.show(self.snapshot)

    def _blocks(self) -> list[list[Content]]:
        width, height = self.content_size
        return layer_blocks(self._found, width, height, ascii_only=self.ascii_only) if self._found else []

    def _last_first(self) -> int:
        """The first layer from which on all the others are seen."""
        room, height = self.content_size.height - 1, 0
        blocks = self._blocks()
        for number in range(len(blocks) - 1, -1, -1):
            height += len(blocks[number]) + (number < len(blocks) - 1)
            if height > room:
                return min(number + 1, len(blocks) - 1)
        return 0

    def build(self, width: int, height: int) -> Content:
        """As many layers as fit, whole; how many there are, where there are more."""
        blocks = self._blocks()
        lines: list[Content] = []
        shown = 0
        for block in blocks[self.first :]:
            needed = len(block) + bool(lines)
            if lines and len(lines) + needed > height - 1:
                break
            lines += [Content(""), *block] if lines else block
            shown += 1
        if shown < len(blocks):
            arrows = "up/down" if self.ascii_only else "↑↓"
            place = f"layers {self.first + 1} to {self.first + shown} of {len(blocks)}, {arrows} for the others"
            lines = lines[: height - 1]
            lines += [Content("")] * (height - 1 - len(lines)) + [Content.styled(place, "$muted")]
        return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines[:height])
