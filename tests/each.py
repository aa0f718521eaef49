"""Many cheap cases in one test: a page each, a field each, a row of a table each.

A case of pytest costs a few milliseconds of its own, more than most of these cases take; there were thousands of them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any


def each(argument: str, values: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Like `pytest.mark.parametrize(argument, values)`, but one test. It fails with every value that failed, and why.

    Raises ValueError where there are no values: such a test could not fail.
    """
    cases = list(values)
    if not cases:
        raise ValueError(f"no values for {argument}")

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(test)
        if argument not in signature.parameters:
            raise ValueError(f"{test.__name__} takes no {argument}")

        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            failures = []
            for case in cases:
                try:
                    test(**{argument: case}, **fixtures)
                except Exception as failure:
                    failure.add_note(f"{argument} = {case!r}")
                    failures.append(failure)
            if failures:
                raise ExceptionGroup(f"{len(failures)} of {len(cases)} cases", failures)

        kept = [p for name, p in signature.parameters.items() if name != argument]
        run.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        del run.__wrapped__  # type: ignore[attr-defined]
        return run

    return decorate
