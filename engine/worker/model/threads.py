"""The number of CPU threads a run uses: a fixed rule, so that a machine always gives the same numbers."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_SMALL_STEP = 1.5e8
_LARGE_STEP = 5e9
_TASKS = Path("/proc/self/task")
_MAX_SMALL, _MAX_LARGE = 4, 8


def available_cpus(cgroup: Path = _CGROUP) -> int:
    """The number of usable cores: the lesser of the CPU affinity and the control group's quota, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, _quota(cgroup))))


def _quota(cgroup: Path) -> float:
    """The control group's limit in cores (cgroup v2, then v1); infinite without one."""
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


def thread_count(requested: int, operations: float, available: int) -> int:
    """Threads for steps of `operations` floating-point operations each; `requested` is 0 for the default rule.

    A step of a small MLP ends before a second thread has woken up; convolutions gain from two to four threads.
    """
    if requested:
        return min(requested, available)
    if operations < _SMALL_STEP:
        return 1
    return min(available, _MAX_SMALL if operations < _LARGE_STEP else _MAX_LARGE)


class Cores:
    """Measures CPU contention: how long this process's threads ran, and how long they waited for a core."""

    def __init__(self, tasks: Path = _TASKS) -> None:
        self._tasks = tasks
        self._before = self._read()

    def lap(self) -> float | None:
        """The share of time spent waiting since the last call, from 0 to 1; None if the system does not report it.

        Linux counts both for each thread in ``schedstat``: nanoseconds on a core, and on a run queue.
        """
        before, self._before = self._before, self._read()
        if before is None or self._before is None:
            return None
        ran, waited = (max(now - then, 0) for now, then in zip(self._before, before, strict=True))
        return waited / (ran + waited) if ran + waited else None

    def _read(self) -> tuple[int, int] | None:
        ran = waited = 0
        try:
            for task in self._tasks.iterdir():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
                    numbers = (task / "schedstat").read_text().split()
                    ran, waited = ran + int(numbers[0]), waited + int(numbers[1])
        except (OSError, ValueError, IndexError):
            return None
        return (ran, waited) if ran else None
