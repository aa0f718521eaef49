"""Identifies the processor, on which the last digits of sums depend."""

from __future__ import annotations

import functools
import platform
from pathlib import Path

import torch

_CPUINFO = Path("/proc/cpuinfo")


def instructions() -> str:
    """The vector instructions that torch uses: "AVX512", "AVX2", "DEFAULT"."""
    return str(torch.backends.cpu.get_cpu_capability())


@functools.cache
def processor(cpuinfo: Path = _CPUINFO) -> str:
    """The processor's model name; the architecture if the system does not report it."""
    try:
        lines = cpuinfo.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2] for line in lines if line.lower().startswith(("model name", "cpu model")))
    return " ".join(next(named, "").split())[:100] or platform.processor() or platform.machine()
