"""How many CPU threads a run may use, and how many it does: a fixed rule, so that one machine gives the same numbers."""

from __future__ import annotations

import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_SMALL_STEP = 1.5e8
_LARGE_STEP = 5e9
_MOST_SMALL, _MOST_LARGE = 4, 8


def available_cpus(cgroup: Path = _CGROUP) -> int:
    """Cores this process may keep busy: the lesser of its CPU affinity and the control group's quota, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, _quota(cgroup))))


def _quota(cgroup: Path) -> float:
    """The control group's limit in cores (version 2, then 1); infinite where there is none."""
    try:
        limit, period = (cgroup / "cpu.max").read_text().split()[:2]
        return math.inf if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        pass
    try:
        limit = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text()
        period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text()
        return int(limit) / int(period) if int(limit) > 0 else math.inf
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


def thread_count(asked: int, operations: float, available: int) -> int:
    """Threads for steps of `operations` floating-point operations each; `asked` is 0 for the rule.

    A step of the tutorial's network is over before a second thread has woken up; convolutions gain from two to four.
    """
    if asked:
        return min(asked, available)
    if operations < _SMALL_STEP:
        return 1
    return min(available, _MOST_SMALL if operations < _LARGE_STEP else _MOST_LARGE)
