"""Threads within what the machine grants; devices believed only once they work."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest
import torch

from engine.config import make_config
from engine.errors import ConfigProblem
from engine.worker.model import device as devices
from engine.worker.model.device import check_precision, choose_device
from engine.worker.model.threads import available_cpus, thread_count
from engine.worker.server.output_capture import OutputCapture
from engine.worker.training.setup import build


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000", 8),
        ("50000 100000", 1),
        ("100000 100000", 1),
        ("150000 100000", 2),
        ("400000 100000", 4),
        ("9900000 100000", 8),
        ("junk", 8),
        ("1 0", 8),
    ],
)
def test_the_lesser_of_affinity_and_quota(tmp_path: Path, quota: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(quota + "\n")
    assert available_cpus(tmp_path) == expected


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize(("quota", "expected"), [("-1", 8), ("50000", 1), ("200000", 2)])
def test_the_older_control_groups_count_too(tmp_path: Path, quota: str, expected: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert available_cpus(tmp_path) == expected


def test_no_control_group_is_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert available_cpus(tmp_path) == 1


@pytest.mark.parametrize(
    ("asked", "operations", "available", "expected"),
    [
        (0, 5e7, 16, 1),
        (0, 2e9, 16, 4),
        (0, 2e9, 2, 2),
        (0, 1e11, 16, 8),
        (3, 5e7, 16, 3),
        (64, 5e7, 16, 16),
        (0, 1e11, 1, 1),
    ],
)
def test_the_rule_for_threads(asked: int, operations: float, available: int, expected: int) -> None:
    assert thread_count(asked, operations, available) == expected


def test_threads_are_set_and_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.worker.training.setup.available_cpus", lambda: 2)
    _, small = build(make_config({}), torch.device("cpu"), "as asked")
    assert (small.threads, torch.get_num_threads()) == (1, 1)
    _, large = build(make_config({"model": "cnn"}), torch.device("cpu"), "as asked")
    assert (large.threads, torch.get_num_threads()) == (2, 2)
    torch.set_num_threads(1)


def pretend_cuda(monkeypatch: pytest.MonkeyPatch, *, available: bool = True) -> None:
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


def test_auto_says_why_there_is_no_gpu() -> None:
    device, reason = choose_device("auto")
    if device.type == "cpu":
        assert reason.startswith("no GPU (cuda: ")


def test_a_driver_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_cuda(monkeypatch)

    def old() -> bool:
        warnings.warn("The NVIDIA driver on your system is too old (found version 10010). Please update.", stacklevel=1)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", old)
    device, reason = choose_device("auto")
    assert device.type == "cpu"
    assert "driver on your system is too old" in reason
    with pytest.raises(ConfigProblem, match=r"cuda cannot be used.*too old") as problem:
        choose_device("cuda")
    assert problem.value.field == "device"


def test_a_gpu_without_a_kernel_is_found_by_a_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_cuda(monkeypatch)

    def no_kernel(_: torch.device) -> None:
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")

    monkeypatch.setattr(devices, "_probe", no_kernel)
    device, reason = choose_device("auto")
    assert device.type == "cpu"
    assert "no kernel image" in reason
    with pytest.raises(ConfigProblem, match="no kernel image"):
        choose_device("cuda:0")


def test_a_gpu_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_cuda(monkeypatch)
    monkeypatch.setattr(devices, "_probe", lambda _: None)
    assert choose_device("auto") == (torch.device("cuda"), "a working GPU was found")
    with pytest.raises(ConfigProblem, match="there are 1 GPUs"):
        choose_device("cuda:7")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_what_is_not_there_is_refused_with_the_reason(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ConfigProblem, match=f"{name} cannot be used: .*; use cpu or auto"):
        choose_device(name)


def test_half_precision_on_a_cpu_is_refused() -> None:
    with pytest.raises(ConfigProblem, match="fp16 has no fast arithmetic on a CPU"):
        check_precision("fp16", torch.device("cpu"))
    check_precision("bf16", torch.device("cpu"))
    check_precision("fp32", torch.device("cpu"))


def test_what_is_printed_becomes_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    output = OutputCapture(path)
    assert output.new_lines() == []
    path.write_bytes(b"one\ntwo\nhal")
    assert output.new_lines() == ["one", "two"]
    with path.open("ab") as file:
        file.write(b"f\n\n\xff\n")
    assert output.new_lines() == ["half", "\ufffd"]
    with path.open("ab") as file:
        file.write(b"".join(b"%d\n" % i for i in range(1000)))
    lines = output.new_lines()
    assert lines[0].startswith("… 950 more lines")
    assert lines[-1] == "999"
    with path.open("ab") as file:
        file.write(b"x" * 5000)
    assert [len(line) for line in output.new_lines()] == [2000]
