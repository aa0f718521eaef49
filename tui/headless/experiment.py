"""Guided experiments without the app: follow the arms one after the other, then print results and conclusion."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from engine.commands import Experiment as Command
from engine.errors import ExitCode, RunProblem
from engine.events import Event
from engine.experiments import MEASURES, Experiment, ExperimentRun, find_experiment_run, is_over
from engine.experiments.conclusions import Conclusion, conclude, data_named
from engine.protocol import ExperimentOver
from engine.state.run_state import RunState
from tui.headless import follow
from tui.headless.output import columns, flush, print_json, print_lines, print_message
from tui.headless.presenters import draws, make_presenter
from tui.views import experiment as views
from tui.views.plain import ascii_text

if TYPE_CHECKING:
    import argparse

    from tui.plotting.plot import Palette

CHART_ROWS, WIDEST = 18, 100
"""Rows of the printed chart, and its maximum width in columns."""


class ExperimentFollower(follow.Follower):
    """Follows an experiment until the engine reports its end, whatever the outcome of single arms."""

    over: ExperimentOver | None = None

    @property
    def can_print(self) -> bool:
        """Whether standard output can still be written."""
        return self._unwritten is None

    def _resume_command(self) -> str:
        return (
            f"mnist-tui experiment {self.state.arm.experiment} --resume"
            if self.state.arm
            else super()._resume_command()
        )

    def _is_last(self, event: Event) -> bool:
        return False

    def _is_last_message(self, message: ExperimentOver) -> bool:
        self.over = message
        return True

    def last_words(self) -> str:
        """The sentence for standard error if the experiment was interrupted or left."""
        if self._left is None and self.over is not None:
            if self._unwritten:
                return super().last_words()
            return self.over.fault and f"mnist-tui: {self.over.fault}"
        return super().last_words()

    def _status(self) -> int:
        if self._left is not None or self._unwritten or self.over is None:
            return super()._status()
        end = self.state.finished
        if self.over.fault:
            return int((follow.exit_code(end) if end else None) or ExitCode.FAILED)
        return int(ExitCode.FAILED if self.state.unsaved else ExitCode.DONE)


def perform(experiment: Experiment, command: Command, args: argparse.Namespace) -> int:
    """Run the experiment in a new engine, print its progress and results, and return the exit status.

    Raises `Problem` if the engine refuses or is lost.
    """
    known = _interrupted_arm(experiment, command.name) if command.resume else RunState()
    presenter = make_presenter(sys.stdout, sys.stderr, follow.find_folder, json=args.json, quiet=args.quiet)
    follower = ExperimentFollower(follow.start_engine, command, presenter, known)
    status = asyncio.run(follower.run())
    if follower.over is not None and follower.can_print:
        with contextlib.suppress(RunProblem):  # its folders have been deleted
            experiment_run = find_experiment_run(experiment, follower.over.group)
            if not args.json:
                print_lines([""])
            show(experiment, experiment_run, args, document_indented=False)
    if words := follower.last_words():
        print_message(words)
    return status


def _interrupted_arm(experiment: Experiment, group: str) -> RunState:
    """The state of the arm to resume."""
    states = find_experiment_run(experiment, group).states(len(experiment.arms))
    return next((state for state in states if state is not None and not is_over(state)), RunState())


def show(
    experiment: Experiment, experiment_run: ExperimentRun, args: argparse.Namespace, *, document_indented: bool = True
) -> None:
    """Print the results: table, curves and conclusion, or a JSON document."""
    states = experiment_run.states(len(experiment.arms))
    live = [bool(run and run.live()) for run in _folders(experiment, experiment_run)]
    conclusion = conclude(experiment, states)
    if args.json:
        found = document(experiment, experiment_run, states, live, conclusion)
        print_json(found, indented=document_indented)
        flush()
        return
    out = sys.stdout
    on_terminal = draws(out)
    width = min(_width(), WIDEST)
    plain = not _utf8(out)
    data = data_named(states)
    text = [
        f"{experiment_run.group}: {experiment.question}",
        *([f"Data: {data}"] if data else []),
        "",
        *table(experiment, states, live, width),
    ]
    _print([*text, ""], plain=plain)
    if not args.quiet:
        drawn = chart(experiment, states, width, plain=plain or not on_terminal, colored=on_terminal)
        print_lines([*drawn, ""], styled=True)
    _print(conclusion_lines(conclusion, width), plain=plain)


def _folders(experiment: Experiment, experiment_run: ExperimentRun) -> list[Any]:
    return [experiment_run.runs.get(number) for number in range(1, len(experiment.arms) + 1)]


def table(experiment: Experiment, states: Sequence[RunState | None], live: Sequence[bool], width: int) -> list[str]:
    """The arms with their metrics; metrics that do not fit `width` follow in a second table."""
    wanted = views.measures(experiment)
    for most in range(len(wanted), 0, -1):
        lines = columns(views.table(experiment, states, live, wanted[:most]), right=range(2, most + 2))
        if max(map(len, lines)) <= width or most == 1:
            break
    if most < len(wanted):
        rest = views.table(experiment, states, live, wanted[most:])
        lines += ["", *columns([(row[0], *row[2:]) for row in rest], right=range(1, len(wanted) - most + 1))]
    return lines


def chart(
    experiment: Experiment, states: Sequence[RunState | None], width: int, *, plain: bool, colored: bool
) -> list[str]:
    """The arms' curves as lines of text, in the terminal's own colors if it has any."""
    from tui.plotting.plot import draw  # noqa: PLC0415 - imports numpy

    drawing = views.plot(experiment, states, log_y=views.is_log(experiment))
    if not any(len(curve.x) for curve in drawing.curves):
        return []
    rows = draw(drawing, width, CHART_ROWS, _palette(), symbols="ascii" if plain else "braille")
    title = views.chart_title(experiment)
    if colored:
        return [title, *("".join(_colored(s.text, s.style) for s in row).rstrip() for row in rows)]
    return [title, *("".join(s.text for s in row).rstrip() for row in rows)]


def _palette() -> Palette:
    from tui.plotting.plot import Palette  # noqa: PLC0415

    return Palette("cyan", "yellow", "cyan", "bright_black", "bright_black", "default", "green", "red")


def _colored(text: str, style: Any) -> str:
    from rich.color import ColorSystem  # noqa: PLC0415

    return str(style.render(text, color_system=ColorSystem.STANDARD)) if style and text.strip() else text


def conclusion_lines(conclusion: Conclusion, width: int) -> list[str]:
    """The conclusion in lines of at most `width` characters, the verdict first."""
    import textwrap  # noqa: PLC0415

    first, *rest = views.paragraphs(conclusion)
    paragraphs = [f"{views.verdict(conclusion)}: {first}", *rest]
    return [line for paragraph in paragraphs for line in textwrap.wrap(paragraph, width)]


def document(
    experiment: Experiment,
    experiment_run: ExperimentRun,
    states: Sequence[RunState | None],
    live: Sequence[bool],
    conclusion: Conclusion,
) -> dict[str, Any]:
    """The results as a JSON object (docs/events.md)."""
    arms = []
    for number, (arm, state, runs) in enumerate(zip(experiment.arms, states, live, strict=True), 1):
        test = state.tested if state else None
        run = experiment_run.runs.get(number)
        arms.append(
            {
                "number": number,
                "label": arm.label,
                "run": run.name if run else None,
                "status": _status_word(state, live=runs),
                "figures": {m.name: m.of(state) if state else None for m in MEASURES.values()},
                "interval": [test.low, test.high] if test else None,
            }
        )
    return {
        "type": "experiment_summary",
        "experiment": experiment.name,
        "group": experiment_run.group,
        "question": experiment.question,
        "shown": conclusion.shown,
        "answer": conclusion.answer,
        "more": list(conclusion.more),
        "limits": list(conclusion.limits),
        "values": dict(experiment_run.values),
        "data": next((state.started.data for state in states if state and state.started), None),
        "identity": next((state.data for state in states if state and state.data), None),
        "arms": arms,
    }


def _status_word(state: RunState | None, *, live: bool) -> str:
    if state is None:
        return "waiting"
    return state.finished.outcome if state.finished else "running" if live else "interrupted"


def _print(lines: Sequence[str], *, plain: bool) -> None:
    print_lines(ascii_text(line) if plain else line for line in lines)


def _utf8(out: TextIO) -> bool:
    from tui.terminal.capabilities import has_few_characters, speaks_utf8  # noqa: PLC0415

    return speaks_utf8(out) and not (out.isatty() and has_few_characters())


def _width() -> int:
    import shutil  # noqa: PLC0415

    return max(shutil.get_terminal_size((80, 24)).columns - 1, 40)
