"""What the screens say of a run that goes wrong: the diagnosis, looked at seldom and told calmly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.state.run_state import RunState

if TYPE_CHECKING:
    from engine.diagnosis import Hint

SECONDS = 3.0
"""Of training, between two looks within an epoch."""
_GRAVE = ("fault", "warning", "note")


class Adviser:
    """Keeps the hints for the run that is shown, and the rules that a person has silenced (for as long as it lives).

    It looks when an epoch, a run or a test has ended, when a setting was changed, and every `SECONDS` of training (by
    the run's own clock) in between. Within an epoch hints only come: they go when an epoch ends without them, so that
    the screen does not flicker between two opinions.
    """

    def __init__(self) -> None:
        self.silenced: frozenset[str] = frozenset()
        self._known: tuple[object, ...] = ()
        self._looked = 0.0
        self._hints: tuple[Hint, ...] = ()

    def silence(self, rule: str) -> None:
        """Hear no more of a rule."""
        self.silenced |= {rule}
        self._hints = tuple(hint for hint in self._hints if hint.rule != rule)

    def hints(self, state: RunState) -> tuple[Hint, ...]:
        """What there is to say; the same object as before where nothing else is to be said."""
        if state.started is None:
            self._known, self._hints = (), ()
            return ()
        known = (state.run, state.created, len(state.epochs), state.config, state.finished, state.test)
        seconds = state.progress.seconds if state.progress else 0.0
        settled = known != self._known
        if not settled and 0 <= seconds - self._looked < SECONDS:
            return self._hints
        from engine.diagnosis import diagnose  # noqa: PLC0415 - the first picture does without

        self._known, self._looked = known, seconds
        found = diagnose(state, self.silenced)
        if not settled:
            new = {hint.rule for hint in found}
            both = (*found, *(hint for hint in self._hints if hint.rule not in new))
            found = tuple(sorted(both, key=lambda hint: _GRAVE.index(hint.severity)))
        if found != self._hints:
            self._hints = found
        return self._hints
