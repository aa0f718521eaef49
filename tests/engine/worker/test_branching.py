"""A branch continues with another run's weights, and the parent run is not changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine import events as ev
from engine.errors import ConfigProblem, RunProblem
from engine.events import Parent
from engine.runs.folder import RunFolder, create_run
from engine.worker.command_queue import CommandQueue
from engine.worker.training.branching import branch_off
from engine.worker.training.checkpoint_file import load_checkpoint, save_checkpoint
from engine.worker.training.jobs import train_run
from tests.engine.worker.conftest import Story

Train = Callable[..., Story]


def branch(of: Story, at: str = "last", **values: Any) -> Story:
    checkpoint, _ = branch_off(of.folder, at, values)
    config = checkpoint.config
    folder = create_run(config, preset="", version="test", root=of.folder.path.parent)
    save_checkpoint(folder.checkpoint("last"), checkpoint)
    story = Story(folder)
    train_run(folder, config, story.events.append, CommandQueue(), checkpoint)
    return story


def test_a_branch_without_another_setting_but_its_length_is_the_run_gone_on_with(train: Train) -> None:
    whole = train(epochs=5)
    short = train(epochs=3)
    before = {path.name: path.read_bytes() for path in short.folder.path.iterdir()}
    longer = branch(short, epochs=5)
    metrics = [{**each, "best": None} for each in longer.metrics()]
    assert metrics == [{**each, "best": None} for each in whole.metrics()[3:]]
    assert {path.name: path.read_bytes() for path in short.folder.path.iterdir()} == before


def test_a_checkpoint_is_kept_every_so_many_epochs_and_a_branch_begins_there(train: Train) -> None:
    story = train(epochs=5, keep_every=2)
    assert story.folder.kept() == [2, 4]
    assert [(e.kind, e.epoch) for e in story.of(ev.CheckpointSaved) if e.kind == "kept"] == [("kept", 2), ("kept", 4)]
    (config, _), parent = branch_off(story.folder, "2", {"learning_rate": 0.1, "keep_every": 0})
    assert parent == Parent(run=story.folder.name, at="2", epoch=2, step=32, digest=parent.digest)
    assert (config.learning_rate, config.epochs) == (0.1, 5)
    made = branch(story, "2", keep_every=0)
    assert [e.epoch for e in made.of(ev.EpochEnded)] == [3, 4, 5]
    assert [{**e, "best": None} for e in made.metrics()] == [{**e, "best": None} for e in story.metrics()[2:]]


def test_a_branch_of_the_best_weights_begins_at_their_epoch(train: Train) -> None:
    story = train(epochs=6, learning_rate=0.05, dropout=0.0)
    best = story.end.best_epoch
    assert best is not None
    (_, contents), parent = branch_off(story.folder, "best", {"epochs": 9})
    assert (parent.epoch, contents["place"]["offset"]) == (best, 0)
    assert branch(story, "best", epochs=best + 1).of(ev.EpochEnded)[0].epoch == best + 1


@pytest.mark.parametrize(
    "values", [{"optimizer": "sgd"}, {"optimizer": "adamw"}, {"dropout": 0.0}, {"seed": 9}], ids=str
)
def test_other_settings_train_on(train: Train, values: dict[str, Any]) -> None:
    story = train(epochs=2)
    made = branch(story, epochs=4, **values)
    assert made.end.outcome == "completed"
    assert [e.epoch for e in made.of(ev.EpochEnded)] == [3, 4]


def test_a_branch_that_is_killed_goes_on_from_where_it_began(train: Train) -> None:
    story = train(epochs=2)
    checkpoint, _ = branch_off(story.folder, "last", {"epochs": 4})
    config = checkpoint.config
    folder = create_run(config, preset="", version="test", root=story.folder.path.parent)
    save_checkpoint(folder.checkpoint("last"), checkpoint)
    again = load_checkpoint(folder.checkpoint("last"))
    assert again.config == config
    assert again.epoch == 2


def refused(folder: RunFolder, at: str, kind: type[Exception], words: str, **values: Any) -> None:
    with pytest.raises(kind, match=words):
        branch_off(folder, at, values)


def test_what_is_no_place_to_begin_is_refused_with_a_sentence(train: Train) -> None:
    story = train(epochs=4, keep_every=2)
    folder = story.folder
    refused(folder, "3", RunProblem, r"kept no checkpoint of epoch 3 \(kept: 2, 4\); --keep-every keeps them")
    refused(folder, "middle", ConfigProblem, "'middle' is not a checkpoint; expected last, best, or the epoch")
    refused(folder, "../x", ConfigProblem, "is not a checkpoint")
    refused(folder, "last", ConfigProblem, "had already trained 4 there; a branch needs more")
    refused(folder, "2", ConfigProblem, "Hidden sizes: a branch uses the weights of", hidden=(3,))
    refused(folder, "2", ConfigProblem, "Model: a branch uses the weights of", model="cnn")
    refused(folder, "2", ConfigProblem, "Dropout", dropout=7)
    folder.checkpoint("last").unlink()
    refused(folder, "last", RunProblem, "is not there")
