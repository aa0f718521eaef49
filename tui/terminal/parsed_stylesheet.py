"""A stylesheet that parses each piece of CSS once.

Textual parses all CSS again whenever a screen's stylesheet is added or the theme changes, and keeps nothing. An app
with many screens then spends most of its start, and of the first visit to each screen, in the CSS parser.
"""

from __future__ import annotations

from functools import lru_cache

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation

from tui.terminal.textual_internals import stylesheet_variables

_Key = tuple[str, CSSLocation, bool, int, str]

_MOST_THEMES = 8


@lru_cache(_MOST_THEMES)
def _parsed(variables: frozenset[tuple[str, str]]) -> dict[_Key, list[RuleSet]]:
    """The rules parsed so far with these variables; filled by `ParsedStylesheet`. Parsed rules never change."""
    return {}


class ParsedStylesheet(Stylesheet):
    """Keeps the parsed rules of every piece of CSS, for each set of variables (in effect, for each theme)."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._cache = _parsed(frozenset(stylesheet_variables(self).items()))

    def set_variables(self, variables: dict[str, str]) -> None:
        """Use these CSS variables from the next parse on."""
        super().set_variables(variables)
        self._cache = _parsed(frozenset(variables.items()))

    def _parse_rules(
        self,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        cache = self._cache
        key = (css, read_from, is_default_rules, tie_breaker, scope)
        if (rules := cache.get(key)) is None:
            rules = super()._parse_rules(css, read_from, is_default_rules, tie_breaker, scope)
            if not any(rule.errors for rule in rules):
                cache[key] = rules
        return rules

    def reparse(self) -> None:
        """Apply new variables. The rules stay as they were where the CSS is invalid, which raises as in Textual."""
        self.parse()
