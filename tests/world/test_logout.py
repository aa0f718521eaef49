"""A run continues after the last logout removes the runtime directory and a cleaner the temporary files."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable, Iterator

import pytest

from engine.runs.folder import RunFolder
from tests.terminal.under_way import eventually
from tests.world.kit import TINY, Training, World, changed, is_in_order, one_engine, training


@pytest.fixture(scope="module")
def left() -> Iterator[tuple[World, Training]]:
    """A run whose terminal was closed and whose login has ended."""
    with World() as world:
        login = world.login()
        with training(world, login, "left") as run:
            run.begun.send_signal(signal.SIGHUP)
            assert run.begun.wait(20) == 129
            world.logout(login)
            run.goes_on()
            yield world, run


def test_the_next_login_finds_it_running_and_steers_it(left: tuple[World, Training]) -> None:
    world, run = left
    login = world.login()
    assert login.status("left") == "running"
    login.done("set", "left", "lr=0.002")
    login.done("set", "lr=0.003")
    eventually(lambda: b'"learning_rate":0.003' in run.run.events.read_bytes(), "changed rate")
    login.done("pause", "left")
    eventually(lambda: login.status("left") == "paused", "pause")
    login.done("resume", "left")
    run.goes_on()
    assert login.status("left") == "running"
    is_in_order(run.run)


def test_the_next_login_sees_it_whole_on_the_screen(left: tuple[World, Training]) -> None:
    world, run = left
    with world.login().screen("attach") as term:
        term.wait(r"training .* epoch \d+ of 3000", 60)
        term.key("]")
        eventually(lambda: term.read_for(0.1) or b'"type":"changed"' in run.run.events.read_bytes(), "changed rate")
        term.key("q")
        term.wait("leave it training", 20)
        term.key("l")
        assert term.wait_end(20) == 0
        assert "mnist-tui attach left" in term.text
    run.goes_on()


def test_nobody_begins_it_a_second_time(left: tuple[World, Training]) -> None:
    world, run = left
    login = world.login()
    for command in (("resume", "left", "--quiet"), ("eval", "left")):
        assert "is running" in login.refused(*command)
    one_engine(world, run)
    run.goes_on()
    is_in_order(run.run)


def everything_but_the_figures(run: RunFolder) -> None:
    for path in run.path.iterdir():
        if path.name not in ("config.toml", "events.jsonl", "last.pt", "best.pt"):
            path.unlink()


def settings(run: RunFolder) -> None:
    run.config.unlink()


def session(run: RunFolder) -> None:
    run.session.unlink(missing_ok=True)


def session_of_another(run: RunFolder) -> None:
    session = json.loads(run.session.read_text())
    run.session.write_text(json.dumps({**session, "pid": 1, "socket": "/nowhere", "host": "elsewhere"}))


def session_cut(run: RunFolder) -> None:
    run.session.write_text('{"host": "')


def unix_socket(run: RunFolder) -> None:
    (run.path / "engine.sock").unlink(missing_ok=True)


@pytest.mark.parametrize(
    "damage", [everything_but_the_figures, settings, session, session_of_another, session_cut, unix_socket]
)
def test_it_lives_whatever_is_deleted_in_its_folder(
    damage: Callable[[RunFolder], None], left: tuple[World, Training]
) -> None:
    world, run = left
    login = world.login()
    damage(run.run)
    if damage is settings:  # without them the folder is not a run until the engine has restored them
        eventually(lambda: "left" in login.listed(), "run in the list", 20)
    assert login.status("left") == "running"
    if damage in (everything_but_the_figures, settings, session_of_another):
        assert "is running" in login.refused("resume", "left", "--quiet")
    eventually(lambda: login.do("set", "left", "lr=0.001").status == 0, "answer to a change", 20)
    one_engine(world, run)
    run.goes_on()
    is_in_order(run.run)


def test_its_folder_is_deleted_and_comes_back(left: tuple[World, Training]) -> None:
    world, run = left
    login = world.login()
    gone = world.folder / "gone"  # atomically: files written meanwhile would prevent the removal
    shutil.rmtree(run.run.path.rename(gone))
    eventually(lambda: "left" in login.listed(), "folder")
    assert login.status("left") == "running"
    one_engine(world, run)
    run.goes_on()
    is_in_order(run.run)


def test_a_login_without_any_folder_for_it(left: tuple[World, Training]) -> None:
    world, _ = left
    bare = world.login(XDG_RUNTIME_DIR=str(world.folder / "nowhere"))
    assert bare.status("left") == "running"
    bare.done("set", "left", "lr=0.01")
    bare.done("train", "--quiet", "--name", "own", "--epochs", "1", *TINY)
    assert bare.status("own") == "finished"


# dead engines


def test_a_killed_engine_never_looks_alive(left: tuple[World, Training]) -> None:
    world, alive = left
    login = world.login()
    with training(world, login, "dead") as dead:
        dead.engine.kill()
        assert dead.begun.wait(30) == 4
        assert login.status("dead") == "interrupted"
        for disguise in _disguises(dead, alive):
            disguise()
            assert login.status("dead") == "interrupted", disguise
            assert "not running" in login.refused("pause", "dead")
        login.done("resume", "dead", "--quiet", "--epochs", str(dead.epochs + 2))
        assert login.status("dead") == "finished"
        assert login.status("left") == "running"
        is_in_order(dead.run)


def _disguises(dead: Training, alive: Training) -> list[Callable[[], object]]:
    """Ways in which the files of a dead engine may look like those of a live one."""
    session = json.loads(dead.run.session.read_text())
    living = json.loads(alive.run.session.read_text())

    def with_pid_of_another() -> None:
        dead.run.session.write_text(json.dumps({**session, "pid": alive.engine.pid}))

    def with_socket_of_another() -> None:
        dead.run.session.write_text(json.dumps({**session, "socket": living["socket"]}))

    def with_link_to_another() -> None:
        link = dead.run.path / "engine.sock"
        link.unlink(missing_ok=True)
        link.symlink_to(living["socket"])

    def touched() -> None:
        dead.run.session.touch()

    def with_another_host() -> None:
        dead.run.session.write_text(json.dumps({**session, "host": "elsewhere"}))

    def with_all_of_another() -> None:
        dead.run.session.write_text(json.dumps(living))

    return [
        *(with_pid_of_another, with_socket_of_another, with_link_to_another),
        *(with_another_host, touched, with_all_of_another),
    ]


# moved folders


def test_a_renamed_run_is_followed(world: World) -> None:
    login = world.login()
    with training(world, login, "before") as run:
        run.run.path.rename(world.run("after").path)
        after = world.run("after")
        assert login.listed().keys() == {"after"}
        assert login.status("after") == "running"
        saved = changed(after.checkpoint("last"))
        eventually(lambda: changed(after.checkpoint("last")) > saved, "checkpoint in the renamed folder", 30)
        assert not world.run("before").path.exists()
        with login.screen("attach", "after") as term:
            term.until(lambda text: re.search(r"epoch \d+ of 3000", text) and "after" in text, "the new name")
            assert "before" not in term.text
        with training(world, login, "before") as second:
            assert login.status("before") == login.status("after") == "running"
            login.done("stop", "after")
            run.engine.wait(60)
            assert login.status("after") == "stopped"
            second.goes_on()
    assert json.loads(login.done("show", "after", "--json"))["run"] == "after"
    is_in_order(after)
    is_in_order(world.run("before"))


def test_left_renamed_and_stopped_it_is_complete(world: World) -> None:
    first = world.login()
    with training(world, first, "n0") as run:
        run.begun.kill()
        world.logout(first)
        for number in range(1, 5):
            world.run(f"n{number - 1}").path.rename(world.run(f"n{number}").path)
        here = world.run("n4")
        saved = changed(here.checkpoint("last"))
        eventually(lambda: changed(here.checkpoint("last")) > saved, "checkpoint in the renamed folder", 30)
        second = world.login()
        second.done("stop", "n4")
        run.engine.wait(60)
    assert second.listed().keys() == {"n4"}
    assert second.status("n4") == "stopped"
    found = second.listed()["n4"]
    assert found["test_accuracy"] > 0.5
    is_in_order(here)
    assert not here.session.exists()
    second.done("resume", "n4", "--quiet", "--epochs", str(found["epochs"] + 1))
    assert second.status("n4") == "finished"
    is_in_order(here)
