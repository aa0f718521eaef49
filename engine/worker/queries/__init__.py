"""Queries about a run, answered from its checkpoints by an engine that does not train, so that training is not delayed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import torch

from engine import commands as cmd
from engine.answers import Answer
from engine.config import TrainConfig, make_config
from engine.runs.folder import find_run
from engine.worker.queries.activations import measure_activations
from engine.worker.queries.lr_range_test import range_test
from engine.worker.queries.network import Network, load_network
from engine.worker.queries.occlusion import map_occlusion
from engine.worker.queries.prediction import predict_pictures
from engine.worker.queries.robustness import measure_robustness
from engine.worker.queries.sample import sample
from engine.worker.queries.weights import show_weights

Report = Callable[[float, str], None]
"""Called with the progress, 0 to 1, and what is being done. Raises `Canceled` once the query was canceled."""

ACTIVATION_IMAGES, ROBUSTNESS_IMAGES = 1000, 2000
"""Validation images in a sample: a share of one half then has a 95% confidence interval of ±3% and ±2%."""


class Canceled(Exception):
    """The query was canceled."""


class QueryProgress:
    """The progress of one query. `send_progress` is called in the thread that answers it."""

    def __init__(self, send_progress: Callable[[float, str], object]) -> None:
        self._send_progress = send_progress
        self._canceled = threading.Event()

    def cancel(self) -> None:
        """Have the next `report` raise. Thread-safe."""
        self._canceled.set()

    def report(self, share: float, text: str = "") -> None:
        """Report progress. Raises `Canceled`."""
        if self._canceled.is_set():
            raise Canceled
        self._send_progress(share, text)


def answer(query: cmd.Query, report: Report) -> Answer:
    """The answer to a query. Raises `Problem`, and `Canceled` from `report`."""
    torch.set_num_threads(1)
    if isinstance(query, cmd.TestRange):
        config = make_config(msgspec.structs.asdict(query.config or TrainConfig()))
        run = find_run(query.run) if query.run else None
        return range_test(config, run, report, data_dir=query.data_dir, other_data=query.other_data)
    run = find_run(query.run)
    network = load_network(run, query.weights)
    report(0.0, "")
    match query:
        case cmd.PredictPictures():
            return predict_pictures(network, query)
        case cmd.ShowWeights():
            return show_weights(network)
        case cmd.MapOcclusion():
            return map_occlusion(network, query, report)
        case cmd.MeasureActivations():
            return measure_activations(network, sample(network, ACTIVATION_IMAGES, run), report)
        case cmd.MeasureRobustness():
            return measure_robustness(network, query.corruption, sample(network, ROBUSTNESS_IMAGES, run), report)


__all__ = ["Answering", "Canceled", "Network", "Report", "answer"]
