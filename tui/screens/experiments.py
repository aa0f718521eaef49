"""Guided experiments: a question, the runs that answer it on one chart, and what was seen in figures."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.reactive import var
from textual.widget import Widget

from engine import commands as cmd
from engine.errors import Problem
from engine.experiments import Experiment, ExperimentRun, experiments, is_over, list_experiment_runs, of_machine
from engine.experiments.conclusions import conclude
from engine.runs.folder import RunFolder
from engine.state.run_state import RunState
from engine.text import numbers
from tui.keymap.bindings import Key, Where, bindings
from tui.screens.page import Page
from tui.screens.quit import experiment_dialog
from tui.views import experiment as views
from tui.views.experiment_texts import Shown
from tui.views.snapshot import Snapshot
from tui.widgets.chart import Chart
from tui.widgets.experiment_panels import AboutExperiment, ExperimentConclusion, ExperimentNames
from tui.widgets.line import frame

_CHART_ROWS = 11
"""Rows that the chart has at least, frame included, before the conclusion gets more than a few."""
_LEAST_CONCLUSION = 5


class ExperimentsScreen(Page):
    """One experiment with its latest performance, of six to choose from."""

    CSS_PATH = "experiments.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("experiments")
    HERE = "experiments"
    KEYS: ClassVar[tuple[Where, ...]] = ("experiments", "everywhere")

    chosen: var[str] = var("", init=False)
    arm: var[int] = var(0, init=False)
    log_axis: var[bool] = var(False, init=False)

    def __init__(self) -> None:
        super().__init__()
        self._experiment_run: ExperimentRun | None = None
        self._states: tuple[RunState | None, ...] = ()
        self._read_of = ""
        """The experiment that those two are of."""
        self._known: tuple[object, ...] = ()
        self._drawn: tuple[object, ...] = ()
        self._followed = ("", 0)
        self.set_reactive(ExperimentsScreen.chosen, next(iter(experiments())))

    def content(self) -> Iterable[Widget]:
        """The list at the left; the question, the curves and the conclusion at the right."""
        self.names, self.about = ExperimentNames(id="names"), AboutExperiment(id="about")
        self.chart, self.conclusion = Chart(id="curves"), ExperimentConclusion(id="conclusion")
        frame(self.names, "Experiments")
        frame(self.conclusion, "What was seen")
        yield self.names
        with Vertical(id="experiment"):
            yield self.about
            yield self.chart
            yield self.conclusion

    def on_mount(self) -> None:
        if self.program.ascii_only:
            self.chart.symbols = "ascii"
        super().on_mount()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.read()

    @property
    def experiment(self) -> Experiment:
        """The one that is chosen."""
        return experiments()[self.chosen]

    # what there is to show

    def show(self, snapshot: Snapshot) -> None:
        """Follow the arm under way; read the folders again when one has begun or ended."""
        super().show(snapshot)
        run, arm = snapshot.under_way, snapshot.under_way.arm
        if arm is not None and (run.run, arm.number) != self._followed:
            self._followed = (run.run, arm.number)
            if run.running and arm.experiment in experiments():
                self.chosen, self.arm = arm.experiment, max(arm.number - 1, 0)
        known = (run.run, run.finished is not None, snapshot.engine, snapshot.experiment_over)
        if known != self._known and self.is_current:
            self._known = known
            self.read()
        self._follow()

    @work(group="experiments", exclusive=True, exit_on_error=False)
    async def read(self) -> None:
        """Read the latest performance of the experiment that is chosen, in a thread."""
        experiment = self.experiment
        try:
            found, runs = await asyncio.to_thread(_read_all, experiment)
        except (Problem, OSError) as fault:
            self.notify(str(fault), severity="error", markup=False)
            return
        self._experiment_run, self._states, self._read_of = *found, experiment.name
        self.names.runs = runs
        self._follow()

    def _follow(self) -> None:
        """Give every part what is new for it."""
        shown = self._shown()
        self.names.chosen = self.chosen
        self.names.show(self.names.snapshot)
        self.set_class(not shown.performed, "-unperformed")
        self.about.follow(shown)
        self.conclusion.follow(shown)
        self._fit()
        framed = self.has_class("-wide") and not self.has_class("-low")
        key = (
            self.chosen,
            self.log_axis,
            framed,
            *((s.epochs, s.finished, self._points(s)) if s else None for s in shown.states),
        )
        if key != self._drawn:
            self._drawn = key
            title = "" if framed else views.chart_title(self.experiment)
            self.chart.plot = views.plot(self.experiment, shown.states, log_y=self._log, title=title)
        kind = f"{'log' if self._log else 'linear'}, by epoch" if views.has_log(self.experiment) else "by epoch"
        frame(self.chart, views.chart_title(self.experiment), kind)
        frame(self.about, self.chosen, shown.group)
        self.update_keys()

    def _points(self, state: RunState) -> object:
        return (
            len(state.losses.points) and state.losses.points[-1] if self.experiment.chart == "training_loss" else None
        )

    @property
    def _log(self) -> bool:
        return views.is_log(self.experiment) != self.log_axis and views.has_log(self.experiment)

    def _shown(self) -> Shown:
        """The performance as its folders tell it, with what the engine tells of the arm under way."""
        experiment = self.experiment
        found = self._experiment_run if self._read_of == self.chosen else None
        states = list(self._states if found else [None] * len(experiment.arms))
        live = [False] * len(states)
        snapshot = self.program.snapshot
        run, arm = snapshot.under_way, snapshot.under_way.arm
        group = found.group if found else ""
        if arm and arm.experiment == self.chosen and self._is_latest(run, group) and 1 <= arm.number <= len(states):
            if arm.group != group:
                states, group = [None] * len(states), arm.group
            states[arm.number - 1] = run
            live[arm.number - 1] = run.running and snapshot.engine not in ("none", "gone")
        performed = any(states)
        between = (
            arm is not None and arm.group == group and snapshot.experiment_over is None and snapshot.engine == "ready"
        )
        broken = performed and not all(map(is_over, states)) and not any(live) and not between
        return Shown(
            experiment=experiment,
            states=tuple(states),
            live=tuple(live),
            group=group,
            conclusion=conclude(experiment, states) if performed else None,
            arm=min(self.arm, len(states) - 1),
            broken=broken,
        )

    def _is_latest(self, run: RunState, group: str) -> bool:
        """Whether a run of the engine's belongs to what is shown: to this performance, or to one that has just begun."""
        return run.arm is not None and (run.arm.group == group or run.running)

    def on_resize(self) -> None:
        """Share the height anew."""
        self.call_after_refresh(self._follow)

    def _fit(self) -> None:
        """Give each text the lines that it needs, and the chart the rest, of which it has a least share."""
        width = self.about.content_size.width
        if width <= 0:
            return
        about = self.about.rows(width)
        self.about.styles.height = about + self.about.gutter.height
        outer = self.conclusion.gutter.height
        room = self.query_one("#experiment").size.height - about - self.about.gutter.height - _CHART_ROWS - outer
        wanted = self.conclusion.rows(max(width, 1))
        self.conclusion.styles.height = min(wanted, max(room, _LEAST_CONCLUSION)) + outer

    # keys

    def has_effect(self, key: Key) -> bool:
        """A run that was not trained cannot be opened, and there is no axis without a chart."""
        if key.where != "experiments" or key.action not in ("open", "log_axis"):
            return True
        shown = self._shown()
        return shown.states[shown.arm] is not None if key.action == "open" else shown.performed and self._has_log

    @property
    def _has_log(self) -> bool:
        return views.has_log(self.experiment)

    def watch_chosen(self) -> None:
        """Another experiment: read what there is of it."""
        self.arm, self.log_axis = 0, False
        self._follow()
        self.read()

    def watch_arm(self) -> None:
        self._follow()

    def watch_log_axis(self) -> None:
        self._follow()

    def action_choose(self, by: int) -> None:
        """The next experiment, or the one before."""
        known = list(experiments())
        self.chosen = known[(known.index(self.chosen) + by) % len(known)]

    def action_pick(self, name: str) -> None:
        """The experiment that was clicked."""
        self.chosen = name

    def action_arm(self, by: int) -> None:
        """Mark the next run, or the one before."""
        self.arm = (self.arm + by) % len(self.experiment.arms)

    def action_mark(self, arm: int) -> None:
        """Mark the run that was clicked."""
        self.arm = arm

    def action_log_axis(self) -> None:
        """Loss axis: linear or logarithmic."""
        if views.has_log(self.experiment):
            self.log_axis = not self.log_axis
        else:
            self.notify("An accuracy is drawn on a linear axis alone.", markup=False)

    def action_open(self) -> None:
        """Show the marked run on the train screen."""
        state = self._shown().states[self.arm]
        if state is None:
            self.notify(f"{self.experiment.arms[self.arm].label} was not trained yet.", markup=False)
        else:
            self.program.open_run(state.run)

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def action_perform(self) -> None:
        """Train the runs, after asking."""
        if self.program.refuses("start"):
            return
        experiment = self.experiment
        dialog = experiment_dialog(
            experiment.question, len(experiment.arms), self._length(), ascii_only=self.program.ascii_only
        )
        if await self.app.push_screen_wait(dialog) == "y" and not self.program.refuses("start"):
            values = of_machine(self.program.settings.config)
            self.program.start(cmd.Experiment(experiment=experiment.name, values=values))

    def action_go_on(self) -> None:
        """Go on with what was broken off."""
        shown = self._shown()
        if not shown.broken:
            self.notify("There is nothing to go on with; enter trains these runs.", markup=False)
        elif not self.program.refuses("start"):
            self.program.start(cmd.Experiment(experiment=self.chosen, name=shown.group, resume=True))

    def _length(self) -> str:
        """About how long it takes: as long as the last time, where it was whole then."""
        ends = [state.finished for state in self._shown().states if state and state.finished]
        if len(ends) == len(self.experiment.arms) and all(end.outcome != "stopped" for end in ends):
            return f"about {numbers.duration(sum(end.seconds for end in ends))}, as the last time"
        return views.length(self.experiment)


_Found = tuple[ExperimentRun | None, tuple[RunState | None, ...]]


def _read_all(experiment: Experiment) -> tuple[_Found, dict[str, tuple[int, int]]]:
    """The latest performance of an experiment with its arms' states, and of each how many of its runs are over."""
    latest = {each.experiment: each for each in list_experiment_runs()}
    over = {
        name: (sum(_is_over(run) for run in latest[name].runs.values()), len(known.arms))
        for name, known in experiments().items()
        if name in latest
    }
    found = latest.get(experiment.name)
    states = found.states(len(experiment.arms)) if found else (None,) * len(experiment.arms)
    return (found, states), over


def _is_over(run: RunFolder) -> bool:
    end = run.finished()
    return end is not None and end.conclusive
