"""A run controlled with keys, from its first hint to a branch: real terminal, real digits."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from engine.runs.folder import all_runs
from engine.state.run_state import RunState
from tests.terminal.term import Term, app, engines

pytestmark = pytest.mark.timeout(180)
SLOW = (
    *("--preset", "quick", "--train-images", "2000", "--device", "cpu", "--epochs", "3000", "--batch-size", "100"),
    *("--hidden", "32", "--batch-norm", "false", "--optimizer", "sgd", "--weight-decay", "0.0001"),
    *("--schedule", "constant", "--learning-rate", "0.0002"),
)
"""A rate far too low for plain SGD: a hint appears, and a range test finds a better one. A high one diverges."""


class Run:
    """The newest run, according to its log and on the screen."""

    def __init__(self, term: Term, runs: Path) -> None:
        self._term, self._runs = term, runs

    @property
    def state(self) -> RunState:
        return all_runs(self._runs)[-1].state()

    def wait_rate(self, rate: float, marks: int) -> None:
        """Wait until the log has this rate after this many changes, and the form shows it."""
        self.wait_marks(marks)
        assert self.state.config.learning_rate == rate
        self._term.key("f")
        self._term.wait(rf"Learning rate +{rate:g} ")
        self._term.key("\x1b")
        self._term.wait("p Pause|p Go on")
        self._term.key("c")
        self._term.wait("Loss")

    def wait_marks(self, count: int) -> None:
        def there(_: str) -> bool:
            return sum(mark.kind == "changed" for mark in self.state.marks) >= count

        self._term.until(there, f"{count} changes in the log", 30)

    def wait_branch(self, runs: int) -> RunState:
        """Wait until there are this many runs, and the newest trains from another one's weights."""

        def there(_: str) -> bool:
            return len(all_runs(self._runs)) == runs and self.state.started is not None

        self._term.until(there, f"run number {runs}", 30)
        return self.state


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_from_a_hint_to_a_branch_and_back_from_a_divergence(tmp_path: Path, columns: int, rows: int) -> None:
    with app(tmp_path, *SLOW, columns=columns, rows=rows) as term:
        run = Run(term, tmp_path / "runs")
        term.wait("Hidden sizes|Charts", 20)
        term.key("r")
        term.wait(r"epoch [0-9]+ of 3000", 60)

        # up, down, and undo: each is marked, and the form shows the value
        term.key("]")
        term.wait("▲")
        run.wait_rate(0.0005, 1)
        term.key("[")
        run.wait_rate(0.0002, 2)
        term.key("u")
        run.wait_rate(0.0005, 3)
        term.key("u")
        run.wait_rate(0.0002, 4)

        # while paused: the range test and its result, and back
        term.key("p")
        term.wait("p Go on")
        term.key("y")
        term.wait("Which learning rate", 20)
        term.wait("Enter takes the first", 60)
        term.key("\r")
        run.wait_marks(5)
        assert run.state.config.learning_rate > 0.001
        term.key("u")
        run.wait_rate(0.0002, 6)
        term.key("p")
        term.wait("p Pause")

        # a field: explained, then edited during training, with invalid input first
        term.key("f")
        term.wait("▸.Model")
        term.key("h")
        term.wait("type to find a page", 20)
        term.wait("The kind of network")
        term.key("\x1b")
        term.until(lambda text: "type to find" not in text and "▸" in text, "form again", 20)
        term.key("\t" * 4)
        term.wait("▸.Dropout")
        term.key("\x15" + "1.5\r")
        term.wait("Dropout: 1.5 is out of range")
        term.key("\x15" + "0.25\r")  # still in the field
        term.wait("Dropout +0.25")
        run.wait_marks(7)
        assert run.state.config.dropout == 0.25

        # the hint, its reason, and its remedy
        term.wait("rate too low +i why", 60)
        term.key("i")
        term.wait("What to try", 20)
        if "learning rate 0.0002" not in term.text:  # another hint has appeared and is shown first
            term.key("n")
        term.wait(r"learning rate 0.0002 → 0.1 +enter takes it", 20)
        term.key("\r")
        run.wait_marks(8)
        assert run.state.config.learning_rate == 0.1

        # stopped; a branch with the form's settings
        term.key("s")
        term.wait("stopped", 30)
        parent = run.state
        assert parent.finished is not None and parent.finished.outcome == "stopped"
        term.key("n")
        branch = run.wait_branch(2)
        assert branch.parent is not None and branch.parent.run == parent.run
        assert branch.parent.epoch == parent.finished.best_epoch and branch.config.dropout == 0.25
        term.key("c")
        term.until(lambda text: "◆" in text and "p Pause" in text, "branch in training beside its parent", 30)

        # a rate that diverges (each step multiplies the weights by -99), and the rollback
        term.key("f" + "\t" * 4)
        term.wait("▸.Dropout")
        term.key("\t" * 5)
        term.wait("▸.Learning rate")
        term.key("\x15" + "1e6\r")
        term.wait("z Roll back", 30)
        lost = run.state
        assert lost.finished is not None and lost.finished.outcome == "diverged"
        term.key("z")
        rolled = run.wait_branch(3)
        assert rolled.parent is not None and rolled.parent.run in (
            lost.run,
            parent.run,
        )  # depending on whether it had completed an epoch
        assert rolled.config.learning_rate <= 0.1
        term.key("\x11")
        term.until(lambda _: term.process.poll() is not None or "eave it training" in term.text, "an end", 20)
        if term.process.poll() is None:
            term.key("a")
        assert term.wait_end(15) == 0
        assert term.left_behind() == []
    _, alive = psutil.wait_procs(engines(tmp_path), timeout=5)
    assert alive == []
