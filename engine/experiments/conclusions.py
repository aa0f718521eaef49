"""What was seen in an experiment, in figures, and whether it answers the question. Pure.

`conclude` is the front door. What an experiment is judged by is a function in `engine.experiments.verdicts`; what limits
any of them (an arm that was stopped, settings that were changed) is the same for all and found here. A verdict is asked
of arms alone that are over and had the same chance: of others it would find causes where there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.config import HYPERPARAMETERS
from engine.diagnosis.wording import count
from engine.errors import ConfigProblem
from engine.events import DataIdentity
from engine.experiments.experiment_files import Experiment
from engine.experiments.verdicts import VERDICTS, Seen, listed, standing
from engine.fields import Group, Hyperparameter, short
from engine.state.run_state import RunState

_NO_VERDICT = "They did not have the same chance, so nothing is concluded from that."


@dataclass(frozen=True, slots=True)
class Conclusion:
    """`answer` says what was seen, `shown` whether it answers the question: None where that cannot be told (yet).

    `more` are further figures, `limits` what is to be borne in mind. All of them are sentences. `provisional`: an arm is
    still to be trained, wholly or in part.
    """

    answer: str
    shown: bool | None
    more: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    provisional: bool = False


def conclude(experiment: Experiment, states: Sequence[RunState | None]) -> Conclusion:
    """The conclusion from the arms' states, None of one that was not begun; provisional while one is not over."""
    limits = tuple(_limits(experiment, states))
    seen = [
        Seen(arm.label, state)
        for arm, state in zip(experiment.arms, states, strict=True)
        if state is not None and (state.epochs or state.finished)
    ]
    over = sum(each.state.finished is not None for each in seen)
    if len(seen) < len(experiment.arms):
        lacking = [arm.label for arm, state in zip(experiment.arms, states, strict=True) if not _has_figures(state)]
        answer = f"{over} of {len(states)} runs are over; there are no figures yet of {listed(lacking)}."
        return Conclusion(answer, None, limits=limits, provisional=True)
    if over < len(seen):
        return Conclusion(standing(*seen).answer, None, limits=limits, provisional=True)
    if not _is_fair(seen):
        return Conclusion(f"{standing(*seen).answer} {_NO_VERDICT}", None, limits=limits)
    verdict = VERDICTS[experiment.name](*seen)
    return Conclusion(verdict.answer, verdict.shown, verdict.more, limits)


def _is_fair(seen: Sequence[Seen]) -> bool:
    """Whether the arms differ in what is compared alone.

    None was left or failed, none was changed, all had the same data, and where one was stopped, all were at the same place.
    """
    if any(_was_changed(each.state) for each in seen) or len(_data_sets(each.state for each in seen)) > 1:
        return False
    ends = [each.state.finished for each in seen if each.state.finished]
    if not all(end.conclusive for end in ends):
        return False
    return not any(end.outcome == "stopped" for end in ends) or len({end.position for end in ends}) == 1


def _was_changed(state: RunState) -> bool:
    return any(mark.kind == "changed" for mark in state.marks)


def _has_figures(state: RunState | None) -> bool:
    return state is not None and bool(state.epochs or state.finished)


def _limits(experiment: Experiment, states: Sequence[RunState | None]) -> Iterator[str]:
    """What keeps the arms from being what the experiment planned them to be."""
    if with_values := next((state.arm.values for state in states if state and state.arm), {}):
        told = [
            f"{parameter.about.label.lower()} {_written(parameter, value)}"
            for name, value in with_values.items()
            if (parameter := HYPERPARAMETERS.get(name)) and parameter.about.group is not Group.MACHINE
        ]
        if told:
            yield f"All its runs were trained with {listed(told)} instead of the experiment's own."
    if data := data_told(states):
        yield data
    for arm, state in zip(experiment.arms, states, strict=True):
        if state is None:
            continue
        end, epochs = state.finished, state.config.epochs
        if end and end.outcome in ("stopped", "aborted"):
            yield f"{arm.label} was {end.outcome} after {end.position:.1f} of {count(epochs)} epochs."
        elif end and end.failed:
            yield f"{arm.label} failed: {end.reason}"
        if _was_changed(state):
            yield f"{arm.label} was changed while it trained, so it differs in more than what is compared."


def data_named(states: Iterable[RunState | None]) -> str:
    """The data sets of the arms by name and place; empty where that is MNIST alone, or nothing is known."""
    states = tuple(states)
    return listed([_named(*each) for each in _data_sets(states).values()]) if data_told(states) else ""


def data_told(states: Iterable[RunState | None]) -> str:
    """Which data the arms were trained on, in a sentence; empty where that is MNIST, or nothing is known."""
    sets = _data_sets(states)
    match list(sets.values()):
        case []:
            return ""
        case [(name, data)] if data.is_mnist if data else name.lower().startswith("mnist"):
            return ""
        case [one]:
            return f"All its runs were trained on the data set {_named(*one)}, not on MNIST."
        case several:
            return f"Its runs were trained on different data sets: {listed([_named(*each) for each in several])}."


def _data_sets(states: Iterable[RunState | None]) -> dict[str, tuple[str, DataIdentity | None]]:
    """The data sets of the arms, each by its digest (by its name, where the log has none): its name, and what it is."""
    found: dict[str, tuple[str, DataIdentity | None]] = {}
    for state in states:
        if state is not None and state.started is not None:
            found.setdefault(state.data.digest if state.data else state.started.data, (state.started.data, state.data))
    return found


def _named(name: str, data: DataIdentity | None) -> str:
    return f"{short(name)} ({short(data.path, 400)})" if data else short(name)


def _written(parameter: Hyperparameter, value: object) -> str:
    try:
        return parameter.format(parameter.check(value))
    except ConfigProblem:  # of a log that is damaged, or of a later version
        return short(value)
