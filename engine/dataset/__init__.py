"""Data sets of handwritten digits: found, checked and loaded into numpy arrays, or downloaded.

`load` is the front door. `fetch` downloads MNIST where it is not at hand.
"""

from engine.dataset.fetch import MIRROR_VARIABLE, MIRRORS, Progress, fetch
from engine.dataset.identity import expect_same, is_other, short_digest
from engine.dataset.loading import Stamp, load, stamp
from engine.dataset.locate import cache_folder, places
from engine.dataset.overlap import count_overlap
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
    "Stamp",
    "cache_folder",
    "count_overlap",
    "expect_same",
    "fetch",
    "is_other",
    "load",
    "places",
    "short_digest",
    "stamp",
]
