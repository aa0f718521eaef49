"""A complete session over a real sshd: start, lose the connection, log in again, and continue."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.terminal.term import engines
from tests.terminal.under_way import eventually
from tests.world.kit import LONG, Place, World, end, is_in_order

_SERVER = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
"""
_CLIENT = (
    *("-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"),
    *("-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"),
)


@dataclass
class Server:
    """A private sshd for one user with one key."""

    process: psutil.Process
    port: int
    folder: Path

    def login(self, world: World) -> Place:
        """An ssh login with a terminal."""
        place = world.login()
        place.way = self.way("-tt")
        place.shell_behind = True
        return place

    def way(self, *options: str) -> tuple[str, ...]:
        """The ssh command line."""
        key = ("-i", str(self.folder / "user_key"), "-p", str(self.port))
        return ("ssh", "-F", "none", *_CLIENT, *key, *options, f"{getpass.getuser()}@127.0.0.1")

    def cut(self) -> None:
        """Drop all connections like a lost network: sshd's processes are killed."""
        end(self.process.children())


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    """A listening sshd that neither uses nor changes the machine's own ssh."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not sshd or not shutil.which("ssh") or not shutil.which("ssh-keygen"):
        pytest.skip("sshd is not installed (openssh-server, openssh-client)")
    folder = world.folder / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host_key", "user_key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True, timeout=30
        )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # its privilege separation directory
    port = free_port()
    (folder / "config").write_text(_SERVER.format(port=port, folder=folder))
    log = folder / "log"
    process = subprocess.Popen([sshd, "-D", "-f", str(folder / "config"), "-E", str(log)])
    made = Server(psutil.Process(process.pid), port, folder)
    try:
        eventually(lambda: answers(port) or process.poll() is not None, "answer of sshd", 20)
        tried = subprocess.run([*made.way(), "true"], capture_output=True, text=True, check=False, timeout=30)
        if process.poll() is not None or tried.returncode:
            pytest.skip(f"sshd lets nobody in here: {tried.stderr.strip()} {log.read_text()[-500:]}")
        yield made
    finally:
        end([*made.process.children(), made.process] if process.poll() is None else [])
        process.wait()


def free_port() -> int:
    """A free port on the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether the port accepts connections."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_run_that_was_begun_over_ssh_is_found_again_after_the_connection_was_lost(
    world: World, server: Server
) -> None:
    first = server.login(world)
    run = world.run("story")
    with first.screen("train", "--name", "story", *LONG) as term:
        term.until(lambda _: run.checkpoint("last").exists(), "checkpoint", 60)
        (engine,) = engines(world.home)
        server.cut()
        term.wait_end(20)
    world.logout(first)
    clients = [each for each in psutil.process_iter(["cmdline"]) if "story" in (each.info["cmdline"] or [])]
    eventually(lambda: not any(each.is_running() for each in clients), "end of what hung on the connection", 20)

    second = server.login(world)
    with second.screen("attach") as term:
        term.wait(r"training .* epoch \d+ of 3000", 60)
        term.key("]")
        term.until(lambda _: b'"type":"changed"' in run.events.read_bytes(), "change of the rate", 30)
        server.cut()
        term.wait_end(20)
    with second.screen("attach", "story") as term:
        term.wait(r"training .* epoch \d+ of 3000", 60)
        term.key("s")
        term.until(lambda text: re.search("stopped", text) and "test accuracy" in text, "test", 60)
        term.key("q")
        assert term.wait_end(20) == 0
    eventually(lambda: not engine.is_running(), "end of the engine", 20)
    found = world.login().listed()["story"]
    assert found["status"] == "stopped"
    assert found["test_accuracy"] > 0.5
    is_in_order(run)
    assert [mark.kind for mark in run.state().marks] == ["changed"]
