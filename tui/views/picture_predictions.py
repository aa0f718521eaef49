"""What a network reads in a person's pictures, in lines of text and as JSON objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.text.numbers import percent

if TYPE_CHECKING:
    from engine.events import CheckpointKind
    from engine.pictures import Picture


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """A file and what came of it: `error`, a sentence where it was not read, else its `picture`.

    `probabilities`, of the digits 0 to 9, are there where a digit was found in it.
    """

    name: str
    picture: Picture | None = None
    error: str = ""
    probabilities: tuple[float, ...] = ()

    @property
    def ranked(self) -> list[int]:
        """The digits, the most probable first."""
        return sorted(range(len(self.probabilities)), key=lambda digit: -self.probabilities[digit])


@dataclass(frozen=True, slots=True)
class Place:
    """Whose weights read: a run's checkpoint; `epoch` is None before it has answered."""

    run: str
    weights: CheckpointKind
    epoch: int | None = None


def heading(place: Place) -> str:
    """Whose weights read what follows."""
    which = "best on validation" if place.weights == "best" else "last"
    return f"Run {place.run}, weights of epoch {place.epoch} ({which})"


def verdict(prediction: Prediction) -> tuple[str, str]:
    """The digit with its probability, and the runner-up; or that there is none, and why."""
    match prediction.ranked:
        case [first, second, *_]:
            likely = prediction.probabilities
            return f"{first}  {percent(likely[first])}", f"then {second}  {percent(likely[second])}"
    return "no digit found", prediction.picture.missing if prediction.picture else ""


def line(prediction: Prediction, width: int = 0) -> str:
    """All about a file in one line, its name filled up to `width`."""
    said = prediction.picture.said if prediction.picture else ()
    joined = ", " if prediction.ranked else ": "
    found = joined.join(verdict(prediction))
    return f"{prediction.name.ljust(width)}  {found}{'; ' if said else ''}{'; '.join(said)}"


def beside(picture: Sequence[str], texts: Sequence[str], gap: int = 3) -> list[str]:
    """A drawing with lines of text to its right, both centered on each other's height."""
    height, width = max(len(picture), len(texts)), max(map(len, picture), default=0)
    drawn, written = ([""] * ((height - len(lines)) // 2) + list(lines) for lines in (picture, texts))
    rows = [
        (drawn[row] if row < len(drawn) else "", written[row] if row < len(written) else "") for row in range(height)
    ]
    return [f"{left.ljust(width + gap)}{right}".rstrip() for left, right in rows]


def document(prediction: Prediction, place: Place) -> dict[str, Any]:
    """The JSON object of a file (docs/events.md)."""
    ranked = prediction.ranked
    rounded = [round(share, 6) for share in prediction.probabilities]
    return {
        "file": prediction.name,
        "digit": ranked[0] if ranked else None,
        "probability": rounded[ranked[0]] if ranked else None,
        "probabilities": rounded,
        "said": list(prediction.picture.said) if prediction.picture else [],
        "missing": prediction.picture.missing if prediction.picture else "",
        "error": prediction.error,
        "run": place.run,
        "weights": place.weights,
        "epoch": place.epoch,
    }
