"""The tutorial's network in JAX: a whole epoch as one jitted `lax.scan`. Compilation is not measured."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_SIZES = ((784, 128), (128, 256), (256, 10))
_BETA1, _BETA2, _EPS, _RATE = 0.9, 0.999, 1e-8, 0.001


def _logits(parameters: Any, x: Any, key: Any) -> Any:
    for level, (weight, bias) in enumerate(parameters):
        x = x @ weight + bias
        if level < len(parameters) - 1:
            key, own = jax.random.split(key)
            x = jnp.where(jax.random.bernoulli(own, 0.5, x.shape), jax.nn.relu(x) * 2, 0)
    return x


def _loss(parameters: Any, x: Any, y: Any, key: Any) -> Any:
    logs = jax.nn.log_softmax(_logits(parameters, x, key))
    return -jnp.take_along_axis(logs, y[:, None], axis=1).mean()


def _step(state: Any, batch: Any) -> Any:
    parameters, first, second, count, key = state
    x, y = batch
    key, own = jax.random.split(key)
    loss, gradient = jax.value_and_grad(_loss)(parameters, x, y, own)
    count += 1
    first = jax.tree.map(lambda m, g: _BETA1 * m + (1 - _BETA1) * g, first, gradient)
    second = jax.tree.map(lambda v, g: _BETA2 * v + (1 - _BETA2) * g * g, second, gradient)
    scale = _RATE * jnp.sqrt(1 - _BETA2**count) / (1 - _BETA1**count)
    parameters = jax.tree.map(lambda p, m, v: p - scale * m / (jnp.sqrt(v) + _EPS), parameters, first, second)
    return (parameters, first, second, count, key), loss


def _scan(state: Any, images: Any, labels: Any, order: Any) -> Any:
    return jax.lax.scan(lambda s, chosen: _step(s, (images[chosen], labels[chosen])), state, order)


_epoch: Any = jax.jit(_scan)


class Jax:
    """Trains it with Adam at 0.001 and batch size 64, dropping the last incomplete batch."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self._images, self._labels = jnp.asarray(images), jnp.asarray(labels)
        self._random = np.random.default_rng(0)
        parameters = [
            (
                jnp.asarray(self._random.normal(0, np.sqrt(1 / inputs), (inputs, outputs)), jnp.float32),
                jnp.zeros(outputs),
            )
            for inputs, outputs in _SIZES
        ]
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        self._state = (parameters, zeros, zeros, jnp.zeros(()), jax.random.key(0))
        self.epoch()  # compiles

    def epoch(self) -> float:
        """Train one epoch and return its mean training loss."""
        count = len(self._labels) // 64
        order = self._random.permutation(len(self._labels))[: count * 64].reshape(count, 64)
        self._state, losses = _epoch(self._state, self._images, self._labels, order)
        return float(losses.mean())
