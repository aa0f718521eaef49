"""Questions about a run, answered from its checkpoints by an engine that trains nothing: training is never held up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import torch

from engine import commands as cmd
from engine.config import TrainConfig, make_config
from engine.runs.folder import find_run
from engine.worker.queries.activations import measure_activations
from engine.worker.queries.lr_range_test import range_test
from engine.worker.queries.network import Network, load_network
from engine.worker.queries.occlusion import map_occlusion
from engine.worker.queries.prediction import read_pictures
from engine.worker.queries.robustness import measure_robustness
from engine.worker.queries.sample import sample
from engine.worker.queries.weights import show_weights

Report = Callable[[float, str], None]
"""Called with how far an answer is, 0 to 1, and what is being done. Raises `Canceled` where nobody waits for it any more."""

ACTIVATION_IMAGES, ROBUSTNESS_IMAGES = 1000, 2000
"""Validation images that suffice: a share of half is then known to within 3% and 2% (95% confidence)."""


class Canceled(Exception):
    """The question was taken back."""


class Answering:
    """One question on its way: told how far it is, from the thread that works on it."""

    def __init__(self, tell: Callable[[float, str], object]) -> None:
        self._tell = tell
        self._given_up = threading.Event()

    def cancel(self) -> None:
        """Nobody waits for the answer any more."""
        self._given_up.set()

    def report(self, share: float, text: str = "") -> None:
        """How far it is. Raises `Canceled`."""
        if self._given_up.is_set():
            raise Canceled
        self._tell(share, text)


def answer(question: cmd.Question, report: Report) -> dict[str, Any]:
    """The answer to a question, for `protocol.Reply.result`. Raises `Problem`, or `Canceled` by way of `report`."""
    torch.set_num_threads(1)
    if isinstance(question, cmd.TestRange):
        config = make_config(msgspec.structs.asdict(question.config or TrainConfig()))
        run = find_run(question.run) if question.run else None
        return range_test(config, run, report, data_dir=question.data_dir, other_data=question.other_data)
    run = find_run(question.run)
    network = load_network(run, question.weights)
    report(0.0, "")
    match question:
        case cmd.ReadPictures():
            return read_pictures(network, question)
        case cmd.ShowWeights():
            return show_weights(network)
        case cmd.MapOcclusion():
            return map_occlusion(network, question, report)
        case cmd.MeasureActivations():
            return measure_activations(network, sample(network, ACTIVATION_IMAGES, run), report)
        case cmd.MeasureRobustness():
            return measure_robustness(network, question.disturbance, sample(network, ROBUSTNESS_IMAGES, run), report)


__all__ = ["Answering", "GivenUp", "Network", "Report", "answer"]
