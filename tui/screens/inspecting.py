"""What the screens on single digits have in common: they show one split at one epoch, and follow the run."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui.data.digit_selection import Choice, stepped
from tui.data.predictions import Inspected
from tui.keymap.bindings import Key, bindings
from tui.screens.page import Page


class InspectingPage(Page):
    """A page that is shown `Inspected` digits. The split and the epoch are the app's, so that all such pages agree."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("inspect")
    INSPECTS: ClassVar[bool] = True

    def on_mount(self) -> None:
        super().on_mount()
        self.watch(self.app, "inspected", self._take_inspected, init=False)
        self._take_inspected()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.program.inspect()
        self._take_inspected()

    def _take_inspected(self) -> None:
        if self not in self.app.screen_stack:
            return
        found = self.program.inspected
        if isinstance(found, Inspected):
            self.show_inspected(found)
        else:
            self.show_nothing(found)
        self.update_keys()

    def has_effect(self, key: Key) -> bool:
        """Without digits there is the other split at most; and no epoch before the first or after the last."""
        if key.where not in self.KEYS or key.where == "everywhere":
            return True
        found = self.program.inspected
        if key.action == "split":
            return bool(self.program.snapshot.state.run)
        if not isinstance(found, Inspected):
            return False
        if key.action in ("earlier", "later"):
            choice = Choice(found.split, found.epoch)
            newest = Choice(found.split, found.epochs[-1] if found.epochs else None)
            after = stepped(choice, found, -1 if key.action == "earlier" else 1)
            return (newest if after.epoch is None else after) != choice
        return True

    def show_inspected(self, inspected: Inspected) -> None:
        """Show these."""

    def show_nothing(self, why: str) -> None:
        """There is nothing to show; `why` says why, empty while it is being read."""

    def action_earlier(self) -> None:
        """The readings of the epoch before."""
        self.program.step_epoch(-1)

    def action_later(self) -> None:
        """The readings of the next epoch."""
        self.program.step_epoch(1)

    def action_split(self) -> None:
        """From validation to test and back."""
        self.program.choose(Choice("validation" if self.program.choice.split == "test" else "test"))
