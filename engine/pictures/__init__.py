"""Pictures that people bring, made into what a network was trained on: `to_mnist`."""

from engine.pictures.prepare import SIDE, to_mnist

__all__ = ["SIDE", "to_mnist"]
