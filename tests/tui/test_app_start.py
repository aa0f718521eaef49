"""Starting a run, and what the form and its fields have to do with it."""

from __future__ import annotations

import msgspec
import pytest
from textual import events
from textual.widgets import Input

from engine import commands as cmd
from engine import events as ev
from engine.errors import ConfigProblem, EngineProblem
from engine.protocol import Ready
from engine.settings import effective, presets
from engine.state.startup_stages import STAGES, Wait
from tests import events_kit as kit
from tests.fake_engine import refusing
from tests.tui.app_kit import Stage, stage


async def into_field(on: Stage, name: str) -> Input:
    """Go to a field as a person does who tabs there."""
    on.train.form.focus_field(name)
    await on.settle()
    assert isinstance(on.app.focused, Input)
    return on.app.focused


async def test_r_alone_starts_what_the_form_holds() -> None:
    async with stage() as on:
        assert on.app.focused is None
        await on.press("r")
        assert on.engine.commands == [cmd.Start(config=effective().config, preset="blog-adam")]


async def test_what_was_typed_is_what_is_trained() -> None:
    async with stage() as on:
        field = await into_field(on, "learning_rate")
        field.select_all()
        await on.press("0", ".", "0", "5", "ctrl+r")
        expected = msgspec.structs.replace(effective().config, learning_rate=0.05)
        assert on.engine.commands == [cmd.Start(config=expected, preset="blog-adam")]


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_letters_are_text_in_a_field_and_keys_after_leaving_it(key: str) -> None:
    async with stage() as on:
        field = await into_field(on, "data_dir")
        await on.press("r", "s", "q", "x")
        assert field.value == "rsqx"
        assert on.engine.commands == []
        field.value = ""
        await on.press(key)
        assert on.app.focused is None
        await on.press("r")
        assert [type(c) for c in on.engine.commands] == [cmd.Start]


@pytest.mark.parametrize(
    ("field", "text"), [("learning_rate", "fast"), ("epochs", "0"), ("hidden", ""), ("dropout", "1")]
)
async def test_a_wrong_field_is_gone_to_and_nothing_starts(field: str, text: str) -> None:
    async with stage() as on:
        on.train.form.set_value(field, text)
        await on.press("r")
        await on.settle()
        assert on.engine.commands == []
        label = on.notices[-1].split(":")[0]
        assert "expected" in on.notices[-1]
        assert label in on.text()
        assert on.app.focused is not None
        assert field in {node.id.removeprefix("field-") for node in on.app.focused.ancestors_with_self if node.id}


async def test_a_refusal_is_a_sentence_at_its_field() -> None:
    async with stage() as on:
        on.engine.answer = refusing(ConfigProblem("Device: there is no cuda here; take cpu.", "device"))
        await on.press("r")
        await on.settle()
        assert on.notices == ["Device: there is no cuda here; take cpu."]
        on.engine.answer = refusing(EngineProblem("The engine is busy."))
        await on.press("escape", "r")
        await on.settle()
        assert on.notices[-1] == "The engine is busy."
        assert on.app.is_running


async def test_while_it_trains_the_form_is_locked_and_r_says_why() -> None:
    async with stage(kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)])) as on:
        assert on.train.form.locked
        await on.press("r")
        assert on.engine.commands == []
        assert "training" in on.notices[-1]


async def test_after_the_end_r_starts_a_new_run() -> None:
    async with stage(kit.whole_run(epochs=1)) as on:
        assert not on.train.form.locked
        await on.press("r")
        assert on.engine.commands == [cmd.Start(config=kit.BLOG, preset="blog-adam")]


async def test_a_preset_is_chosen_from_the_list_and_keeps_the_machine_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_TUI_THREADS", "3")
    async with stage() as on:
        await on.press("o")
        assert presets()["blog-adam"].comment in on.text()
        await on.press("down", "enter")
        await on.press("r")
        expected = msgspec.structs.replace(presets()["blog-sgd"].config, threads=3)
        assert on.engine.commands == [cmd.Start(config=expected, preset="blog-sgd")]


@pytest.mark.parametrize("key", ["escape", "q", "o"])
async def test_the_list_of_presets_closes_without_a_choice(key: str) -> None:
    async with stage() as on:
        await on.press("o", "down", key)
        assert on.app.screen is on.train
        assert on.train.preset == "blog-adam"


async def test_pasted_text_without_a_field_does_nothing() -> None:
    async with stage(kit.numbered([*kit.opening(), *kit.epoch_events(kit.BLOG, 1)])) as on:
        on.app.post_message(events.Paste("rsxq\r" * 2000))
        await on.settle()
        assert on.engine.commands == []
        assert on.app.screen is on.train


async def test_the_first_picture_does_not_wait_for_the_engine() -> None:
    async with stage(ready=False) as on:
        assert "engine: loading torch" in on.status
        assert "128,256" in on.text()
        from engine.protocol import Ready

        await on.tell(Ready(torch="2.13.0"))
        assert "engine: ready" in on.status


async def test_what_takes_long_before_the_first_step_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "engine.state.startup_stages.STAGES", {name: Wait(wait.doing, 0.0) for name, wait in STAGES.items()}
    )
    async with stage(ready=False) as on:
        assert on.status.startswith("Still importing torch after 0 s")
        assert "q leaves" in on.status
        created = kit.opening()[0]
        await on.tell(*kit.numbered([created, ev.Phase(name="data", text="reading the data")]))
        assert on.status.startswith("Still reading the data after 0 s")
        assert "x ends the run" in on.status
        await on.tell(ev.Phase(seq=2, name="training", text="training"))
        assert "Still" not in on.status


async def test_a_torch_that_cannot_be_imported_is_told_and_r_tries_again() -> None:
    fault = "torch cannot be imported (ImportError: libcudart); install mnist-tui again in an environment of its own."
    async with stage(ready=False) as on:
        on.engine.push(Ready(torch="", fault=fault))
        await on.done("engine")
        assert "torch cannot be imported (ImportError: libcudart)" in on.status
        assert "r starts another engine" in on.status
        assert on.engine.closed
