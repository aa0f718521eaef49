"""What a session does periodically beside its clients: load torch, check the run's folder, collect printed lines."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable

from engine import events as ev
from engine.errors import EngineProblem
from engine.protocol import Ready
from engine.runs.presence import HEARTBEAT_SECONDS
from engine.worker.server import torch_tasks
from engine.worker.server.clients import Clients
from engine.worker.server.listeners import Listeners
from engine.worker.server.output_capture import OutputCapture
from engine.worker.server.run_lifecycle import RunLifecycle
from engine.worker.server.torch_thread import TorchThread

GREETING_SECONDS, COMMAND_SECONDS = 1.0, 0.05
"""How long the import of torch waits for the first client, and then for a command it may send at once."""
OUTPUT_SECONDS = 0.25
FOLDER_SECONDS = 1.0
"""How often the run's folder is checked, in addition to every important event."""
_HEARTBEAT = round(HEARTBEAT_SECONDS / FOLDER_SECONDS)


async def load_torch(
    torch: TorchThread, lifecycle: RunLifecycle, clients: Clients, greeted: asyncio.Event, *, trains: bool
) -> None:
    """Import torch once the first client has been answered: the import may block the whole process."""
    may_import = threading.Event()
    torch.hold(may_import.wait)
    version = torch.submit(torch_tasks.warm, trains)  # queued before any command
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GREETING_SECONDS):
            await greeted.wait()
    await asyncio.sleep(COMMAND_SECONDS)
    may_import.set()
    try:
        torch.ready = Ready(torch=await version)
    except EngineProblem as fault:
        torch.ready = Ready(torch="", fault=str(fault))
        await lifecycle.wait_for_job()
        clients.send_after_events(torch.ready)  # the end of a run that needs torch comes first
        return
    clients.send(torch.ready)
    if trains:
        await torch.run(torch_tasks.warm_step)


async def check_folder(lifecycle: RunLifecycle, listeners: Listeners, notify: Callable[[], object]) -> None:
    """Check the run's folder and sockets also while no events come: during a pause and after the end."""
    active = lifecycle.active
    for number in itertools.count(1):
        await asyncio.sleep(FOLDER_SECONDS)
        if await asyncio.to_thread(active.check_folder):
            notify()
        if moved := await listeners.check(active.held):
            active.set_socket(moved)
        if number % _HEARTBEAT == 0:
            await asyncio.to_thread(active.beat)


async def follow_output(lifecycle: RunLifecycle, output: OutputCapture) -> None:
    """Emit what is printed in this process as log lines of the run."""
    while True:
        await asyncio.sleep(OUTPUT_SECONDS)
        if lifecycle.phase.is_busy and lifecycle.active.log:
            for line in output.new_lines():
                lifecycle.emit(ev.LogLine(text=line))
