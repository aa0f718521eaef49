"""Data sets of handwritten digits: found, checked and loaded into numpy arrays, or downloaded.

`load` is the front door. `fetch` downloads MNIST where it is not at hand.
"""

from engine.dataset.fetch import MIRROR_VARIABLE, MIRRORS, Progress, fetch
from engine.dataset.loading import load
from engine.dataset.locate import cache_folder, places
from engine.dataset.types import CLASSES, SIDE, Dataset, Images, Labels

__all__ = [
    "CLASSES",
    "MIRRORS",
    "MIRROR_VARIABLE",
    "SIDE",
    "Dataset",
    "Images",
    "Labels",
    "Progress",
    "cache_folder",
    "fetch",
    "load",
    "places",
]
