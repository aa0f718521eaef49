"""A small simulated world: logins, containers and machines that share a home and run the real program."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from engine.events import EpochEnded
from engine.protocol import decode_event
from engine.runs.folder import RunFolder
from tests.terminal.term import Term, engines
from tests.terminal.under_way import MODEST, eventually

TINY = ("--model", "linear", "--train-images", "2000", "--batch", "200", "--threads", "1", "--device", "cpu")
"""Settings for epochs of 0.1 s; combined with `--epochs`."""
LONG = (
    *("--model", "linear", "--train-images", "20000", "--batch", "64"),
    *("--threads", "1", "--device", "cpu", "--epochs", "3000"),
)
"""A run that outlasts a test."""
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH")
_NO_FOLDER_LOCKS = """
import errno, fcntl, os, stat
real = fcntl.flock
def flock(file, how):
    if stat.S_ISDIR(os.fstat(file if isinstance(file, int) else file.fileno()).st_mode):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return real(file, how)
fcntl.flock = flock
"""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MACHINE_ID = Path("/etc/machine-id")


@dataclass(frozen=True, slots=True)
class Told:
    """The result of a command."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All output for the user."""
        return self.out + self.err


_THREE = """
import sys
from tui.cli.main import main
statuses = []
for words in ["ls", "--json"], ["ls"], ["show", sys.argv[1], "--json"]:
    statuses.append(main(words))
    if len(statuses) < 3:
        print("\\f")
sys.exit(max(statuses))
"""


@dataclass
class Place:
    """A place to type commands: a login here, in a container, or on another machine.

    `way` is the command line that leads there; behind ssh a shell takes what follows apart once more. `holder` keeps
    it there; None where nothing has to.
    """

    home: Path
    environment: dict[str, str]
    way: tuple[str, ...] = ()
    shell_behind: bool = False
    holder: subprocess.Popen[str] | None = None

    def argv(self, *arguments: str) -> list[str]:
        """The whole command line of `mnist-tui ARGUMENTS` there."""
        return self._there(sys.executable, "-P", "-m", "tui", *arguments)

    def _there(self, *program: str) -> list[str]:
        words = ["env", "-i", *(f"{name}={value}" for name, value in self.environment.items()), *program]
        return [*self.way, shlex.join(words)] if self.shell_behind else [*self.way, *words]

    def do(self, *arguments: str, seconds: float = 60.0) -> Told:
        """Run `mnist-tui ARGUMENTS` to its end. It must not print a traceback."""
        result = _run(self.argv(*arguments), seconds)
        assert "Traceback" not in result.text, result.text
        return result

    def done(self, *arguments: str, seconds: float = 60.0) -> str:
        """The same, for a command that succeeds; return its output."""
        result = self.do(*arguments, seconds=seconds)
        assert result.status == 0, result
        return result.out

    def refused(self, *arguments: str) -> str:
        """The same, for a command rejected in one sentence; return the sentence."""
        result = self.do(*arguments)
        assert result.status in (1, 2, 3, 4), result
        assert result.err.startswith("mnist-tui: "), result
        assert len(result.err.splitlines()) == 1, result
        return result.err

    def shell(self, command: str) -> str:
        """Run a shell command there."""
        result = _run(self._there("sh", "-ec", command), 30)
        assert result.status == 0, result
        return result.out

    def screen(self, *arguments: str, columns: int = 120, rows: int = 35) -> Term:
        """Run the program in a real terminal there."""
        return Term(self.argv(*arguments), columns, rows)

    def listed(self) -> dict[str, dict[str, Any]]:
        """Each run in `ls --json`."""
        return {each["run"]: each for each in json.loads(self.done("ls", "--json"))}

    def status(self, name: str) -> str:
        """A run's status, checked to be the same in `ls`, `ls --json` and `show --json` of one process."""
        result = _run(self._there(sys.executable, "-P", "-c", _THREE, name), 60)
        assert result.status == 0 and result.err == "", result
        listed, table, shown = result.out.split("\f\n")
        found = {each["run"]: each for each in json.loads(listed)}[name]
        (line,) = [line for line in table.splitlines() if line.split()[:1] == [name]]
        word = "paused" if found["paused"] else found["status"]
        assert line.split()[1] == word, (line, found)
        assert json.loads(shown)["status"] == found["status"], (shown, found)
        return str(word)

    def switch_off(self) -> None:
        """Kill everything there at once, like a power cut or `docker kill`."""
        assert self.holder is not None
        self.holder.kill()
        self.holder.wait()


def _run(argv: Sequence[str], seconds: float) -> Told:
    ended = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False)
    return Told(ended.returncode, ended.stdout, ended.stderr)


@dataclass
class World:
    """One home and the places that use it. A context manager that ends everything started in it."""

    namespaces: tuple[str, ...] = ()
    """`unshare` options that this user needs to create namespaces."""
    places: list[Place] = field(default_factory=list)
    folder: Path = field(init=False)

    def __enter__(self) -> World:
        self.folder = Path(tempfile.mkdtemp(prefix="world-"))  # short: Unix socket paths are limited to 107 bytes
        self.home.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        end(engines(self.home))
        for place in self.places:
            if place.holder:
                place.switch_off()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def home(self) -> Path:
        """MNIST_TUI_HOME of all places."""
        return self.folder / "home"

    def run(self, name: str) -> RunFolder:
        """A run's folder."""
        return RunFolder(self.home / "runs" / name)

    def login(self, **environment: str) -> Place:
        """A login on this machine, with its own runtime directory and temporary folder."""
        place = Place(self.home, self._environment(f"login{len(self.places)}", environment))
        self.places.append(place)
        return place

    def _environment(self, name: str, more: dict[str, str]) -> dict[str, str]:
        runtime, temporary = self.folder / name / "run", self.folder / name / "tmp"
        for folder in (runtime, temporary):
            folder.mkdir(mode=0o700, parents=True)
        return {
            **{name: value for name in _KEPT if (value := os.environ.get(name))},
            "MNIST_TUI_HOME": str(self.home),
            "MNIST_TUI_TOUR": "off",
            "MNIST_TUI_LOGOUT": "safe",
            "XDG_RUNTIME_DIR": str(runtime),
            "TMPDIR": str(temporary),
            "OMP_NUM_THREADS": "1",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            **more,
        }

    def logout(self, place: Place) -> None:
        """Remove both folders, as logind does at the last logout and a cleaner sooner or later."""
        for name in ("XDG_RUNTIME_DIR", "TMPDIR"):
            shutil.rmtree(place.environment[name])

    def host(self, name: str) -> Place:
        """This machine, with a host name that can be changed."""
        return self._enclosed(name, ["--uts"], "")

    def container(self, name: str) -> Place:
        """A container on this machine with its own processes, mounts, network and host name; the home is shared."""
        return self._enclosed(name, ["--uts", "--mount", "--pid", "--net"], self._own_folders(name))

    def machine(self, name: str, *, locks_folders: bool = True, **environment: str) -> Place:
        """Another machine, as far as a program can see, that mounts the same home.

        It is the same kernel after all, so that each knows of the other's locks, as on a cluster's file system; without
        `locks_folders` the home cannot lock folders, as NFS.
        """
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        commands = self._own_folders(name)
        (folder / "boot_id").write_text(f"{uuid.uuid4()}\n")
        (folder / "machine-id").write_text(f"{uuid.uuid4().hex}\n")
        commands += f"mount --bind {shlex.quote(str(folder / 'boot_id'))} {BOOT_ID}\n"
        if MACHINE_ID.exists():
            commands += f"mount --bind {shlex.quote(str(folder / 'machine-id'))} {MACHINE_ID}\n"
        if not locks_folders:
            (folder / "sitecustomize.py").write_text(_NO_FOLDER_LOCKS)
            path = os.environ.get("PYTHONPATH")
            environment["PYTHONPATH"] = f"{folder}{os.pathsep}{path}" if path else str(folder)
        return self._enclosed(name, ["--uts", "--mount", "--pid", "--net"], commands, **environment)

    def _own_folders(self, name: str) -> str:
        """Commands that hide the place's runtime directory and temporary files from other places."""
        folders = (self.folder / name / kind for kind in ("run", "tmp"))
        return "".join(f"mount -t tmpfs -o mode=0700 none {shlex.quote(str(folder))}\n" for folder in folders)

    def _enclosed(self, name: str, kinds: list[str], commands: str, **environment: str) -> Place:
        """A place in its own namespaces, which exist until it is switched off."""
        own = self._environment(name, environment)
        inside = ["--fork", "--mount-proc", "--kill-child"] if "--pid" in kinds else []
        script = f"set -e\nhostname {shlex.quote(name)}\n{commands}echo ready\nsleep infinity &\nwait"
        argv = ["unshare", *self.namespaces, *kinds, *inside, "sh", "-c", script]
        holder = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert holder.stdout
        said = holder.stdout.readline()
        assert said == "ready\n", said + holder.stdout.read()
        children = psutil.Process(holder.pid).children()
        target = children[0].pid if inside else holder.pid
        user = ["--user", "--preserve-credentials"] if self.namespaces else []
        way = ("nsenter", "--target", str(target), *user, *kinds)
        place = Place(self.home, own, way, holder=holder)
        self.places.append(place)
        return place

    def first_process(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """`mnist-tui ARGUMENTS` as process 1 of a container: `docker run IMAGE mnist-tui …`."""
        place = self.login()
        del place.environment["MNIST_TUI_LOGOUT"]
        kinds = ["--uts", "--mount", "--pid", "--net", "--fork", "--mount-proc", "--kill-child"]
        return subprocess.Popen(["unshare", *self.namespaces, *kinds, *place.argv(*arguments)], text=True, **options)


# runs


def left_by_another_machine(run: RunFolder, host: str, seconds: float) -> None:
    """Make an ended run look as if `host` had it until its last checkpoint and has been silent for this long."""
    run.result.unlink()
    result = lines(run)
    last = max(number for number, line in enumerate(result) if b'"checkpoint_saved"' in line)
    run.events.write_bytes(b"".join(result[: last + 1]))
    mark = {"host": host, "pid": 7, "socket": "/gone", "boot": str(uuid.uuid4()), "engine": "7"}
    run.session.write_text(json.dumps(mark))
    heard(run, seconds)


def heard(run: RunFolder, seconds: float) -> None:
    """Make the last heartbeat of a run's engine this old."""
    then = time.time() - seconds
    os.utime(run.session, (then, then))


@dataclass
class Training:
    """A run in progress: the program that started it, its folder, and its engine."""

    begun: subprocess.Popen[bytes]
    run: RunFolder
    engine: psutil.Process

    @property
    def epochs(self) -> int:
        """The number of epochs in its log."""
        return epochs(self.run)

    @property
    def last_event_time(self) -> float:
        """The time of its last event, by its engine's clock."""
        return decode_event(lines(self.run)[-1]).time

    def goes_on(self) -> None:
        """Wait until it has trained and saved one more epoch."""
        before, saved = self.epochs, changed(self.run.checkpoint("last"))
        what = f"epoch after {before} in {self.run.path}"
        eventually(lambda: self.epochs > before and changed(self.run.checkpoint("last")) > saved, what)


@contextlib.contextmanager
def training(world: World, place: Place, name: str, *options: str) -> Iterator[Training]:
    """Train a run there; it ends with the world at the latest."""
    known = {engine.pid for engine in engines(world.home)}
    begun = subprocess.Popen(
        place.argv("train", "--quiet", "--name", name, *(options or LONG)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(world.folder / f"{name}.err").open("wb"),
        start_new_session=True,
    )
    run = world.run(name)
    try:
        eventually(lambda: (epochs(run) >= 1 and run.checkpoint("last").exists()) or begun.poll(), f"epoch of {name}")
        assert begun.poll() is None, (world.folder / f"{name}.err").read_text()
        (engine,) = [engine for engine in engines(world.home) if engine.pid not in known]
        engine.nice(MODEST)
        yield Training(begun, run, engine)
    finally:
        end([process for process in engines(world.home) if process.pid not in known])
        begun.kill()
        begun.wait()


def changed(path: Path) -> int:
    """A file's modification time; 0 if it does not exist."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def lines(run: RunFolder) -> list[bytes]:
    """The complete lines of a run's log."""
    try:
        return run.events.read_bytes().splitlines(keepends=True)
    except OSError:
        return []


def epochs(run: RunFolder) -> int:
    """The number of epochs in a run's log."""
    return sum(b'"epoch_ended"' in line for line in lines(run))


def is_in_order(run: RunFolder) -> None:
    """Assert that the log numbers each line and epoch once, and that an ended run has no partial files."""
    found = lines(run)
    assert found, run.path
    assert found[-1].endswith(b"\n")
    events = [decode_event(line) for line in found]
    assert [event.seq for event in events] == list(range(len(events)))
    ended = [event.epoch for event in events if isinstance(event, EpochEnded)]
    assert ended == list(range(1, len(ended) + 1))
    assert run.session.exists() or list(run.path.glob("*.tmp")) == []


def one_engine(world: World, training: Training) -> None:
    """Assert that there is no other engine in the world."""
    assert [engine.pid for engine in busy(world)] == [training.engine.pid]


def busy(world: World) -> list[psutil.Process]:
    """The engines that have a log open; one that only answers queries, or is ending, has none."""
    found = []
    for engine in engines(world.home):
        with contextlib.suppress(psutil.Error):
            if any(Path(file.path).name == "events.jsonl" for file in engine.open_files()):
                found.append(engine)
    return found


def end(processes: Sequence[psutil.Process]) -> None:
    """Kill a process, even a stopped one, and wait."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)
    eventually(lambda: all(map(is_over, processes)), "end", 10)


def is_over(process: psutil.Process) -> bool:
    """Whether the process has ended, even as a zombie."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
