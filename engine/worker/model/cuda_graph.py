"""The step of a GPU recorded once and replayed: one launch in place of a hundred, which for small networks take the time.

After NVIDIA's CUDA Graphs as torch offers them (`torch.cuda.CUDAGraph`): what is recorded reads and writes the same
memory each time, so batches and the learning rate are copied to where the recording looks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.config import TrainConfig

Results = tuple[Tensor, Tensor, Tensor]
Call = Callable[[Tensor, Tensor], Results]

WARM_UPS = 3
"""Steps made one kernel at a time before one is recorded: libraries choose their kernels, the optimizer its memory."""


def can_record(config: TrainConfig, device: torch.device) -> bool:
    """Whether the step of this configuration is one that a GPU can replay: the gradient scaler of fp16 has to look."""
    return device.type == "cuda" and config.precision != "fp16" and config.optimizer in ("sgd", "adam", "adamw")


class Recorder(Protocol):
    """What records and replays; in tests without a GPU another one stands in for it."""

    def warm_up(self, call: Callable[[], Results]) -> Results:
        """Run it as it is, so that it can be recorded afterwards."""

    def record(self, call: Callable[[], Results]) -> tuple[Callable[[], object], Results]:
        """Record it without running it: what replays it, and where its results will lie."""


class CudaRecorder:
    """Records on one GPU. What is not asynchronous there raises RuntimeError while it is recorded."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)

    def warm_up(self, call: Callable[[], Results]) -> Results:
        """On a stream beside the usual one, as recording asks for."""
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            results = call()
        torch.cuda.current_stream(self._device).wait_stream(self._stream)
        return results

    def record(self, call: Callable[[], Results]) -> tuple[Callable[[], object], Results]:
        """Into a graph with memory of its own."""
        graph: Any = torch.cuda.CUDAGraph()
        with torch.cuda.device(self._device), torch.cuda.graph(graph):
            results = call()
        return graph.replay, results


@dataclass(slots=True, eq=False)
class _Recording:
    images: Tensor
    labels: Tensor
    replay: Callable[[], object]
    results: Results


class Replayed:
    """`call` on batches (images, labels): warmed up, recorded once, then replayed.

    A batch of another shape (the last of an epoch) runs as it is. So does everything once recording has failed, which
    `failed` tells in a sentence. `key` is what else a recording holds for; when it changes, a new one is made.
    """

    def __init__(self, call: Call, recorder: Recorder) -> None:
        self._call, self._recorder = call, recorder
        self._warm = 0
        self._key: Hashable = None
        self._recording: _Recording | None = None
        self.failed = ""

    def __call__(self, images: Tensor, labels: Tensor, key: Hashable = None) -> Results:
        """The results of this batch, in memory of their own."""
        if self.failed:
            return self._call(images, labels)
        if key != self._key:
            self._key, self._recording, self._warm = key, None, 0
        if self._recording is not None and images.shape != self._recording.images.shape:
            return self._call(images, labels)
        if self._warm < WARM_UPS:
            self._warm += 1
            return self._recorder.warm_up(lambda: self._call(images, labels))
        if self._recording is None:
            self._recording = self._record(images, labels)
            if self._recording is None:
                return self._call(images, labels)
        recording = self._recording
        recording.images.copy_(images)
        recording.labels.copy_(labels)
        recording.replay()
        loss, right, norm = recording.results
        return loss.clone(), right.clone(), norm.clone()

    def _record(self, images: Tensor, labels: Tensor) -> _Recording | None:
        still, names = images.clone(), labels.clone()
        try:
            replay, results = self._recorder.record(lambda: self._call(still, names))
        except RuntimeError as fault:
            first = (str(fault).strip().splitlines() or ["no reason given"])[0]
            self.failed = f"the step could not be recorded as a CUDA graph ({first[:200]}); it runs kernel by kernel"
            return None
        return _Recording(still, names, replay, results)
