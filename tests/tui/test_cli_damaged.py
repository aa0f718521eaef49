"""Damaged run folders: the other runs are listed, and errors are one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.runs.folder import find_run
from tests.events_kit import RUN
from tests.tui.cli_kit import home, make_run, short_run
from tui.cli.main import main
from tui.views.runs import read_row

__all__ = ["home"]

CONTENTS = {
    "empty": b"",
    "zero bytes": bytes(200),
    "words": b"hello",
    "not utf-8": b"\xff\xfe\x00",
    "another document": b'{"a":[1,2]}',
    "a list": b"[1]",
    "null": b"null",
    "deep": b"[" * 100_000,
    "torn": b'{"host":"here","pi',
    "no time that a calendar has": b'{"type":"run_created","seq":0,"time":1e300,"run":"x","config":{},"version":"1","host":""}\n',
}
FILES = ("result.json", "session.json", "config.toml", "events.jsonl")


def put(path: Path, kind: str) -> None:
    """Replace the file at a path by something else."""
    path.unlink(missing_ok=True)
    match kind:
        case "a folder":
            path.mkdir()
        case "a link to nothing":
            path.symlink_to(path.with_name("nowhere"))
        case "a link to itself":
            path.symlink_to(path)
        case "a pipe":
            os.mkfifo(path)
        case _:
            path.write_bytes(CONTENTS[kind])


KINDS = [(name, kind) for name in FILES for kind in (*CONTENTS, "a folder", "a link to nothing", "a link to itself")]


@pytest.mark.parametrize(("name", "kind"), [*KINDS, *((name, "a pipe") for name in FILES)])
def test_a_file_of_another_kind_in_a_runs_folder_hides_nothing(
    name: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(short_run(), "other")
    run = make_run(short_run())
    put(run.path / name, kind)
    assert main(["ls", "--json"]) == 0
    found = {one["run"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["other"]["status"] == "finished"
    is_run = name != "config.toml" or "link" not in kind
    assert (RUN in found) == is_run
    assert main(["ls"]) == 0
    assert capsys.readouterr().err == ""
    if is_run:
        assert found[RUN]["status"] == "finished"  # without result.json it is read from the log
        assert found[RUN]["epochs"] == (0 if name == "events.jsonl" else 2)
        assert read_row(find_run(RUN)).name == RUN
        assert main(["show", RUN]) == 0
        assert RUN in capsys.readouterr().out


def test_settings_that_nothing_else_tells_of_are_named_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(short_run())
    put(run.events, "empty")
    put(run.config, "words")
    assert main(["show", RUN]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"mnist-tui: {run.config} is not a TOML file")
    assert captured.err.count("\n") == 1


def test_a_pipe_in_place_of_settings_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(short_run())
    put(run.events, "empty")
    put(run.config, "a pipe")
    assert main(["show", RUN]) == 2
    assert capsys.readouterr().err == f"mnist-tui: {run.config} is a pipe, and no file.\n"
