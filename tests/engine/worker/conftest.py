"""A tiny data set and a way to train on it in this process, with every event collected."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from engine import commands as cmd
from engine import events as ev
from engine.config import TrainConfig, make_config
from engine.runs.folder import RunFolder, create_run
from engine.state.run_state import RunState, fold
from engine.worker.command_queue import CommandQueue, Plan
from engine.worker.training.checkpoint_file import load_checkpoint
from engine.worker.training.jobs import train_run
from tests.kit import timeless, write_tiny_set

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 300 training images (250 train, 50 validate) and 64 test images."""
    return write_tiny_set(tmp_path_factory.mktemp("tiny"), train=300, test=64)


@dataclass
class Story:
    """A run in this process: its events, and what they come to."""

    folder: RunFolder
    events: list[ev.Event] = field(default_factory=list)

    @property
    def state(self) -> RunState:
        return fold(self.events)

    @property
    def end(self) -> ev.Finished:
        assert isinstance(self.events[-1], ev.Finished)
        return self.events[-1]

    def of(self, kind: type) -> list[Any]:
        return [e for e in self.events if isinstance(e, kind)]

    def metrics(self) -> list[dict[str, Any]]:
        """The metrics of every epoch that must not depend on how the run was interrupted (no times)."""
        ends, spreads = self.of(ev.EpochEnded), self.of(ev.Distributions)
        return [{**timeless(end), "spread": timeless(spread)} for end, spread in zip(ends, spreads, strict=True)]


Script = Callable[[ev.Event, CommandQueue], None]


@pytest.fixture
def train(tiny: Path, tmp_path: Path) -> Callable[..., Story]:
    """Train with changed settings; `script` is called with each event and may post commands."""

    def run(
        script: Script | None = None,
        *,
        before: tuple[cmd.Steering, ...] = (),
        of: Story | None = None,
        plan: Plan | None = None,
        **values: Any,
    ) -> Story:
        checkpoint = None
        if of is None:
            config = settings(tiny, **values)
            folder = create_run(config, preset="", version="test", root=tmp_path / "runs")
        else:
            folder = of.folder
            checkpoint = load_checkpoint(folder.checkpoint("last"))
            config = make_config(values, checkpoint.config)
        story, control = Story(folder), CommandQueue(plan)
        for command in before:
            control.post(command)

        def emit(event: ev.Event) -> None:
            story.events.append(msgspec.structs.replace(event, seq=len(story.events) + 1))
            if script:
                script(event, control)

        train_run(folder, config, emit, control, checkpoint)
        return story

    return run


def settings(tiny: Path, **values: Any) -> TrainConfig:
    """A small network on the tiny set, with everything that draws random numbers switched on."""
    return make_config(
        {
            "hidden": (32, 16),
            "dropout": 0.3,
            "shift": 1.0,
            "noise": 0.05,
            "batch_size": 16,
            "epochs": 4,
            "learning_rate": 0.003,
            "device": "cpu",
            "threads": 1,
            "data_dir": str(tiny),
            **values,
        }
    )
