"""The same run seen from another host name, another container, another machine, and under another clock."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.terminal.under_way import eventually
from tests.world.kit import (
    LONG,
    TINY,
    Place,
    Training,
    World,
    heard,
    is_in_order,
    is_over,
    left_by_another_machine,
    lines,
    one_engine,
    training,
)

DAY = 24 * 3600.0
OLD = 100.0
"""Seconds of silence after which an engine on another machine is unreachable."""


# one machine with many names


def test_the_host_is_renamed_while_a_run_trains(wide_world: World) -> None:
    box = wide_world.host("box-a")
    with training(wide_world, box, "named") as run:
        box.shell("hostname box-b")
        run.goes_on()
        assert box.status("named") == "running"
        box.done("set", "named", "lr=0.002")
        here = wide_world.login()  # whose host name was different from the start
        assert here.status("named") == "running"
        one_engine(wide_world, run)
        here.done("stop")
        assert run.begun.wait(60) == 0
    assert box.status("named") == "stopped"
    assert b"save_failed" not in run.run.events.read_bytes()
    assert not run.run.session.exists()
    is_in_order(run.run)


@pytest.fixture(scope="module")
def contained(namespaces: tuple[str, ...]) -> Iterator[tuple[World, Place, Training]]:
    """A run in a container that shares the home with its host and other containers."""
    with World(namespaces) as world:
        box = world.container("c1")
        with training(world, box, "boxed") as run:
            yield world, box, run


def test_a_run_in_a_container_is_seen_and_steered_from_all_around(
    contained: tuple[World, Place, Training],
) -> None:
    world, box, run = contained
    for place in box, world.login(), world.container("c2"):
        assert place.status("boxed") == "running"
        place.done("pause", "boxed")
        eventually(lambda place=place: place.status("boxed") == "paused", "pause")  # type: ignore[misc]
        place.done("resume", "boxed")
        run.goes_on()
    assert "is running" in place.refused("resume", "boxed", "--quiet")
    one_engine(world, run)
    with world.container("c3").screen("attach", "boxed") as term:
        term.wait(r"training .* epoch \d+ of 3000", 60)
    is_in_order(run.run)


def test_a_container_that_is_gone_leaves_an_interrupted_run(contained: tuple[World, Place, Training]) -> None:
    world, _, _ = contained
    here, box = world.login(), world.container("c4")
    with training(world, box, "lost") as run:
        box.switch_off()
        again = world.container("c5")
        for place in here, again:
            assert place.status("lost") == "interrupted"
            assert "not running" in place.refused("pause", "lost")
        again.done("resume", "lost", "--quiet", "--epochs", str(run.epochs + 2))
        assert here.status("lost") == "finished"
        is_in_order(run.run)


def test_the_first_process_of_a_container_makes_no_promise_at_a_hang_up(wide_world: World) -> None:
    with (
        (wide_world.folder / "err").open("wb") as said,
        wide_world.first_process("train", "--quiet", "--name", "first", *LONG, stderr=said) as begun,
    ):
        run = wide_world.run("first")
        eventually(lambda: run.checkpoint("last").exists(), "checkpoint")
        (client,) = psutil.Process(begun.pid).children()
        client.send_signal(signal.SIGHUP)
        assert begun.wait(30) == 129
    words = (wide_world.folder / "err").read_text()
    assert "goes on" not in words.replace("goes on from", "")
    assert "mnist-tui resume first" in words
    assert wide_world.login().status("first") == "interrupted"


# other machines with the same home


@pytest.fixture(scope="module")
def far(namespaces: tuple[str, ...]) -> Iterator[tuple[World, Training]]:
    """A run on one machine, in a home shared with others."""
    with World(namespaces) as world, training(world, world.machine("node-1"), "far") as run:
        yield world, run


def test_a_run_on_another_machine_is_running_there(far: tuple[World, Training]) -> None:
    world, run = far
    other = world.machine("node-2")
    assert other.status("far") == "running"
    for command in (("pause", "far"), ("stop", "far"), ("set", "far", "lr=1"), ("resume", "far")):
        said = other.refused(*command)
        assert "node-1" in said, command
        assert "running" in said, command
    assert "No run is in progress on this machine" in other.refused("stop")
    one_engine(world, run)
    run.goes_on()
    is_in_order(run.run)


def test_a_machine_that_is_silent_is_unreachable_and_its_run_can_be_taken_over(wide_world: World) -> None:
    first, second = wide_world.machine("node-1"), wide_world.machine("node-2")
    with training(wide_world, first, "silent") as run:
        first.switch_off()
    assert second.status("silent") == "running"  # its heartbeat is recent
    heard(run.run, OLD)
    assert second.status("silent") == "unreachable"
    assert "last heard from node-1 at" in second.done("show", "silent")
    for command in ("stop", "pause"):
        assert "last heard from node-1 at" in second.refused(command, "silent"), command
    before = lines(run.run)
    more = ("--quiet", "--epochs", str(run.epochs + 2))
    said = second.refused("resume", "silent", *more)
    assert "--take-over" in said
    assert "last heard from node-1 at" in said
    assert lines(run.run) == before
    again = wide_world.machine("node-3")
    again.shell("hostname node-1")  # the same host after a reboot: another boot id
    assert again.status("silent") == "unreachable"
    again.done("resume", "silent", "--take-over", *more)
    assert second.status("silent") == "finished"
    assert lines(run.run)[: len(before)] == before
    is_in_order(run.run)
    assert not run.run.session.exists()


def test_the_app_asks_before_it_takes_a_run_over(wide_world: World) -> None:
    here, second = wide_world.login(), wide_world.machine("node-2")
    here.done("train", "--quiet", "--name", "asked", "--epochs", "2", *TINY)
    run = wide_world.run("asked")
    left_by_another_machine(run, "node-1", OLD)
    kept = lines(run)
    with second.screen("attach", "asked") as term:
        term.until(lambda text: "last heard from node-1 at" in text and "c Continue" in text, "where it was last", 60)
        term.key("c")
        term.wait("Take it over", 30)
        term.key("n")
        term.until(lambda text: "Take it over" not in text, "end of the question", 20)
        assert lines(run) == kept
        term.key("c")
        term.wait("Take it over", 30)
        term.key("y")
        term.wait("finished +· +2 of 2 epochs", 60)
        term.key("q")
        assert term.wait_end(20) == 0
    assert here.status("asked") == "finished"
    is_in_order(run)


def test_what_is_taken_over_from_an_engine_that_lives_is_left_by_it(wide_world: World) -> None:
    first = wide_world.machine("node-1", locks_folders=False)
    second = wide_world.machine("node-2", locks_folders=False)
    with training(wide_world, first, "stalled") as run:
        run.engine.suspend()
        heard(run.run, OLD)
        assert second.status("stalled") == "unreachable"
        more = ("--quiet", "--epochs", str(run.epochs + 30))
        with second.screen("resume", "stalled", "--take-over", *more) as term:
            before = len(lines(run.run))
            eventually(lambda: term.read_for(0.05) or len(lines(run.run)) > before, "the new engine's first line")
            run.engine.resume()
            assert run.begun.wait(30) != 0  # its engine gave up the run
            eventually(lambda: term.read_for(0.05) or is_over(run.engine), "end", 30)
            assert term.wait_end(120) == 0
    assert second.status("stalled") == "finished"
    is_in_order(run.run)


# clocks


def test_the_clock_is_moved_under_a_run(world: World, faketime: dict[str, str]) -> None:
    clock = world.folder / "clock"
    clock.write_text("+0\n")
    moved = world.login(**faketime, FAKETIME_TIMESTAMP_FILE=str(clock))
    here = world.login()
    with training(world, moved, "timed") as run:
        for by, seconds in (("-2d", -2 * DAY), ("+40d", 40 * DAY)):
            clock.write_text(f"{by}\n")
            eventually(lambda to=seconds: abs(run.last_event_time - time.time() - to) < DAY / 2, f"event at {by}")  # type: ignore[misc]
            run.goes_on()
            assert moved.status("timed") == here.status("timed") == "running"
        here.done("stop", "timed")
        assert run.begun.wait(60) == 0
    assert here.status("timed") == "stopped"
    is_in_order(run.run)
    assert all(epoch.seconds >= 0 for epoch in run.run.state().epochs)


def test_machines_whose_clocks_differ_a_little_agree(far: tuple[World, Training], faketime: dict[str, str]) -> None:
    world, _ = far
    for name, by in (("ahead", "+30"), ("behind", "-30")):
        assert world.machine(name, **faketime, FAKETIME=by).status("far") == "running"


def test_the_heartbeat_goes_on(far: tuple[World, Training]) -> None:
    _, run = far
    begun = run.run.config.stat().st_mtime
    eventually(lambda: run.run.session.stat().st_mtime > begun + 5, "heartbeat", 20)


def test_a_dead_run_looks_no_more_alive_where_the_clock_is_behind(wide_world: World, faketime: dict[str, str]) -> None:
    wide_world.login().done("train", "--quiet", "--name", "past", "--epochs", "1", *TINY)
    left_by_another_machine(wide_world.run("past"), "node-1", OLD)
    for name, by in (("behind", "-1h"), ("ahead", "+1h")):
        assert wide_world.machine(name, **faketime, FAKETIME=by).status("past") == "unreachable"


# unwritable folders


def test_a_home_that_cannot_be_written_can_be_read(contained: tuple[World, Place, Training]) -> None:
    world, _, _ = contained
    here, reader = world.login(), world.container("reader")
    here.done("train", "--quiet", "--name", "kept", "--epochs", "1", *TINY)
    home = str(world.home)
    reader.shell(f"mount --bind {home} {home} && mount -o remount,bind,ro {home}")
    assert reader.status("boxed") == "running"
    assert reader.status("kept") == "finished"
    assert json.loads(reader.done("show", "kept", "--json"))["run"] == "kept"
    before = lines(world.run("kept"))
    for command in (("resume", "kept", "--epochs", "2"), ("train", "--epochs", "1", *TINY)):
        assert "Read-only file system" in reader.refused(*command, "--quiet"), command
    assert lines(world.run("kept")) == before
    assert here.listed().keys() == {"boxed", "kept"} | ({"lost"} & here.listed().keys())


def test_runtime_folders_that_cannot_be_written(wide_world: World) -> None:
    place = wide_world.container("sealed")
    for name in ("XDG_RUNTIME_DIR", "TMPDIR"):
        folder = place.environment[name]
        place.shell(f"mount -o remount,ro {folder}")
    result = place.do("train", "--quiet", "--name", "sealed", "--epochs", "1", *TINY)
    if result.status:  # it may use another folder, or report which one it needs
        assert result.err.startswith("mnist-tui: "), result
        assert "XDG_RUNTIME_DIR" in result.err
        assert len(result.err.splitlines()) == 1
    else:
        assert place.status("sealed") == "finished"
    assert Path(place.environment["TMPDIR"]).is_dir()
