"""What several runs read in the same images."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine import events as ev
from engine.dataset import load
from engine.errors import RunProblem
from engine.runs.test_predictions import save_test_predictions
from engine.runs.validation_predictions import append_predictions
from tests.tui.cli_kit import home
from tests.tui.tested_kit import Digital, look_of
from tui.data import run_comparison
from tui.data.run_comparison import LEAST_ACCURACY, compared, validated, validation_witnesses

__all__ = ["home"]


@pytest.fixture
def digital(tmp_path: Path) -> Digital:
    return Digital(tmp_path / "digits")


def test_a_look_that_is_made_anew_is_read_anew(digital: Digital) -> None:
    folder = digital.run("brave-otter", test=digital.off(digital.test, 1))
    first = run_comparison.tested(folder)
    assert first is not None
    assert (first.correct, first.epoch) == (63, 2)
    assert run_comparison.tested(folder) is first  # unchanged: not read again
    save_test_predictions(folder.look("best"), look_of(digital.off(digital.test, 1, 2), digital.test, 0.5))
    again = run_comparison.tested(folder)
    assert again is not None
    assert again.correct == 62


@pytest.mark.parametrize("kept", [b"", b"no archive", None])
def test_a_look_that_cannot_be_read_is_none(digital: Digital, kept: bytes | None) -> None:
    folder = digital.run("brave-otter")
    if kept is None:
        folder.look("best").unlink()
    else:
        folder.look("best").write_bytes(kept)
    assert run_comparison.tested(folder) is None


def test_the_newest_run_on_the_same_images_comes_first(digital: Digital, tmp_path: Path) -> None:
    for name in ("first", "second", "third"):
        digital.run(name)
    Digital(tmp_path / "others", seed=4).run("stranger")
    one = run_comparison.tested(digital.run("fourth"))
    assert one is not None
    assert [each.run for each in run_comparison.tested_alike(one)] == ["third", "second", "first"]


def test_different_images_do_not_compare(digital: Digital, tmp_path: Path) -> None:
    one = run_comparison.tested(digital.run("one"))
    other = run_comparison.tested(Digital(tmp_path / "others", seed=4).run("other"))
    assert one is not None
    assert other is not None
    with pytest.raises(RunProblem, match="one and other were tested on different images"):
        compared(one, other)


def test_readings_of_other_images_are_not_heard(digital: Digital, tmp_path: Path) -> None:
    """They are as many, but the labels at hand make another accuracy of them than the log tells."""
    folder = digital.run("brave-otter", validation=digital.off(digital.validation, 3))
    found = validated(folder, digital.validation)
    assert found is not None
    assert (found.epoch, found.correct) == (2, len(digital.validation) - 1)
    assert validated(folder, Digital(tmp_path / "others", seed=4).validation) is None
    assert validated(folder, digital.validation[:-1]) is None


def test_a_run_without_readings_of_its_best_epoch_is_not_heard(digital: Digital) -> None:
    folder = digital.run("brave-otter")
    count = len(digital.validation)
    append_predictions(
        folder.predictions, 1, 10, digital.validation, np.ones(count)
    )  # takes the place of epoch 2 as well
    assert validated(folder, digital.validation) is None
    folder.predictions.unlink()
    assert validated(folder, digital.validation) is None


def test_a_run_that_reads_badly_is_no_witness(digital: Digital) -> None:
    wrong = round(len(digital.validation) * (1 - LEAST_ACCURACY)) + 1
    digital.run("good", validation=digital.off(digital.validation, 1))
    digital.run("fair", validation=digital.off(digital.validation, 1, 2))
    digital.run("bad", validation=digital.off(digital.validation, *range(wrong)))
    found = validation_witnesses(digital.validation)
    assert found.runs == ("fair", "good")
    assert [(each.index, each.runs) for each in found.suspects] == [(1, 2)]


def test_the_test_set_is_judged_by_looks_that_were_made(digital: Digital, tmp_path: Path) -> None:
    digital.run("one", test=digital.off(digital.test, 9), sure=0.8)
    digital.run("two", test=digital.off(digital.test, 9), sure=0.6)
    digital.run("never", test_evaluations=0)
    Digital(tmp_path / "others", seed=4).run("stranger")
    found = run_comparison.test_witnesses(digital.test)
    assert found.runs == ("two", "one")
    [suspect] = found.suspects
    assert suspect.index == 9
    assert suspect.confidence == pytest.approx(0.7009, abs=1e-4)
    assert run_comparison.test_witnesses(digital.test[::-1].copy()).runs == ()


def test_runs_on_other_data_with_the_same_labels_do_not_compare(digital: Digital) -> None:
    folder, look = digital.run("one"), look_of(digital.test, digital.test)
    save_test_predictions(folder.look("best"), dataclasses.replace(look, digest="a" * 32))
    one = run_comparison.tested(folder)
    two = digital.run("two")
    save_test_predictions(two.look("best"), dataclasses.replace(look, digest="b" * 32))
    other = run_comparison.tested(two)
    assert one is not None
    assert other is not None
    with pytest.raises(RunProblem, match="one and two were tested on different images"):
        compared(one, other)
    assert run_comparison.tested_alike(one) == []
    unknown = run_comparison.tested(digital.run("three"))  # of a version that did not tell
    assert unknown is not None
    assert [each.run for each in run_comparison.tested_alike(one)] == ["three"]
    data = ev.DataIdentity(path="/x", digest="a" * 32, images="", labels="")
    assert run_comparison.test_witnesses(digital.test, data=data).runs == ("three", "one")


def test_readings_of_other_data_with_the_same_labels_are_not_heard(digital: Digital) -> None:
    folder = digital.run("one")
    own = load(digital.folder).identity
    lines = folder.events.read_bytes().replace(
        b'"resumed":false', b'"resumed":false,"identity":' + msgspec.json.encode(own)
    )
    folder.events.write_bytes(lines.replace(b',"identity":null,"overlap"', b',"overlap"'))
    assert validated(folder, digital.validation, own) is not None
    other = msgspec.structs.replace(own, digest="0" * 32)
    assert validated(folder, digital.validation, other) is None
    assert validation_witnesses(digital.validation, data=other).runs == ()
