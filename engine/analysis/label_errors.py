"""Labels that may be wrong: images that most of several networks agree to read as another digit than they are said to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEAST_RUNS = 2
"""One network that disagrees with a label has just made a mistake."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """An image and what speaks against its label.

    `agree` of `runs` networks read `reading` in image `index`, with the mean probability `confidence`; its label says
    `label`. `others` are the digits that the rest of them read, in rising order.
    """

    index: int
    label: int
    prediction: int
    agree: int
    runs: int
    confidence: float
    others: tuple[int, ...] = ()


def find_suspects(
    labels: npt.NDArray[np.uint8], predictions: npt.NDArray[np.uint8], confidences: npt.NDArray[np.float32]
) -> list[Suspect]:
    """The images that a majority of R networks, and two at least, read as the same digit, which is not the label.

    `labels` (N,) and `readings` (R, N) are digits, `confidences` (R, N) the probabilities of what is read. The most
    agreed upon come first, of these the surest, of these the first in the set.
    """
    runs = len(predictions)
    if runs < LEAST_RUNS:
        return []
    votes = np.stack([(predictions == digit).sum(axis=0) for digit in range(10)])
    winner, agree = votes.argmax(axis=0), votes.max(axis=0)
    (places,) = np.nonzero((winner != labels) & (2 * agree > runs) & (agree >= LEAST_RUNS))
    found = [
        _suspect(int(i), int(labels[i]), int(winner[i]), predictions[:, i], np.asarray(confidences)[:, i])
        for i in places
    ]
    return sorted(found, key=lambda each: (-each.agree, -each.confidence, each.index))


def _suspect(
    index: int, label: int, prediction: int, read: npt.NDArray[np.uint8], sure: npt.NDArray[np.float32]
) -> Suspect:
    agreeing = read == prediction
    return Suspect(
        index=index,
        label=label,
        prediction=prediction,
        agree=int(agreeing.sum()),
        runs=len(read),
        confidence=float(sure[agreeing].mean(dtype=np.float64)),
        others=tuple(sorted({int(digit) for digit in read[~agreeing]})),
    )
