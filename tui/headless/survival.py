"""Whether a run that is left training outlives this terminal: what a login, a container or a batch job takes with it.

An engine is a process of its own, and a hang-up does not reach it. But whatever holds all processes of a place together
ends it too: systemd-logind that ends what a login left behind, a container whose first process ends, a batch system.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SWITCH = "MNIST_TUI_LOGOUT"
"""The environment variable that says "safe" where the person knows better than what is found here."""
_FIRST_NAMESPACE = "pid:[4026531836]"
"""The namespace of processes in which a kernel starts; in any other one process 1 is a container's."""
_INITS = {"systemd", "init", "runit", "s6-svscan", "supervisord", "openrc-init", "shepherd"}
"""First processes that stay when a login ends, as on a whole machine."""
_STARTERS = {"tini", "dumb-init", "docker-init", "catatonit", "podman-init"}
"""First processes that end with the one program that they start."""
_JOBS = (
    ("Slurm", "SLURM_JOB_ID", "SLURM_PROCID"),  # without the second: the shell of salloc, outside the job
    ("PBS", "PBS_JOBID", "PBS_JOBID"),
    ("LSF", "LSB_JOBID", "LSB_JOBID"),
    ("Grid Engine", "JOB_ID", "SGE_TASK_ID"),
)
_LOGIND = ("etc", "run", "usr/local/lib", "usr/lib", "lib")
"""Where systemd looks for a configuration file, the one that counts first."""


def _user() -> str:
    import pwd  # noqa: PLC0415 - not on every start

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a number without a name, as in some containers
        return str(os.getuid())


@dataclass(frozen=True, slots=True)
class Fate:
    """What ends a run that is left behind: ``until`` completes "it goes on only until …", `keep` says how to keep one.

    `at_once`: that is when this very program ends.
    """

    until: str
    keep: str
    at_once: bool = False

    def warning(self) -> str:
        """A sentence for whoever is about to leave."""
        how = f"it ends at once: {self.until}." if self.at_once else f"it goes on only until {self.until}."
        return f"Left alone, {how} `mnist-tui doctor` says how to keep a run."

    def parting(self, run: str, doing: str) -> str:
        """A sentence of whoever leaves a run that "is training", say."""
        if self.at_once:
            return f"{run} ends here: {self.until}. Go on from its last checkpoint with: mnist-tui resume {run}"
        return f"{run} {doing}, but only until {self.until}. Come back with: mnist-tui attach {run}"


@dataclass(frozen=True, slots=True)
class System:
    """What is looked at: files below `root`, and who this process is. Without arguments, the system as it is."""

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    pid: int = field(default_factory=os.getpid)
    user: str = field(default_factory=_user)

    def read(self, path: str) -> str:
        """A file's text; empty where it cannot be read."""
        try:
            return (self.root / path).read_text("utf-8", "replace")
        except OSError:
            return ""

    def process(self, pid: int) -> _Process | None:
        """What ``/proc`` tells of a process."""
        before, _, rest = self.read(f"proc/{pid}/stat").rpartition(")")
        words = rest.split()
        if len(words) < 4 or not (words[1].isdigit() and words[3].isdigit()):
            return None
        return _Process(pid, before.partition("(")[2], int(words[1]), int(words[3]))


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    name: str
    parent: int
    session: int


def fate(system: System | None = None) -> Fate | None:
    """What ends a run that is left training here before its time; None where nothing is known that does."""
    system = system or System()
    if system.environ.get(SWITCH) == "safe":
        return None
    return _container(system) or _job(system) or _login(system)


def _container(system: System) -> Fate | None:
    """A container ends with its first process: this program, or the shell that it was typed into."""
    try:
        if str((system.root / f"proc/{system.pid}/ns/pid").readlink()) == _FIRST_NAMESPACE:
            return None
    except OSError:
        return None
    main, own = _main(system), system.process(system.pid)
    if main is None or own is None:
        return None
    background = "a container of its own in the background keeps it: `docker run -d IMAGE mnist-tui train ...`"
    if main.pid == own.pid:
        return Fate("this program is the first process of its container, which ends with it", background, at_once=True)
    if main.session != own.session:
        return None  # a service, or another login, which this one does not end
    return Fate(
        f"{main.name} ends, the first process of this container",
        f"leave the container with Ctrl+P Ctrl+Q, which lets {main.name} be; {background}",
    )


def _main(system: System) -> _Process | None:
    """The process that the container is there for, where this one descends from it."""
    at, below = system.process(system.pid), None
    while at is not None and at.pid != 1:
        at, below = system.process(at.parent) if at.parent else None, at
    if at is None or at.name in _INITS:
        return None
    return below if at.name in _STARTERS else at


def _job(system: System) -> Fate | None:
    """A batch system ends all processes of a job at its end."""
    for name, number, proof in _JOBS:
        if (job := system.environ.get(number)) and system.environ.get(proof):
            keep = "ask for as much time as the run takes; `mnist-tui resume` goes on with it in another job"
            return Fate(f"job {job} of {name} ends", keep)
    return None


def _login(system: System) -> Fate | None:
    """What systemd ends at a logout: a session's processes where it is told to, the services of a user always."""
    group = _control_group(system)
    lingers = (system.root / "var/lib/systemd/linger" / system.user).exists()
    if any(part.startswith("user@") and part.endswith(".service") for part in group):
        if lingers:
            return None
        return Fate("you log out", "`loginctl enable-linger` keeps it")
    if any(part.startswith("session-") and part.endswith(".scope") for part in group) and kills(system):
        how = "`systemd-run --user --scope mnist-tui train ...` keeps it"
        how = how if lingers else f"`loginctl enable-linger` once, and then {how}"
        return Fate("you log out", f"{how}; tmux, screen and nohup do not (KillUserProcesses in logind.conf)")
    return None


def _control_group(system: System) -> list[str]:
    """The parts of the path at which systemd has put this process."""
    parts: list[str] = []
    for line in system.read(f"proc/{system.pid}/cgroup").splitlines():
        _, _, rest = line.partition(":")
        kind, _, path = rest.partition(":")
        if kind in ("", "name=systemd"):
            parts += path.split("/")
    return parts


def kills(system: System) -> bool:
    """Whether systemd-logind ends what this user's sessions leave behind."""
    told, spared, only = False, ["root"], list[str]()
    for name, value in _logind(system):
        match name:
            case "KillUserProcesses":
                told = value.lower() in ("1", "yes", "y", "true", "t", "on")
            case "KillExcludeUsers":
                spared = spared + value.split() if value else []
            case "KillOnlyUsers":
                only = only + value.split() if value else []
    return told and system.user not in spared and (not only or system.user in only)


def _logind(system: System) -> Iterator[tuple[str, str]]:
    """The settings of systemd-logind, in the order in which a later one replaces an earlier one."""
    main = next((path for base in _LOGIND if (system.root / (path := f"{base}/systemd/logind.conf")).exists()), "")
    more: dict[str, str] = {}
    for base in reversed(_LOGIND):
        folder = f"{base}/systemd/logind.conf.d"
        with contextlib.suppress(OSError):
            more.update({path.name: f"{folder}/{path.name}" for path in (system.root / folder).glob("*.conf")})
    for path in (main, *(more[name] for name in sorted(more))):
        section = ""
        for line in system.read(path).splitlines() if path else ():
            text = line.strip()
            if text.startswith("["):
                section = text
            elif section == "[Login]" and "=" in text and text[0] not in "#;":
                name, _, value = text.partition("=")
                yield name.strip(), value.strip()
