"""The draft: what is typed is checked and never lost, and what does not apply does not count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import HYPERPARAMETERS, TrainConfig
from engine.errors import ConfigProblem
from engine.settings import presets
from tests.engine.strategies import configs
from tests.tui.form_kit import WRONG
from tui.views.config_draft import Draft


def draft(config: TrainConfig | None = None) -> Draft:
    return Draft.of(config or TrainConfig(), TrainConfig())


class TestDraft:
    @given(configs())
    def test_a_config_comes_out_as_it_went_in(self, config: TrainConfig) -> None:
        assert draft(config).config() == config

    @given(configs())
    def test_typing_every_value_gives_the_config(self, config: TrainConfig) -> None:
        typed = draft()
        for name, parameter in HYPERPARAMETERS.items():
            typed = typed.typed(name, parameter.format(getattr(config, name)))
        assert typed.config() == config

    def test_spaces_around_a_folder_do_not_count(self) -> None:
        assert draft().typed("data_dir", "  /some/where ").config().data_dir == "/some/where"

    @given(st.sampled_from(sorted(HYPERPARAMETERS)), st.text())
    def test_any_text_stays_and_is_either_a_value_or_a_problem_of_its_field(self, name: str, text: str) -> None:
        typed = draft().typed(name, text)
        assert typed.texts[name] == text
        others = {other: t for other, t in draft().texts.items() if other != name}
        assert {other: t for other, t in typed.texts.items() if other != name} == others
        if typed.applies(name) and typed.faults():
            with pytest.raises(ConfigProblem) as problem:
                typed.config()
            assert problem.value.field == name

    @pytest.mark.parametrize(("name", "text"), WRONG)
    def test_a_wrong_text_is_a_problem_that_says_what_is_expected(self, name: str, text: str) -> None:
        typed = draft().typed(name, text)
        with pytest.raises(ConfigProblem) as problem:
            typed.config()
        assert problem.value.field == name
        assert HYPERPARAMETERS[name].expected in str(problem.value)
        assert typed.values == TrainConfig()

    def test_the_first_wrong_field_of_the_form_is_named(self) -> None:
        typed = draft().typed("seed", "x").typed("dropout", "x")
        assert list(typed.faults()) == ["dropout", "seed"]

    def test_a_hidden_wrong_field_counts_with_its_last_usable_value(self) -> None:
        typed = draft().typed("hidden", "64").typed("hidden", "64,x").typed("model", "cnn")
        assert typed.config() == TrainConfig(model="cnn", hidden=(64,))
        assert typed.typed("model", "mlp").faults().keys() == {"hidden"}
        assert typed.typed("model", "mlp").texts["hidden"] == "64,x"

    def test_values_that_do_not_go_together_are_a_problem_of_the_field_named(self) -> None:
        typed = draft().typed("model", "fastcnn").typed("batch_size", "1")
        assert typed.faults().keys() == {"batch_size"}
        assert typed.typed("model", "cnn").faults() == {}

    def test_changed_is_against_the_base(self) -> None:
        base = presets()["blog-sgd"].config
        typed = Draft.of(base, base).typed("learning_rate", "0.1").typed("epochs", "none")
        assert [name for name in HYPERPARAMETERS if typed.changed(name)] == ["learning_rate", "epochs"]
        assert not typed.typed("learning_rate", "1e-3").changed("learning_rate")
