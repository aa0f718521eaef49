"""Whether a run in the background survives the end of this login, container or batch job.

An engine is a separate process and gets no hang-up. But it is killed together with its group of processes: by
systemd-logind at logout, when a container's first process ends, or by a batch system.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SWITCH = "MNIST_TUI_LOGOUT"
"""Environment variable: set to "safe" to turn these checks off."""
_FIRST_NAMESPACE = "pid:[4026531836]"
"""The initial PID namespace of a Linux kernel; any other one belongs to a container."""
_INITS = {"systemd", "init", "runit", "s6-svscan", "supervisord", "openrc-init", "shepherd"}
"""Init processes that survive a logout, as on a full system."""
_STARTERS = {"tini", "dumb-init", "docker-init", "catatonit", "podman-init"}
"""Init processes of containers that end with the one program they start."""
_JOBS = (
    ("Slurm", "SLURM_JOB_ID", "SLURM_PROCID"),  # SLURM_PROCID is not set in the shell of salloc, outside the job
    ("PBS", "PBS_JOBID", "PBS_JOBID"),
    ("LSF", "LSB_JOBID", "LSB_JOBID"),
    ("Grid Engine", "JOB_ID", "SGE_TASK_ID"),
)
_LOGIND = ("etc", "run", "usr/local/lib", "usr/lib", "lib")
"""Folders in which systemd looks for a configuration file, highest priority first."""


def _user() -> str:
    import pwd  # noqa: PLC0415 - not needed on every start

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user id without a name, as in some containers
        return str(os.getuid())


def resume_with(run: str) -> str:
    """The sentence with the command that resumes a run."""
    return f"Resume with: mnist-tui resume {run}"


def reattach_with(run: str) -> str:
    """The sentence with the command that shows a run in the background again."""
    return f"Reattach with: mnist-tui attach {run}"


@dataclass(frozen=True, slots=True)
class Fate:
    """What ends a run in the background early.

    `until` completes "it continues only until …"; `keep` says how to prevent it. `at_once`: the run ends as soon as
    this program exits.
    """

    until: str
    keep: str
    at_once: bool = False

    def warning(self) -> str:
        """A warning before the user quits."""
        how = f"ends immediately: {self.until}." if self.at_once else f"continues only until {self.until}."
        return f"In the background the run {how} `mnist-tui doctor` explains how to keep it running."

    def parting(self, run: str, doing: str) -> str:
        """The final message for a run left in the background; `doing` is "is training", for example."""
        if self.at_once:
            return f"{run} ends here: {self.until}. {resume_with(run)}"
        return f"{run} {doing}, but only until {self.until}. {reattach_with(run)}"


@dataclass(frozen=True, slots=True)
class System:
    """The system that is inspected: files below `root`, and this process. The defaults are the real system."""

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    pid: int = field(default_factory=os.getpid)
    user: str = field(default_factory=_user)

    def read(self, path: str) -> str:
        """A file's text; empty if it cannot be read."""
        try:
            return (self.root / path).read_text("utf-8", "replace")
        except OSError:
            return ""

    def process(self, pid: int) -> _Process | None:
        """A process as described in ``/proc``; None if there is none."""
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
    """What would end a run in the background early; None if nothing known would."""
    system = system or System()
    if system.environ.get(SWITCH) == "safe":
        return None
    return _container(system) or _job(system) or _login(system)


def _container(system: System) -> Fate | None:
    """A container ends with its first process: this program, or the shell it was started from."""
    try:
        if str((system.root / f"proc/{system.pid}/ns/pid").readlink()) == _FIRST_NAMESPACE:
            return None
    except OSError:
        return None
    main, own = _main(system), system.process(system.pid)
    if main is None or own is None:
        return None
    background = "run it in a background container: `docker run -d IMAGE mnist-tui train ...`"
    if main.pid == own.pid:
        return Fate("this program is the first process of its container, which ends with it", background, at_once=True)
    if main.session != own.session:
        return None  # a service or another session, which this one does not end
    return Fate(
        f"{main.name}, the first process of this container, ends",
        f"detach from the container with Ctrl+P Ctrl+Q, which keeps {main.name} running, or {background}",
    )


def _main(system: System) -> _Process | None:
    """The container's main process, if this process descends from it."""
    at, below = system.process(system.pid), None
    while at is not None and at.pid != 1:
        at, below = system.process(at.parent) if at.parent else None, at
    if at is None or at.name in _INITS:
        return None
    return below if at.name in _STARTERS else at


def _job(system: System) -> Fate | None:
    """A batch system kills all processes of a job at its end."""
    for name, number, proof in _JOBS:
        if (job := system.environ.get(number)) and system.environ.get(proof):
            keep = "request enough time for the run, or resume it with `mnist-tui resume` in another job"
            return Fate(f"{name} job {job} ends", keep)
    return None


def _login(system: System) -> Fate | None:
    """At logout systemd kills the user's services, and session processes if KillUserProcesses is set."""
    group = _control_group(system)
    lingers = (system.root / "var/lib/systemd/linger" / system.user).exists()
    if any(part.startswith("user@") and part.endswith(".service") for part in group):
        if lingers:
            return None
        return Fate("you log out", "`loginctl enable-linger` keeps it running")
    if any(part.startswith("session-") and part.endswith(".scope") for part in group) and kills_user_processes(system):
        how = "`systemd-run --user --scope mnist-tui train ...` keeps it running"
        how = how if lingers else f"`loginctl enable-linger` once, then {how}"
        return Fate("you log out", f"{how}; tmux, screen and nohup do not (KillUserProcesses in logind.conf)")
    return None


def _control_group(system: System) -> list[str]:
    """The parts of this process's control group path in systemd's hierarchy."""
    parts: list[str] = []
    for line in system.read(f"proc/{system.pid}/cgroup").splitlines():
        _, _, rest = line.partition(":")
        kind, _, path = rest.partition(":")
        if kind in ("", "name=systemd"):
            parts += path.split("/")
    return parts


def kills_user_processes(system: System) -> bool:
    """Whether systemd-logind kills this user's remaining processes at logout."""
    enabled, excluded, only = False, ["root"], list[str]()
    for name, value in _logind(system):
        match name:
            case "KillUserProcesses":
                enabled = value.lower() in ("1", "yes", "y", "true", "t", "on")
            case "KillExcludeUsers":
                excluded = excluded + value.split() if value else []
            case "KillOnlyUsers":
                only = only + value.split() if value else []
    return enabled and system.user not in excluded and (not only or system.user in only)


def _logind(system: System) -> Iterator[tuple[str, str]]:
    """The settings of systemd-logind in order of application; later ones override earlier ones."""
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
