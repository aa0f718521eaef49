"""Which processor this is, as far as it decides the last digits of a sum."""

from __future__ import annotations

import functools
import platform
from pathlib import Path

import torch

_CPUINFO = Path("/proc/cpuinfo")


def instructions() -> str:
    """The vector instructions that torch uses here: "AVX512", "AVX2", "DEFAULT"."""
    return str(torch.backends.cpu.get_cpu_capability())


@functools.cache
def processor(cpuinfo: Path = _CPUINFO) -> str:
    """The processor's model, as the system names it; the architecture where it does not."""
    try:
        lines = cpuinfo.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2] for line in lines if line.lower().startswith(("model name", "cpu model")))
    return " ".join(next(named, "").split())[:100] or platform.processor() or platform.machine()
