"""What every screen has: title bar, keys, and a notice instead of all of it where the window is too small."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.widget import Widget

from tui.keymap.bindings import Key, Where
from tui.screens.services import Services, services
from tui.views.snapshot import Snapshot
from tui.widgets.field_row import FieldRow
from tui.widgets.key_bar import KeyBar
from tui.widgets.line import SnapshotText
from tui.widgets.title_bar import TitleBar
from tui.widgets.too_small import LEAST, TooSmall


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
        self._tell_size(self.app.size)
        yield TitleBar(self.HERE)
        with Container(id="body"):
            yield from self.content()
        if self.program.tour is not None:
            from tui.screens.tour_panel import TourPanel  # noqa: PLC0415 - for a first start alone

            yield TourPanel()
        yield KeyBar(*self.KEYS)
        yield TooSmall()

    def content(self) -> Iterable[Widget]:
        """The screen's own widgets."""
        return ()

    @property
    def program(self) -> Services:
        """The app, as far as a screen may use it."""
        return services(self.app)

    def on_mount(self) -> None:
        """Begin to follow the snapshot."""
        self.set_class(self.program.ascii_only, "-ascii")
        self.watch(self.app, "snapshot", self._take, init=False)
        self.show(self.program.snapshot)

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was seen."""
        self._tell_size(self.app.size)
        self.show(self.program.snapshot)

    def _screen_resized(self, size: Size) -> None:
        """Lay out anew. Textual would first do that for the size there was, and paint it."""
        self._tell_size(size)
        super()._screen_resized(size)

    def _tell_size(self, size: Size) -> None:
        """Have the classes that tell the size, and what follows from them, before anything is laid out."""
        found = set()
        for cells, breakpoints in ((size.width, self.HORIZONTAL_BREAKPOINTS), (size.height, self.VERTICAL_BREAKPOINTS)):
            found.add(max(each for each in breakpoints if each[0] <= cells)[1])
        names = {name for _, name in (*self.HORIZONTAL_BREAKPOINTS, *self.VERTICAL_BREAKPOINTS)}
        if names & self.classes != found:
            self.update_classes({name: name in found for name in names}, animate=False)
            self.app.stylesheet.update(self)

    def has_effect(self, key: Key) -> bool:
        """Whether the key would change anything that is seen, as the screen stands; else it is not offered."""
        return True

    def update_keys(self) -> None:
        """Offer the keys that have an effect now."""
        for bar in self.query(KeyBar):
            bar.show(bar.snapshot)
        self.place_toasts()

    def place_toasts(self) -> None:
        """Have notices at the top where the field that has the focus is in the lower half, so that they do not cover it."""
        field = self.focused
        if field is not None:
            field = next((node for node in field.ancestors_with_self if isinstance(node, FieldRow)), field)
        low = field is not None and not isinstance(field, ScrollView) and 2 * field.region.y >= self.size.height
        self.set_class(low, "-notices-above")

    def on_descendant_focus(self) -> None:
        """Another field has the focus: keep notices off it, as soon as it is where it will be seen."""
        self.call_after_refresh(self.place_toasts)

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
