"""Whether a run in the background survives its terminal, on simulated systems."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tui.headless.survival import Fate, System, fate, kills_user_processes

PID = 500
SESSION = "0::/user.slice/user-1000.slice/session-3.scope\n"
SERVICE = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope\n"
OLD_SESSION = "5:memory:/user.slice\n1:name=systemd:/user.slice/user-1000.slice/session-c2.scope\n"
SHIPPED = "usr/lib/systemd/logind.conf"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


class Machine:
    """A file tree with the files that are inspected."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.processes((PID, "python3", 400), (400, "bash", 1), (1, "systemd", 0))
        self.namespace("pid:[4026531836]")
        self.write(f"proc/{PID}/cgroup", SESSION)

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def namespace(self, name: str) -> None:
        link = self.root / f"proc/{PID}/ns/pid"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(name)

    def processes(self, *chain: tuple[int, str, int], session: int = 400) -> None:
        """Create processes of one session, given as id, name and parent."""
        for pid, name, parent in chain:
            self.write(f"proc/{pid}/stat", f"{pid} ({name}) S {parent} {pid} {session} 34816 -1 4194304 0\n")

    def logind(self, text: str, path: str = "etc/systemd/logind.conf") -> None:
        self.write(path, f"# a comment\n[Login]\n#KillUserProcesses=maybe\n{text}\n")

    def lingers(self, user: str = "ann") -> None:
        self.write(f"var/lib/systemd/linger/{user}", "")

    def system(self, user: str = "ann", environ: Mapping[str, str] | None = None) -> System:
        return System(self.root, environ or {}, PID, user)

    def fate(self, **options: str) -> Fate | None:
        return fate(self.system(**options))


def test_nothing_ends_a_run_where_logind_is_left_as_it_is(machine: Machine) -> None:
    assert machine.fate() is None
    machine.logind("")
    assert machine.fate() is None


def test_nothing_is_said_where_nothing_can_be_read(tmp_path: Path) -> None:
    assert fate(System(tmp_path / "nowhere", {}, PID, "ann")) is None


def test_the_system_as_it_is_can_be_read() -> None:
    found = System(environ={})
    own = found.process(found.pid)
    assert own is None or own.parent == os.getppid()
    assert fate(found) == fate(found)


@pytest.mark.parametrize("group", [SESSION, OLD_SESSION])
@pytest.mark.parametrize("yes", ["yes", "true", "on", "1", "YES"])
def test_logind_that_ends_the_processes_of_a_session(group: str, yes: str, machine: Machine) -> None:
    machine.write(f"proc/{PID}/cgroup", group)
    machine.logind(f"KillUserProcesses={yes}")
    found = machine.fate()
    assert found is not None
    assert found.until == "you log out"
    assert not found.at_once
    for word in ("loginctl enable-linger", "systemd-run --user --scope", "tmux", "KillUserProcesses"):
        assert word in found.keep
    assert machine.fate(user="root") is None


def test_lingering_alone_does_not_save_a_session(machine: Machine) -> None:
    machine.logind("KillUserProcesses=yes")
    machine.lingers()
    found = machine.fate()
    assert found is not None
    assert "enable-linger" not in found.keep
    assert "systemd-run --user --scope" in found.keep


def test_a_service_of_the_user_ends_with_the_last_login_unless_the_user_lingers(machine: Machine) -> None:
    machine.write(f"proc/{PID}/cgroup", SERVICE)
    found = machine.fate()
    assert found == Fate("you log out", "`loginctl enable-linger` keeps it running")
    machine.lingers("bob")
    assert machine.fate() == found
    machine.lingers()
    assert machine.fate() is None


@pytest.mark.parametrize(
    ("files", "killed"),
    [
        pytest.param({"etc/systemd/logind.conf": "KillUserProcesses=no", SHIPPED: "KillUserProcesses=yes"}, False, id="etc counts before usr"),
        pytest.param({SHIPPED: "KillUserProcesses=yes"}, True, id="usr where etc has none"),
        pytest.param({"etc/systemd/logind.conf.d/kill.conf": "KillUserProcesses=yes"}, True, id="a drop-in alone"),
        pytest.param(
            {
                "etc/systemd/logind.conf": "KillUserProcesses=yes",
                "usr/lib/systemd/logind.conf.d/10-keep.conf": "KillUserProcesses=no",
            },
            False,
            id="a drop-in counts after the file, wherever it is",
        ),
        pytest.param(
            {
                "usr/lib/systemd/logind.conf.d/50-x.conf": "KillUserProcesses=yes",
                "etc/systemd/logind.conf.d/50-x.conf": "KillUserProcesses=no",
            },
            False,
            id="etc hides a drop-in of the same name",
        ),
        pytest.param(
            {
                "etc/systemd/logind.conf.d/20.conf": "KillUserProcesses=no",
                "run/systemd/logind.conf.d/90.conf": "KillUserProcesses = yes",
            },
            True,
            id="the last name counts",
        ),
        pytest.param({"etc/systemd/logind.conf": "KillUserProcesses=yes\nKillExcludeUsers=bob ann"}, False, id="spared"),
        pytest.param({"etc/systemd/logind.conf": "KillUserProcesses=yes\nKillOnlyUsers=bob"}, False, id="others only"),
        pytest.param({"etc/systemd/logind.conf": "KillUserProcesses=yes\nKillOnlyUsers=bob\nKillOnlyUsers=ann"}, True, id="listed"),
        pytest.param({"etc/systemd/logind.conf": "[Other]\nKillUserProcesses=yes"}, False, id="another section"),
        pytest.param({"etc/systemd/logind.conf": "KillUserProcesses=perhaps"}, False, id="no boolean"),
    ],
)  # fmt: skip
def test_which_file_says_what_logind_does(files: dict[str, str], killed: bool, machine: Machine) -> None:
    for path, text in files.items():
        machine.logind(text, path)
    assert kills_user_processes(machine.system()) is killed
    assert (machine.fate() is not None) is killed


def test_root_can_be_taken_off_the_list_of_those_who_are_spared(machine: Machine) -> None:
    machine.logind("KillUserProcesses=yes\nKillExcludeUsers=")
    assert kills_user_processes(machine.system("root"))


# containers


@pytest.mark.parametrize("starter", ["", "tini", "docker-init"])
def test_the_first_program_of_a_container_takes_the_run_with_it(starter: str, machine: Machine) -> None:
    machine.namespace("pid:[4026532999]")
    if starter:
        machine.processes((PID, "mnist-tui", 1), (1, starter, 0))
        found = machine.fate()
    else:
        machine.write("proc/1/stat", "1 (mnist-tui) S 0 1 1 0 -1 4194304 0\n")
        machine.write("proc/1/cgroup", "0::/\n")
        (machine.root / "proc/1/ns").mkdir()
        (machine.root / "proc/1/ns/pid").symlink_to("pid:[4026532999]")
        found = fate(System(machine.root, {}, 1, "ann"))
    assert found is not None
    assert found.at_once
    assert "docker run -d" in found.keep
    assert "goes on" not in found.parting("otter", "is training")
    assert found.parting("otter", "is training").endswith("mnist-tui resume otter")


def test_the_shell_that_a_container_is_there_for(machine: Machine) -> None:
    machine.namespace("pid:[4026532999]")
    machine.processes((PID, "mnist-tui", 7), (7, "sh", 1), (1, "bash (old)", 0))
    found = machine.fate()
    assert found is not None
    assert found.until == "bash (old), the first process of this container, ends"
    assert "Ctrl+P Ctrl+Q" in found.keep
    assert found.parting("otter", "is training").endswith("mnist-tui attach otter")


def test_who_came_into_a_container_from_outside_takes_nothing_along(machine: Machine) -> None:
    machine.namespace("pid:[4026532999]")
    machine.processes((PID, "mnist-tui", 400), (400, "bash", 0))  # docker exec
    assert machine.fate() is None
    machine.processes((PID, "mnist-tui", 400), (400, "bash", 90), (90, "sshd", 1))
    machine.processes((1, "sshd", 0), session=1)
    assert machine.fate() is None


def test_a_container_with_a_whole_system_in_it_is_like_a_machine(machine: Machine) -> None:
    machine.namespace("pid:[4026532999]")
    assert machine.fate() is None
    machine.logind("KillUserProcesses=yes")
    found = machine.fate()
    assert found is not None
    assert found.until == "you log out"


# batch systems


@pytest.mark.parametrize(
    ("environ", "until"),
    [
        ({"SLURM_JOB_ID": "17", "SLURM_PROCID": "0"}, "Slurm job 17 ends"),
        ({"SLURM_JOB_ID": "17"}, ""),  # the shell of salloc is outside the job
        ({"PBS_JOBID": "4.head"}, "PBS job 4.head ends"),
        ({"LSB_JOBID": "9"}, "LSF job 9 ends"),
        ({"JOB_ID": "3"}, ""),
        ({"JOB_ID": "3", "SGE_TASK_ID": "undefined"}, "Grid Engine job 3 ends"),
    ],
)
def test_a_batch_job_takes_the_run_with_it(environ: dict[str, str], until: str, machine: Machine) -> None:
    found = fate(machine.system(environ=environ))
    assert (found.until if found else "") == until
    assert not found or "mnist-tui resume" in found.keep


def test_the_sentences() -> None:
    login = Fate("you log out", "...")
    keep = "`mnist-tui doctor` explains how to keep it running."
    assert login.warning() == f"In the background the run continues only until you log out. {keep}"
    assert login.parting("otter", "is paused") == (
        "otter is paused, but only until you log out. Reattach with: mnist-tui attach otter"
    )
    first = Fate("this is process 1", "...", at_once=True)
    assert first.warning() == f"In the background the run ends immediately: this is process 1. {keep}"


def test_who_knows_better_can_say_so(machine: Machine) -> None:
    machine.logind("KillUserProcesses=yes")
    assert fate(machine.system(environ={"MNIST_TUI_LOGOUT": "safe"})) is None
    assert fate(machine.system(environ={"MNIST_TUI_LOGOUT": "no"})) is not None
