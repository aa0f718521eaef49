"""Waits until the event loop has nothing to do, in place of Textual's wait for an idle processor.

Textual's pilot sleeps 20 ms at a time until the process has used hardly any processor time. That takes up to a second
for each key while other tests run in the same process or background threads are busy. Here a pause ends as soon as the
loop, its default executor and its imminent timers are done.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

IMMINENT = 0.025
"""Seconds. A timer that fires within this time counts as work; Textual repaints within 1/60 s of a change."""

_ROUNDS = 4
"""How many turns of the loop in a row have to find nothing to do: a message pump hands work on from turn to turn."""


_MOST_TIMERS, _MOST_THREAD_WAITS = 60, 1000
"""How often to wait for a timer, and for a thread, 1 ms each time. Counted and not timed: a busy machine stretches time."""


async def wait_for_idle(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Return once the running loop is idle, or waited for often enough. `max_sleep` is Textual's and ignored."""
    loop: Any = asyncio.get_running_loop()
    started = loop.time()
    quiet, timers, threads = 0, 0, 0
    while quiet < _ROUNDS:
        await asyncio.sleep(0)
        if loop._ready:
            quiet = 0
        elif threads < _MOST_THREAD_WAITS and _thread_works(loop._default_executor):
            quiet, threads = 0, threads + 1
            await asyncio.sleep(0.001)
        elif timers < _MOST_TIMERS and (due := _next_timer(loop)) is not None and due - loop.time() < IMMINENT:
            quiet, timers = 0, timers + 1
            await asyncio.sleep(max(due - loop.time(), 0.0))
        else:
            quiet += 1
    if (left := min_sleep - (loop.time() - started)) > 0:
        await asyncio.sleep(left)


def _thread_works(executor: ThreadPoolExecutor | None) -> bool:
    if executor is None:
        return False
    idle: int = executor._idle_semaphore._value
    return executor._work_queue.qsize() > 0 or idle < len(executor._threads)


def _next_timer(loop: Any) -> float | None:
    due = [handle.when() for handle in loop._scheduled if not handle.cancelled()]
    return min(due, default=None)
