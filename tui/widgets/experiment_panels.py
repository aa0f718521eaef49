"""The panels of the experiments' screen, each a text that is painted only when it has become another."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from engine.experiments import experiments
from tui.views import experiment_texts as texts
from tui.views.experiment_texts import Shown
from tui.widgets.line import SnapshotText


class ExperimentNames(SnapshotText):
    """The experiments, the chosen one marked; one line alone where there is room for no more."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.chosen = next(iter(experiments()))
        self.runs: Mapping[str, tuple[int, int]] = {}
        """How many of its runs are over, and how many there are, by experiment."""

    def build(self, width: int, height: int) -> Content:
        """The names at this size."""
        known = tuple(experiments().values())
        if height < len(known):
            return texts.one_of(known, self.chosen, ascii_only=self.ascii_only)
        return Content("\n").join(texts.names(known, self.chosen, self.runs, width, ascii_only=self.ascii_only))


class ExperimentText(SnapshotText):
    """A text about the experiment that is shown."""

    shown: Shown | None = None

    def follow(self, shown: Shown) -> None:
        """Show this."""
        self.shown = shown
        self.show(self.snapshot)


class AboutExperiment(ExperimentText):
    """The question and the arms; before they were trained also what to watch for."""

    def build(self, width: int, height: int) -> Content:
        """The text at this size."""
        if self.shown is None:
            return Content("")
        return Content("\n").join(self._lines(width))

    def rows(self, width: int) -> int:
        """How many lines it takes."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        roomy = self.screen.has_class("-high") and self.screen.has_class("-wide")
        return texts.about(self.shown, width, ascii_only=self.ascii_only, roomy=roomy) if self.shown else []


class ExperimentConclusion(ExperimentText):
    """What was seen, in figures."""

    def build(self, width: int, height: int) -> Content:
        """The text at this size."""
        if self.shown is None:
            return Content("")
        return Content("\n").join(texts.conclusion(self.shown, width, height, ascii_only=self.ascii_only))

    def rows(self, width: int) -> int:
        """How many lines it takes with all that there is to say."""
        return len(texts.conclusion(self.shown, width, 0, ascii_only=False)) if self.shown else 0
