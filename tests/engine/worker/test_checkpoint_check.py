"""Checkpoints that are damaged or have weights that are not finite are refused; the message names a usable one."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import commands as cmd
from engine import events as ev
from engine.errors import RunProblem
from engine.runs.folder import RunFolder, find_run
from engine.runs.test_predictions import TestPredictions, read_test_predictions, save_test_predictions
from engine.worker.queries import answer
from engine.worker.server import torch_tasks
from engine.worker.training.branching import branch_again, branch_off
from engine.worker.training.checkpoint_file import load_checkpoint
from engine.worker.training.jobs import evaluate_run
from tests.recorded_kit import lay_out

Use = Callable[[RunFolder, str], object]


def _quiet(share: float, text: str) -> None:
    pass


def _ask(question: type[cmd.Query], **values: object) -> Use:
    return lambda run, kind: answer(question(run=run.name, weights=kind, **values), _quiet)  # type: ignore[call-arg]


READ: dict[str, Use] = {
    "eval": lambda run, kind: evaluate_run(run, kind, lambda event: None),  # type: ignore[arg-type]
    "predict": _ask(cmd.PredictPictures, pixels=bytes([99] * 784)),
    "occlusion": _ask(cmd.MapOcclusion, pixels=bytes([99] * 784), patch=5),
    "weights": _ask(cmd.ShowWeights),
    "activations": _ask(cmd.MeasureActivations),
    "robustness": _ask(cmd.MeasureRobustness, corruption="shift"),
}
TRAIN: dict[str, Use] = {
    "branch": lambda run, kind: branch_off(run, kind, {"epochs": 9}),
    "resume": lambda run, _: torch_tasks.load(run),
    "lrfind": lambda run, _: answer(cmd.TestRange(run=run.name), _quiet),
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run of three epochs, the last of which is the best."""
    monkeypatch.setenv("MNIST_TUI_HOME", str(tmp_path))
    monkeypatch.chdir(lay_out(tmp_path))
    return find_run("finished")


def put(run: RunFolder, kind: str, value: float, *, best: bool = False) -> None:
    """Have a checkpoint hold this number among its weights."""
    path = run.checkpoint(kind)
    contents = torch.load(path, weights_only=True)
    weights = contents["best"]["weights"] if best else contents["model"]
    next(iter(weights.values())).view(-1)[0] = value
    torch.save(contents, path)


def change_a_byte(path: Path, at: int | None = None) -> None:
    """Flip a bit of one byte, by default in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if at is None else at] ^= 0x10
    path.write_bytes(content)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", READ)
def test_weights_that_are_not_finite_read_nothing_and_the_other_ones_are_named(
    run: RunFolder, name: str, value: float
) -> None:
    put(run, "last", value)
    with pytest.raises(RunProblem) as problem:
        READ[name](run, "last")
    assert str(problem.value) == (
        f"{run.checkpoint('last')} contains NaN or infinite weights (epoch 3): training diverged. "
        "The best weights (epoch 3) are sound: --weights best."
    )
    READ[name](run, "best")


@pytest.mark.parametrize("name", TRAIN)
def test_weights_that_are_not_finite_are_not_trained_on(run: RunFolder, name: str) -> None:
    put(run, "last", math.nan)
    with pytest.raises(RunProblem, match="NaN or infinite") as problem:
        TRAIN[name](run, "last")
    assert str(problem.value).endswith(
        " The best weights (epoch 3) are sound: `mnist-tui branch finished --at best` continues from them."
    )
    branch_off(run, "best", {"epochs": 9})


def test_no_way_out_is_named_that_is_none(run: RunFolder) -> None:
    put(run, "last", math.nan)
    put(run, "best", math.inf)
    with pytest.raises(RunProblem, match=r"NaN or infinite weights \(epoch 3\): training diverged\.$"):
        READ["eval"](run, "best")


def test_a_run_whose_best_weights_are_not_finite_does_not_go_on_to_test_them(run: RunFolder) -> None:
    put(run, "last", math.nan, best=True)
    with pytest.raises(RunProblem, match=r"NaN or infinite best weights.* branch finished --at last` continues"):
        torch_tasks.load(run)
    (config, contents), _ = branch_off(run, "last", {"epochs": 9})
    assert (config.epochs, contents["best"]) == (9, None)


def test_weights_that_are_finite_but_far_too_large_never_give_nan(
    run: RunFolder,
) -> None:
    path = run.checkpoint("last")
    contents = torch.load(path, weights_only=True)
    for weights in contents["model"].values():
        weights.abs_().add_(1).mul_(1e37)
    torch.save(contents, path)
    events: list[ev.Event] = []
    evaluate_run(run, "last", events.append)
    test = next(event.test for event in events if isinstance(event, ev.Tested))
    assert test.loss is None and all(math.isfinite(wrong.probability) for wrong in test.wrong_images)
    look = read_test_predictions(run.look("last"))
    assert look is not None and bool(np.isfinite(look.probabilities).all())
    for name in ("predict", "occlusion", "activations", "robustness"):
        with pytest.raises(RunProblem, match=r"outputs of the last weights \(epoch 3\) are not finite"):
            READ[name](run, "last")
    assert all(math.isfinite(norm) for norm in READ["weights"](run, "last").norms)  # type: ignore[attr-defined]
    assert TRAIN["lrfind"](run, "last").losses == ()  # type: ignore[attr-defined]


def test_a_look_of_weights_that_were_not_finite_counts_as_none(run: RunFolder) -> None:
    path = run.look("best")
    look = read_test_predictions(path)
    assert look is not None
    save_test_predictions(path, TestPredictions(np.full_like(look.probabilities, np.nan), look.labels, look.epoch))
    assert read_test_predictions(path) is None


@pytest.mark.parametrize(("kind", "other"), [("last", "best"), ("best", "last"), ("2", "best")])
def test_a_changed_byte_is_reported_with_the_file_and_an_intact_checkpoint(
    run: RunFolder, kind: str, other: str
) -> None:
    change_a_byte(run.checkpoint(kind))
    with pytest.raises(RunProblem) as problem:
        branch_off(run, kind, {"epochs": 9})
    assert str(problem.value).startswith(f"{run.checkpoint(kind)} is damaged: archive/data/")
    assert f"in it does not match its checksum. The {other} weights (epoch 3) are sound: " in str(problem.value)
    if kind != "2":
        with pytest.raises(RunProblem, match=f"sound: --weights {other}"):
            READ["eval"](run, kind)


def test_a_replayed_branch_reports_which_checkpoint_is_damaged(run: RunFolder) -> None:
    origin = find_run("branch").state().parent
    assert origin is not None
    assert branch_again(run, origin, {"epochs": 4}).parent.epoch == 2
    change_a_byte(run.checkpoint("2"))
    with pytest.raises(RunProblem, match=r"no longer exists; .*epoch-00002\.pt is damaged: .* its checksum; its last"):
        branch_again(run, origin, {"epochs": 4})


def test_every_byte_of_a_checkpoint_is_checked_or_without_effect(run: RunFolder) -> None:
    """Each of the zip's own structures, and one byte in so many of the rest."""
    path = run.checkpoint("best")
    whole, before = path.read_bytes(), load_checkpoint(path)[1]
    places = {*range(0, len(whole), 211), *range(whole.rindex(b"PK\x01\x02") - 300, len(whole), 3)}
    unnoticed = 0
    for at in sorted(places):
        change_a_byte(path, at)
        try:
            contents = load_checkpoint(path)[1]
        except RunProblem:
            pass
        else:
            unnoticed += 1
            assert contents.keys() == before.keys()
            assert all(torch.equal(contents["model"][name], weights) for name, weights in before["model"].items())
            assert contents["place"] == before["place"]
        path.write_bytes(whole)
    assert unnoticed < len(places) / 2  # dates, names of systems, and the padding between the parts
