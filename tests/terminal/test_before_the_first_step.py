"""Commands whose engine cannot start: broken or hanging torch, rejected settings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.config import TrainConfig
from engine.runs.folder import all_runs, create_run
from tests.broken_torch import ENDS, HANGS, RAISES, broken_torch
from tests.kit import write_tiny_set
from tests.terminal.term import engines
from tests.terminal.under_way import eventually

pytestmark = pytest.mark.timeout(120)
TRAIN = ("train", "--epochs", "1", "--device", "cpu")


def begun(home: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tui", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MNIST_TUI_HOME": str(home), "OMP_NUM_THREADS": "1", **environment},
    )


def said(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@pytest.mark.parametrize("how", RAISES)
def test_the_cause_is_told_with_status_4(tmp_path: Path, how: str) -> None:
    status, _, err = said(begun(tmp_path, *TRAIN, PYTHONPATH=broken_torch(tmp_path, how)))
    words = "There is not enough memory to import torch" if how == "MemoryError" else f"torch cannot be imported ({how}"
    assert status == 4
    assert err.splitlines()[-1].startswith(f"mnist-tui: {words}")
    for run in all_runs(tmp_path / "runs"):  # a run exists if the command came before the error
        end = run.state().finished
        assert end is not None
        assert (end.outcome, run.status()) == ("failed", "failed")


@pytest.mark.parametrize(("how", "ended"), [("exit", "ended with status 3"), ("abort", "was ended by SIGABRT")])
def test_an_engine_that_dies_of_torch_is_told(tmp_path: Path, how: str, ended: str) -> None:
    assert how in ENDS
    status, _, err = said(begun(tmp_path, *TRAIN, PYTHONPATH=broken_torch(tmp_path, how)))
    assert status == 4
    assert f"mnist-tui: The engine {ended} while it imported torch." in err


@pytest.mark.parametrize("command", ["doctor", "lrfind", "eval", "predict", "replay", "resume", "experiment"])
def test_every_command_that_needs_torch_says_the_cause(tmp_path: Path, command: str) -> None:
    folder = create_run(TrainConfig(), preset="", version="0.1.0", name="r", root=tmp_path / "runs")
    folder.events.write_bytes(_LOG)
    words = {"eval": ["r"], "predict": ["r", _picture(tmp_path)], "replay": ["r"], "resume": ["r"]}
    words["experiment"] = ["sgd-vs-adam"]
    status, out, err = said(
        begun(tmp_path, command, *words.get(command, []), PYTHONPATH=broken_torch(tmp_path, "ImportError"))
    )
    assert status == 4, err
    cause = "torch cannot be imported (ImportError: libcudart.so.12: cannot open"
    assert cause in out + err
    assert err.count(cause) == (0 if command == "doctor" else 1)
    eventually(lambda: engines(tmp_path) == [], "end of the engine", 10)


_LOG = (
    b'{"type":"run_created","seq":0,"time":1.0,"run":"r","config":{"epochs":2},"version":"0.1.0","host":"here"}\n'
    b'{"type":"phase","seq":1,"time":2.0,"name":"data","text":"reading the data"}\n'
)


def _picture(folder: Path) -> str:
    from PIL import Image, ImageDraw

    image = Image.new("L", (60, 60), 255)
    ImageDraw.Draw(image).line([(15, 12), (45, 12), (25, 50)], fill=0, width=5)
    path = folder / "seven.png"
    image.save(path)
    return str(path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("how", HANGS)
@pytest.mark.parametrize("command", [TRAIN, ("doctor",), ("lrfind",)], ids=lambda words: words[0])
def test_a_torch_that_never_comes_is_left_with_one_signal(
    tmp_path: Path, how: str, number: signal.Signals, command: tuple[str, ...]
) -> None:
    process = begun(tmp_path, *command, PYTHONPATH=broken_torch(tmp_path, how))
    eventually(lambda: bool(engines(tmp_path)) and has_socket(tmp_path), "an engine", 20)
    process.send_signal(number)
    status, _, err = said(process)
    assert status == (130 if number == signal.SIGINT or command is TRAIN else 143)
    if command is TRAIN:
        assert err.splitlines()[-1].startswith(
            ("Interrupted ", "The engine did not respond and was killed. Resume with")
        )
    eventually(lambda: engines(tmp_path) == [], "end of the engine", 10)
    assert all(run.status() in ("aborted", "interrupted") for run in all_runs(tmp_path / "runs"))


def has_socket(home: Path) -> bool:
    """Whether the engine has installed its signal handlers."""
    return any(engine.name() and engine.num_threads() > 1 for engine in engines(home))


@pytest.mark.parametrize("act", ["stop", "abort"])
@pytest.mark.parametrize("how", ["sleep", "interpreter held"])
def test_stop_and_abort_end_a_run_that_waits_for_torch(tmp_path: Path, how: str, act: str) -> None:
    path = broken_torch(tmp_path, how)
    process = begun(tmp_path, *TRAIN, PYTHONPATH=path)
    eventually(lambda: any(run.live() and run.state().run for run in all_runs(tmp_path / "runs")), "run", 20)
    begin = time.monotonic()
    status, out, err = said(begun(tmp_path, act, PYTHONPATH=path))
    assert (status, err) == (0, "")
    took = time.monotonic() - begin
    assert ("was killed" in out) == (how == "interpreter held")
    assert said(process)[0] == (4 if how == "interpreter held" else 130)
    assert took < 15
    (run,) = all_runs(tmp_path / "runs")
    assert run.status() == ("interrupted" if how == "interpreter held" else "aborted")


def test_a_refused_setting_leaves_no_run_and_no_line(tmp_path: Path) -> None:
    data = write_tiny_set(tmp_path / "data", train=300, test=64)
    (tmp_path / "empty").mkdir()
    refused = {
        ("--device", "cuda:7"): (2, "Device: cuda:7 cannot be used"),
        ("--device", "cpu", "--precision", "fp16"): (2, "Precision: fp16 has no fast arithmetic on a CPU"),
        ("--data-dir", str(tmp_path / "empty")): (3, str(tmp_path / "empty")),
        ("--data-dir", str(tmp_path / "nowhere")): (3, str(tmp_path / "nowhere")),
        ("--data-dir", str(data), "--train-images", "9000"): (2, "Train images: 9000 are asked for"),
    }
    running = [begun(tmp_path, "train", "--json", "--epochs", "1", *words) for words in refused]
    for process, (status, words) in zip(running, refused.values(), strict=True):
        code, out, err = said(process)
        assert (code, out) == (status, ""), err
        assert words in err.splitlines()[-1]
    assert all_runs(tmp_path / "runs") == []


@pytest.mark.parametrize("command", ["train", "doctor"])
def test_nothing_odd_is_printed_where_warnings_are_errors(tmp_path: Path, command: str) -> None:
    data = write_tiny_set(tmp_path / "data", train=300, test=64)
    small = ("--model", "linear", "--epochs", "1", "--quiet", "--data-dir", str(data)) if command == "train" else ()
    status, _, err = said(begun(tmp_path, command, *small, PYTHONWARNINGS="error"))
    assert (status, err) == (0, "")
