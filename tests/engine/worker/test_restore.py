"""A checkpoint with invalid contents is refused with a sentence, and the run's events stay valid."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import commands as cmd
from engine.config import make_config
from engine.errors import RunProblem
from engine.protocol import decode_event, encode
from engine.worker.training.checkpoint_file import FORMAT, load_checkpoint
from engine.worker.training.counters import Best, Counters, Plateau
from engine.worker.training.metrics import EpochSums
from tests.each import each
from tests.engine.worker.conftest import Story

Train = Callable[..., Story]
PLACE = {"epoch": 1, "offset": 0, "step": 16, "images": 250, "seconds": 0.5, "seconds_at_epoch": 0.5}
PLATEAU = {"scale": 1.0, "lowest": 0.3, "waited": 0}
BEST = {"epoch": 1, "step": 16, "loss": 0.3, "accuracy": 0.9, "weights": {"w": torch.zeros(2)}}
METER = {"epoch": [1.0, 2.0, 3.0], "steps": 1, "images": 16}
NO_NUMBERS: tuple[object, ...] = (None, True, "3", [], {}, torch.zeros(3), math.nan, math.inf, -1, -1.0, 10**30)


def test_what_was_kept_comes_back() -> None:
    assert Counters.decode(PLACE) == Counters(1, 0, 16, 250, 0.5, 0.5)
    assert Plateau.decode(PLATEAU) == Plateau(1.0, 0.3, 0)
    assert Plateau.decode(Plateau().encode()) == Plateau()
    assert Best.decode(BEST).loss == 0.3
    assert EpochSums.decode(METER).encode() == METER


@each("value", NO_NUMBERS)
@pytest.mark.parametrize("name", sorted(PLACE))
def test_a_place_is_made_of_counts_and_seconds(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Counters.decode(PLACE | {name: value})


@each("value", [value for value in NO_NUMBERS if value is not math.inf])
@pytest.mark.parametrize("name", sorted(PLATEAU))
def test_a_plateau_is_made_of_numbers(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Plateau.decode(PLATEAU | {name: value})


@each("value", NO_NUMBERS)
@pytest.mark.parametrize("name", ["epoch", "step", "loss", "accuracy"])
def test_the_best_weights_have_valid_metrics(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Best.decode(BEST | {name: value})


@pytest.mark.parametrize("like", [{"w": torch.ones(3)}, {"v": torch.ones(2)}, {}], ids=["shape", "name", "none"])
def test_the_best_weights_are_of_this_network(like: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="another network"):
        Best.decode(BEST).require_shapes(like)


@pytest.mark.parametrize("kind", [Counters, Plateau])
@pytest.mark.parametrize("change", ["less", "more"])
def test_no_name_is_missing_and_none_is_unknown(kind: Any, change: str) -> None:
    state = kind().encode()
    state = state | {"color": 1} if change == "more" else dict(list(state.items())[1:])
    with pytest.raises(ValueError, match="holds"):
        kind.decode(state)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": -1},
        {"images": math.inf},
        {"images": "16"},
        {"epoch": [1.0, 2.0]},
        {"epoch": [1.0]},
        {"epoch": [1.0, math.nan, 3.0]},
        {"epoch": [1.0, 17.0, 3.0]},
    ],
    ids=repr,
)
def test_a_meter_takes_sums_that_can_be(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"sums|steps|images"):
        EpochSums.decode(METER | change)


@pytest.mark.parametrize(
    "change",
    [
        {"place": PLACE | {"seconds": math.nan}},
        {"best": None, "plateau": {}},
        {"random": {"cpu": torch.zeros(3)}},
        {"model": {}},
        {"optimizer": {"state": {0: {"exp_avg": torch.zeros(7)}}, "param_groups": []}},
        {"optimizer": []},
    ],
    ids=",".join,
)
def test_a_run_that_cannot_go_on_ends_in_a_sentence(train: Train, change: dict[str, Any]) -> None:
    left = train(epochs=2, before=(cmd.StepBatch(), cmd.Abort()))
    path = left.folder.checkpoint("last")
    torch.save({**torch.load(path, weights_only=True), **change}, path)
    story = train(of=left)
    assert story.end.outcome == "failed"
    assert story.end.reason.startswith(f"{path} does not fit its own configuration")
    assert decode_event(encode(story.end)) == story.end


def test_the_optimizers_own_settings_follow_from_the_configuration(train: Train) -> None:
    """What a checkpoint says of them does not count: the rate comes with each step, the rest from the config."""
    straight, left = train(epochs=2), train(epochs=2, before=(cmd.StepBatch(), cmd.Abort()))
    path = left.folder.checkpoint("last")
    contents = torch.load(path, weights_only=True)
    contents["optimizer"]["param_groups"] = [{"lr": 99.0, "betas": None, "params": [5]}]
    torch.save(contents, path)
    assert train(of=left).metrics() == straight.metrics()


@pytest.mark.parametrize("config", [None, [], "epochs", 3, torch.zeros(2)], ids=repr)
def test_a_configuration_that_is_no_table_is_refused(tmp_path: Path, config: object) -> None:
    contents = {"model": {}, "optimizer": {}, "random": {}, "place": {"epoch": 0}, "best": None}
    torch.save({"format": FORMAT, "config": config, **contents}, tmp_path / "last.pt")
    with pytest.raises(RunProblem, match="is not a mnist-tui checkpoint"):
        load_checkpoint(tmp_path / "last.pt")
    torch.save({"format": FORMAT, "config": {}, **contents}, tmp_path / "last.pt")
    assert load_checkpoint(tmp_path / "last.pt")[0] == make_config({})
