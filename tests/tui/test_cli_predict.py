"""`mnist-tui predict`: predictions for pictures; unreadable ones are reported, the rest is classified."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.commands import Command, PredictPictures
from engine.errors import RunProblem
from engine.protocol import COMMAND_LIMIT, encode
from tests.engine.pictures.kit import digits, encoded
from tests.events_kit import RUN
from tests.fake_engine import FakeEngine, refusing
from tests.tui.cli_kit import engine_that, home, make_run, short_run, use_engine
from tui.cli.commands import predict
from tui.cli.main import main
from tui.views.picture_predictions import Place, Prediction, beside, document, line

__all__ = ["home"]


def answers(engine: FakeEngine, command: Command) -> dict[str, Any]:
    """Predicts the digit given by the upper left pixel, with a confidence near 1."""
    assert isinstance(command, PredictPictures)
    pictures = np.frombuffer(command.pixels, np.uint8).reshape(-1, 28, 28)
    likely = np.full((len(pictures), 10), 0.001234567)
    for number, picture in enumerate(pictures):
        likely[number, picture[0, 0]] = 0.98
        likely[number, (picture[0, 0] + 1) % 10] = 0.01
    return {"probabilities": likely.tolist(), "weights": command.weights, "epoch": 2, "step": 9}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    make_run(short_run())
    return use_engine(monkeypatch, engine_that(answers))


def marked(number: int, digit: int = 0) -> np.ndarray:
    """An image whose upper left pixel is `digit`; that pixel is always 0 in MNIST, and is kept unchanged."""
    picture = digits()[number].copy()
    picture[0, 0] = digit
    return picture


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


@pytest.fixture
def seven(tmp_path: Path) -> str:
    return write(tmp_path / "seven.png", encoded(marked(0, 7)))


def test_a_line_for_each_file_in_their_order(
    engine: FakeEngine, seven: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "two.png", encoded(255 - marked(1, 2)))
    assert main(["predict", RUN, "two.png", "seven.png"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        f"Run {RUN}, weights of epoch 2 (best on validation)",
        "two.png    2  98.00%, then 3  1.00%; dark on light: inverted",
        "seven.png  7  98.00%, then 8  1.00%; as it is",
    ]
    assert captured.err == ""
    [question] = engine.commands
    assert isinstance(question, PredictPictures)
    assert (question.run, question.weights, question.exact) == (RUN, "best", True)
    assert question.pixels == marked(1, 2).tobytes() + marked(0, 7).tobytes()
    assert engine.closed


def test_json_is_an_object_a_line(
    engine: FakeEngine, seven: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank = write(tmp_path / "blank.png", encoded(np.full((90, 90), 255)))
    none = str(tmp_path / "none.png")
    assert main(["predict", RUN, seven, blank, none, "--json", "--weights", "last"]) == 3
    captured = capsys.readouterr()
    read, empty, missing = map(json.loads, captured.out.splitlines())
    likely = [0.001235] * 10
    likely[7:9] = 0.98, 0.01
    whose = {"run": RUN, "weights": "last", "epoch": 2}
    assert read == {
        "file": seven,
        "digit": 7,
        "probability": 0.98,
        "probabilities": likely,
        "said": ["as it is"],
        "missing": "",
        "error": "",
        **whose,
    }
    nothing = {"digit": None, "probability": None, "probabilities": [], "said": []}
    assert empty == {"file": blank, **nothing, "missing": "nothing stands out from the paper", "error": "", **whose}
    assert missing == {"file": none, **nothing, "missing": "", "error": f"There is no file {none}.", **whose}
    assert captured.err == f"mnist-tui: There is no file {none}.\n"


def test_every_field_of_the_object_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
    section = page.split("### `mnist-tui predict")[1].split("###")[0]
    for field in document(Prediction("x"), Place("r", "best")):
        assert f"`{field}`" in section


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(
    engine: FakeEngine, seven: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = write(tmp_path / "page.png", b"<html>not found</html>")
    assert main(["predict", RUN, page, str(tmp_path), seven]) == 3
    captured = capsys.readouterr()
    assert "7  98.00%" in captured.out
    first, second = captured.err.splitlines()
    assert first.startswith(f"mnist-tui: {page} is a web page; expected a picture")
    assert second.startswith(f"mnist-tui: {tmp_path} is a folder; name the pictures in it")


def test_no_digit_is_no_fault(engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank = write(tmp_path / "b.png", encoded(np.full((90, 90), 255)))
    assert main(["predict", RUN, blank]) == 0
    assert capsys.readouterr().out.endswith("no digit found: nothing stands out from the paper\n")
    assert engine.commands == []


def test_thousands_of_files_are_asked_about_in_commands_the_engine_takes(
    engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write(tmp_path / f"{digit}.png", encoded(marked(digit, digit))) for digit in range(10)] * 210
    assert main(["predict", "last", *files, "--json"]) == 0
    read = [json.loads(each)["digit"] for each in capsys.readouterr().out.splitlines()]
    assert read == list(range(10)) * 210
    assert [len(each.pixels) // 784 for each in engine.commands if isinstance(each, PredictPictures)] == [
        1000,
        1000,
        100,
    ]
    assert max(len(encode(each)) for each in engine.commands) < COMMAND_LIMIT


def test_the_longest_command_fits_with_the_longest_name() -> None:
    question = PredictPictures(
        id=10**9, run="r" * 255, weights="best", pixels=bytes(784 * predict.QUERY_SIZE), exact=True
    )
    assert len(encode(question)) < COMMAND_LIMIT


def piped(monkeypatch: pytest.MonkeyPatch, content: bytes, *, terminal: bool = False) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: terminal, buffer=io.BytesIO(content)))


def test_standard_input(
    engine: FakeEngine, seven: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, encoded(marked(0, 4)))
    assert main(["predict", RUN, seven, "-", "--json"]) == 0
    assert [json.loads(each)["digit"] for each in capsys.readouterr().out.splitlines()] == [7, 4]


def test_standard_input_that_is_no_picture(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, b"")
    assert main(["predict", RUN, "-"]) == 3
    assert capsys.readouterr().err.startswith("mnist-tui: standard input is empty; expected a picture")
    piped(monkeypatch, b"", terminal=True)
    assert main(["predict", RUN, "-"]) == 2
    assert "but that is a terminal" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "RUN, FILE is missing"),
        ([RUN], "FILE"),
        (["nowhere", "x.png"], "nowhere"),
        ([RUN, "x.png", "--weights", "first"], "--weights: expected best"),
    ],
)
def test_what_cannot_be_meant(
    engine: FakeEngine, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", *arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err and captured.out == ""


def test_a_run_without_weights_says_so(
    seven: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(short_run())
    use_engine(monkeypatch, engine_that(lambda *_: refusing(RunProblem(f"{RUN} has no weights yet."))(_[1])))
    assert main(["predict", RUN, seven]) == 2
    assert capsys.readouterr().err == f"mnist-tui: {RUN} has no weights yet.\n"


class Terminal(io.TextIOWrapper):
    """A terminal with some encoding."""

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, *files: str, encoding: str = "utf-8", columns: int = 80) -> list[str]:
    out = Terminal(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["predict", RUN, *files]) == 0
    out.flush()
    return out.buffer.getvalue().decode(encoding).splitlines()  # type: ignore[attr-defined]


def test_a_terminal_is_shown_what_the_network_is_given(
    engine: FakeEngine, seven: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = on_terminal(monkeypatch, seven)
    assert sum("█" in each for each in lines) >= 8
    assert all(len(each) <= 80 for each in lines)
    texts = [each[27:].strip() for each in lines[1:]]
    assert [text for text in texts if text][-3:] == ["7  98.00%", "then 8  1.00%", "as it is"]


def test_seven_bits_are_enough(engine: FakeEngine, seven: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = on_terminal(monkeypatch, seven, encoding="ascii")
    assert "?" not in "".join(lines)
    assert sum("@" in each for each in lines) >= 5


@pytest.mark.parametrize(("copies", "columns"), [(1, 50), (predict.MOST_DRAWN + 1, 80)])
def test_many_files_or_a_narrow_terminal_have_a_line_each(
    engine: FakeEngine, seven: str, monkeypatch: pytest.MonkeyPatch, copies: int, columns: int
) -> None:
    lines = on_terminal(monkeypatch, *[seven] * copies, columns=columns)
    assert len(lines) == 1 + copies


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["text", "json"])
def test_a_name_cannot_drive_the_terminal(
    engine: FakeEngine, tmp_path: Path, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    evil = tmp_path / "\x1b[2J\nx.png"
    evil.write_bytes(encoded(marked(0, 7)))
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")
    Path(odd).write_bytes(encoded(marked(0, 1)))
    assert main(["predict", RUN, str(evil), odd, *flags]) == 0
    captured = capsys.readouterr().out
    assert "\x1b" not in captured
    first, second = captured.splitlines()[-2:]
    if flags:
        assert [json.loads(each)["digit"] for each in (first, second)] == [7, 1]
    else:
        assert "x.png  7  98.00%" in first and "\\udcff.png" in second


def test_a_drawing_stands_beside_its_words() -> None:
    assert beside(["ab", "cd", "ef"], ["x"], 1) == ["ab", "cd x", "ef"]
    assert beside(["ab"], ["x", "y", "z"], 2) == ["    x", "ab  y", "    z"]
    assert line(Prediction("f", None, "", ())) == "f  no digit found: "
