"""Edits of a run's config.toml by hand are told to be ignored; files that other editors write are read."""

from __future__ import annotations

import codecs
import contextlib
from pathlib import Path

import pytest

from engine import commands as cmd
from engine.errors import ConfigProblem, EngineProblem
from engine.runs.edited_config import ignored_edits
from engine.runs.folder import RunFolder, find_run
from engine.settings import effective, effective_or_default
from tests.fake_engine import FakeEngine, refusing
from tests.recorded_kit import lay_out
from tests.tui.app_kit import stage
from tests.tui.cli_kit import home, use_engine
from tui.cli.commands import app
from tui.cli.main import main

__all__ = ["home"]


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.chdir(lay_out(home))
    return find_run("aborted")


def edit(run: RunFolder) -> None:
    text = run.config.read_text()
    run.config.write_text(
        text.replace("epochs = 50", "epochs = 3").replace("learning_rate = 0.05", "learning_rate = 0.1")
    )


EDITS = "was edited (learning_rate 0.05 → 0.1, epochs 50 → 3); the settings are those of "


def test_a_run_as_it_was_made_tells_of_no_edits(run: RunFolder) -> None:
    assert ignored_edits(run) == ignored_edits(run, replayed=True) == ""
    changed = find_run("changed")  # while it trained, which its file does not tell
    assert ignored_edits(changed) == ""


@pytest.mark.parametrize("line", [["resume", "aborted"], ["branch", "aborted", "--epochs", "60"]])
def test_resume_and_branch_say_which_edits_are_ignored(
    run: RunFolder, line: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(run)
    engine = FakeEngine()
    engine.answer = refusing(EngineProblem("Not now."))
    use_engine(monkeypatch, engine)
    assert main(line) != 0
    assert capsys.readouterr().err.splitlines()[0] == (
        f"Note: {run.config} {EDITS}the checkpoint, and the edits are ignored; "
        "flags of `resume` and `branch`, and `set`, change settings."
    )


def test_replay_says_so_too(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(run)
    engine = FakeEngine()
    engine.answer = refusing(EngineProblem("Not now."))
    use_engine(monkeypatch, engine)
    assert main(["replay", "aborted"]) != 0
    assert capsys.readouterr().err.splitlines()[0] == f"Note: {run.config} {EDITS}the log, and the edits are ignored."


def test_edits_count_where_nothing_was_saved_and_the_run_begins_again(run: RunFolder) -> None:
    edit(run)
    run.checkpoint("last").unlink()
    assert ignored_edits(run) == ""


def test_a_file_that_cannot_be_read_is_named(run: RunFolder) -> None:
    run.config.write_text("epochs = =")
    assert ignored_edits(run).startswith(f"{run.config} is not a TOML file")
    assert ignored_edits(run).endswith(" It is not needed here.")


async def test_the_app_says_so_when_a_run_goes_on(run: RunFolder) -> None:
    edit(run)
    async with stage(size=(120, 40)) as on:
        on.app.start(cmd.ResumeRun(run="aborted"))
        await on.settle()
        notes = [str(note.message) for note in on.app._notifications]
        assert any(EDITS in note for note in notes)


# files of other editors


def test_a_byte_order_mark_is_taken_off(home: Path, run: RunFolder) -> None:
    (home / "config.toml").write_bytes(codecs.BOM_UTF8 + b'preset = "quick"\r\n[train]\r\nepochs = 7\r\n')
    settings = effective()
    assert (settings.preset, settings.config.epochs) == ("quick", 7)
    run.config.write_bytes(codecs.BOM_UTF8 + run.config.read_bytes())
    assert run.read_config().epochs == 50
    assert ignored_edits(run) == ""


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_that_is_not_utf_8_says_how_to_save_it(home: Path, encoding: str) -> None:
    (home / "config.toml").write_bytes('[train]\ndata_dir = "café"\n'.encode(encoding))
    with pytest.raises(
        ConfigProblem, match=r"config\.toml is not a TOML file: it is not UTF-8 text; save it as UTF-8\.$"
    ):
        effective()
    settings = effective_or_default()
    assert settings.config == effective(environ={"MNIST_TUI_CONFIG": "/dev/null"}).config
    assert settings.notes[0].endswith("save it as UTF-8. Until that is put right, the defaults are taken.")


@pytest.mark.parametrize("content", [b"epochs = =", b"\xff", b"[train]\nepochs = -1\n", b'[screen]\ntheme = "none"\n'])
def test_a_config_file_that_cannot_be_used_keeps_no_run_from_being_looked_at(
    home: Path,
    run: RunFolder,
    content: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (home / "config.toml").write_bytes(content)
    for line in (["ls"], ["show", "aborted"], ["experiment"], ["experiment", "batch-noise", "--show"]):
        assert main(line) == 0
    assert main(["stop", "aborted"]) == 2
    assert "aborted is not running" in capsys.readouterr().err
    shown: list[object] = []

    class Opened(BaseException):
        """The app is about to be made."""

    def make(settings: object, connect: object, **values: object) -> None:
        shown.append((values["run"], values["theme"]))
        raise Opened

    monkeypatch.setattr("tui.cli.commands.attach.require_terminal", lambda: None)
    monkeypatch.setattr(app, "opening", contextlib.nullcontext)
    monkeypatch.setattr("tui.app.app.MnistApp", make)
    with pytest.raises(Opened):
        main(["attach", "aborted"])
    assert shown == [("aborted", None)]
    assert ("Until that is put right, the defaults are taken." in capsys.readouterr().err) == (b"theme" not in content)
