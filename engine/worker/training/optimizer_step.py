"""One training step: forward, backward, gradient clipping, and the optimizer's update."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from engine.config import TrainConfig
from engine.worker.model.cuda_graph import CudaRecorder, GraphedStep, can_record
from engine.worker.model.flat_parameters import FlatParameters
from engine.worker.model.losses import build_loss
from engine.worker.model.manual_mlp import ManualMLP, supports
from engine.worker.model.models import dropout_of, set_dropout
from engine.worker.model.optimizers import build_optimizer, same_state, updates
from engine.worker.training.checkpoint_file import Checkpoint
from engine.worker.training.layer_stats import LayerProbe
from engine.worker.training.metrics import Scalar
from engine.worker.training.setup import autocast

_LAYOUT = "channels last"
"""The memory layout of the optimizer's state; checkpoints without this entry store filters with channels first."""


class Step:
    """The training step of one model, whose parameters become views of one flat tensor."""

    def __init__(self, model: nn.Module, config: TrainConfig, device: torch.device) -> None:
        self.model = model
        self._device = device
        self._flat = FlatParameters(model)
        self._manual = ManualMLP(model, self._flat, config) if supports(config, device) else None
        self._scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
        self.parameters = self._flat.weights.numel()
        self.layers = LayerProbe(model, self._flat)
        self._set_up(config)

    def _set_up(self, config: TrainConfig) -> None:
        """Build everything that depends on the configuration, including an optimizer without state."""
        self._config = config
        self._loss = build_loss(config, training=True)
        records = can_record(config, self._device)
        self._rate = torch.tensor(config.learning_rate, device=self._device) if records else None
        self._optimizer = build_optimizer(config, self._flat.weights, self._rate)
        self._update = updates(self._optimizer)
        self._graphed = GraphedStep(self._eager, CudaRecorder(self._device)) if records else None

    def reconfigure(self, config: TrainConfig) -> dict[str, str]:
        """Use another configuration from the next step on. Returns notes on side effects by hyperparameter.

        The optimizer's state is kept if the new optimizer can use it (Adam and AdamW share theirs).
        """
        old, optimizer = self._config, self._optimizer
        set_dropout(self.model, config.dropout)
        if self._manual:
            self._manual.reconfigure(config)
        self._set_up(config)
        if same_state(config.optimizer, old.optimizer):
            self._optimizer.state.update(optimizer.state)
            note = "its state is kept"
        else:
            note = "its state is reset"
        return {"optimizer": note} if config.optimizer != old.optimizer else {}

    def __call__(
        self, images: Tensor, labels: Tensor, learning_rate: float, number: int
    ) -> tuple[Scalar, Scalar, Scalar]:
        """Train on a batch; returns the mean loss, the number of correct predictions, and the gradient norm before clipping.

        Nothing here waits for the device. `number` is the step's, from 0.
        """
        if self._graphed is not None and self._rate is not None:
            self._rate.fill_(learning_rate)
            return self._graphed(images, labels, dropout_of(self.model))
        loss, correct = self._manual(images, labels, number) if self._manual else self._differentiate(images, labels)
        norm = self._clip()
        if self._scaler.is_enabled():
            self._optimizer.param_groups[0]["lr"] = learning_rate
            self._scaler.step(self._optimizer)
            self._scaler.update()
        else:
            self._update(learning_rate)
        return loss, correct, norm

    @property
    def is_finite(self) -> bool:
        """Whether all weights are finite; waits for the device."""
        return bool(torch.isfinite(self._flat.weights).all())

    @property
    def fallback(self) -> str:
        """Why the step could not be recorded as a CUDA graph; empty if it was, or need not be."""
        return self._graphed.failed if self._graphed is not None else ""

    def _eager(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A step that reads the learning rate from the device, so that it can be recorded."""
        loss, correct = self._differentiate(images, labels)
        norm = self._clip()
        self._optimizer.step()
        return loss, correct, norm

    def _clip(self) -> Tensor:
        norm = self._flat.gradient_norm()
        if self._config.clip_norm:
            self._flat.clip(norm, self._config.clip_norm)
        return norm

    def _differentiate(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and gradient by autograd."""
        with autocast(self._config, self._device):
            logits = self.model(images)
        logits = logits.float()
        loss = self._loss(logits, labels)
        self._flat.clear_gradient()
        torch.autograd.backward(self._scaler.scale(loss))
        if self._scaler.is_enabled():
            self._scaler.unscale_(self._optimizer)
        return loss.detach(), (logits.detach().argmax(dim=1) == labels).sum()

    def state(self) -> dict[str, Any]:
        """The state of the optimizer and the gradient scaler, as stored in a checkpoint."""
        return {"optimizer": self._optimizer.state_dict(), "scaler": self._scaler.state_dict(), "layout": _LAYOUT}

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore a checkpoint's `state`. Raises ValueError for that of another network.

        The parameter groups are not restored: they follow from the configuration, and the rate is set at each step.
        """
        state = checkpoint.contents
        built = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state["optimizer"]["state"], "param_groups": built})
        if self._rate is not None:  # loading replaced it by a copy
            self._optimizer.param_groups[0]["lr"] = self._rate
        for kept in self._optimizer.state.values():
            for name, value in kept.items():
                if not isinstance(value, Tensor) or not value.ndim:
                    continue
                if value.shape != self._flat.weights.shape:
                    raise ValueError(f"{name} of shape {tuple(value.shape)}")
                if state.get("layout") != _LAYOUT:
                    kept[name] = self._flat.reorder(value)
        self._scaler.load_state_dict(state["scaler"])
