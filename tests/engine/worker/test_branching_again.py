"""A replayed branch: from the same checkpoint of its parent, with its own changes, to the same metrics."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine import commands as cmd
from engine import events as ev
from engine.config import TrainConfig, make_config
from engine.errors import RunProblem
from engine.runs.folder import RunFolder, create_run
from engine.runs.replay import came_to_its_end, first_difference, recipe
from engine.worker.command_queue import CommandQueue, Plan
from engine.worker.training.branching import BranchStart, branch_again, branch_off
from engine.worker.training.checkpoint_file import load_checkpoint, save_checkpoint
from engine.worker.training.jobs import train_run
from tests.engine.worker.conftest import Script, Story

Train = Callable[..., Story]


def created(story: Story, config: TrainConfig, parent: ev.Parent | None = None) -> ev.RunCreated:
    return ev.RunCreated(run=story.folder.name, config=config, version="test", host="here", parent=parent)


def trained_on(root: Path, begun: BranchStart, plan: Plan | None = None, script: Script | None = None) -> Story:
    """A branch with this start, and with the event 0 that the session emits."""
    (config, _), parent = begun
    folder = create_run(config, preset="", version="test", root=root)
    save_checkpoint(folder.checkpoint("last"), begun.checkpoint)
    story, control = Story(folder), CommandQueue(plan)
    story.events.append(created(story, config, parent))

    def emit(event: ev.Event) -> None:
        story.events.append(msgspec.structs.replace(event, seq=len(story.events)))
        if script:
            script(event, control)

    train_run(folder, config, emit, control, begun.checkpoint)
    return story


def branch(of: Story, at: str = "last", script: Script | None = None, **values: Any) -> Story:
    return trained_on(of.folder.path.parent, branch_off(of.folder, at, values), script=script)


def again(story: Story) -> Story:
    """The run as its recipe makes it."""
    made = recipe(story.events)
    assert made.parent is not None
    parent = RunFolder(story.folder.path.parent / made.parent.run)
    begun = branch_again(parent, made.parent, msgspec.to_builtins(made.config))
    assert begun.checkpoint.config == made.config
    return trained_on(parent.path.parent, begun, Plan(made.changes, made.stop_at))


def assert_the_same(story: Story, other: Story) -> None:
    assert story.folder.path != other.folder.path
    assert first_difference(story.state, other.state) == ""
    assert other.metrics() == story.metrics()
    (_, one), (_, two) = (load_checkpoint(each.folder.checkpoint("last")) for each in (story, other))
    assert all(one["model"][name].equal(two["model"][name]) for name in one["model"])


def changing(*changes: tuple[int, dict[str, Any]]) -> Script:
    """Step by step, with changes before some of the steps, then freely on."""
    waiting = dict(changes)

    def script(event: ev.Event, control: CommandQueue) -> None:
        match event:
            case ev.RunStarted():
                control.post(cmd.Pause())
            case ev.Paused(step=step):
                if step in waiting:
                    control.post(cmd.Change(values=waiting.pop(step)))
                control.post(cmd.StepBatch() if waiting else cmd.Continue())

    return script


def going_on(story: Story, **values: Any) -> None:
    """Resume a run from its last checkpoint."""
    checkpoint = load_checkpoint(story.folder.checkpoint("last"))

    def emit(event: ev.Event) -> None:
        story.events.append(msgspec.structs.replace(event, seq=len(story.events)))

    train_run(story.folder, make_config(values, checkpoint.config), emit, CommandQueue(), checkpoint)


def test_a_branch_and_one_that_was_changed_while_it_trained(train: Train) -> None:
    parent = train(epochs=2)
    plain = branch(parent, epochs=5, learning_rate=0.01)
    assert_the_same(plain, again(plain))
    changed = branch(parent, epochs=5, script=changing((34, {"learning_rate": 0.02}), (50, {"optimizer": "sgd"})))
    assert [(e.step, e.name) for e in changed.of(ev.Changed)] == [(34, "learning_rate"), (50, "optimizer")]
    assert changed.metrics() != plain.metrics()
    assert_the_same(changed, again(changed))


@pytest.mark.parametrize("values", [{"optimizer": "sgd"}, {"schedule": "cosine"}, {"seed": 9, "dropout": 0.1}], ids=str)
def test_a_branch_with_a_new_optimizer_state_or_schedule(train: Train, values: dict[str, Any]) -> None:
    made = branch(train(epochs=2, optimizer="adam"), epochs=4, **values)
    assert_the_same(made, again(made))


def test_a_branch_of_a_branch(train: Train) -> None:
    first = branch(train(epochs=1), epochs=2, learning_rate=0.01)
    second = branch(first, epochs=4, script=changing((35, {"dropout": 0.0})), batch_size=20)
    assert_the_same(second, again(second))


def test_a_branch_that_was_stopped_within_an_epoch_and_one_at_its_very_beginning(train: Train) -> None:
    parent = train(epochs=2)

    def stop_at(place: int) -> Script:
        def script(event: ev.Event, control: CommandQueue) -> None:
            match event:
                case ev.RunStarted():
                    control.post(cmd.Pause())
                case ev.Paused(step=step):
                    control.post(cmd.Stop() if step >= place else cmd.StepBatch())

        return script

    for step in (53, 32):
        stopped = branch(parent, epochs=6, script=stop_at(step))
        assert (stopped.end.outcome, stopped.end.step) == ("stopped", step)
        assert_the_same(stopped, again(stopped))


def test_a_branch_that_was_resumed_with_another_number_of_epochs(train: Train) -> None:
    made = branch(train(epochs=1), epochs=3, schedule="one_cycle", learning_rate=0.02)
    going_on(made, epochs=6)
    assert [e.epoch for e in made.of(ev.EpochEnded)] == [2, 3, 4, 5, 6]
    assert_the_same(made, again(made))


def test_a_run_that_stopped_early_and_was_resumed(train: Train) -> None:
    """Its first part would end again where it ended, but that the plan has it go on there."""
    for epochs in (9, 12):
        early = branch(train(epochs=1), epochs=9, learning_rate=0.0, dropout=0.0, patience=2)
        assert (early.end.outcome, early.end.epochs) == ("early_stopped", 4)
        going_on(early, epochs=epochs)
        assert (early.end.outcome, early.end.epochs) == ("early_stopped", 5)
        assert_the_same(early, again(early))


def test_what_was_rolled_back_after_a_divergence_and_what_diverged(train: Train) -> None:
    parent = train(epochs=2)

    def blow_up(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.EpochEnded) and event.epoch == 3:
            control.post(cmd.Change(values={"learning_rate": 1e6, "optimizer": "sgd"}))

    lost = branch(parent, epochs=6, script=blow_up)
    assert lost.end.outcome == "diverged"
    assert lost.folder.checkpoint("last").exists()
    once_more = again(lost)
    assert once_more.end.outcome == "diverged" and first_difference(lost.state, once_more.state) == ""
    rolled = branch(lost, learning_rate=0.001, optimizer="adam")  # the last good checkpoint is from before the change
    assert rolled.end.outcome == "completed"
    assert rolled.of(ev.EpochEnded)[0].epoch == 4
    assert_the_same(rolled, again(rolled))


def test_any_checkpoint_that_stands_there_will_do(train: Train) -> None:
    """Branched off at the last one, which has moved on; that of the same epoch was kept."""
    parent = train(epochs=2, keep_every=2)
    of_last = branch(parent, epochs=4, learning_rate=0.01, keep_every=0)
    going_on(parent, epochs=4)
    made = again(of_last)
    assert made.of(ev.RunCreated)[0].parent.at == "2"
    assert_the_same(of_last, made)


def test_the_best_weights_serve_where_they_stand_there(train: Train) -> None:
    parent = train(epochs=2)
    assert parent.end.best_epoch == 2
    of_last = branch(parent, epochs=4)
    going_on(parent, epochs=3, learning_rate=1.0)
    assert parent.end.best_epoch == 2
    made = again(of_last)
    assert made.of(ev.RunCreated)[0].parent.at == "best"
    assert_the_same(of_last, made)


def test_a_checkpoint_that_is_gone_is_named_with_what_keeps_them(train: Train) -> None:
    parent = train(epochs=2)
    made = branch(parent, epochs=3)
    going_on(parent, epochs=4)
    name = parent.folder.name
    with pytest.raises(RunProblem) as caught:
        again(made)
    assert str(caught.value) == (
        f"The branch started from {name}'s checkpoint of epoch 2, step 32, which no longer exists; "
        "its last checkpoint is of epoch 4, step 64; its best checkpoint is of epoch 4, step 64. "
        "--keep-every N keeps checkpoints for this."
    )
    for kind in ("last", "best"):
        parent.folder.checkpoint(kind).write_bytes(b"")
    with pytest.raises(
        RunProblem, match=r"step 32, which no longer exists; .*last\.pt is not a .*best\.pt .*\. --keep-every"
    ):
        again(made)


def test_a_parent_that_was_trained_again_under_its_name_is_refused(train: Train) -> None:
    parent = train(epochs=2)
    made = branch(parent, epochs=3)
    other = train(epochs=2, seed=7)
    shutil.copyfile(other.folder.checkpoint("last"), parent.folder.checkpoint("last"))
    shutil.copyfile(other.folder.checkpoint("best"), parent.folder.checkpoint("best"))
    with pytest.raises(RunProblem, match=r"which has changed since: .* was trained again"):
        again(made)
    made.events[0] = msgspec.structs.replace(
        made.events[0], parent=msgspec.structs.replace(made.events[0].parent, digest="")
    )
    assert "The train loss of epoch 3 was" in first_difference(made.state, again(made).state)  # an earlier log


def test_an_invalid_checkpoint_name_in_a_log_is_not_opened(train: Train, tmp_path: Path) -> None:
    parent = train(epochs=2)
    made = branch(parent, epochs=3)
    shutil.copyfile(parent.folder.checkpoint("last"), tmp_path / "runs" / "away.pt")
    parent.folder.checkpoint("last").unlink()
    parent.folder.checkpoint("best").unlink()
    parent_elsewhere = msgspec.structs.replace(made.events[0].parent, at="../away")
    with pytest.raises(RunProblem, match="no longer exists"):
        branch_again(parent.folder, parent_elsewhere, {})


def test_a_run_that_was_left_is_compared_as_far_as_it_went(train: Train) -> None:
    def leave(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.EpochEnded) and event.epoch == 3:
            control.post(cmd.Abort())

    left = branch(train(epochs=1), epochs=5, script=leave)
    made = again(left)
    assert left.end.outcome == "aborted" and not came_to_its_end(left.state)
    assert len(made.state.epochs) == 4 and first_difference(left.state, made.state) == ""


def test_a_branch_of_weights_from_within_an_epoch_begins_a_new_one_and_its_means(train: Train) -> None:
    """The best weights were found where the run was stopped; half an epoch's sums are not carried into the next."""

    def stop(event: ev.Event, control: CommandQueue) -> None:
        if isinstance(event, ev.Paused):
            control.post(cmd.Stop() if event.step >= 24 else cmd.StepBatch())

    stopped = train(stop, before=(cmd.Pause(),), epochs=4)
    assert stopped.state.stopped_at is not None and stopped.state.stopped_at.best
    (_, contents), parent = branch_off(stopped.folder, "best", {})
    assert (parent.epoch, parent.step) == (2, 24)
    assert contents["meter"] == {"epoch": [0.0, 0.0, 0.0], "steps": 0, "images": 0}
    made = branch(stopped, "best")
    assert_the_same(made, again(made))
