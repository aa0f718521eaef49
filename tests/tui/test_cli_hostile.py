"""The command line with unwritable output, control characters in names, and incompatible libraries."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine import events as ev
from engine.errors import Problem
from engine.host import libraries, shadowed_modules
from engine.host.libraries import Library, expect_libraries
from tests.tui.cli_kit import engine_that, home, make_run, short_run, use_engine
from tui.cli.commands.app import command_lines
from tui.cli.main import main
from tui.cli.registry import COMMANDS
from tui.headless import output

__all__ = ["home"]

FULL = Path("/dev/full")
AT_ONCE = ("--help", "--version", "train --help", "ls", "ls --json", "show last", "show last --json", "presets")
AT_ONCE += (
    "presets --json",
    "explain",
    "explain dropout",
    "config",
    "config --json",
    "experiment",
    "experiment --json",
)
CONTROL = "\x1b]0;x\x07\x9b31m\x7f\u202e\n"
"""A terminal title, a one-byte color sequence, DEL, right-to-left text, a line break."""


@contextlib.contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch, *, unbuffered: bool) -> Iterator[None]:
    """Standard output on a full disk, also unbuffered (PYTHONUNBUFFERED)."""
    raw = FULL.open("wb", buffering=0) if unbuffered else FULL.open("wb")
    with io.TextIOWrapper(raw, encoding="utf-8", write_through=unbuffered) as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        yield


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("line", AT_ONCE)
def test_output_that_cannot_be_written_is_one_sentence(
    line: str, unbuffered: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(short_run())
    with full_disk(monkeypatch, unbuffered=unbuffered):
        assert main(line.split()) == 4
    assert capsys.readouterr().err == "mnist-tui: The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("how", ["", "--json", "--quiet"])
def test_a_run_whose_output_cannot_be_written_ends_with_one_sentence(
    how: str, unbuffered: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_engine(monkeypatch, engine_that(lambda engine, command: engine.push(*short_run())))
    with full_disk(monkeypatch, unbuffered=unbuffered):
        assert main(["train", *how.split()]) == 4
    assert capsys.readouterr().err == "mnist-tui: The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize(("line", "status"), [("ls", 4), ("--help", 4), ("nonsense", 2), ("show nobody", 2)])
def test_where_nothing_can_be_written_the_status_is_left(
    line: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FULL.open("w") as out, FULL.open("w", buffering=1) as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        assert main(line.split()) == status
        out.flush()  # the rest is discarded silently, as at interpreter exit
        err.flush()
        monkeypatch.undo()


def has_no_control_characters(text: str) -> bool:
    return not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def hostile_run() -> list[ev.Event]:
    """A run whose log has control characters in every string."""
    events: list[ev.Event] = []
    for event in short_run():
        changed: dict[str, object] = {}
        match event:
            case ev.RunCreated():
                changed = {"preset": f"p{CONTROL}", "host": f"h{CONTROL}"}
            case ev.RunStarted():
                words = {"device": f"d{CONTROL}", "precision": f"p{CONTROL}", "torch": CONTROL}
                changed = {"data": f"set{CONTROL}", "machine": msgspec.structs.replace(event.machine, **words)}
            case ev.Finished():
                changed = {"reason": f"why{CONTROL}"}
        events.append(msgspec.structs.replace(event, **changed))
    return events


@pytest.mark.parametrize(
    "line", ["ls", "ls --tree", "ls --json", "show last", "show last --json", "compare last other"]
)
def test_nothing_prints_control_characters_of_names_and_logs(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run(hostile_run())
    folder.path.rename(folder.path.with_name(f"run{CONTROL}"))
    main(line.split())
    captured = capsys.readouterr()
    assert captured.out + captured.err
    assert has_no_control_characters(captured.out + captured.err)


@pytest.mark.parametrize(
    "line", ["show", "eval", "predict", "attach", "explain", "experiment", "compare last", "set", "config --preset"]
)
def test_no_error_prints_control_characters_of_what_was_typed(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(short_run())
    assert main([*line.split(), f"x{CONTROL}", *(["x.png"] if line == "predict" else [])]) != 0
    captured = capsys.readouterr()
    assert has_no_control_characters(captured.out + captured.err)
    assert len(captured.err.splitlines()) == 1


def test_a_run_told_without_a_screen_prints_no_control_characters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for how in ("", "--json"):
        use_engine(monkeypatch, engine_that(lambda engine, command: engine.push(*hostile_run())))
        assert main(["train", *how.split()]) == 0
        captured = capsys.readouterr()
        assert has_no_control_characters(captured.out + captured.err)
    last = json.loads(captured.out.splitlines()[-1])
    assert last["reason"] == f"why{CONTROL}"  # JSON escapes them


def test_folders_and_config_values_are_shown_without_control_characters(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / f"f{CONTROL}"
    folder.mkdir()
    monkeypatch.setenv("MNIST_TUI_HOME", str(folder))
    for line in ("ls", "config", "config --json"):
        assert main(line.split()) == 0
    (folder / "config.toml").write_text('[screen]\n"a\\u001b[2J" = 1\n')
    assert main(["config"]) == 0
    (folder / "config.toml").write_text('preset = "a\\u001b[2J"\n')
    assert main(["config"]) == 2
    captured = capsys.readouterr()
    assert has_no_control_characters(captured.out + captured.err)


def test_clean_keeps_what_can_be_seen() -> None:
    assert output.clean("naïve 10\N{NO-BREAK SPACE}% 数 — ok") == "naïve 10\N{NO-BREAK SPACE}% 数 — ok"
    assert output.clean("a\tb\nc\x1b[0m") == "a b c?[0m"


@pytest.mark.parametrize("width", [20, 38, 78, 118])
def test_the_commands_of_the_help_keep_a_gap_between_their_columns(width: int) -> None:
    names = {**COMMANDS, "a-command-with-a-long-name": "does this and that and something else as well"}
    lines = command_lines(names, width).splitlines()
    room = max(map(len, names)) + 4
    assert {line[room - 2 : room] for line in lines} == {"  "}
    assert all(len(line) <= max(width, room + 16) for line in lines)
    assert [line.split()[0] for line in lines if line[2] != " "] == list(names)


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_help_names_every_command_apart_from_what_it_does(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["--help"]) == 0
    captured = capsys.readouterr().out
    for name, about in COMMANDS.items():
        assert re.search(rf"^  {name} {{2,}}{re.escape(about.split()[0])}", captured, re.MULTILINE)


def installed(folder: Path, **versions: str) -> None:
    """Installed metadata of these libraries, and of a mnist-tui that requires some."""
    own = folder / "mnist_tui-9.dist-info"
    own.mkdir(parents=True, exist_ok=True)
    needs = ["plotext<6,>=5.3", "textual<9,>=8.2", "numpy>=1.26", "pillow>=10", "tomli-w>=1.1", "torch<2.14,>=2.6"]
    text = "".join(f"Requires-Dist: {each}\n" for each in [*needs, "ruff>=1; extra == 'dev'"])
    (own / "METADATA").write_text(f"Metadata-Version: 2.4\nName: mnist-tui\n{text}\nRequires-Dist: no-more>=1\n")
    for name, version in versions.items():
        (folder / f"{name}-{version}.dist-info").mkdir()


FITTING = {
    "plotext": "5.3.2",
    "textual": "8.2.0",
    "numpy": "2.1",
    "pillow": "12.0.0",
    "tomli_w": "1.2",
    "torch": "2.6.0+cpu",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site-packages"
    monkeypatch.setattr(sys, "path", [str(folder)])
    monkeypatch.setattr(libraries, "_version_told", lambda name: "")
    return folder


def test_libraries_that_fit_are_no_problem(site: Path) -> None:
    installed(site, **FITTING)
    expect_libraries()
    assert {each.name: each.version for each in libraries.libraries()} == {
        **{name: version for name, version in FITTING.items() if name != "tomli_w"},
        "tomli-w": "1.2",
    }


@pytest.mark.parametrize(
    ("name", "version", "wanted"),
    [
        ("plotext", "6.0.1", "'plotext>=5.3,<6'"),
        ("plotext", "5.2.8", "'plotext>=5.3,<6'"),
        ("textual", "7.5", "'textual>=8.2,<9'"),
        ("numpy", "1.9.3", "'numpy>=1.26'"),
        ("torch", "2.14.0", "'torch>=2.6,<2.14'"),
        ("torch", "2.5.1+cu121", "'torch>=2.6,<2.14'"),
    ],
)
def test_a_library_of_another_version_is_named_with_the_command_that_puts_it_right(
    name: str, version: str, wanted: str, site: Path
) -> None:
    installed(site, **FITTING | {name: version})
    with pytest.raises(Problem) as caught:
        expect_libraries()
    assert str(caught.value).startswith(f"This version of mnist-tui cannot work with {name} {version}; `")
    assert wanted in str(caught.value)
    assert sys.executable in str(caught.value)


def test_a_library_that_is_missing_is_named(site: Path) -> None:
    installed(site, **{name: version for name, version in FITTING.items() if name != "pillow"})
    with pytest.raises(Problem, match=r"mnist-tui needs pillow, which is not installed; .*'pillow>=10'"):
        expect_libraries()


def test_the_first_on_the_path_counts(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(site, **FITTING)
    (tmp_path / "over" / "plotext-6.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "over"), str(site)])
    with pytest.raises(Problem, match=f"plotext 6.0; .*once {tmp_path / 'over'} is out of PYTHONPATH"):
        expect_libraries()


def test_commands_that_draw_or_train_say_so_at_once_and_the_others_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [Library("plotext", ">=5.3,<6", "6.0", "/x/site-packages")]
    monkeypatch.setattr(libraries, "libraries", lambda: wrong)
    make_run(short_run())
    for line in ("train", "predict last x.png", "eval last"):
        assert main(line.split()) == 4
        assert "cannot work with plotext 6.0" in capsys.readouterr().err
    for line in ("ls", "--version", "train --help"):
        assert main(line.split()) == 0


def test_an_unexpected_fault_beside_a_library_that_does_not_fit_is_blamed_on_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(libraries, "libraries", lambda: [Library("msgspec", ">=0.19", "0.9", "/x/site-packages")])
    monkeypatch.setattr(shadowed_modules, "libraries", lambda: [])
    monkeypatch.setattr("tui.cli.commands.presets.run", lambda args: 1 / 0)
    assert main(["presets"]) == 4
    assert capsys.readouterr().err.startswith("mnist-tui: This version of mnist-tui cannot work with msgspec 0.9; ")


def test_a_variable_that_is_no_setting_is_told_by_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNIST_TUI_HMOE", "/x")
    monkeypatch.setenv("MNIST_TUI_TOUR", "off")
    for line in ("ls", "config"):
        assert main(line.split()) == 0
        assert capsys.readouterr().err == (
            "Note: The environment variable MNIST_TUI_HMOE is not known and has no effect; did you mean MNIST_TUI_HOME?\n"
        )


@pytest.mark.parametrize("term", ["", "dumb"])
def test_an_unset_terminal_is_told_what_to_set(
    term: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", term)
    assert main([]) == 2
    assert "`export TERM=xterm-256color`" in capsys.readouterr().err


def test_home_is_home_where_a_picture_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(short_run())
    monkeypatch.setenv("HOME", str(home))
    assert main(["predict", "last", "~/none.png", "~nobody-here.png", "./~/none.png"]) == 3
    captured = capsys.readouterr().err.splitlines()
    assert captured[0] == f"mnist-tui: There is no file {home}/none.png."
    assert captured[1] == "mnist-tui: There is no file ~nobody-here.png."
    assert captured[2] == "mnist-tui: There is no file ~/none.png."


def test_an_own_descriptor_is_never_taken_for_one_that_is_closed(tmp_path: Path) -> None:
    """With closed input the engine's socket would become descriptor 0, which the engine closes."""
    before = [os.dup(number) for number in range(3)]
    try:
        os.close(0)
        assert main(["presets", "--json"]) == 0
        taken = os.open(tmp_path, os.O_RDONLY)
        os.close(taken)
    finally:
        for number, kept in enumerate(before):
            os.dup2(kept, number)
            os.close(kept)
    assert taken > 2
