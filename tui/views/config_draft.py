"""The draft of a configuration: what is typed into the form, what of it can be used, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from engine.config import HYPERPARAMETERS, TrainConfig, applies, check_together
from engine.errors import ConfigProblem


@dataclass(frozen=True, slots=True)
class Draft:
    """A configuration that is being typed.

    `texts` is what stands in each field. `values` has the last value of each field that could be used. `wrong` are the
    fields whose text is no value, `base` is what changes are marked against.
    """

    texts: Mapping[str, str]
    values: TrainConfig
    wrong: Mapping[str, ConfigProblem]
    base: TrainConfig

    @classmethod
    def of(cls, config: TrainConfig, base: TrainConfig) -> Draft:
        """The draft in which every field has its value in `config`."""
        return cls({name: p.format(getattr(config, name)) for name, p in HYPERPARAMETERS.items()}, config, {}, base)

    def typed(self, name: str, text: str) -> Draft:
        """The draft with another text in one field."""
        if text == self.texts[name]:
            return self
        wrong = {field: problem for field, problem in self.wrong.items() if field != name}
        values = self.values
        try:
            values = msgspec.structs.replace(values, **{name: HYPERPARAMETERS[name].parse(text)})
        except ConfigProblem as problem:
            wrong[name] = problem
        return replace(self, texts={**self.texts, name: text}, values=values, wrong=wrong)

    def applies(self, name: str) -> bool:
        """Whether the field means anything beside the others, each at its last usable value."""
        return applies(self.values, name)

    def changed(self, name: str) -> bool:
        """Whether the field is not as in the base."""
        return name in self.wrong or bool(getattr(self.values, name) != getattr(self.base, name))

    def faults(self) -> dict[str, ConfigProblem]:
        """What is wrong, by field, in the order of the form: texts that are no value, and values that do not go together.

        Fields that do not apply count with their last usable value.
        """
        faults = {name: self.wrong[name] for name in HYPERPARAMETERS if name in self.wrong and self.applies(name)}
        try:
            check_together(self.values)
        except ConfigProblem as problem:
            if problem.field:
                faults.setdefault(problem.field, problem)
        return faults

    def config(self) -> TrainConfig:
        """The configuration. Raises the `ConfigProblem` of the first field that cannot be used."""
        for problem in self.faults().values():
            raise problem
        return self.values
