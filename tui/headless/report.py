"""A run as lines of text: its start, an epoch, its end, a test evaluation."""

from __future__ import annotations

from engine.analysis.intervals import only_prediction, worst_pairs
from engine.events import EpochEnded, Outcome, SavedAgain, Tested, TestResult
from engine.fields import short
from engine.runs.folder import RunFolder, describe
from engine.state.run_state import RunState
from engine.text.numbers import count, duration, interval, loss, percent, plural
from tui.data.run_summary import placed
from tui.headless.output import columns
from tui.headless.survival import fate, reattach_with, resume_with
from tui.views.data_set import named, of_run, shown_overlap
from tui.views.mark_texts import differences_text
from tui.views.test_evaluations import NO_HONEST_ONE, dated, times

CONFIDENCE = "95% interval"
_OUTCOMES: dict[Outcome, str] = {
    "completed": "completed",
    "early_stopped": "stopped early",
    "stopped": "stopped",
    "aborted": "aborted",
    "diverged": "diverged",
    "failed": "failed",
}
_BEST = {"loss": "lowest validation loss", "accuracy": "highest validation accuracy"}


def opening(state: RunState) -> list[str]:
    """The run's name and settings; once it has started, its device and data."""
    if (started := state.started) is None:
        arm = state.arm
        part = f" (run {arm.number} of {arm.of} of the experiment {short(arm.experiment)})" if arm else ""
        return [
            f"Run {state.run}{part}: preset {state.preset or 'none'}, {describe(state.config).replace(' · ', ', ')}"
        ]
    machine, threads = started.machine, plural(started.machine.threads, "thread")
    lines = [
        f"Device {machine.device} ({short(machine.reason, 200)}), {threads}, {machine.precision}",
        f"Data {short(started.data) if state.data and state.data.is_mnist else named(state)}: {count(started.train_images)} training, "
        f"{count(started.validation_images)} validation, {count(started.test_images)} test images; "
        f"{count(started.parameters)} parameters",
        *(f"Note: {line}" for line in of_run(state)),
        "Each epoch: training loss (accuracy), validation loss (accuracy), time",
    ]
    if started.instead_of is not None:
        lines.insert(2, f"Note: the run was trained on other data before: {placed(started.instead_of)}")
    if started.resumed:
        how = f"resumes at epoch {started.position:.1f}" if started.step else "starts again: nothing had been saved"
        lines.insert(0, f"Run {state.run} {how}")
        if state.moved:
            lines.insert(
                1,
                f"Note: different machine ({differences_text(state.moved)}); the last digits of results may differ",
            )
    return lines


def epoch_line(event: EpochEnded, epochs: int) -> str:
    """One epoch's metrics on one line of 80 columns."""
    return (
        f"epoch {event.epoch:>{len(str(epochs))}}/{epochs}"
        f"  train {loss(event.train_loss)} ({percent(event.train_accuracy)})"
        f"  validation {loss(event.validation_loss)} ({percent(event.validation_accuracy)})"
        f"  {duration(event.seconds)}{'  best' if event.best else ''}"
    )


def closing(state: RunState, folder: RunFolder) -> list[str]:
    """The end of a run: status (unless `last_words` reports it), test result, run name and folder."""
    if state.finished is None:
        return []
    rows = ending(state)
    if (state.finished.diverged or not state.finished.conclusive) and state.arm is None:
        rows = [row for row in rows if row[0] not in ("Status", "Reason")]
    rows += not_saved(state)
    if state.started:
        machine = state.started.machine
        rows.append(("Device", f"{machine.device}, {plural(machine.threads, 'thread')}"))
    return columns([*rows, ("Run", state.run), ("Folder", short(str(folder.path), 400))])


def not_saved(state: RunState) -> list[tuple[str, str]]:
    """Files of the run that could not be saved, with the reason, one row each."""
    return [("Not saved", f"{short(each.path, 400)}: {short(each.reason, 200)}") for each in state.unsaved]


def ending(state: RunState) -> list[tuple[str, str]]:
    """How a run ended, its test result and its length, as rows; only the test result if it has not ended."""
    if (end := state.finished) is None:
        return tested(state)
    rows = [("Status", _OUTCOMES[end.outcome])]
    if end.outcome != "completed":
        rows.append(("Reason", short(end.reason, 400)))
    rows += tested(state)
    if end.best_epoch is not None:
        rows.append(("Best epoch", f"{end.best_epoch} ({_BEST[state.config.best_by]})"))
    return [*rows, ("Trained", f"{end.epochs} of {plural(state.config.epochs, 'epoch')} in {duration(end.seconds)}")]


def tested(state: RunState) -> list[tuple[str, str]]:
    """The run's test result as rows, with the weights unless only the best ones were tested."""
    if (test := state.tested) is None:
        return []
    rows = _test_rows(test)
    if test.weights == "last":
        return [*rows, ("Weights", f"last (epoch {test.epoch}); the best weights were not tested")]
    last = next((each for each in state.tests if each.weights == "last"), None)
    return [*rows, ("Last weights", f"test accuracy {percent(last.accuracy)}, epoch {last.epoch}")] if last else rows


def _test_rows(test: TestResult) -> list[tuple[str, str]]:
    rows = [
        ("Test accuracy", f"{percent(test.accuracy)} ({CONFIDENCE} {interval(test.low, test.high)})"),
        ("Errors", f"{count(test.wrong)} of {count(test.images)}"),
    ]
    if (digit := only_prediction(test.confusion)) is not None:
        rows.append(("Note", f"every image was predicted as {digit}: the network has learned nothing"))
    return rows + [("Note", line) for line in shown_overlap(test)]


def evaluation_report(state: RunState) -> list[str]:
    """The latest test evaluation in full: accuracy, per-digit recall, top confusions, earlier evaluations."""
    assert state.test is not None  # noqa: S101 - the caller has one
    test, test_evaluations = state.test, state.test_evaluations
    rows = [*_test_rows(test), ("Loss", loss(test.loss)), ("Weights", f"{test.weights}, epoch {test.epoch}")]
    lines = columns([*rows, ("Evaluated", dated(test_evaluations))])
    lines += ["", "digit   images   recall"]
    for digit, (share, row) in enumerate(zip(test.per_digit, test.confusion, strict=False)):
        lines.append(f"{digit:>5}   {count(sum(row)):>6}   {'-' if share is None else percent(share):>7}")
    if pairs := worst_pairs(test.confusion):
        lines += ["", "Most frequent confusions:"]
        lines += [f"  true {label}, predicted {predicted}: {count(n)}" for label, predicted, n in pairs]
    if len(state.tests) > 1:
        lines += ["", "With the best (by validation) and the last weights:", *_both_weights(state)]
    again = f"; {NO_HONEST_ONE}" if len(test_evaluations) > 1 else ""
    return [*lines, "", f"The test set has been evaluated {times(len(test_evaluations))} in this run{again}."]


def report_elsewhere(evaluation: Tested, state: RunState) -> list[str]:
    """A test evaluation on data other than the run's own, naming both."""
    test = evaluation.test
    rows = [("Other data", placed(evaluation.identity))] if evaluation.identity else []
    rows += [("Trained on", placed(state.data))] if state.data else []
    rows += [*_test_rows(test), ("Loss", loss(test.loss)), ("Weights", f"{test.weights}, epoch {test.epoch}")]
    return [*columns(rows), "", "The result on the run's own test set is unchanged."]


def _both_weights(state: RunState) -> list[str]:
    """The latest evaluation of the best and of the last weights, one line each."""
    rows = [("weights", "epoch", "test accuracy", "95% interval", "errors", "loss")]
    for test in sorted(state.tests, key=lambda each: each.weights):
        accuracy, bounds = percent(test.accuracy), interval(test.low, test.high)
        rows.append((test.weights, str(test.epoch), accuracy, bounds, count(test.wrong), loss(test.loss)))
    return [f"  {line}" for line in columns(rows, right=range(1, 6))]


def last_words(state: RunState) -> str:
    """The final message on standard error for a run that did not end well; empty otherwise."""
    if (end := state.finished) is None:
        return ""
    match end.outcome:
        case "completed" | "early_stopped" | "stopped":
            return f"mnist-tui: {unsaved(state)}" if state.unsaved else ""
        case "aborted" if state.unsaved:
            resume = f" {resume_with(end.run)}" if state.checkpoint else ""
            return f"Interrupted at epoch {end.position:.1f}. {unsaved(state)}{resume}"
        case "aborted" if state.checkpoint is None:
            return f"Interrupted at epoch {end.position:.1f}; no checkpoint had been saved."
        case "aborted":
            return f"Interrupted at epoch {end.position:.1f}. {resume_with(end.run)}"
        case "diverged" | "failed":
            return f"mnist-tui: {short(end.reason, 1000)}"


def left(state: RunState) -> str:
    """The final message of a command that exits while its run continues in the background."""
    if state.status == "paused":
        return f"{state.run} is paused. {resume_with(state.run)}"
    if end := fate():
        return end.parting(state.run, "is still training")
    return f"{state.run} is still training. {reattach_with(state.run)}"


def unsaved(state: RunState) -> str:
    """A sentence that lists the files of the run that could not be saved, with the reasons."""
    files = [f"{short(each.path, 400)} ({short(each.reason, 200)})" for each in state.unsaved]
    return f"{state.run} could not be saved completely: {', '.join(files)}. Earlier files are intact."


def saved_again(event: SavedAgain) -> str:
    """The message for a file that was saved after earlier failures, with the number of lost events."""
    lost = f"; {plural(event.lost, 'event')} lost" if event.lost else ""
    return f"{short(event.path, 200)} was saved after all{lost}"
