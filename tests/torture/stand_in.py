"""An engine that trains nothing: a real session whose job tells as many events as it is asked for, as fast as it can.

python -P -m tests.torture.stand_in EVENTS LISTENING_DESCRIPTOR SOCKET_PATH LOG_PATH
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import msgspec

from engine import commands as cmd
from engine import events as ev
from engine.config import TrainConfig
from engine.runs.folder import RunFolder
from engine.worker.command_queue import CommandQueue
from engine.worker.server import torch_tasks
from engine.worker.server.output_capture import OutputCapture
from engine.worker.server.session import Session
from tests.events_kit import confusion, ending, epoch_ended, opening, previews, progress, steps_per_epoch

STEPS = 4
"""Steps that a progress event tells of."""


def story(config: TrainConfig, count: int) -> Iterator[ev.Event]:
    """`count` events after the first, as a run of many epochs tells them; the last is its end."""
    told = opening(config)[1:]
    end = ending(config, 1, table=confusion())
    yield from told
    left = count - len(told) - len(end)
    for number, event in enumerate(_middle(config)):
        if number >= left:
            break
        yield event
    yield from end


def _middle(config: TrainConfig) -> Iterator[ev.Event]:
    """Epoch after epoch: progress, now and then a reading of the digits, a printed line, a pause."""
    per_epoch = steps_per_epoch(config)
    template, prediction, ended = progress(config, STEPS, STEPS), previews(config, per_epoch), epoch_ended(config, 1)
    replace = msgspec.structs.replace
    step = epoch = 0
    for turn in cycle(range(5000)):
        step += STEPS
        at = step / per_epoch
        yield replace(template, epoch=int(at) + 1, step=step, position=at, loss=2 / (1 + at), seconds=step / 300)
        if turn % 5 == 0:
            yield replace(prediction, step=step, position=at)
        if turn % 40 == 0:
            yield ev.LogLine(text=f"a library says something at step {step}")
        if turn == 0:
            yield ev.Paused(step=step, position=at)
            yield ev.Continued(step=step, position=at)
        if at >= epoch + 1:
            epoch += 1
            yield replace(ended, epoch=epoch, step=step, total_seconds=step / 300)
            yield ev.CheckpointSaved(kind="last", epoch=epoch, step=step)


def tell(count: int, run: RunFolder, config: TrainConfig, emit: Any, control: CommandQueue, *_: object) -> None:
    """In place of training: wait for the word to go on, then tell the story."""
    while not isinstance(control.wait(), cmd.Continue):
        pass
    for event in story(config, count - 1):
        emit(msgspec.structs.replace(event, run=run.name) if isinstance(event, ev.Finished) else event)


async def _serve(count: int, listening: socket.socket, path: Path, log: Path) -> None:
    def train(*arguments: Any) -> None:
        tell(count, *arguments)

    vars(torch_tasks).update(warm=lambda *_: "2", train=train)
    await Session(path, OutputCapture(log)).serve(listening)


def main() -> None:
    """Serve as an engine does."""
    count, descriptor, path, log = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    asyncio.run(_serve(count, socket.socket(fileno=descriptor), path, log))


if __name__ == "__main__":
    main()
