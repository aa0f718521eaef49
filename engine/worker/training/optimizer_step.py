"""One optimizer update, behind the small interface the trainer sees."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from engine.config import TrainConfig
from engine.worker.model.cuda_graph import CudaRecorder, Replayed, can_record
from engine.worker.model.flat_parameters import FlatParameters
from engine.worker.model.losses import build_loss
from engine.worker.model.manual_mlp import WrittenOut, can_write_out
from engine.worker.model.models import dropout_of, set_dropout
from engine.worker.model.optimizers import build_optimizer, same_memory, updates
from engine.worker.training.layer_stats import LayerProbe
from engine.worker.training.metrics import Scalar
from engine.worker.training.setup import autocast

_LAYOUT = "channels last"
"""The order of the optimizer's memory; checkpoints that name none have the filters' channels first."""


class Step:
    """Forward, backward, clip, update. The model's parameters become views of one flat tensor."""

    def __init__(self, model: nn.Module, config: TrainConfig, device: torch.device) -> None:
        self.model = model
        self._device = device
        self._flat = FlatParameters(model)
        self._written = WrittenOut(model, self._flat, config) if can_write_out(config, device) else None
        self._scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
        self.parameters = self._flat.weights.numel()
        self.layers = LayerProbe(model, self._flat)
        self._set_up(config)

    def _set_up(self, config: TrainConfig) -> None:
        """Make what follows from the configuration and remembers nothing, and an optimizer that does not yet."""
        self._config = config
        self._loss = build_loss(config, training=True)
        records = can_record(config, self._device)
        self._rate = torch.tensor(config.learning_rate, device=self._device) if records else None
        self._optimizer = build_optimizer(config, self._flat.weights, self._rate)
        self._update = updates(self._optimizer)
        self._replayed = Replayed(self._eager, CudaRecorder(self._device)) if records else None

    def change(self, config: TrainConfig) -> dict[str, str]:
        """Go on with other values from the next step on. What that means beyond the values themselves, by their names.

        An optimizer of the same kind keeps its memory, and Adam's and AdamW's mean the same; any other begins anew.
        """
        old, optimizer = self._config, self._optimizer
        set_dropout(self.model, config.dropout)
        if self._written:
            self._written.change(config)
        self._set_up(config)
        if same_memory(config.optimizer, old.optimizer):
            self._optimizer.state.update(optimizer.state)
            note = "its running means are kept"
        else:
            note = "its memory begins anew"
        return {"optimizer": note} if config.optimizer != old.optimizer else {}

    def __call__(
        self, images: Tensor, labels: Tensor, learning_rate: float, number: int
    ) -> tuple[Scalar, Scalar, Scalar]:
        """Train on a batch: its mean loss, how many were read rightly, and the gradient's norm before clipping.

        All three are numbers or scalars on the device, so nothing here waits for it. `number` is the step's, from 0.
        """
        if self._replayed is not None and self._rate is not None:
            self._rate.fill_(learning_rate)
            return self._replayed(images, labels, dropout_of(self.model))
        loss, right = self._written(images, labels, number) if self._written else self._differentiate(images, labels)
        norm = self._clip()
        if self._scaler.is_enabled():
            self._optimizer.param_groups[0]["lr"] = learning_rate
            self._scaler.step(self._optimizer)
            self._scaler.update()
        else:
            self._update(learning_rate)
        return loss, right, norm

    @property
    def is_finite(self) -> bool:
        """Whether every weight is a finite number; waits for the device."""
        return bool(torch.isfinite(self._flat.weights).all())

    @property
    def fallback(self) -> str:
        """Why the step is not as fast as it was meant to be, in a sentence; mostly empty."""
        return self._replayed.failed if self._replayed is not None else ""

    def _eager(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same with the rate where the optimizer looks for it, on the device."""
        loss, right = self._differentiate(images, labels)
        norm = self._clip()
        self._optimizer.step()
        return loss, right, norm

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
        """The optimizer's memory and the gradient scaler's, for a checkpoint."""
        return {"optimizer": self._optimizer.state_dict(), "scaler": self._scaler.state_dict(), "layout": _LAYOUT}

    def restore(self, state: dict[str, Any]) -> None:
        """Undo `state`. Raises ValueError for the memory of another network's optimizer.

        What the optimizer was built with follows from the configuration, and the rate comes anew with each step.
        """
        built = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state["optimizer"]["state"], "param_groups": built})
        if self._rate is not None:  # the optimizer has made a copy
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
