"""What is said of a run in lines of text: its opening, an epoch, its end, a look at the test set."""

from __future__ import annotations

from engine.analysis.intervals import only_prediction, worst_pairs
from engine.events import EpochEnded, SavedAgain, Tested, TestResult
from engine.fields import short
from engine.runs.folder import RunFolder, describe
from engine.state.run_state import RunState
from engine.text.numbers import count, duration, loss, percent, plural
from tui.data.run_summary import placed
from tui.headless.output import columns
from tui.headless.survival import fate
from tui.views.data_set import named, of_run, shown_overlap
from tui.views.test_evaluations import NO_HONEST_ONE, dated, times

CONFIDENCE = "95% interval"
_BEST = {"loss": "lowest validation loss", "accuracy": "highest validation accuracy"}


def opening(state: RunState) -> list[str]:
    """Which run this is, and once it has started, what it trains on."""
    if (started := state.started) is None:
        arm = state.arm
        part = f" (run {arm.number} of {arm.of} of the experiment {short(arm.experiment)})" if arm else ""
        return [
            f"Run {state.run}{part}: preset {state.preset or 'none'}, {describe(state.config).replace(' · ', ', ')}"
        ]
    machine, threads = started.machine, plural(started.machine.threads, "thread")
    lines = [
        f"Device {machine.device} ({short(machine.reason, 200)}), {threads}, {machine.precision}",
        f"Data {short(started.data) if state.data and state.data.is_mnist else named(state)}: {count(started.train_images)} images train, "
        f"{count(started.validation_images)} validate, {count(started.test_images)} test; "
        f"{count(started.parameters)} parameters",
        *(f"Note: {line}" for line in of_run(state)),
        "Each epoch: training loss (accuracy), validation loss (accuracy), time",
    ]
    if started.instead_of is not None:
        lines.insert(2, f"Note: it was trained on other data before, {placed(started.instead_of)}")
    if started.resumed:
        onward = (
            f"goes on from epoch {started.position:.1f}" if started.step else "begins again: nothing of it was saved"
        )
        lines.insert(0, f"Run {state.run} {onward}")
        if state.moved:
            lines.insert(
                1, f"Another machine ({', '.join(map(short, state.moved))}): the last digits of the figures part"
            )
    return lines


def epoch_line(event: EpochEnded, epochs: int) -> str:
    """One epoch's figures on one line of 80 columns."""
    return (
        f"epoch {event.epoch:>{len(str(epochs))}}/{epochs}"
        f"  train {loss(event.train_loss)} ({percent(event.train_accuracy)})"
        f"  validation {loss(event.validation_loss)} ({percent(event.validation_accuracy)})"
        f"  {duration(event.seconds)}{'  best' if event.best else ''}"
    )


def closing(state: RunState, folder: RunFolder) -> list[str]:
    """The end of a run: how it ended (unless `last_words` tells, as of every run that is no arm), the test, and where it all lies."""
    if state.finished is None:
        return []
    rows = ending(state)
    if state.finished.outcome in ("aborted", "diverged", "failed") and state.arm is None:
        del rows[0]
    rows += not_saved(state)
    if state.started:
        machine = state.started.machine
        rows.append(("Device", f"{machine.device}, {plural(machine.threads, 'thread')}"))
    return columns([*rows, ("Run", state.run), ("Folder", short(str(folder.path), 400))])


def not_saved(state: RunState) -> list[tuple[str, str]]:
    """What of a run is not on disk, and why, a row each."""
    return [("Not saved", f"{short(each.path, 400)}: {short(each.reason, 200)}") for each in state.unsaved]


def ending(state: RunState) -> list[tuple[str, str]]:
    """Why a run ended, its test and its length, as rows; of a run that was lost its test alone."""
    if (end := state.finished) is None:
        return tested(state)
    rows = [("Ended", short(end.reason, 400)), *tested(state)]
    if end.best_epoch is not None:
        rows.append(("Best epoch", f"{end.best_epoch} ({_BEST[state.config.best_by]})"))
    return [*rows, ("Trained", f"{end.epochs} of {plural(state.config.epochs, 'epoch')} in {duration(end.seconds)}")]


def tested(state: RunState) -> list[tuple[str, str]]:
    """The test that stands for a run as rows, and whose weights it is of where that is not a matter of course."""
    if (test := state.tested) is None:
        return []
    rows = _test_rows(test)
    if test.weights == "last":
        return [*rows, ("Weights", f"last, epoch {test.epoch}; the best ones were not tested")]
    last = next((each for each in state.tests if each.weights == "last"), None)
    return [*rows, ("Last weights", f"test accuracy {percent(last.accuracy)}, epoch {last.epoch}")] if last else rows


def _test_rows(test: TestResult) -> list[tuple[str, str]]:
    rows = [
        ("Test accuracy", f"{percent(test.accuracy)} ({CONFIDENCE} {percent(test.low)} to {percent(test.high)})"),
        ("Wrong", f"{count(test.wrong)} of {count(test.images)}"),
    ]
    if (digit := only_prediction(test.confusion)) is not None:
        rows.append(("Note", f"every image was read as {digit}: the network has learned nothing"))
    return rows + [("Note", line) for line in shown_overlap(test)]


def evaluation_report(state: RunState) -> list[str]:
    """The latest look at the test set in full: accuracy, each digit, the commonest confusions, the looks so far."""
    assert state.test is not None  # noqa: S101 - the caller has one
    test, test_evaluations = state.test, state.test_evaluations
    rows = [*_test_rows(test), ("Loss", loss(test.loss)), ("Weights", f"{test.weights}, epoch {test.epoch}")]
    lines = columns([*rows, ("Looked at", dated(test_evaluations))])
    lines += ["", "digit   images   read rightly"]
    for digit, (share, row) in enumerate(zip(test.per_digit, test.confusion, strict=False)):
        lines.append(f"{digit:>5}   {count(sum(row)):>6}   {'-' if share is None else percent(share):>12}")
    if pairs := worst_pairs(test.confusion):
        lines += ["", "Most often mistaken:"]
        lines += [f"  {label} read as {read}: {times(n)}" for label, read, n in pairs]
    if len(state.tests) > 1:
        lines += ["", "With the best (on validation) and the last weights:", *_both_weights(state)]
    again = f"; {NO_HONEST_ONE}" if len(test_evaluations) > 1 else ""
    return [*lines, "", f"The test set was looked at {times(len(test_evaluations))} in this run{again}."]


def report_elsewhere(look: Tested, state: RunState) -> list[str]:
    """A look at the test set of other data than the run's, with what was seen of its own for comparison."""
    test = look.test
    rows = [("Other data", placed(look.identity))] if look.identity else []
    rows += [("Trained on", placed(state.data))] if state.data else []
    rows += [*_test_rows(test), ("Loss", loss(test.loss)), ("Weights", f"{test.weights}, epoch {test.epoch}")]
    return [*columns(rows), "", "The figures of its own test set are as they were."]


def _both_weights(state: RunState) -> list[str]:
    """The latest look with either weights, a line each."""
    rows = [("weights", "epoch", "test accuracy", "95% interval", "wrong", "loss")]
    for test in sorted(state.tests, key=lambda each: each.weights):
        accuracy, interval = percent(test.accuracy), f"{percent(test.low)} to {percent(test.high)}"
        rows.append((test.weights, str(test.epoch), accuracy, interval, count(test.wrong), loss(test.loss)))
    return [f"  {line}" for line in columns(rows, right=range(1, 6))]


def last_words(state: RunState) -> str:
    """The sentence a run that did not end well leaves on standard error; empty where it did."""
    if (end := state.finished) is None:
        return ""
    match end.outcome:
        case "completed" | "early_stopped" | "stopped":
            return f"mnist-tui: {unsaved(state)}" if state.unsaved else ""
        case "aborted" if state.unsaved:
            go_on = f" Go on with: mnist-tui resume {end.run}" if state.checkpoint else ""
            return f"Interrupted at epoch {end.position:.1f}. {unsaved(state)}{go_on}"
        case "aborted" if state.checkpoint is None:
            return f"Interrupted at epoch {end.position:.1f}; no checkpoint was saved yet."
        case "aborted":
            return f"Interrupted at epoch {end.position:.1f}; go on with: mnist-tui resume {end.run}"
        case "diverged" | "failed":
            return f"mnist-tui: {short(end.reason, 1000)}"


def left(state: RunState) -> str:
    """The sentence of whoever leaves a run to its engine."""
    if state.status == "paused":
        return f"{state.run} is paused; mnist-tui resume {state.run} has it go on."
    if end := fate():
        return end.parting(state.run, "goes on")
    return f"{state.run} goes on; mnist-tui attach {state.run} shows it."


def unsaved(state: RunState) -> str:
    """What of a run is not on disk, and why, in a sentence."""
    files = [f"{short(each.path, 400)} ({short(each.reason, 200)})" for each in state.unsaved]
    return f"Not everything of {state.run} could be saved: {', '.join(files)}. What was saved before is as it was."


def saved_again(event: SavedAgain) -> str:
    """What could not be saved is on disk now; and what is lost."""
    lost = f"; lost meanwhile: {plural(event.lost, 'event')}" if event.lost else ""
    return f"{short(event.path, 200)} is saved again{lost}"
