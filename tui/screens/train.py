"""The train screen: form, charts, digits and results around one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import Input

from engine import commands as cmd
from engine.config import HYPERPARAMETERS, TrainConfig, differences
from engine.errors import ConfigProblem
from engine.settings import Settings, presets
from engine.state.run_state import RunState
from tui.keymap.bindings import Key, Where, bindings
from tui.screens.charting import ChartingPage
from tui.screens.presets import PresetPicker
from tui.terminal.line_filters import has_few_colors
from tui.views.available import available
from tui.views.chart_frame import foot, title, what_is_shown
from tui.views.charts import accuracy_plot, loss_plot, with_cursor, x_end
from tui.views.digits import digit_views, heading
from tui.views.form import with_preset
from tui.views.hints import no_hint
from tui.views.plain import ascii_text
from tui.views.snapshot import Snapshot
from tui.views.status import OUTCOMES, short_name
from tui.views.steering import rolled_back
from tui.views.window import ChartView
from tui.widgets.chart import Chart
from tui.widgets.choice import ASCII_SIGNS, SIGNS
from tui.widgets.digit import DigitStrip, Mode
from tui.widgets.field_row import FieldRow
from tui.widgets.form import HyperparameterForm
from tui.widgets.help_pane import HelpPane
from tui.widgets.hint_line import HintLine
from tui.widgets.key_bar import KeyBar
from tui.widgets.line import frame
from tui.widgets.pane_tabs import PANES, Pane, PaneTabs
from tui.widgets.results_panel import ResultsPanel
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from engine.diagnosis import Remedy
    from tui.plotting.plot import Plot

LOCKED, FOR_NEXT = "dimmed: needs a new run", "changed for the next run"
"""Why the form cannot be edited while it trains; and where a hint's remedy was put into it meanwhile."""
_OF_CHARTS = frozenset({"cursor", "cursor_to", "zoom", "pan", "turn"})
"""What arrows, page keys, Home, End and the signs do where no field has the focus."""


class TrainForm(HyperparameterForm):
    """The form, left by Enter as well as by Escape, so that letters are keys again."""

    class Refused(Message):
        """What was typed for the run in training is not what a field can have."""

        def __init__(self, fault: ConfigProblem) -> None:
            super().__init__()
            self.fault = fault

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Leave the field, instead of going on to the next; stay where a run in training cannot have what was typed.

        Letters that correct it are not keys then.
        """
        event.stop()
        event.prevent_default()
        row = next((node for node in event.input.ancestors_with_self if isinstance(node, FieldRow)), None)
        if self.locked and row is not None and row.parameter.about.live:
            try:
                row.parameter.parse(event.value)
            except ConfigProblem as fault:
                self.post_message(self.Refused(fault))
                return
        self.screen.set_focus(None)


class TrainScreen(ChartingPage):
    """Everything of one run at once, or a pane at a time where the window is small."""

    CSS_PATH = "train.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("train")
    HERE = "train"
    KEYS: ClassVar[tuple[Where, ...]] = ("train", "charts", "everywhere")

    pane: var[Pane] = var[Pane]("charts", init=False)

    def __init__(self, settings: Settings, *, ascii_only: bool = False) -> None:
        super().__init__(classes="pane-charts")
        self._settings = settings
        self._ascii = ascii_only
        self._drawn_from: dict[str, tuple[object, ...]] = {}
        self._loss: Plot | None = None
        self._accuracy: Plot | None = None
        self._run = ""
        self.preset = settings.preset

    def content(self) -> Iterable[Widget]:
        """Form and help at the left, charts and results at the right, digits under both, the hint and the status below."""
        signs = ASCII_SIGNS if self._ascii else SIGNS
        self.form = TrainForm(self._settings.config, self.preset, signs=signs, id="form")
        self.help = HelpPane(next(iter(HYPERPARAMETERS)), signs=signs, id="help")
        self.loss, self.accuracy = Chart(id="loss"), Chart(id="accuracy")
        self.results, self.digits = ResultsPanel(id="results"), DigitStrip(id="digits")
        for part, name in (
            (self.form, "Hyperparameters"),
            (self.help, "What it means"),
            (self.loss, "Loss"),
            (self.accuracy, "Accuracy"),
        ):
            part.border_title = name
        yield PaneTabs()
        with Horizontal(id="upper"):
            with Vertical(id="left"):
                yield self.form
                yield self.help
            with Vertical(id="right"):
                with Horizontal(id="charts"):
                    yield self.loss
                    yield self.accuracy
                yield self.results
        yield self.digits
        yield HintLine()
        yield StatusLine()

    def on_mount(self) -> None:
        super().on_mount()
        self.form.border_subtitle = self.preset
        self.digits.mode = self._digit_mode()
        if self._ascii:
            self.loss.symbols = self.accuracy.symbols = "ascii"

    def _digit_mode(self) -> Mode:
        if self._ascii:
            return "ascii"
        return "shade" if has_few_colors(self.app) else "color"

    # from the snapshot to the parts

    def show(self, snapshot: Snapshot) -> None:
        """Give every part what is new for it."""
        super().show(snapshot)
        state = snapshot.state
        if state.run and state.run != self._run:
            self._run = state.run
            self.load(state.config, state.preset)
        self.form.locked, self.form.steering = snapshot.running, not snapshot.watching
        if snapshot.running:
            self._if_new("form", (state.config,), lambda: self.form.follow(state.config))
        self.draw_charts()
        self._if_new("digits", (state.digits, state.previews), lambda: self._draw_digits(state))

    def draw_charts(self) -> None:
        """Draw both charts where what they are drawn from has changed; the cursor comes over what is drawn already."""
        snapshot = self.program.snapshot
        state, parent, view = snapshot.state, snapshot.parent, self.view
        options, star = view.options, "*" if self._ascii else "★"
        steps = self.steps if view.window or view.cursor is not None else ()
        base = replace(view, cursor=None)
        inputs = (state.epochs, state.started, state.finished, x_end(state, options.x_axis), base, parent, state.marks)

        def loss() -> None:
            self._loss = loss_plot(state, options, parent=parent, star=star, view=view)

        def accuracy() -> None:
            self._accuracy = accuracy_plot(state, options, parent=parent, view=view)

        points = (state.losses,) if view.window else ()
        self._if_new("loss", (state.losses, *inputs), loss)
        self._if_new("accuracy", (*points, *inputs), accuracy)
        for chart, name, plot in ((self.loss, "Loss", self._loss), (self.accuracy, "Accuracy", self._accuracy)):
            drawn = with_cursor(plot, state, view, steps) if state.started and plot else None
            self._if_new(
                f"{name} seen", (plot, drawn.cursor if drawn else None, state.started), partial(_put, chart, drawn)
            )
            width = chart.size.width - 4
            below = foot(state, view, steps, star, width) if chart is self.loss else what_is_shown(state, view, steps)
            frame(chart, title(name, state, view, steps), self.words(below))

    def _draw_digits(self, state: RunState) -> None:
        self.digits.views = digit_views(state)
        frame(self.digits, heading(state))

    def _if_new(self, what: str, inputs: tuple[object, ...], draw: Callable[[], None]) -> None:
        """Draw a part only when something that it is drawn from has been replaced."""
        before = self._drawn_from.get(what, ())
        same = len(before) == len(inputs) and all(
            old is new or (isinstance(new, float | ChartView) and old == new)
            for old, new in zip(before, inputs, strict=True)
        )
        if not same:
            self._drawn_from[what] = inputs
            draw()

    def load(self, config: TrainConfig, preset: str) -> None:
        """Fill the form."""
        self.preset = preset
        self.form.lock_reason = LOCKED
        self.form.load(config, preset)
        self.form.border_subtitle = preset

    # how it is looked at

    def watch_pane(self, before: Pane, now: Pane) -> None:
        """Show the pane (its class tells the stylesheet) and leave the one before."""
        self.remove_class(f"pane-{before}").add_class(f"pane-{now}")
        self.query_one(PaneTabs).pane = now
        if before == "form" and not self.whole:
            self.set_focus(None)

    @property
    def whole(self) -> bool:
        """Whether all panes are seen at once."""
        return self.has_class("-wide") and self.has_class("-high")

    def has_effect(self, key: Key) -> bool:
        """Keys of the charts where charts are seen, and something in them."""
        if key.where == "charts":
            seen = self.whole or self.pane == "charts"
            return seen and self.program.snapshot.state.started is not None
        return True

    def action_pane(self, pane: Pane) -> None:
        """Show a pane; the form gets the focus with it."""
        self.pane = pane
        if pane == "form":
            self.form.focus_field(next(iter(HYPERPARAMETERS)))

    def action_turn(self, by: int) -> None:
        """Show the next pane, or the one before; where all panes are seen, move the charts' cursor."""
        if self.whole:
            self.action_cursor(by)
        else:
            self.pane = PANES[(PANES.index(self.pane) + by) % len(PANES)]

    # the form

    def on_hyperparameter_form_field_focused(self, event: HyperparameterForm.FieldFocused) -> None:
        """Explain the field."""
        self.help.show(event.name)
        if self.pane != "form" and not self.whole:
            self.pane = "form"

    def on_hyperparameter_form_committed(self, event: HyperparameterForm.Committed) -> None:
        """Give the run in training what was typed; what cannot be used is said, and the value that it has comes back."""
        try:
            value = HYPERPARAMETERS[event.name].parse(event.text)
        except ConfigProblem as fault:
            self.form.take_back(event.name)
            self.notify(str(fault), title="Not changed", severity="error", markup=False)
            return
        if not self.program.refuses("change"):
            self.program.change({event.name: value})

    def on_train_form_refused(self, event: TrainForm.Refused) -> None:
        """Say what is wrong, with the field as it is."""
        self.notify(str(event.fault), title="Not changed", severity="error", markup=False)

    def on_descendant_focus(self) -> None:
        """Say what keys there are while letters are text."""
        self.query_one(KeyBar).editing = isinstance(self.focused, Input)

    def on_descendant_blur(self) -> None:
        """Letters may be keys again."""
        self.query_one(KeyBar).editing = isinstance(self.focused, Input)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the form has the focus, no key moves the charts' cursor or window, or turns the panes."""
        if action in _OF_CHARTS and self.focused is not None and self.form in self.focused.ancestors:
            return False
        return super().check_action(action, parameters)

    def action_leave_field(self) -> None:
        """Let letters be keys again, and take back what was typed; else take the charts' cursor away, or leave the tour."""
        if self.focused is None:
            if not self.leave_cursor():
                self.program.action_tour_leave()
            return
        row = next((node for node in self.focused.ancestors_with_self if isinstance(node, FieldRow)), None)
        if row is not None:
            self.form.take_back(row.parameter.name)
        self.set_focus(None)

    @work(exclusive=True, group="dialog", exit_on_error=False)
    async def action_presets(self) -> None:
        """Choose a preset for the form."""
        if self.program.refuses("presets"):
            return
        name = await self.app.push_screen_wait(PresetPicker(self.preset, ascii_only=self._ascii))
        if name:
            self.load(with_preset(presets()[name], self._settings.config), name)
            self.program.preset_chosen(name)

    @work(exclusive=True, group="dialog", exit_on_error=False)
    async def action_why(self) -> None:
        """Explain the hints; take a remedy into the form, or hear no more of a rule."""
        from tui.screens.why import Why  # noqa: PLC0415 - the first picture does without

        hints = self.program.snapshot.hints
        if not hints:
            self.notify(no_hint(self.program.snapshot.state), markup=False)
            return
        verdict = await self.app.push_screen_wait(Why(hints, ascii_only=self._ascii))
        if verdict is None:
            return
        if verdict.wish == "silence":
            self.program.silence(verdict.hint.rule)
            self.notify("No more of this until you leave.", markup=False)
        elif verdict.hint.remedy is not None:
            self.take(verdict.hint.remedy)

    def take(self, remedy: Remedy) -> None:
        """Change the run in training as a hint advises, where it can be; else put the remedy into the form for the next one."""
        label = ascii_text(remedy.label) if self._ascii else remedy.label
        snapshot = self.program.snapshot
        if remedy.live and snapshot.running and available("change", snapshot):
            self.program.change({c.name: HYPERPARAMETERS[c.name].parse(c.new) for c in remedy.changes})
            self.notify(f"From the next step on: {label}; u gives it back.", markup=False)
            return
        for change in remedy.changes:
            self.form.set_value(change.name, change.new)
        running = self.program.snapshot.running
        if running:
            self.form.lock_reason = FOR_NEXT
        when = "when this run has ended, r trains with it" if running else "r trains with it"
        self.notify(f"In the form: {label}; {when}.", markup=False)

    # commands

    def action_start(self) -> None:
        """Train with what the form holds; a field that cannot be used gets the focus instead."""
        if self.program.refuses("start"):
            return
        try:
            config = self.form.config()
        except ConfigProblem as fault:
            self.show_fault(fault)
            return
        self.set_focus(None)
        if self.pane == "form":
            self.pane = "charts"
        self.program.start(cmd.Start(config=config, preset=self.preset))

    def show_fault(self, fault: ConfigProblem) -> None:
        """Say what is wrong with a field, and go to it; while a run trains, its value comes back."""
        if self.program.snapshot.running:
            self.notify(str(fault), title="Not changed", severity="error", markup=False)
            if fault.field:
                self.form.take_back(fault.field)
            return
        self.notify(str(fault), title="Not started", severity="error", markup=False)
        if fault.field and fault.field in HYPERPARAMETERS:
            self.pane = "form"
            self.form.focus_field(fault.field)

    def action_resume(self, _which: str) -> None:
        """Go on with the run that is shown, if it is unfinished; where its charts are not seen, show them first."""
        snapshot = self.program.snapshot
        can = available("resume('shown')", snapshot)
        run, end = short_name(snapshot.state.run), snapshot.state.finished
        if not self.whole and self.pane != "charts":
            self.pane = "charts"
            if can:
                self.notify(f"c once more goes on with {run}.", markup=False)
        elif can:
            self.program.start(cmd.ResumeRun(run=snapshot.state.run))
        elif end is not None:
            self.notify(f"{run} {OUTCOMES[end.outcome][0]}: there is nothing to go on with.", markup=False)

    def action_branch(self) -> None:
        """Train on from the best weights of the run that is shown, with what the form holds."""
        state = self.program.snapshot.state
        if not available("branch", self.program.snapshot):
            self.notify("A branch begins at a run that has ended and has an epoch's weights.", markup=False)
            return
        try:
            config = self.form.config()
        except ConfigProblem as fault:
            self.show_fault(fault)
            return
        values = differences(config, state.config)
        best = state.best
        if "epochs" not in values and best is not None and best.epoch >= config.epochs:
            values["epochs"] = best.epoch + config.epochs  # as long again as its parent was
        self.program.start(cmd.Branch(run=state.run, at="best", values=dict(values)))

    def action_roll_back(self) -> None:
        """Go on where a diverged run was last good, at a lower rate."""
        if not available("roll_back", self.program.snapshot):
            self.notify("There is nothing to roll back: this run has not diverged.", markup=False)
            return
        self.program.start(rolled_back(self.program.snapshot.state))

    @work(exclusive=True, group="dialog", exit_on_error=False)
    async def action_find_rate(self) -> None:
        """Test which learning rates would do; the one that is taken goes to the run in training, else into the form."""
        from tui.screens.rate_range import RateRange  # noqa: PLC0415 - the first picture does without

        snapshot = self.program.snapshot
        try:
            question = (
                cmd.TestRange(run=snapshot.state.run) if snapshot.running else cmd.TestRange(config=self.form.config())
            )
        except ConfigProblem as fault:
            self.show_fault(fault)
            return
        rate = await self.app.push_screen_wait(RateRange(question, ascii_only=self._ascii))
        if rate is None:
            return
        if available("change", self.program.snapshot):
            self.program.change({"learning_rate": rate})
            self.notify(f"From the next step on: learning rate {rate:g}; u gives it back.", markup=False)
        else:
            self.form.set_value("learning_rate", f"{rate:g}")
            self.notify(f"In the form: learning rate {rate:g}; r trains with it.", markup=False)

    def action_batch(self) -> None:
        """Train one batch and pause."""
        self.program.steer("batch", cmd.StepBatch())

    def action_one_more(self) -> None:
        """Train one epoch more than planned."""
        self.program.steer("one_more", cmd.OneMoreEpoch())


def _put(chart: Chart, plot: Plot | None) -> None:
    chart.plot = plot
