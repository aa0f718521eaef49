"""A small made-up world: logins, containers and machines that share a home, with the real program in them."""

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
"""A run of a tenth of a second and an epoch; with `--epochs`."""
LONG = (
    *("--model", "linear", "--train-images", "20000", "--batch", "64"),
    *("--threads", "1", "--device", "cpu", "--epochs", "3000"),
)
"""A run that is still there when a test is done."""
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
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that a person reads."""
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
    """Somewhere to type commands: a login here, in a container, or on another machine.

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
        """Run `mnist-tui ARGUMENTS` to its end. No fault may show a traceback."""
        told = _run(self.argv(*arguments), seconds)
        assert "Traceback" not in told.text, told.text
        return told

    def done(self, *arguments: str, seconds: float = 60.0) -> str:
        """The same, well ended; what it printed."""
        told = self.do(*arguments, seconds=seconds)
        assert told.status == 0, told
        return told.out

    def refused(self, *arguments: str) -> str:
        """The same, refused in one sentence; the sentence."""
        told = self.do(*arguments)
        assert told.status in (1, 2, 3, 4), told
        assert told.err.startswith("mnist-tui: "), told
        assert len(told.err.splitlines()) == 1, told
        return told.err

    def shell(self, command: str) -> str:
        """Have a shell do something to the world there."""
        told = _run(self._there("sh", "-ec", command), 30)
        assert told.status == 0, told
        return told.out

    def screen(self, *arguments: str, columns: int = 120, rows: int = 35) -> Term:
        """The program in a real terminal there."""
        return Term(self.argv(*arguments), columns, rows)

    def listed(self) -> dict[str, dict[str, Any]]:
        """What `ls --json` says of each run."""
        return {each["run"]: each for each in json.loads(self.done("ls", "--json"))}

    def status(self, name: str) -> str:
        """How a run stands: the same in `ls`, `ls --json` and `show --json`, which one process prints."""
        told = _run(self._there(sys.executable, "-P", "-c", _THREE, name), 60)
        assert told.status == 0 and told.err == "", told
        listed, table, shown = told.out.split("\f\n")
        found = {each["run"]: each for each in json.loads(listed)}[name]
        (line,) = [line for line in table.splitlines() if line.split()[:1] == [name]]
        word = "paused" if found["paused"] else found["status"]
        assert line.split()[1] == word, (line, found)
        assert json.loads(shown)["status"] == found["status"], (shown, found)
        return str(word)

    def switch_off(self) -> None:
        """End all that is there at once, as a power cut or `docker kill` does."""
        assert self.holder is not None
        self.holder.kill()
        self.holder.wait()


def _run(argv: Sequence[str], seconds: float) -> Told:
    ended = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False)
    return Told(ended.returncode, ended.stdout, ended.stderr)


@dataclass
class World:
    """One home, and places from which it is used. Use as a context manager: it ends all that was begun in it."""

    namespaces: tuple[str, ...] = ()
    """Options of `unshare` without which this user may not make any."""
    places: list[Place] = field(default_factory=list)
    folder: Path = field(init=False)

    def __enter__(self) -> World:
        self.folder = Path(tempfile.mkdtemp(prefix="world-"))  # short: the path of a Unix socket has 107 bytes
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
        """A login on this machine: with a runtime directory of its own, and a folder for temporary files."""
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
        """What logind does at a user's last logout, and a cleaner sooner or later: both folders are gone."""
        for name in ("XDG_RUNTIME_DIR", "TMPDIR"):
            shutil.rmtree(place.environment[name])

    def host(self, name: str) -> Place:
        """This machine, with a host name that can be changed there."""
        return self._enclosed(name, ["--uts"], "")

    def container(self, name: str) -> Place:
        """A container on this machine: processes, mounts, network and host name of its own; the home is shared."""
        return self._enclosed(name, ["--uts", "--mount", "--pid", "--net"], self._own_folders(name))

    def machine(self, name: str, *, locks_folders: bool = True, **environment: str) -> Place:
        """Another machine, as far as a program can tell, on which this home is mounted, too.

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
        """Commands that put the place's runtime directory and temporary files where nobody else sees them."""
        folders = (self.folder / name / kind for kind in ("run", "tmp"))
        return "".join(f"mount -t tmpfs -o mode=0700 none {shlex.quote(str(folder))}\n" for folder in folders)

    def _enclosed(self, name: str, kinds: list[str], commands: str, **environment: str) -> Place:
        """A place in namespaces of its own, that are there until it is switched off."""
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
    """Have a run that ended look as if `host` had it to its last checkpoint, and had not been heard from for so long."""
    run.result.unlink()
    told = lines(run)
    last = max(number for number, line in enumerate(told) if b'"checkpoint_saved"' in line)
    run.events.write_bytes(b"".join(told[: last + 1]))
    mark = {"host": host, "pid": 7, "socket": "/gone", "boot": str(uuid.uuid4()), "engine": "7"}
    run.session.write_text(json.dumps(mark))
    heard(run, seconds)


def heard(run: RunFolder, seconds: float) -> None:
    """Have the last sign of life of a run's engine be so old."""
    then = time.time() - seconds
    os.utime(run.session, (then, then))


@dataclass
class Training:
    """A run under way: the program that began it, its folder, and its engine."""

    begun: subprocess.Popen[bytes]
    run: RunFolder
    engine: psutil.Process

    @property
    def epochs(self) -> int:
        """How many epochs its log tells of."""
        return epochs(self.run)

    @property
    def told(self) -> float:
        """When its log's last event was told, by the clock of its engine."""
        return decode_event(lines(self.run)[-1]).time

    def goes_on(self) -> None:
        """Wait until it has trained one more epoch, and saved it."""
        before, saved = self.epochs, changed(self.run.checkpoint("last"))
        what = f"epoch after {before} in {self.run.path}"
        eventually(lambda: self.epochs > before and changed(self.run.checkpoint("last")) > saved, what)


@contextlib.contextmanager
def training(world: World, place: Place, name: str, *options: str) -> Iterator[Training]:
    """Have a run train from there; it is ended with all else in the world where that has not been done before."""
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
    """When a file was written last; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def lines(run: RunFolder) -> list[bytes]:
    """The whole lines of a run's log."""
    try:
        return run.events.read_bytes().splitlines(keepends=True)
    except OSError:
        return []


def epochs(run: RunFolder) -> int:
    """How many epochs a run's log tells of."""
    return sum(b'"epoch_ended"' in line for line in lines(run))


def is_in_order(run: RunFolder) -> None:
    """Assert that the log counts each line once, and each epoch, and that an ended run left nothing half-written."""
    found = lines(run)
    assert found, run.path
    assert found[-1].endswith(b"\n")
    events = [decode_event(line) for line in found]
    assert [event.seq for event in events] == list(range(len(events)))
    ended = [event.epoch for event in events if isinstance(event, EpochEnded)]
    assert ended == list(range(1, len(ended) + 1))
    assert run.session.exists() or list(run.path.glob("*.tmp")) == []


def one_engine(world: World, training: Training) -> None:
    """Assert that no other engine is in the world."""
    assert [engine.pid for engine in busy(world)] == [training.engine.pid]


def busy(world: World) -> list[psutil.Process]:
    """The engines that have a log open; one that only answers questions, or ends just now, has none."""
    found = []
    for engine in engines(world.home):
        with contextlib.suppress(psutil.Error):
            if any(Path(file.path).name == "events.jsonl" for file in engine.open_files()):
                found.append(engine)
    return found


def end(processes: Sequence[psutil.Process]) -> None:
    """Kill, also what is stopped, and wait."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)
    eventually(lambda: all(map(is_over, processes)), "end", 10)


def is_over(process: psutil.Process) -> bool:
    """Whether it runs no more, whether its parent has noticed or not."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
