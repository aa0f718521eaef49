"""The title bar and the two status lines, cut to the width there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.content import Content

from engine.analysis.intervals import only_prediction
from engine.events import Finished, SaveFailed
from engine.state.run_state import RunState, eta_seconds
from engine.text import numbers
from tui.views.available import resumable
from tui.views.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line; where room is short, the one with the greatest `rank` goes first."""

    content: Content
    rank: int
    cut: bool = False
    """Whether it may be shortened rather than left out."""


@dataclass(frozen=True, slots=True)
class Signs:
    """Characters of the status lines: between parts, of the bar done and to do, and of what was cut."""

    between: str = "  ·  "
    done: str = "━"
    todo: str = "─"
    cut: str = "…"


SIGNS = Signs()
ASCII_SIGNS = Signs(between=" | ", done="#", todo="-", cut="~")


_LEAST_CUT = 16
"""Cells below which a shortened part says too little."""


def text(words: str, style: str = "", rank: int = 0) -> Part:
    """A part in one style."""
    return Part(Content.styled(words, style) if style else Content(words), rank)


def metric(name: str, value: str, rank: int, style: str = "") -> Part:
    """A part with a muted name before its value."""
    return Part(Content.assemble((f"{name} ", "$muted"), (value, style)), rank)


def fit(parts: Sequence[Part], width: int, signs: Signs = SIGNS) -> Content:
    """The parts on one line of at most `width` cells."""
    kept = list(parts)
    gap = len(signs.between)
    while len(kept) > 1 and (over := sum(p.content.cell_length for p in kept) + gap * (len(kept) - 1) - width) > 0:
        first = max(kept, key=lambda p: p.rank)
        if first.cut and first is kept[-1] and first.content.cell_length - over > _LEAST_CUT:
            break
        kept.remove(first)
    line = Content.styled(signs.between, "$muted 60%").join([p.content for p in kept])
    return line if line.cell_length <= width else line.truncate(max(width - 1, 0)) + signs.cut * (width > 0)


def progress_line(snapshot: Snapshot, width: int, signs: Signs = SIGNS) -> Content:
    """What goes on, how far it is, and how long it takes still."""
    state = snapshot.state
    if snapshot.lost is not None and not snapshot.lost.expected:
        return _lost(snapshot, snapshot.lost.reason, width, signs)
    if snapshot.still:
        return fit([text(snapshot.still, "bold $accent"), text(_way_out(snapshot), "", 1)], width, signs)
    if state.status == "none" or (state.status != "ended" and snapshot.opened):
        return fit(_idle(snapshot), width, signs)
    head = _headline(snapshot)
    if state.started is None or state.status == "ended":
        offer = [text(_offer(state), "", 1)] if resumable(snapshot) else []
        return fit([*head[:1], *offer, *head[1:], *_other(snapshot)], width, signs)
    share = min(state.position / max(state.config.epochs, 1), 1.0)
    parts = [*head, text(numbers.percent(share, 1) + " of the run", "", 1), *_time_left(state)]
    room = width - fit(parts, width, signs).cell_length - len(signs.between)
    if room < 8:
        return fit(parts, width, signs)
    bar = Part(progress_bar(share, min(room, 48), signs), 0)
    return fit([*head, bar, *parts[len(head) :]], width, signs)


def _way_out(snapshot: Snapshot) -> str:
    """How to end what is waited for."""
    if snapshot.watching:
        return "q leaves"
    return "x ends the run" if snapshot.running else "x gives it up" if snapshot.starting else "q leaves"


def _lost(snapshot: Snapshot, reason: str, width: int, signs: Signs) -> Content:
    """Why the engine is gone, and what can be done: that has room in any case."""
    if snapshot.opened or not resumable(snapshot):
        again = "r starts another engine"
        room = width - len(again) - len(signs.between)
        if _LEAST_CUT <= room < len(reason):
            reason = reason[: room - 1] + signs.cut
        return fit([text(reason, "bold $error", 0), text(again, "", 1)], width, signs)
    offer = _offer(snapshot.state)
    for words in (f"at epoch {snapshot.state.position:.1f}; {offer}", offer, offer.split(" from ")[0]):
        room = width - len(words) - len(signs.between)
        if len(reason) <= room:
            break
    if room < _LEAST_CUT:
        return fit([text(words, "bold")], width, signs)
    said = reason if len(reason) <= room else reason[: room - 1] + signs.cut
    return fit([text(said, "bold $error"), text(words, "bold")], width, signs)


def _offer(state: RunState) -> str:
    """What resuming an unfinished run does."""
    last, begun = state.checkpoint, state.started
    if last is None or begun is None:
        return "c: start again"
    place = last.step / max(begun.steps_per_epoch, 1)
    if state.finished is None and place >= state.config.epochs:
        return "c: evaluate"
    if place > last.epoch:
        return f"c: resume from epoch {place:.1f}"
    return f"c: resume from the checkpoint of epoch {last.epoch}"


def progress_bar(share: float, width: int, signs: Signs = SIGNS) -> Content:
    """A bar of exactly `width` cells; full only where all is done."""
    done = int(min(max(share, 0.0), 1.0) * width)
    return Content.assemble((signs.done * done, "$train"), (signs.todo * (width - done), "$line"))


def _idle(snapshot: Snapshot) -> list[Part]:
    if snapshot.opened and not snapshot.starting:
        return [
            text("not finished", "bold $accent"),
            *_other(snapshot),
            text("its engine ended without a word", "", 2),
            *([text(_offer(snapshot.state), "bold", 1)] if resumable(snapshot) else []),
        ]
    hint = f"r trains {snapshot.preset or 'with these settings'}"
    if snapshot.starting:
        hint = "then it begins"
    match snapshot.engine:
        case "starting" | "none":
            return [text("engine: starting…", "$muted"), text(hint, "", 1)]
        case "loading":
            return [text("engine: loading torch…", "$muted"), text(hint, "", 1)]
        case "gone":
            return [text("engine: ended", "$muted"), text(f"{hint} with a new one", "", 1)]
        case "ready":
            return [text("engine: ready", "$success"), text(hint, "bold", 1)]


def _other(snapshot: Snapshot) -> list[Part]:
    """That another run is training meanwhile."""
    return (
        [text(f"{short_name(snapshot.other)} is {snapshot.doing}: 2 shows it", "$accent", 0)] if snapshot.other else []
    )


def _headline(snapshot: Snapshot) -> list[Part]:
    state = snapshot.state
    epochs = state.config.epochs
    epoch = text(f"epoch {min(int(state.position) + 1, epochs)} of {epochs}")
    if snapshot.waiting:
        return [text(snapshot.waiting, "bold $accent")]
    match state.status:
        case "preparing":
            return [text(state.phase.text if state.phase else "getting ready", "bold")]
        case "testing":
            return [text("testing", "bold $train"), text(state.phase.text if state.phase else "", "", 2)]
        case "paused":
            return [text("paused", "bold $accent"), epoch]
        case "ended" if state.finished:
            return _ended(state, state.finished)
        case _:
            validating = state.phase is not None and state.phase.name == "validation"
            return [text("validating" if validating else "training", "bold $train"), epoch]


OUTCOMES = {
    "completed": ("finished", "$success"),
    "early_stopped": ("stopped early", "$success"),
    "stopped": ("stopped", "$accent"),
    "aborted": ("aborted", "$accent"),
    "diverged": ("diverged", "$error"),
    "failed": ("failed", "$error"),
}


def _ended(state: RunState, end: Finished) -> list[Part]:
    word, style = OUTCOMES[end.outcome]
    parts = [text(word, f"bold {style}")]
    if end.failed or end.diverged:
        parts.append(Part(Content(end.reason), 1, cut=True))
    else:
        trained = f"{end.position:.1f}".removesuffix(".0")
        parts.append(
            text(
                f"{trained} of {numbers.plural(state.config.epochs, 'epoch')} in {numbers.duration(end.seconds)}", "", 2
            )
        )
    if test := state.tested:
        parts.append(metric("test accuracy", numbers.percent(test.accuracy), 1, "bold"))
        only = only_prediction(test.confusion)
        if only is not None:
            parts.append(text(f"reads everything as {only}: it has learned nothing", "bold $error", 0))
    return parts


def _time_left(state: RunState) -> list[Part]:
    left = eta_seconds(state)
    parts = [] if left is None else [text(f"{numbers.duration(left)} left", "", 2)]
    if state.speed:
        parts.append(text(f"{numbers.count(state.speed)} images/s", "", 3))
    return parts


def metrics_line(snapshot: Snapshot, width: int, signs: Signs = SIGNS) -> Content:
    """The latest figures, each with its split and its place in the run; or what went wrong with saving."""
    state = snapshot.state
    if state.save_failed:
        return fit([text(_unsaved(snapshot, state.save_failed, width, signs), "bold $accent")], width, signs)
    if state.started is None:
        return fit([text("h explains every setting and metric, ? lists the keys", "$muted")], width, signs)
    machine = state.started.machine
    parts: list[Part] = []
    if state.epochs:
        last = state.epochs[-1]
        value = f"{numbers.percent(last.validation_accuracy)}, epoch {last.epoch}/{state.config.epochs}"
        parts.append(metric("validation accuracy", value, 0, "$validation"))
    if progress := state.progress:
        parts.append(
            metric(
                "training loss",
                f"{numbers.loss(progress.latest_loss)}, step {numbers.count(state.step)}",
                1,
                "$train",
            )
        )
        parts.append(metric("learning rate", numbers.number(progress.learning_rate), 4))
        parts.append(metric("gradient norm", numbers.number(progress.latest_gradient_norm), 6))
        seen = state.losses.points[-1].images if state.losses.points else progress.images
        parts.append(Part(Content.assemble(numbers.rough(seen), (" images seen", "$muted")), 3))
        parts.append(Part(Content.assemble(numbers.duration(progress.seconds), (" trained", "$muted")), 5))
    if state.lost:
        parts.append(text(f"{numbers.plural(state.lost, 'event')} lost from its log", "$accent", 1))
    threads = f", {numbers.plural(machine.threads, 'thread')}" if machine.device == "cpu" else ""
    parts.append(text(f"{machine.device}{threads}", "$muted", 2))
    return fit(parts, width, signs)


def _unsaved(snapshot: Snapshot, fault: SaveFailed, width: int, signs: Signs) -> str:
    """What cannot be saved and why; of a path that is too long its end, so that the reason has room."""
    more = len(snapshot.state.unsaved) - 1
    files = f" (and {numbers.plural(more, 'file')} more)" if more else ""
    after = "; training continues" if snapshot.running else ""
    path = fault.path
    room = width - len(f"not saved: : {fault.reason}{files}")
    if len(path) > max(room, _LEAST_CUT):
        path = signs.cut + path[1 - max(room, _LEAST_CUT) :]
    return f"not saved: {path}: {fault.reason}{files}{after if len(path) + len(after) <= room else ''}"


def title(snapshot: Snapshot, *, ascii_only: bool = False, preset: bool = True, folder: bool = True) -> Content:
    """The program's name and the run's, with its preset and that it was read from its folder, or without."""
    state, between = snapshot.state, "-" if ascii_only else "·"
    begun_with = f"{state.preset or 'own settings'} {between} " if preset else ""
    run = f"{begun_with}{short_name(state.run)}" if state.run else snapshot.preset
    opened = "  (from its folder)" if snapshot.opened and folder else ""
    return Content.assemble((" mnist-tui ", "bold $train"), (f" {run}", ""), (opened, "$muted"), *_steering(snapshot))


def short_titles(snapshot: Snapshot, *, ascii_only: bool = False) -> Iterator[Content]:
    """The title in ever fewer words, where another screen steers: who does is what stays."""
    yield title(snapshot, ascii_only=ascii_only)
    yield title(snapshot, ascii_only=ascii_only, folder=False)
    yield title(snapshot, ascii_only=ascii_only, folder=False, preset=False)
    if snapshot.watching:
        run, who = short_name(snapshot.state.run), f"{snapshot.steers_name} steers"
        hint = f"{who} (watch only)" if snapshot.only_watches else f"{who} (k takes control)"
        for words in (hint, who):
            yield Content.assemble((" mnist-tui ", "bold $train"), f" {run}", (f"  {words}", "bold $accent"))
        for words in (hint, who):
            yield Content.assemble(f" {run}", (f"  {words}", "bold $accent"))
        yield Content.assemble((f" {who}", "bold $accent"))


def _steering(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Who steers, where more than one screen is attached."""
    if snapshot.watching:
        how = "this screen only watches" if snapshot.only_watches else "k takes control"
        return [(f"  {snapshot.steers_name} steers ({how})", "bold $accent")]
    others = snapshot.steers.screens - 1 if snapshot.steers else 0
    return [(f"  watched by {numbers.plural(others, 'other screen')}", "$muted")] if others else []


def short_name(run: str) -> str:
    """A made-up run name without its date and time."""
    parts = run.split("-", 4)
    return parts[4] if len(parts) == 5 and all(part.isdigit() for part in parts[:4]) else run
