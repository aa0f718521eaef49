"""Which files of a run are not as they were written: each carries a check, and here all of them are looked at."""

from __future__ import annotations

import zipfile
from pathlib import Path

import msgspec

from engine.log.event_log import read_lines
from engine.log.repair import unreadable
from engine.runs.folder import RunFolder
from engine.runs.result_file import log_damage, result_damage
from engine.runs.validation_predictions_file import damage as readings_damage


class Damage(msgspec.Struct, frozen=True):
    """A file of a run that is not as it was written: what is wrong, and what still has, or gives back, what it held."""

    path: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path} is damaged: {self.reason}; {self.remedy}."


def damages(run: RunFolder) -> tuple[Damage, ...]:
    """Every damaged file of a run. Reads all of it, the checkpoints included."""
    found = [
        (run.events, _log_damage(run), f"`mnist-tui replay {run.name}` trains the run again"),
        (run.result, result_damage(run.result), "the log holds the same"),
        (
            run.predictions,
            readings_damage(run.predictions),
            "these epochs are left out, and nothing else depends on them",
        ),
    ]
    found += [(run.look(kind), archive_damage(run.look(kind)), look_again(run, kind)) for kind in ("best", "last")]
    checkpoints = {kind: archive_damage(run.checkpoint(kind)) for kind in ("last", "best", *map(str, run.kept()))}
    for kind, reason in checkpoints.items():
        whole = [other for other in ("best", "last") if run.checkpoint(other).exists() and not checkpoints[other]]
        named = run.checkpoint(whole[0]).name if whole else ""
        found.append((run.checkpoint(kind), reason, f"{named} is whole" if named else "no other checkpoint is whole"))
    return tuple(Damage(str(path), reason, remedy) for path, reason, remedy in found if reason)


def _log_damage(run: RunFolder) -> str:
    """What is wrong with the log: of lines that cannot be read how many, else what the result's checksum tells."""
    changed = log_damage(run.result, run.events)
    if (changed or not run.result.exists()) and (lost := sum(1 for _ in unreadable(read_lines(run.events)))):
        return f"{lost} of its events cannot be read"
    return changed


def look_again(run: RunFolder, kind: str) -> str:
    """What gives a look at the test set back."""
    return f"`mnist-tui eval {run.name} --weights {kind}` looks again"


def archive_damage(path: Path) -> str:
    """What is wrong with a zip file (a checkpoint, a look), in a few words; empty where nothing is, or there is none."""
    try:
        if not path.is_file():
            return ""
        with zipfile.ZipFile(path) as archive:
            changed = archive.testzip()
    except OSError as fault:
        return f"it cannot be read ({fault.strerror})"
    except Exception as fault:  # zipfile meets foreign bytes with errors of many kinds
        return f"it is not whole ({type(fault).__name__})"
    return f"{changed} in it does not match its checksum" if changed else ""
