"""Other data than a run was trained on: refused with a sentence, accepted by a flag or in a dialog, and told."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
import pytest
from textual.content import Content
from textual.widgets import Static

from engine import commands as cmd
from engine import events as ev
from engine.commands import Command
from engine.errors import OtherDataProblem
from engine.state.run_state import fold
from tests import events_kit as kit
from tests.fake_engine import FakeEngine, refusing
from tests.tui.app_kit import stage
from tests.tui.cli_kit import engine_sending, engine_that, home, make_run, short_run, use_engine
from tui.app.app import MnistApp
from tui.cli.main import main
from tui.headless.report import closing, opening
from tui.screens.dialog import Dialog
from tui.views import final_test
from tui.views.data_set import elsewhere, overlaps
from tui.views.snapshot import Snapshot

__all__ = ["home"]

OWN = ev.DataIdentity(path="/w1/set", digest="a" * 32, images="b" * 32, labels="c" * 32)
OTHER = ev.DataIdentity(path="/w2/set", digest="d" * 32, images="e" * 32, labels="c" * 32)
SENTENCE = "otter was trained on the data of /w1/set, and those of /w2/set are others."


def known_run(overlap: ev.Overlap | None = None) -> list[ev.Event]:
    """A whole run whose log tells which data it had."""
    return [_known(event, overlap) for event in short_run()]


def _known(event: ev.Event, overlap: ev.Overlap | None) -> ev.Event:
    put = msgspec.structs.replace
    match event:
        case ev.RunStarted():
            return put(event, data="fashion", identity=OWN, overlap=overlap)
        case ev.Tested(test=test):
            return put(event, test=put(test, overlap=overlap), identity=OWN)
        case ev.Finished(test=test) if test is not None:
            return put(event, test=put(test, overlap=overlap))
    return event


def look(seq: int, identity: ev.DataIdentity | None = OTHER) -> ev.Tested:
    return ev.Tested(test=kit.test_result(kit.confusion(), 2), identity=identity, seq=seq, time=1.0)


# the command line


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("eval otter", cmd.EvaluateRun(run=kit.RUN, data_dir="/moved", other_data=True)),
        ("resume otter", cmd.ResumeRun(run=kit.RUN, data_dir="/moved", other_data=True)),
        ("train --resume otter", cmd.ResumeRun(run=kit.RUN, data_dir="/moved", other_data=True)),
        ("lrfind otter", cmd.TestRange(run=kit.RUN, data_dir="/moved", other_data=True)),
    ],
)
def test_the_flags_go_to_the_engine_and_a_refusal_names_them(
    words: str, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(short_run())
    engine = use_engine(monkeypatch, FakeEngine())
    engine.answer = refusing(OtherDataProblem(SENTENCE))
    assert main([*words.split(), "--data-dir", "/moved", "--other-data"]) == 3
    assert engine.commands == [command]
    flags = "Use --data-dir DIR to name the original data, or --other-data to accept these."
    assert capsys.readouterr().err == f"mnist-tui: {SENTENCE} {flags}\n"


@pytest.mark.parametrize(("flags", "other"), [([], False), (["--other-data"], True), (["--data-dir", "/new"], True)])
def test_a_branch_that_is_given_a_folder_means_what_is_in_it(
    flags: Sequence[str], other: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(short_run())
    engine = use_engine(monkeypatch, FakeEngine())
    engine.answer = refusing(OtherDataProblem(SENTENCE))
    assert main(["branch", "otter", *flags]) == 3
    [command] = engine.commands
    assert isinstance(command, cmd.Branch)
    assert command.other_data is other


def test_a_replay_expects_the_data_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(known_run())
    engine = use_engine(monkeypatch, engine_sending([]))
    engine.answer = refusing(OtherDataProblem(SENTENCE))
    assert main(["replay", "otter"]) == 3
    [command] = engine.commands
    assert isinstance(command, cmd.Start)
    assert (command.data, command.other_data) == (OWN, False)


def test_a_new_run_takes_the_data_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--other-data"]) == 2
    assert "--other-data needs --resume" in capsys.readouterr().err


def test_a_look_at_other_data_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = known_run()
    make_run(events)
    use_engine(monkeypatch, engine_that(lambda engine, _: engine.push(look(len(events)))))
    assert main(["eval", "otter", "--other-data"]) == 0
    told = capsys.readouterr().out
    assert "Other data     /w2/set (digest dddddddd)" in told
    assert "Trained on     /w1/set (digest aaaaaaaa)" in told
    assert "The result on the run's own test set is unchanged." in told
    use_engine(monkeypatch, engine_that(lambda engine, _: engine.push(look(len(events)))))
    assert main(["eval", "otter", "--other-data", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["is_other_data"], found["identity"]["path"], found["looks"]) == (True, "/w2/set", 1)


def test_show_names_the_data_and_looks_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    events = known_run()
    make_run([*events, look(len(events))])
    assert main(["show", "otter"]) == 0
    told = capsys.readouterr().out
    assert "fashion, /w1/set (digest aaaaaaaa), 50,000 training images" in told
    assert "On other data, /w2/set (digest dddddddd), " in told
    assert main(["show", "otter", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["identity"]["digest"] == OWN.digest
    assert [each["identity"]["path"] for each in found["elsewhere"]] == ["/w2/set"]
    assert found["looks"] == 1


# what is known of a run


def test_a_look_at_other_data_is_none_at_the_runs_test_set() -> None:
    events = known_run()
    before = fold(events)
    after = fold([look(len(events)), look(len(events) + 1), look(len(events) + 2, OWN)], before)
    assert [each.seq for each in after.elsewhere] == [len(events) + 1]  # the latest of each set
    assert len(after.test_evaluations) == len(before.test_evaluations) + 1
    assert before.test is not None and after.data == OWN


def test_overlaps_are_told_at_the_beginning_and_beside_the_test() -> None:
    overlap = ev.Overlap(test_in_training=9000, test_in_validation=1000, validation_in_training=3)
    state = fold(known_run(overlap))
    said = "Of the test images 9,000 of 10,000 are also training images and 1,000 of 10,000 are also validation images"
    assert any(line.startswith(f"Note: {said}") for line in opening(state))
    assert any(line.startswith("Note: Of the validation images 3 of 10,000") for line in opening(state))
    folder = make_run(known_run(overlap))
    assert any(said in line for line in closing(state, folder))
    panel = final_test.panel(Snapshot(state=state, opened=True), 120, 35)
    assert isinstance(panel, Content)
    assert "9,000 of 10,000" in " ".join(panel.plain.split())
    assert overlaps(ev.Overlap(), 10, 10) == [] == overlaps(None, 10, 10)
    assert not any("Note" in line for line in opening(fold(known_run(ev.Overlap()))))


def test_why_there_are_no_pictures_is_said_beside_the_test() -> None:
    seen = look(998, OWN)
    wrong = msgspec.structs.replace(seen.test, wrong_images=(ev.WrongImage(3, 4, 9, 0.75),))
    state = fold([*known_run(), msgspec.structs.replace(seen, test=wrong), look(999)])
    panel = final_test.panel(Snapshot(state=state, opened=True), 120, 40, no_images=SENTENCE).plain
    told = " ".join(" ".join(line[:36] for line in panel.splitlines()).split())
    assert f"No pictures: {SENTENCE}" in told
    assert elsewhere(state.elsewhere)[0] in told


# the app


async def test_c_asks_before_it_goes_on_with_other_data() -> None:
    aborted = [*kit.opening(), *kit.epoch_events(kit.BLOG, 1), *kit.ending(kit.BLOG, 1, outcome="aborted")]
    async with stage(kit.numbered(aborted)) as on:
        on.engine.answer = refusing(OtherDataProblem(SENTENCE))
        await on.press("c")
        assert isinstance(on.app.screen, Dialog)
        assert SENTENCE in str(on.app.screen.query_one("#question", Static).render())
        await on.press("escape")
        assert on.engine.commands == [cmd.ResumeRun(run=kit.RUN)]
        await on.press("c")
        on.engine.answer = None
        await on.press("y")
        assert on.engine.commands[-1] == cmd.ResumeRun(run=kit.RUN, other_data=True)


async def test_a_look_asks_before_it_takes_other_data() -> None:
    events = known_run()
    make_run(events)
    asked = FakeEngine()
    asked.answer = refusing(OtherDataProblem(SENTENCE))
    async with stage(events, ask=asked.connect) as on:
        app = on.app
        assert isinstance(app, MnistApp)
        app.look("best")
        await on.done("look")
        assert isinstance(app.screen, Dialog)
        again = FakeEngine([look(len(events))])
        app._start_script = again.connect
        await on.press("y")
        await on.done("look")
        assert again.commands == [cmd.EvaluateRun(run=kit.RUN, weights="best", other_data=True)]
        assert any("On other data, /w2/set" in notice for notice in on.notices)
        assert app.snapshot.state.test == fold(events).test
