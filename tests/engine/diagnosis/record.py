"""Trains the runs that the rules of the diagnosis are tested on, and keeps their logs, thinned.

    python -m tests.engine.diagnosis.record [NAME ...]

A minute or two a dozen. What is kept of a log: its epochs, changes, looks at the test set and ends as they are, and of the
progress as much as has room in `MOST_BYTES`, neighbors merged. Host, folder and times are taken out.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np

from engine import events as ev
from engine.dataset import load
from engine.log.event_log import read_events
from engine.runs.folder import RunFolder

LOGS = Path(__file__).parent / "logs"
MOST_BYTES = 70_000
_PROGRESS_BYTES = 330
_BUSY_FROM = 5
"""Epochs before the machine gets busy."""


@dataclass(frozen=True)
class Recipe:
    """Arguments of ``mnist-tui train``. `busy`: in the middle others take most of the machine; `shared`: others compute on
    every core all the time; `moved`: test images are shifted."""

    arguments: str
    shared: bool = False
    busy: bool = False
    moved: bool = False


RECIPES = {
    "blog-adam": Recipe("--preset blog-adam"),
    "quick": Recipe("--preset quick"),
    "fast99": Recipe("--preset fast99"),
    "blog-sgd-cured": Recipe("--preset blog-sgd --learning-rate 0.1 --epochs 5"),
    "sgd-momentum": Recipe("--preset blog-sgd --learning-rate 0.02 --momentum 0.9 --dropout 0.2 --epochs 5"),
    "blog-sgd": Recipe("--preset blog-sgd"),
    "overfit": Recipe("--preset overfit"),
    "overfit-all-parts": Recipe("--preset overfit --train-images 2000 --learning-rate 0.01 --epochs 30"),
    "patience": Recipe("--preset overfit --patience 3"),
    "lr-too-high": Recipe("--preset lr-too-high"),
    "lr-too-high-wide": Recipe("--preset lr-too-high --hidden 1024,1024"),
    "adam-rate-20-times": Recipe("--preset blog-adam --learning-rate 0.02 --epochs 5"),
    "sgd-rate-1": Recipe("--preset blog-sgd --learning-rate 1 --epochs 5"),
    "killed-by-its-rate": Recipe("--preset blog-adam --learning-rate 1 --epochs 4"),
    "sigmoid-deep": Recipe("--preset sigmoid-deep"),
    "sigmoid-deep-mse": Recipe("--preset sigmoid-deep --loss mse --epochs 3"),
    "sigmoid-deep-bce": Recipe("--preset sigmoid-deep --loss bce --epochs 3"),
    "rate-zero": Recipe("--preset blog-sgd --learning-rate 0 --epochs 2"),
    "spikes": Recipe("--preset blog-adam --dropout 0.9 --hidden 256,256,256 --epochs 8 --learning-rate 0.003"),
    "dropout-0.9": Recipe("--preset blog-adam --dropout 0.9 --epochs 5"),
    "batch-2": Recipe("--preset blog-sgd --batch-size 2 --learning-rate 0.03 --epochs 2 --train-images 20000"),
    "batch-5000": Recipe("--preset blog-sgd --batch-size 5000 --learning-rate 0.01 --epochs 15"),
    "smoothed-flat": Recipe("--preset quick --label-smoothing 0.4 --epochs 12 --schedule constant"),
    "dead-relus": Recipe("--preset blog-adam --learning-rate 0.1 --dropout 0 --epochs 3"),
    "many-dead-relus": Recipe("--preset blog-adam --learning-rate 0.03 --dropout 0 --epochs 4"),
    "saturated-tanh": Recipe("--preset blog-adam --activation tanh --learning-rate 0.03 --dropout 0 --epochs 3"),
    "saturated-sigmoid": Recipe("--preset blog-adam --activation sigmoid --learning-rate 0.1 --dropout 0 --epochs 3"),
    "sound-tanh": Recipe("--preset blog-adam --activation tanh --epochs 5"),
    "shared-cores": Recipe("--preset blog-adam --epochs 4", shared=True),
    "busy-machine": Recipe("--preset blog-adam --epochs 10", busy=True),
    "other-writers": Recipe("--preset quick", moved=True),
}


def main(names: Sequence[str]) -> None:
    """Record these, or all."""
    for name in names or RECIPES:
        with tempfile.TemporaryDirectory() as home:
            events = train(name, RECIPES[name], Path(home))
        target = LOGS / f"{name}.jsonl"
        target.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in thinned(events)))
        print(f"{name}: {target.stat().st_size // 1000} kB")


def train(name: str, recipe: Recipe, home: Path) -> list[ev.Event]:
    """Train it without a screen, yielding to whoever else needs the machine; its log."""
    arguments = recipe.arguments.split()
    if recipe.moved:
        arguments += ["--data-dir", str(moved_test_images(home / "data"))]
    environment = {**os.environ, "MNIST_TUI_HOME": str(home)}
    command = ["nice", "-n", "10", sys.executable, "-m", "tui", "train", "--quiet", "--name", name, *arguments]
    log = home / "runs" / name / "events.jsonl"
    with (
        others(2 * (os.cpu_count() or 1) if recipe.shared else 0),
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as training,
    ):
        if recipe.busy:
            while training.poll() is None and _epochs(log) < _BUSY_FROM:
                time.sleep(0.05)
            if (session := RunFolder(log.parent).named_session()) is not None:
                hold_up(training, session.pid)
    return list(read_events(log))


@contextlib.contextmanager
def others(count: int) -> Iterator[None]:
    """Programs that compute all the time, as urgently as the training."""
    spin = ["nice", "-n", "10", sys.executable, "-c", "while True: pass"]
    spinning = [subprocess.Popen(spin) for _ in range(count)]
    try:
        yield
    finally:
        for each in spinning:
            each.kill()
            each.wait()


def _epochs(log: Path) -> int:
    return log.read_bytes().count(b'"type":"epoch_ended"') if log.exists() else 0


def hold_up(training: subprocess.Popen[bytes], engine: int) -> None:
    """Give the engine a third of the time, in turns of a twentieth of a second, as a machine with much to do does."""
    while training.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(engine, signal.SIGSTOP)
            time.sleep(0.1)
            os.kill(engine, signal.SIGCONT)
        time.sleep(0.05)


def moved_test_images(folder: Path) -> Path:
    """The data set with its test images shifted by three pixels, as another scanner might."""
    folder.mkdir()
    data = load(None)
    train = np.concatenate([data.train_images, data.validation_images])
    labels = np.concatenate([data.train_labels, data.validation_labels])
    test = np.roll(data.test_images.reshape(-1, 28, 28), 3, axis=2).reshape(data.test_images.shape)
    np.savez(
        folder / "mnist.npz",
        x_train=train.reshape(-1, 28, 28),
        y_train=labels,
        x_test=test.reshape(-1, 28, 28),
        y_test=data.test_labels,
    )
    return folder


def thinned(events: Sequence[ev.Event]) -> list[ev.Event]:
    """What the diagnosis looks at, with the progress merged, renumbered, from nowhere in particular."""
    kept = [_plain(event) for event in events if isinstance(event, _KEPT) and not _in_between(event)]
    rest = sum(len(msgspec.json.encode(event)) for event in kept if not isinstance(event, ev.Progress))
    told = sum(isinstance(event, ev.Progress) for event in kept)
    room = max((MOST_BYTES - rest) // _PROGRESS_BYTES, 1)
    together = -(-told // room)
    found: list[ev.Event] = []
    for epoch, group in groupby(kept, key=lambda event: event.epoch if isinstance(event, ev.Progress) else None):
        row = list(group)
        parts = [row[at : at + together] for at in range(0, len(row), together)] if epoch is not None else []
        found += [merged([p for p in part if isinstance(p, ev.Progress)]) for part in parts] or row
    return [msgspec.structs.replace(event, seq=n, time=1.7e9 + n) for n, event in enumerate(found)]


_KEPT = (
    ev.RunCreated,
    ev.RunStarted,
    ev.Progress,
    ev.Layers,
    ev.Distributions,
    ev.EpochEnded,
    ev.Validation,
    ev.Changed,
    ev.Paused,
    ev.Continued,
    ev.Tested,
    ev.Finished,
)


def _in_between(event: ev.Event) -> bool:
    """Whether it tells of the layers within an epoch: the last step of each is enough."""
    return isinstance(event, ev.Layers) and not event.position.is_integer()


def _plain(event: ev.Event) -> ev.Event:
    """Without host and folders, without the list of wrong images and without histograms."""
    match event:
        case ev.Distributions():
            return msgspec.structs.replace(event, weights=(), gradients=())
        case ev.RunCreated():
            return msgspec.structs.replace(event, host="laptop", config=_placeless(event))
        case ev.RunStarted():
            return msgspec.structs.replace(event, data="MNIST", config=_placeless(event))
        case ev.Tested():
            return msgspec.structs.replace(event, test=msgspec.structs.replace(event.test, wrong_images=()))
        case ev.Finished() if event.test is not None:
            return msgspec.structs.replace(event, test=msgspec.structs.replace(event.test, wrong_images=()))
    return event


def _placeless(event: ev.RunCreated | ev.RunStarted) -> ev.TrainConfig:
    return msgspec.structs.replace(event.config, data_dir="")


def merged(row: Sequence[ev.Progress]) -> ev.Progress:
    """Progress in a row as one: as if it had been told less often."""
    finite = [p for p in row if p.loss is not None]
    steps = sum(p.steps - p.non_finite for p in finite)
    last = row[-1]
    return msgspec.structs.replace(
        last,
        steps=sum(p.steps for p in row),
        loss=sum((p.loss or 0) * (p.steps - p.non_finite) for p in finite) / max(steps, 1) if finite else None,
        low=min((p.low for p in finite if p.low is not None), default=None),
        high=max((p.high for p in finite if p.high is not None), default=None),
        non_finite=sum(p.non_finite for p in row),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
