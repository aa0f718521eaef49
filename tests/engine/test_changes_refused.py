"""Nonsense in place of a change, on the command line and on the socket: refused in a sentence, and the run is untouched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from engine import commands as cmd
from engine import events as ev
from engine.client import Engine
from engine.config import TrainConfig
from engine.runs.folder import find_run
from tests.engine.steered_kit import all_said, an_engine, answer, numbers, small_home, stopped, until

pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

RATE = "Learning rate: {}; expected a number from 0 to 1000000."
OUT = "Learning rate: {} is out of range; expected a number from 0 to 1000000."
NO_NUMBER = "Learning rate: '{}' is not a number; expected a number from 0 to 1000000."
SET: list[tuple[list[str], str]] = [
    (["lr=nan"], RATE.format("nan is not a number that can be used")),
    (["lr=inf"], RATE.format("inf is not a number that can be used")),
    (["lr=-inf"], RATE.format("-inf is not a number that can be used")),
    (["lr=1e999"], RATE.format("inf is not a number that can be used")),
    (["lr=-1"], OUT.format("-1")),
    (["lr=-0.1"], OUT.format("-0.1")),
    (["lr=1e7"], OUT.format("10000000")),
    (["lr="], RATE.format("nothing is given")),
    (["lr=   "], RATE.format("nothing is given")),
    (["lr=abc"], NO_NUMBER.format("abc")),
    (["lr=1e"], NO_NUMBER.format("1e")),
    (["lr=0,1"], NO_NUMBER.format("0,1")),
    (["lr=0x10"], NO_NUMBER.format("0x10")),
    (["lr=\u0661"], NO_NUMBER.format("\u0661")),
    (["lr=\uff10.\uff11"], NO_NUMBER.format("\uff10.\uff11")),
    (["lr=\x1b[31m1"], NO_NUMBER.format("?[31m1")),
    (["lr=1\r\n2"], NO_NUMBER.format("1??2")),
    (["lr=" + "9" * 5000], "Learning rate: "),
    (["lr=" + "x" * 100_000], "Learning rate: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…' is not a number"),
    (["lr==0.1"], NO_NUMBER.format("=0.1")),
    (["momentum=1.0", "optimizer=sgd"], "Momentum: 1 is out of range; expected a number from 0 to below 1"),
    (["dropout=1"], "Dropout: 1 is out of range; expected a number from 0 to below 1"),
    (["weight_decay=-1"], "Weight decay: -1 is out of range; expected a number from 0 to"),
    (["epochs=0"], "Epochs: 0 is out of range; expected a whole number from 1 to"),
    (["epochs=2.5"], "Epochs: 2.5 is not a whole number; expected a whole number from 1 to"),
    (["epochs=999999999"], "Epochs: 999999999 is out of range; expected a whole number from 1 to"),
    (["batch=0"], "Batch size: 0 is out of range; expected a whole number from 1 to"),
    (["batch=-8"], "Batch size: -8 is out of range"),
    (["batch=true"], "Batch size: 'true' is not a number"),
    (["nesterov=perhaps"], "Nesterov"),
    (["optimizer=adamm"], "Optimizer: 'adamm' is not that; expected one of "),
    (["optimizer="], "Optimizer: nothing is given; expected one of "),
    (["schedule=ADAM"], "expected one of "),
    (["hidden=3"], "Hidden sizes: cannot be changed during training; start a new run."),
    (["seed=1"], "Seed: cannot be changed during training"),
    (["model=cnn"], "Model: cannot be changed during training"),
    (["data_dir=/"], "cannot be changed during training"),
    (["lr=0.1", "seed=99999999999999999999"], "Seed: 99999999999999999999 is out of range"),
    (["lr=0.1", "learning-rate=0.2"], "Learning rate is given twice."),
    (["lr=0.1", "dropout=7"], "Dropout: 7 is out of range"),
    (["color=1"], "There is no hyperparameter 'color'"),
    (["lerning_rate=1"], "did you mean 'learning_rate'?"),
    (["=1"], "There is no hyperparameter ''"),
    (["\x1b]0;x\x07=1"], "There is no hyperparameter '?]0;x?'"),
    (["c" * 100_000 + "=1"], "There is no hyperparameter 'ccccc"),
    (["fire", "lr"], "'lr' is not a change; expected FIELD=VALUE, for example lr=3e-4."),
    (["fire"], "Expected a change, for example lr=3e-4, or --undo."),
    ([], "Expected a change, for example lr=3e-4, or --undo."),
    (["lr=0.1", "--undo"], "Expected a change, for example lr=3e-4, or --undo."),
    (["--undo"], "There is no change to undo in this run."),
    (["nobody", "lr=0.1"], "There is no run 'nobody'"),
    (["lr=0.1", "--force"], "--force"),
]

CHANGE = b'{"type":"change","id":7,"values":%s}'
NOT_ONE = "This is not a command of protocol 1: "
SENT: list[tuple[bytes, str]] = [
    (CHANGE % b'{"learning_rate":-1}', OUT.format("-1")),
    (CHANGE % b'{"learning_rate":1e300}', "Learning rate: "),
    (CHANGE % b'{"learning_rate":1e999}', ""),
    (CHANGE % b'{"learning_rate":NaN}', NOT_ONE),
    (CHANGE % b'{"learning_rate":null}', "Learning rate: 'None' is not that; expected a number from 0 to 1000000."),
    (CHANGE % b'{"learning_rate":true}', "Learning rate: 'True' is not that; expected a number"),
    (CHANGE % b'{"learning_rate":"0.1"}', "Learning rate: '0.1' is not that; expected a number"),
    (CHANGE % b'{"learning_rate":[0.1]}', "Learning rate: '[0.1]' is not that; expected a number"),
    (CHANGE % b'{"learning_rate":{"a":{"b":[]}}}', "Learning rate: "),
    (CHANGE % (b'{"learning_rate":%s}' % (b"9" * 5000)), ""),
    (CHANGE % b'{"batch_size":1.5}', "Batch size: 1.5 is not a whole number"),
    (CHANGE % b'{"batch_size":"many"}', "Batch size: 'many' is not that; expected a whole number"),
    (CHANGE % b'{"epochs":-9223372036854775809}', "Epochs: "),
    (CHANGE % b'{"optimizer":3}', "Optimizer: '3' is not that; expected one of "),
    (CHANGE % b'{"optimizer":"\\u001b[31m"}', "Optimizer: '?[31m' is not that; expected one of "),
    (CHANGE % b'{"nesterov":"true"}', "Nesterov"),
    (CHANGE % b'{"hidden":[3]}', "Hidden sizes: cannot be changed during training"),
    (CHANGE % b'{"hidden":"3"}', "Hidden sizes: "),
    (CHANGE % b'{"learning_rate":0.1,"seed":3}', "Seed: cannot be changed during training"),
    (CHANGE % b'{"color":1}', "There is no hyperparameter 'color'"),
    (CHANGE % b'{"":1}', "There is no hyperparameter ''"),
    (CHANGE % b'{"__class__":1}', "There is no hyperparameter '__class__'"),
    (CHANGE % (b'{"x":%s}' % (b"[" * 900 + b"]" * 900)), ""),
    (CHANGE % (b"[" * 100_000 + b"]" * 100_000), ""),
    (CHANGE % (b'{"%s":1}' % (b"y" * 100_000)), "There is no hyperparameter 'yyy"),
    (CHANGE % (b'{"learning_rate":"%s"}' % (b"z" * 1_000_000)), "Learning rate: 'zzz"),
    (CHANGE % (b'{"learning_rate":"%s"}' % (b"z" * 1_100_000)), "A command is 1048576 bytes at most."),
    (CHANGE % b"[]", NOT_ONE),
    (CHANGE % b"null", NOT_ONE),
    (CHANGE % b'"lr=0.1"', NOT_ONE),
    (CHANGE % b"7", NOT_ONE),
    (CHANGE % b'{"learning_rate":0.1', NOT_ONE),
    (b'{"type":"change","id":7}', NOT_ONE),
    (b'{"type":"change","id":"7","values":{"learning_rate":0.1}}', NOT_ONE),
    (b'{"type":"change","id":7,"value":{"learning_rate":0.1}}', NOT_ONE),
    (b'{"type":"change","id":7,"values":{"learning_rate":0.1},"run":"other"}', NOT_ONE),
    (b'{"type":"Change","id":7,"values":{"learning_rate":0.1}}', NOT_ONE),
    (b'{"id":7,"values":{"learning_rate":0.1}}', NOT_ONE),
    (b'[{"type":"change","id":7,"values":{"learning_rate":0.1}}]', NOT_ONE),
    (b'{"type":"undo","id":7}', "There is no change to undo in this run."),
    (b'{"type":"undo","id":7,"values":{}}', NOT_ONE),
    (b"\xff\xfe\x00", NOT_ONE),
    (b"", NOT_ONE),
    (b"set lr=0.1", NOT_ONE),
]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainConfig]:
    with small_home(tmp_path_factory.mktemp("home")) as config:
        yield config


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(config: TrainConfig) -> AsyncIterator[Engine]:
    async with an_engine() as engine:
        yield engine


def assert_one_sentence(text: str) -> None:
    assert text and len(text) < 600 and text.isprintable(), text
    assert "Traceback" not in text and "fault in mnist-tui" not in text and "Error" not in text


async def test_nonsense_on_the_command_line_and_on_the_socket_leaves_the_run_as_it_was(
    engine: Engine, config: TrainConfig
) -> None:
    await engine.send(cmd.Start(config=config, name="fire"))
    await until(engine, ev.EpochEnded)
    for line, expected in SENT:
        reply = await answer("fire", line)
        assert_one_sentence(reply["error"])
        assert expected in reply["error"] and reply["result"] == {}, (line[:80], reply)
        assert reply["exit_code"] == (4 if "undo" in expected else 2), reply
    assert await refused_on_the_command_line(SET[:3]) == []
    await engine.send(cmd.Pause())  # so that what is to be trained again does not grow meanwhile
    await until(engine, ev.Paused)
    assert await refused_on_the_command_line(SET) == []
    await engine.send(cmd.Continue())
    await until(engine, ev.EpochEnded)
    end = await stopped(engine)
    folder = find_run("fire")
    told = [json.loads(line)["type"] for line in folder.events.read_text().splitlines()]
    assert "changed" not in told and "log" not in told and "save_failed" not in told
    assert not folder.log.exists() or folder.log.read_text() == ""

    await engine.send(cmd.Start(config=config, name="peace", stop_at=end.step))
    await until(engine, ev.Finished)
    assert numbers(folder.state()) == numbers(find_run("peace").state())


async def refused_on_the_command_line(cases: list[tuple[list[str], str]]) -> list[str]:
    """Those of the cases that are not refused as they should be."""
    wrong = []
    found = await asyncio.to_thread(all_said, [["set", *words] for words, _ in cases])
    for (words, expected), said in zip(cases, found, strict=True):
        status = 4 if "to undo" in expected else 2
        right = said.err.startswith("mnist-tui: ") and expected in said.err
        if not right or (said.status, said.out) != (status, ""):
            wrong.append(f"set {str(words)[:80]}: {str(said)[:300]}")
        else:
            assert_one_sentence(said.err.removesuffix("\n"))
    return wrong


async def test_nothing_under_way_is_said_in_a_sentence(engine: Engine, config: TrainConfig) -> None:
    if find_run("fire").live():
        await stopped(engine)
    for said in all_said([["set", "lr=0.1"], ["set", "fire", "lr=0.1"], ["set", "--undo"]]):
        assert said.status == 2 and said.out == ""
        assert_one_sentence(said.err.removesuffix("\n"))
