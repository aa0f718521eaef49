"""Damaged files of our own: config files, run folders, event logs."""

from __future__ import annotations

import contextlib
import io
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import tomli_w
from hypothesis import strategies as st

from engine.config import HYPERPARAMETERS, TrainConfig
from engine.errors import ConfigProblem, EngineProblem
from engine.events import Finished, LogLine
from engine.log.event_log import EventLog, read_events
from engine.protocol import decode_event, encode, is_later
from engine.runs.folder import all_runs, describe, find_run
from engine.settings import Settings, effective, presets
from engine.state.run_state import RunState, eta_seconds, fold
from tests.events_kit import diverged_run, whole_run
from tests.torture.damage import Damaged, damaged, junk
from tests.torture.fuzz import Shelf, Target, allowed, told
from tests.torture.ground import variable
from tui.cli.main import main
from tui.views.runs import read_row

RUN = "brave-otter"


def targets(folder: Path) -> list[Target]:
    """Config files as text and as values; run folders; logs that are read and continued."""
    return [
        Target("config file", damaged(_tables()) | junk(b"[train]\n", b"preset = "), _check_config(folder / "a"), 7),
        Target("config values", tables, _check_values(folder / "b"), 6),
        Target("run folder", run_folders(), _check_folder(folder / "c"), 5, may=("socket.connect",)),
        Target("event log", damaged([log()]) | lines(), _check_log(folder / "d"), 7, may=("write", "os.truncate")),
    ]


# config files

_scalars = (
    st.none().map(lambda _: "")
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["auto", "none", "adam", "fastcnn", "1e999", "\x1b[31m", "0x10"])
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
_fields = st.dictionaries(st.sampled_from(sorted(HYPERPARAMETERS)) | st.text(max_size=8), _values, max_size=4)
tables = st.fixed_dictionaries(
    {}, optional={"train": _fields | _values, "preset": st.sampled_from(sorted(presets())) | _values, "screen": _values}
)
"""Config files that are valid TOML with arbitrary contents."""


def _tables() -> list[bytes]:
    whole = {"preset": "blog-adam", "train": msgspec.to_builtins(TrainConfig()), "screen": {"theme": "dark"}}
    short = '# mine\npreset = "quick"\n[train]\nhidden = [128, 64]\nlearning_rate = 1e-3\ndata_dir = "/tmp/é"\n'
    return [tomli_w.dumps(whole).encode(), short.encode()]


def _check_config(folder: Path) -> Callable[[Damaged], None]:
    shelf = Shelf(folder)

    def check(given: Damaged) -> None:
        with shelf.lay({"config.toml": given.content}) as at:
            try:
                found = effective(environ={"MNIST_TUI_CONFIG": str(at / "config.toml")})
                assert isinstance(found, Settings)
            except ConfigProblem as problem:
                told(problem)

    return check


def _check_values(folder: Path) -> Callable[[dict[str, Any]], None]:
    check = _check_config(folder)

    def check_table(table: dict[str, Any]) -> None:
        check(Damaged(tomli_w.dumps(table).encode("utf-8", "surrogatepass"), 0, ()))

    return check_table


# run folders


def _files() -> dict[str, bytes]:
    """A finished run's folder, as text."""
    events = whole_run(epochs=2, events_per_epoch=3)
    end = events[-1]
    assert isinstance(end, Finished)
    session = {"host": socket.gethostname(), "pid": 1, "socket": "/nowhere/1.sock"}
    return {
        "config.toml": _tables()[0],
        "events.jsonl": b"".join(map(encode, events)),
        "result.json": msgspec.json.encode(end),
        "session.json": json.dumps(session).encode(),
    }


@st.composite
def run_folders(draw: st.DrawFn) -> dict[str, Damaged]:
    """One or two files of a run folder, damaged or missing (None)."""
    files = _FILES
    names = draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=2, unique=True))
    return {name: draw(damaged([files[name], b""])) for name in names}


_FILES = _files()


def _check_folder(folder: Path) -> Callable[[dict[str, Damaged]], None]:
    """Every command that reads run folders prints them or an error sentence."""
    shelf = Shelf(folder / "runs" / RUN, folder)

    def check(given: dict[str, Damaged]) -> None:
        files = _FILES | {name: damage.content for name, damage in given.items()}
        files = {name: content for name, content in files.items() if content or name == "config.toml"}
        with shelf.lay(files), variable("MNIST_TUI_HOME", str(folder)):
            (run,) = all_runs()
            assert find_run("last") == run
            assert run.status() in ("finished", "interrupted", "running", "diverged", "aborted", "stopped", "failed")
            assert isinstance(run.state(), RunState)
            assert read_row(run).status == run.status()
            try:
                assert describe(run.read_config())
            except ConfigProblem as problem:
                told(problem)
            for command in (["ls"], ["ls", "--json"], ["show", RUN], ["show", RUN, "--json"]):
                _command(command)

    return check


def _command(arguments: list[str]) -> None:
    """Run a command in this process; assert that it ends with a status and prints only text."""
    output, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(err):
        status = main(arguments)
    output.flush()
    assert isinstance(output.buffer, io.BytesIO)
    out = output.buffer.getvalue().decode()
    assert "bug in mnist-tui" not in err.getvalue(), err.getvalue()
    assert status in (0, 2)
    assert len(err.getvalue().splitlines()) == (1 if status else 0)
    if "--json" in arguments and not status:
        json.loads(out)
    else:
        assert out.replace("\n", "").isprintable(), repr(out)


# event logs


def log() -> bytes:
    """A log with the events of two runs."""
    return b"".join(map(encode, [*whole_run(epochs=2, events_per_epoch=3), *diverged_run()]))


def lines() -> st.SearchStrategy[Damaged]:
    """Logs with valid lines swapped, duplicated or missing, and one invalid line."""
    whole = log().splitlines(keepends=True)
    kept = st.lists(st.sampled_from(whole) | st.binary(max_size=12), max_size=12)
    return kept.map(lambda found: Damaged(b"".join(found), 0, [f"{len(found)} lines"]))


def _check_log(folder: Path) -> Callable[[Damaged], None]:
    """Read and continue a log: valid lines stay in order, with only placeholders for omitted lines added."""
    shelf = Shelf(folder)

    def check(given: Damaged) -> None:
        with shelf.lay({"events.jsonl": given.content}) as at:
            events = list(read_events(at / "events.jsonl"))
            state = fold(events)
            eta_seconds(state)
        with allowed():
            path = folder / "events.jsonl"
            writer = EventLog(path)
            before = writer.length
            writer.append(LogLine(text="new"))
            told_to_late = b"".join(writer.lines(0))
            writer.close()
            content = path.read_bytes()
            path.unlink()
            repaired = (aside := path.with_name("events.jsonl.damaged")).exists()
            aside.unlink(missing_ok=True)
        assert content == told_to_late
        found = [line + b"\n" for line in content.split(b"\n")[:-1]]  # `splitlines` splits at other characters too
        assert len(found) == before + 1
        there = iter(line + b"\n" for line in given.content.split(b"\n")[:-1])
        assert all(line in there for line in found[:-1] if not line.startswith(b'{"type":"omitted"'))
        assert repaired or given.content.startswith(b"".join(found[:-1]))
        assert all(map(_is_event, found))
        assert before >= len(events)

    return check


def _is_event(line: bytes) -> bool:
    try:
        decode_event(line)
    except EngineProblem:
        return is_later(line)
    return True
