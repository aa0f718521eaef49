"""When and how often the test set was looked at, in words."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from engine.text.numbers import count

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST = 4
"""Looks that are dated one by one."""
NO_HONEST_ONE = "picking the best of several test evaluations biases the result"


def times(number: int) -> str:
    """How often: "once", "12 times"."""
    return "once" if number == 1 else f"{count(number)} times"


def moment(seconds: float) -> tuple[str, str]:
    """The day and the time of Unix seconds, here: "25 Nov 2025", "14:02"; nothing where no calendar has it."""
    try:
        at = datetime.datetime.fromtimestamp(seconds).astimezone()
    except (OverflowError, ValueError, OSError):
        return "", ""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}", f"{at:%H:%M}"


def dated(test_evaluations: Sequence[float]) -> str:
    """When: "25 Nov 2025 14:02, 14:09, 26 Nov 2025 08:30"; of many the last ones alone."""
    said: list[str] = []
    before = ""
    for seconds in test_evaluations[-_MOST:]:
        day, time = moment(seconds)
        if time:
            said.append(time if day == before else f"{day} {time}")
        before = day
    return ("… " if len(test_evaluations) > _MOST else "") + ", ".join(said)


def looked_at(test_evaluations: Sequence[float]) -> str:
    """How often and when: "evaluated 3 times: 25 Nov 2025 14:02, …"."""
    if not test_evaluations:
        return "not evaluated yet"
    when = dated(test_evaluations)
    return f"evaluated {times(len(test_evaluations))}" + (f": {when}" if when else "")
