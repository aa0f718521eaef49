"""The app: one engine, one snapshot, and the screens. Events come in at one end, keys at the other."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import importlib
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.timer import Timer
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from engine import commands as cmd
from engine.client import Connect, Engine, EngineLike
from engine.errors import OtherDataProblem, Problem
from engine.events import CheckpointKind
from engine.fields import short
from engine.runs.edited_config import ignored_edits
from engine.runs.folder import RunFolder, find_run
from engine.runs.integrity import damages
from engine.runs.presence import OutOfTouch, Presence, SessionInfo, last_heard
from engine.runs.run_data import from_here
from engine.settings import Settings
from engine.state.run_state import RunState
from engine.state.startup_stages import Patience
from engine.unknown_settings import slips_of_environment
from tui.app import exit_messages
from tui.app.hint_scheduler import Adviser
from tui.app.quit import Leaving
from tui.app.run_control import SteeringApp
from tui.app.test_evaluation import look_again, not_recorded, with_test_evaluations
from tui.app.themes import THEMES, after, theme_name
from tui.data.run_summary import is_long, outline
from tui.headless.report import unsaved
from tui.keymap.bindings import KEYS, Key, bindings
from tui.keymap.keyboard_layout import no_key
from tui.keymap.screens import SCREENS
from tui.screens.page import Page
from tui.screens.quit import take_over_dialog
from tui.screens.train import TrainScreen
from tui.terminal.repaint_throttle import RepaintThrottle
from tui.views.available import available, resumable
from tui.views.data_set import elsewhere
from tui.views.plain import ascii_text
from tui.views.snapshot import Snapshot
from tui.views.window import ChartView
from tui.widgets.ascii_scrollbar import AsciiScrollBarRender

if TYPE_CHECKING:
    from tui.screens.services import Services
    from tui.views.tour import Progress

LATER = {each.name: each.place for each in SCREENS if each.name != "train"}
"""Screens that are imported when they are first asked for: the first picture does without them."""
_VITAL = ("engine", "leave")
"""Background work without which the app is of no use."""
Attach = Callable[[SessionInfo], Awaitable[EngineLike]]


class MnistApp(SteeringApp):
    """Trains digit classifiers and shows it.

    `connect` makes the first connection to an engine. `run` names a run to show at once: `connect` leads to its
    engine, or it is read from its folder. `tour` is where the tour begins, if one is wanted. `slow`: over a line like 9600 baud. `clock` counts seconds, for the pace of painting alone. `start` and `attach`
    make later connections; `ask` makes the one that questions about runs go to.
    """

    TITLE = "mnist-tui"
    CSS_PATH = "app.tcss"
    DEFAULT_MODE = "train"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("everywhere"),
        Binding("enter", "tour_on", "Next step of the tour", show=False),  # the tour's panel itself names these two
        Binding("escape", "tour_leave", "Leave the tour", show=False),
    ]

    tour: var[Progress | None] = var(None, init=False)
    """How far the tour is; None without one."""
    chart_view: var[ChartView] = var(ChartView(), init=False)
    """How the charts of all screens are looked at."""
    evaluating: var[str] = var("", init=False)
    """The run whose test set is being looked at, if one is."""

    def __init__(
        self,
        settings: Settings,
        connect: Connect,
        *,
        ascii: bool = False,
        slow: bool = False,
        theme: str | None = None,
        run: str | None = None,
        only_watches: bool = False,
        tour: Progress | None = None,
        clock: Callable[[], float] = time.monotonic,
        start: Connect = Engine.start,
        attach: Attach = Engine.attach,
        ask: Connect = functools.partial(Engine.start, "script", yields=True),
    ) -> None:
        super().__init__(ask, slow=slow, clock=clock)
        self.ascii_only = ascii
        self.animation_level = "none"
        ScrollBar.renderer = AsciiScrollBarRender if ascii else ScrollBarRender
        self._connect, self._attach_engine = connect, attach
        self._connect_again = connect if run is None else start
        self._asked_run, self._only_watches = run, only_watches
        self._opened: RunState | None = None
        self.settings, self._preset = settings, settings.preset
        self.set_reactive(MnistApp.tour, tour)
        self._starting = self._told_of_layout = False
        self._patience = Patience()
        self._wait_timer: Timer | None = None
        self._seen = ("", 0, 0)
        self._parent_run: RunState | None = None
        self._parent_asked = ""
        self._start_script = ask
        self._adviser = Adviser()
        self._leaving = Leaving(
            self, self._session, self.ending, lambda: tuple(self.kept_lines), self._changed, self._refused
        )
        self._pace = RepaintThrottle(self._paint, self._later, clock, busy=lambda: self.line.busy)
        for each in THEMES.values():
            self.register_theme(each)
        self.theme = theme_name(theme or settings.screen.get("theme"))
        self.add_mode("train", lambda: TrainScreen(settings, ascii_only=ascii))
        for mode, place in LATER.items():
            self.add_mode(mode, functools.partial(_made, place))
        self.snapshot = Snapshot(preset=settings.preset)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colors, for themes that do not name them."""
        return dict(THEMES["dark"].variables)

    def on_mount(self) -> None:
        for slip in (*self.settings.notes, *slips_of_environment(os.environ)):
            self.note(slip)
        self._begin(self._connect)
        self.call_after_refresh(self._opened_up)
        if self._asked_run is not None:
            self.open_run(self._asked_run, connecting=True)

    def _opened_up(self) -> None:
        """The first picture is there: collect garbage from now on, without looking at what was made for it again."""
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        self._import_the_rest()

    @work(thread=True, group="import", exit_on_error=False)
    def _import_the_rest(self) -> None:
        """What the first picture did without, so that the first curve need not wait for it."""
        for name in ("numpy", "plotext"):
            importlib.import_module(name)

    # what there is to show

    def _changed(self) -> None:
        """Have what is known now painted, in its time."""
        if self.is_running:
            self._pace.changed()

    def _later(self, seconds: float, callback: Callable[[], None]) -> None:
        if seconds > 0:
            self.set_timer(seconds, callback)
        else:
            self.call_later(callback)

    def _paint(self) -> None:
        """Have the screens show what is known now; the one place where that is put together."""
        session = self._session
        state = self._opened or session.state
        other = session.state.run if self._opened and session.training else ""
        self.chart_view = self.chart_view.of(state)
        self.snapshot = Snapshot(
            state=state,
            under_way=session.state,
            experiment_over=session.experiment_over,
            parent=self._parent_run
            if state.parent and self._parent_run and self._parent_run.run == state.parent.run
            else None,
            preset=self._preset,
            opened=self._opened is not None or session.left,
            other=other,
            engine=session.status,
            lost=session.lost,
            steers=session.steers if session.alive else None,
            only_watches=self._only_watches,
            starting=self._starting,
            waiting=self._leaving.waiting,
            still=self._look_at_wait(),
            hints=self._adviser.hints(state),
            own=tuple(self.kept_lines),
            own_count=self.kept_count,
            unread=self._unread(state),
        )
        self._leaving.look()
        self.follow_run()
        if state.parent is not None and state.parent.run != self._parent_asked:
            self._parent_asked = state.parent.run
            self._read_parent(state.parent.run)
        self._follow_tour()
        self._tell_experiment_over()

    def _look_at_wait(self) -> str:
        """What has been waited for too long; when that may be, it is looked again."""
        again = self._patience.look(self._session.stage(ordered=self._starting))
        if self._wait_timer is not None:
            self._wait_timer.stop()
        self._wait_timer = None if again is None else self.set_timer(again, self._changed)
        return "" if self._opened is not None else self._patience.said

    def _unread(self, state: RunState) -> int:
        total = (state.run, state.log_count, self.kept_count)
        if self.current_mode == "log":
            self._seen = total
        run, lines, own = self._seen
        return state.log_count - (lines if run == state.run else 0) + self.kept_count - own

    # the engine

    def _begin(self, connect: Connect) -> None:
        self._session.begin()
        self._listen(connect)

    @work(group="engine", exclusive=True, exit_on_error=False)
    async def _listen(self, connect: Connect) -> None:
        await self._session.listen(connect)

    @work(group="command", exit_on_error=False)
    async def start(self, command: cmd.Start | cmd.ResumeRun | cmd.Branch | cmd.Experiment) -> None:
        """Have a run begin, or go on, with a new engine if the last one is gone; a refusal is told."""
        if not self._session.alive:
            self._begin(self._connect_again)
        self._starting = True
        self._changed()
        try:
            await self._session.send(from_here(command))
            if self._opened is not None and isinstance(command, cmd.ResumeRun) and command.run == self._opened.run:
                self._session.know(self._opened)
            self._opened = None
            if isinstance(command, cmd.ResumeRun | cmd.Branch):
                await self._tell_of_edits(command.run)
        except OtherDataProblem as fault:
            self._ask_about_data(fault, command)
        except Problem as fault:
            if isinstance(command, cmd.ResumeRun) and getattr(fault, "field", None) == OutOfTouch.field:
                self._ask_to_take_over(command)
            else:
                self._refused(fault)
        finally:
            self._starting = False
            self._changed()

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def _ask_to_take_over(self, command: cmd.ResumeRun) -> None:
        """Go on with a run that another machine had, which has gone silent, if that is wanted."""
        run = await asyncio.to_thread(find_run, command.run)
        if (found := await asyncio.to_thread(run.presence)) is None or found.alive:
            self.start(command)
        elif await self.push_screen_wait(take_over_dialog(run.name, found, ascii_only=self.ascii_only)) == "y":
            self.start(msgspec.structs.replace(command, take_over=True))

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def _ask_about_data(
        self, fault: OtherDataProblem, command: cmd.Start | cmd.ResumeRun | cmd.Branch | cmd.Experiment
    ) -> None:
        """Go on with other data than the run's once that is confirmed."""
        from tui.screens.evaluation_dialog import other_data_dialog  # noqa: PLC0415 - hardly ever needed

        doing = {cmd.Branch: "branch", cmd.Start: "train"}.get(type(command), "resume")
        if await self.push_screen_wait(other_data_dialog(str(fault), doing, ascii_only=self.ascii_only)) == "y":
            self.start(msgspec.structs.replace(command, other_data=True))

    async def _tell_of_edits(self, name: str) -> None:
        """Say which edits by hand of a run's settings are ignored, now that its checkpoint is gone on from."""
        with contextlib.suppress(Problem, OSError):
            run = await asyncio.to_thread(find_run, name)
            if words := await asyncio.to_thread(ignored_edits, run):
                self.notify(words, title="Ignored", severity="warning", timeout=10, markup=False)

    def preset_chosen(self, name: str) -> None:
        """The form holds another preset."""
        self._preset = name
        self._changed()

    def silence(self, rule: str) -> None:
        """Hear no more of a rule of the diagnosis."""
        self._adviser.silence(rule)
        self._changed()

    # runs

    @work(group="open", exclusive=True, exit_on_error=False)
    async def open_run(self, name: str, *, connecting: bool = False) -> None:
        """Show a run on the train screen: attached where an engine is busy with it, else from its folder.

        `connecting`: the connection that is being made leads to the run's engine, where there is one.
        """
        try:
            run = await asyncio.to_thread(find_run, name)
            found = await asyncio.to_thread(run.presence)
            info = found.info if found and found.alive else None
            if found and not found.here:
                self.notify(_elsewhere(run.name, found), timeout=10, markup=False)
            if info is None or (found and not found.here):
                await self._read(run)
            elif connecting or (self._session.training and run.name == self._session.state.run):
                self._opened = None
            else:
                await self._attach_to(info)
        except (Problem, OSError) as fault:
            self.notify(str(fault), severity="error", markup=False)
            return
        self.action_mode("train")
        self._changed()

    async def _read(self, run: RunFolder) -> None:
        """Show an ended run; of a long log first what can be told at once, and its curve when all is read."""
        if await asyncio.to_thread(is_long, run):
            self._opened = first = await asyncio.to_thread(outline, run)
            self.action_mode("train")
            self._changed()
            whole = await asyncio.to_thread(run.state)
            if self._opened is not None and (self._opened.run, self._opened.created) == (first.run, first.created):
                self._opened = with_test_evaluations(whole, self._opened)  # nothing else is shown by now
        else:
            self._opened = await asyncio.to_thread(run.state)
        for damage in await asyncio.to_thread(damages, run):
            self.notify(str(damage), title="Damaged", severity="warning", timeout=10, markup=False)

    async def _attach_to(self, info: SessionInfo) -> None:
        engine = await self._attach_engine(info)
        before = self._session.state
        if self._session.training:
            self.notify(exit_messages.left_training(before), markup=False)
        await self._session.leave()
        self._session.state = RunState()
        self._opened = None

        async def attached() -> EngineLike:
            return engine

        self._begin(attached)

    @work(group="parent", exclusive=True, exit_on_error=False)
    async def _read_parent(self, name: str) -> None:
        """Have the curves of the run that the shown one branched off; without it they are shown alone."""
        with contextlib.suppress(Problem, OSError):
            run = await asyncio.to_thread(find_run, name)
            self._parent_run = await asyncio.to_thread(run.state)
            self._changed()

    # the tour

    def _follow_tour(self) -> None:
        if self.tour is not None:
            from tui.views.tour import followed  # noqa: PLC0415 - hardly ever needed

            self.tour = followed(self.tour, self.snapshot, self.current_mode)

    def action_tour_on(self) -> None:
        """The next step; after the last the tour is over."""
        if self.tour is not None:
            from tui.views.tour import next_step  # noqa: PLC0415

            self.tour = next_step(self.tour)

    def action_tour_leave(self) -> None:
        """Leave the tour, for good."""
        if self.tour is not None:
            self.tour = None
            self.notify("mnist-tui --tour shows the tour again.", markup=False)

    # the test set

    @work(group="look", exit_on_error=False)
    async def look(self, weights: CheckpointKind, *, other_data: bool = False) -> None:
        """Look at the test set with weights of the run that is shown, which has ended; the look is recorded in it.

        Other data than the run's are looked at once that is confirmed.
        """
        shown = self.snapshot.state
        if self.evaluating or not shown.run:
            return
        self.evaluating = shown.run
        try:
            folder = await asyncio.to_thread(find_run, shown.run)
            command = cmd.EvaluateRun(run=shown.run, weights=weights, other_data=other_data)
            seen = await look_again(self._start_script, command, shown)
            if seen.elsewhere != shown.elsewhere:
                self.notify(elsewhere(seen.elsewhere[-1:])[0], title="Other data", timeout=10, markup=False)
            if self._opened is not None:
                self._opened = with_test_evaluations(self._opened, seen)
            if (known := with_test_evaluations(self._session.state, seen)) is not self._session.state:
                self._session.know(known)
            if not_recorded(seen, str(folder.events)):
                self.notify(f"The look is not recorded. {unsaved(seen)}", severity="error", timeout=10, markup=False)
        except OtherDataProblem as fault:
            self._ask_to_look(fault, weights)
        except (Problem, OSError) as fault:
            self.notify(str(fault), title="Not looked at", severity="error", timeout=10, markup=False)
        finally:
            self.evaluating = ""
            self._changed()

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def _ask_to_look(self, fault: OtherDataProblem, weights: CheckpointKind) -> None:
        """Look at other data than the run's once that is confirmed."""
        from tui.screens.evaluation_dialog import other_data_dialog  # noqa: PLC0415 - hardly ever needed

        if await self.push_screen_wait(other_data_dialog(str(fault), "evaluate", ascii_only=self.ascii_only)) == "y":
            self.look(weights, other_data=True)

    # keys that work on every screen

    async def action_quit(self) -> None:
        """Leave; ask first while a run is training."""
        words = exit_messages.of_run(self.snapshot.state)
        if not words and resumable(self.snapshot):
            words = exit_messages.unfinished(self.snapshot.state.run)
        self._leaving.ask(words, ascii_only=self.ascii_only)

    def action_mode(self, mode: str) -> None:
        """Show a screen."""
        self.switch_mode(mode)
        self._changed()

    def action_theme(self) -> None:
        """The next theme."""
        self.theme = after(self.theme)

    def action_help(self) -> None:
        """Show the keys, and what every figure means."""
        from tui.screens.help import HelpScreen  # noqa: PLC0415 - the first picture does without

        self.push_screen(HelpScreen(ascii_only=self.ascii_only))
        if self.tour is not None and self.tour.is_last:
            self.tour = None

    def action_explain(self) -> None:
        """Explain what has the focus, or let the person browse."""
        from tui.screens.explain import ExplainScreen, page_for  # noqa: PLC0415 - the first picture does without

        if not isinstance(self.screen, ExplainScreen):
            self.push_screen(ExplainScreen(page_for(self.screen), ascii_only=self.ascii_only))

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """Do what is bound to a key. Once, until a letter is a key again, say why one does nothing."""
        done = await super()._check_bindings(key, priority)
        if done and len(key) == 1 and key.islower():
            self._told_of_layout = False
        elif not done and not priority and not self._told_of_layout and (why := no_key(key)):
            self._told_of_layout = True
            self.notify(ascii_text(why) if self.ascii_only else why, severity="warning", markup=False)
        return done

    def keys_done(self) -> None:
        """Have the line of keys follow what they have changed."""
        if self.is_running and isinstance(self.screen, Page):
            self.screen.update_keys()

    def _refresh_notifications(self) -> None:
        """Show notices where they cover no field."""
        if self.screen_stack and isinstance(self.screen, Page):
            self.screen.place_toasts()
        super()._refresh_notifications()

    def action_press(self, key: str) -> None:
        """What a click on a key at the bottom does."""
        self.screen.set_focus(None)
        self.simulate_key(key)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The commands of the palette: the table of keys."""
        for key in KEYS:
            place = screen if key.where in getattr(screen, "KEYS", ()) and key.where != "everywhere" else self
            here = place is screen or key.where == "everywhere"
            if key.label and here and available(key.action, self.snapshot) and _has_effect(screen, key):
                run = functools.partial(self.run_action, key.action, place)
                yield SystemCommand(f"{key.label}: {key.meaning}", f"key: {key.shown}", run)

    def action_command_palette(self) -> None:
        """Find a command by its name; the cursor does not blink."""
        super().action_command_palette()
        self.call_after_refresh(self._still_cursors)

    def _still_cursors(self) -> None:
        for field in self.screen.query(Input):
            field.cursor_blink = False

    # what the terminal's side asks for

    def words_at_end(self) -> str:
        """That the run goes on, and how to come back to it."""
        return self._leaving.words_at_end()

    def leave_with(self, status: int) -> None:
        """Leave; a run goes on."""
        self._leaving.told_to_end(status)

    def noted(self) -> None:
        """Show the line on the log's screen."""
        self._changed()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Tell of a fault in our own background work, and go on."""
        if event.state is WorkerState.ERROR:
            fault = event.worker.error
            self.note(f"{event.worker.name}: {type(fault).__name__}: {fault}")
            if isinstance(fault, Exception) and event.worker.group in _VITAL:
                self._handle_exception(fault)
            else:
                self.notify("Something in mnist-tui itself failed; screen 3 has it.", severity="error", markup=False)


def _elsewhere(run: str, found: Presence) -> str:
    """What is shown of a run that another machine has: its folder, as it stands."""
    if found.alive:
        return f"{run} is training on {short(found.info.host, 100)}; this is how far it is. Attach to it there."
    return f"{run} was {last_heard(found)}; this is how far it was. c takes it over."


def _has_effect(screen: Screen[object], key: Key) -> bool:
    return screen.has_effect(key) if isinstance(screen, Page) else True


def _made(place: str) -> Screen[object]:
    """A screen by the name of its module and class."""
    module, _, name = place.partition(":")
    screen: Screen[object] = getattr(importlib.import_module(module), name)()
    return screen


if TYPE_CHECKING:  # the type checker holds the app against what its screens rely on

    def _serves(app: MnistApp) -> Services:
        return app
