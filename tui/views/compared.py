"""Two runs on the same images, in words that need no statistics, and as a table."""

from __future__ import annotations

import math

from engine.analysis.mcnemar import Comparison
from engine.text import numbers

BILLION = 10**9
CAVEAT = "This is about these two networks; trained again with another seed, each would come out slightly different."
MANY = "Of twenty pairs that are equally good, one will seem different all the same."


def sentences(comparison: Comparison, first: str, second: str) -> tuple[str, str, str]:
    """The accuracies, where the two differ, and what follows from it, a sentence or two each."""
    right, other = (numbers.percent(n / max(comparison.images, 1)) for n in comparison.rights)
    return (
        f"{first} classifies {right} of the {numbers.count(comparison.images)} test images correctly, {second} {other}.",
        _where(comparison, first, second),
        _verdict(comparison),
    )


def headline(comparison: Comparison, first: str, second: str) -> str:
    """Which is better, if one can tell."""
    if not comparison.is_real:
        return "No significant difference"
    return f"{first if comparison.only_first > comparison.only_second else second} is better"


def _where(comparison: Comparison, first: str, second: str) -> str:
    if not comparison.differ:
        return "Both are right and wrong on the very same images."
    return (
        f"On {_images(comparison.only_first)} only {first} is right, "
        f"on {numbers.count(comparison.only_second)} only {second}."
    )


def _verdict(comparison: Comparison) -> str:
    if comparison.only_first == comparison.only_second:
        return "So there is no difference to be seen."
    chance = f"If both were equally good, chance would split them this unevenly {odds(comparison.p)}"
    if comparison.p < 0.01:
        return f"{chance}: the difference is real."
    if comparison.is_real:
        return f"{chance}: the difference is probably real."
    return f"{chance}: not statistically significant."


def odds(p: float) -> str:
    """A probability in words: "in 31 of 100 test sets like this", "once in 3,800 test sets like this"."""
    if p * BILLION < 1:
        return "less than once in a billion test sets like this"
    if p >= 0.05:
        return f"in {round(100 * p)} of 100 test sets like this"
    return f"once in {_rounded(1 / p)} test sets like this"


def _rounded(number: float) -> str:
    """In two digits: "3,800", "27 million"."""
    scale = 10 ** max(math.floor(math.log10(number)) - 1, 0)
    whole = round(number / scale) * scale
    return numbers.count(whole) if whole < 1e6 else f"{whole / 1e6:g} million"


def _images(number: int) -> str:
    return numbers.plural(number, "image")


def p_text(p: float) -> str:
    """p as reports print it: "0.031", "2.7e-08"."""
    if p == 0:
        return "below 1e-300"
    return f"{p:.2g}" if p < 0.001 else f"{p:.3f}"


def table(comparison: Comparison, first: str, second: str) -> list[tuple[str, str, str]]:
    """The four counts, with headings: a row for what the first makes of them, a column for the second."""
    return [
        ("", f"{second} right", "wrong"),
        (f"{first} right", numbers.count(comparison.both), numbers.count(comparison.only_first)),
        ("wrong", numbers.count(comparison.only_second), numbers.count(comparison.neither)),
    ]
