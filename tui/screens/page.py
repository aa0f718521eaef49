"""What every screen has: title bar, keys, and a notice instead of all of it where the window is too small."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from tui.keys import Where
from tui.views.snapshot import Snapshot
from tui.widgets.key_bar import KeyBar
from tui.widgets.line import SnapshotText
from tui.widgets.title_bar import TitleBar
from tui.widgets.too_small import LEAST, TooSmall

if TYPE_CHECKING:
    from tui.app import MnistApp


class Page(Screen[None]):
    """A screen that follows the app's snapshot while it is the one that is seen.

    Its classes tell its stylesheet the size: `-tiny`, `-narrow`, `-medium` or `-wide`, and `-flat`, `-low` or `-high`.
    """

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it as an instance's
        (0, "-tiny"),
        (LEAST[0], "-narrow"),
        (76, "-medium"),
        (112, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"),
        (LEAST[1], "-low"),
        (33, "-high"),
    ]
    HERE: ClassVar[str] = ""
    KEYS: ClassVar[tuple[Where, ...]] = ("everywhere",)

    def compose(self) -> ComposeResult:
        yield TitleBar(self.HERE)
        with Container(id="body"):
            yield from self.content()
        if self.program.tour is not None:
            from tui.widgets.tour_panel import TourPanel  # noqa: PLC0415 - for a first start alone

            yield TourPanel()
        yield KeyBar(*self.KEYS)
        yield TooSmall()

    def content(self) -> Iterable[Widget]:
        """The screen's own widgets."""
        return ()

    @property
    def program(self) -> MnistApp:
        """The app, by its own type."""
        return cast("MnistApp", self.app)

    def on_mount(self) -> None:
        """Begin to follow the snapshot."""
        self.set_class(self.program.ascii_only, "-ascii")
        self.watch(self.app, "snapshot", self._take, init=False)
        self.show(self.program.snapshot)

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was seen."""
        self.show(self.program.snapshot)

    def on_paste(self) -> None:
        """What is pasted where there is no field would be keys; say why nothing happens."""
        self.notify("Pasted text is taken in a field alone, never as keys.", markup=False)

    def _take(self, snapshot: Snapshot) -> None:
        if self in self.app.screen_stack:
            self.show(snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
        for text in self.query(SnapshotText):
            text.show(snapshot)
