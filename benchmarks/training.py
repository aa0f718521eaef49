"""Benchmarks of training: our loop against a tutorial's, JAX, and bare matrix products.

Sides take turns in one process on one core; what needs its own threads runs in a process of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import torch

from benchmarks.reference.eager import Eager
from benchmarks.reference.example import Example
from benchmarks.reference.floor import Floor
from benchmarks.reference.tutorial import Tutorial
from benchmarks.rows import Row, in_turn
from engine.config import TrainConfig
from engine.dataset import Dataset
from engine.runs.folder import RunFolder
from engine.worker.command_queue import CommandQueue
from engine.worker.model.models import build_model, multiply_adds
from engine.worker.training.safe_writer import SafeWriter
from engine.worker.training.setup import Split, load_data
from engine.worker.training.trainer import Trainer

CPU = torch.device("cpu")
EXAMPLE_EPOCHS = 3
"""Epochs that the official example needs for 99% test accuracy, as reported by its users."""
EXAMPLE_STEPS = 40
RECORD = Path(__file__).parent / "results" / "record.json"


class Ours:
    """Our trainer with its meter; its events are discarded."""

    def __init__(self, config: TrainConfig, data: Dataset, device: torch.device = CPU) -> None:
        folder = RunFolder(Path(tempfile.mkdtemp()))
        torch.manual_seed(config.seed)

        def emit(_event: object) -> None:
            pass

        self._trainer = Trainer(folder, config, data, device, "", emit, CommandQueue(), SafeWriter(folder, emit))

    def epoch(self) -> None:
        """One epoch without validation."""
        self._trainer._start_clock()
        self._trainer._train_epoch()  # reads its meter at the end, which waits for a GPU
        self._trainer.counters.end_epoch()
        self._trainer.state.meter.end_epoch()


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Run on one core and one thread."""
    cores, threads = os.sched_getaffinity(0), torch.get_num_threads()
    os.sched_setaffinity(0, {min(cores)})
    torch.set_num_threads(1)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        torch.set_num_threads(threads)


def blog(data: Dataset, rounds: int) -> tuple[list[Row], float]:
    """Seconds per epoch of the tutorial's network, ours and the references."""
    split = Split.of(data.train_images, data.train_labels, CPU)
    with one_core():
        flat = split.images.view(-1, 784)
        sides: dict[str, Callable[[], object]] = {
            "tutorial": Tutorial(flat, split.labels).epoch,
            "floor": Floor().epoch,
            "ours": Ours(msgspec.structs.replace(TrainConfig(), threads=1), data).epoch,
        }
        with contextlib.suppress(ImportError):
            os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
            from benchmarks.reference.jax_mlp import Jax  # noqa: PLC0415 - optional

            sides["JAX"] = Jax(flat.numpy(), split.labels.numpy()).epoch
        took = in_turn(sides, rounds)
    ours, tutorial, floor = took["ours"], took["tutorial"], took["floor"]
    rows = [
        Row(
            "epoch of the tutorial's network, against its loop",
            tutorial / ours,
            "×",
            f"{tutorial:.2f} s to {ours:.2f} s",
            3.5,
            True,
        ),
        Row("the same, against the eight products alone", ours / floor, "×", f"{ours:.2f} s to {floor:.2f} s", 1.5),
    ]
    if "JAX" in took:
        jax = took["JAX"]
        rows.insert(1, Row("the same, against JAX", jax / ours, "×", f"{jax:.2f} s to {ours:.2f} s", 1.0, True))
    return rows, tutorial


def run(*arguments: str) -> dict[str, Any]:
    """Train without the app and return the `finished` event."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "MNIST_TUI_HOME": home}
        command = [sys.executable, "-P", "-m", "tui", "train", "--json", *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        end: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return end


def to_97(tutorial: float) -> Row:
    """Training seconds to 97% test accuracy, median of three seeds, against the tutorial's 25 epochs."""
    ends = [run("--preset", "quick", "--epochs", "1", "--seed", str(seed)) for seed in (1, 2, 3)]
    seconds = statistics.median(end["seconds"] for end in ends)
    accuracies = ", ".join(f"{end['test']['accuracy']:.2%}" for end in ends)
    reached = all(end["test"]["accuracy"] >= 0.97 for end in ends)
    speedup = 25 * tutorial / seconds if reached else 0.0
    return Row(
        "to 97% test accuracy, against 25 epochs of it",
        speedup,
        "×",
        f"`quick --epochs 1`, {seconds:.1f} s: {accuracies}",
        25,
        True,
    )


def to_99(data: Dataset) -> list[Row]:
    """Training seconds to 99%, five seeds, against the official example; all cores on both sides."""
    split = Split.of(data.train_images, data.train_labels, CPU)
    ends, times = [], []
    example = Example(split.images, split.labels)
    for seed in range(1, 6):
        ends.append(run("--preset", "fast99", "--seed", str(seed)))
        begun = time.perf_counter()
        example.steps(EXAMPLE_STEPS)
        times.append(time.perf_counter() - begun)
    epoch = statistics.median(times) / EXAMPLE_STEPS * 938
    seconds = statistics.median(end["seconds"] for end in ends)
    accuracies = [end["test"]["accuracy"] for end in ends]
    mean = statistics.mean(accuracies)
    detail = f"{EXAMPLE_EPOCHS} epochs of {epoch:.0f} s (from {EXAMPLE_STEPS} steps) to {seconds:.1f} s of `fast99`"
    return [
        Row(
            "to 99% test accuracy, against the official example",
            EXAMPLE_EPOCHS * epoch / seconds,
            "×",
            detail,
            15,
            True,
        ),
        Row("`fast99`, mean of 5 seeds", 100 * mean, "%", ", ".join(f"{a:.2%}" for a in accuracies), 99.0, True),
    ]


def record() -> Row:
    """The best accuracy, from the latest `make record`: training takes too long for this table."""
    record: dict[str, Any] = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    accuracies: list[float] = record.get("accuracies", [])
    mean = 100 * statistics.mean(accuracies) if accuracies else 0.0
    deviation = 100 * statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
    shown = ", ".join(f"{a:.2%}" for a in accuracies)
    detail = f"`make record`: {shown}; deviation {deviation:.2f}; {record.get('seconds', 0) / 60:.0f} minutes a run"
    return Row("`record`, mean of 3 seeds", mean, "%", detail, 99.6, True)


def beside_a_busy_core() -> Row:
    """The slowdown of an epoch while another program keeps one core busy, each side with its default threads."""
    spin = [sys.executable, "-c", "while True: pass"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    took: dict[tuple[str, bool], list[float]] = {}
    for _ in range(3):
        for side in ("ours", "tutorial"):
            for busy in (False, True):
                other = subprocess.Popen(spin) if busy else None
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.one_epoch", side],
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                    env=plain,
                )
                if other:
                    other.kill()
                    other.wait()
                took.setdefault((side, busy), []).append(float(done.stdout))
    lost = {
        side: 100 * (statistics.median(took[side, True]) / statistics.median(took[side, False]) - 1)
        for side in ("ours", "tutorial")
    }
    return Row(
        "lost while another program keeps a core busy",
        lost["ours"],
        "%",
        f"the tutorial's loop loses {lost['tutorial']:.0f}%",
        35,
    )


def growth(data: Dataset) -> list[Row]:
    """The share of the machine's matrix multiplication speed that training reaches, by size; one core."""
    rows = []
    with one_core():
        left, right = torch.rand(1024, 1024), torch.rand(1024, 1024)
        begun = time.perf_counter()
        for _ in range(20):
            left @ right
        peak = 20 * 2 * 1024**3 / (time.perf_counter() - begun)
        cases: list[tuple[str, dict[str, Any]]] = [
            *((f"hidden sizes × {n}", {"hidden": (128 * n, 256 * n)}) for n in (1, 2, 4, 8)),
            *((f"batch {n}", {"batch_size": n}) for n in (16, 256, 1024, 4096)),
            ("cnn", {"model": "cnn"}),
            ("fastcnn", {"model": "fastcnn"}),
            ("deepcnn", {"model": "deepcnn"}),
        ]
        for name, values in cases:
            count = 1000 if "cnn" in name else 10_000
            config = msgspec.structs.replace(TrainConfig(), threads=1, train_images=max(count, 4096), **values)
            ours = Ours(config, data)
            seconds = in_turn({"ours": ours.epoch}, 1)["ours"]
            images = config.train_images
            speed = 6 * multiply_adds(build_model(config)) * images / seconds
            detail = f"{images / seconds:,.0f} images/s, {speed / 1e9:.0f} of {peak / 1e9:.0f} GFLOP/s"
            rows.append(Row(f"share of the matrix speed, {name}", 100 * speed / peak, "%", detail))
    return rows


def on_a_gpu(data: Dataset, rounds: int) -> list[Row]:
    """The tutorial's network on a GPU, against a plain eager loop with the images on the GPU; nothing without one."""
    if not torch.cuda.is_available():
        return []
    device = torch.device("cuda")
    split = Split.of(data.train_images, data.train_labels, device)
    plain = Eager(split.images.view(-1, 784), split.labels)
    sides: dict[str, Callable[[], object]] = {"eager": plain.epoch}
    for precision in ("fp32", "bf16"):
        sides[precision] = Ours(msgspec.structs.replace(TrainConfig(), precision=precision), data, device).epoch
    took = in_turn(sides, rounds)
    name = torch.cuda.get_device_name(device)
    return [
        Row(
            f"epoch of the tutorial's network on a GPU, {precision}, against a plain eager loop there",
            took["eager"] / took[precision],
            "×",
            f"{took['eager']:.2f} s to {took[precision]:.2f} s, {name}",
            5.0,
            True,
        )
        for precision in ("fp32", "bf16")
    ]


def rows(rounds: int = 5) -> Iterator[Row]:
    """All rows, as they are measured."""
    data = load_data("")
    first, tutorial = blog(data, rounds)
    yield from first
    yield to_97(tutorial)
    yield from to_99(data)
    yield record()
    yield beside_a_busy_core()
    yield from on_a_gpu(data, rounds)
    yield from growth(data)
