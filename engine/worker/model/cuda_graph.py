"""Records the training step as a CUDA graph and replays it: one launch instead of a hundred, which dominate small networks.

A graph (`torch.cuda.CUDAGraph`) reads and writes the same memory each time, so batches and the learning rate are copied
to where it expects them.
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
"""Steps made before one is recorded, in which libraries select kernels and the optimizer allocates its state."""


def can_record(config: TrainConfig, device: torch.device) -> bool:
    """Whether this configuration's step can be recorded. The gradient scaler of fp16 synchronizes, which a graph cannot."""
    return device.type == "cuda" and config.precision != "fp16" and config.optimizer in ("sgd", "adam", "adamw")


class Recorder(Protocol):
    """Records and replays; tests without a GPU substitute it."""

    def warm_up(self, call: Callable[[], Results]) -> Results:
        """Run it, so that it can be recorded afterward."""

    def record(self, call: Callable[[], Results]) -> tuple[Callable[[], object], Results]:
        """Record it without running it: the function that replays it, and the tensors of its results."""


class CudaRecorder:
    """Records on one GPU. Synchronizing operations raise RuntimeError while they are recorded."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)

    def warm_up(self, call: Callable[[], Results]) -> Results:
        """Run it on a side stream, as capturing requires."""
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            results = call()
        torch.cuda.current_stream(self._device).wait_stream(self._stream)
        return results

    def record(self, call: Callable[[], Results]) -> tuple[Callable[[], object], Results]:
        """Record it into a graph with its own memory pool."""
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


class GraphedStep:
    """`call` on batches (images, labels): warmed up, recorded once, then replayed.

    A batch of another shape (the last of an epoch) is not replayed, and nothing is once recording has failed: `failed` is
    the reason. A recording is made again when `key` changes.
    """

    def __init__(self, call: Call, recorder: Recorder) -> None:
        self._call, self._recorder = call, recorder
        self._warm = 0
        self._key: Hashable = None
        self._recording: _Recording | None = None
        self.failed = ""

    def __call__(self, images: Tensor, labels: Tensor, key: Hashable = None) -> Results:
        """The results of this batch, copied."""
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
        loss, correct, norm = recording.results
        return loss.clone(), correct.clone(), norm.clone()

    def _record(self, images: Tensor, labels: Tensor) -> _Recording | None:
        static_images, static_labels = images.clone(), labels.clone()
        try:
            replay, results = self._recorder.record(lambda: self._call(static_images, static_labels))
        except RuntimeError as fault:
            first = (str(fault).strip().splitlines() or ["no reason given"])[0]
            self.failed = f"the step could not be recorded as a CUDA graph ({first[:200]}); it runs kernel by kernel"
            return None
        return _Recording(static_images, static_labels, replay, results)
