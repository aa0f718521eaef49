"""python -m tests.torture [kills|instants|fuzz|soak …] [--rounds N] [--seed S]"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from benchmarks.machine import describe
from engine.config import TrainConfig
from tests.torture import fuzz_checkpoint, fuzz_data, fuzz_files, fuzz_wire
from tests.torture.fuzz import Target, run
from tests.torture.ground import ground
from tests.torture.instants import instants
from tests.torture.kills import WHO, campaign
from tests.torture.soak import soak

_BEGUN = time.monotonic()


def tell(line: str) -> None:
    """Print a line with the time since the start."""
    print(f"{time.monotonic() - _BEGUN:8.1f}  {line}", flush=True)


def kill(rounds: int | None, seed: int) -> None:
    """`rounds` kills of each kind (100), and half as many with the runtime directory removed."""
    for who, logouts in itertools.product(WHO, (False, True)):
        with ground(keep=True) as place:
            on = campaign(place, who, (rounds or 100) // (1 + logouts), seed, tell, logouts=logouts)
        told = f"{who}{' and a logout' if logouts else ''}"
        tell(f"{told}: all well; {on.resumed} resumed; the logs held last: {dict(on.stood.most_common())}")


def leave(_rounds: int | None, _seed: int) -> None:
    """Every instant between two writes of several runs, with complete and with torn logs."""
    for values in ({"epochs": 3}, {"epochs": 9, "learning_rate": 0.0, "patience": 1}, {"epochs": 2, "model": "linear"}):
        for torn in (False, True):
            with ground(keep=True) as place:
                config = msgspec.structs.replace(place.config, **values)
                count = len(list(_instants(config, place.home, torn)))
            tell(f"{values}, {'torn' if torn else 'whole'} logs: {count} instants, all resumed to the same numbers")


def _instants(config: TrainConfig, home: Path, torn: bool) -> Iterator[str]:
    def use_home(folder: Path) -> None:
        os.environ["MNIST_TUI_HOME"] = str(folder)  # `ground` restores the old value

    return instants(config, home, use_home, torn=torn)


def feed(rounds: int | None, seed: int) -> None:
    """`rounds` thousand damaged inputs (110)."""
    total = 0
    with ground(keep=True) as place:
        for target in fuzz_targets(place.home / "fuzz"):
            begun = time.monotonic()
            tried = run(target, round((rounds or 110) * 10 * target.share), seed)
            tell(f"{target.name}: {tried} inputs, no harm, {(time.monotonic() - begun) / tried * 1e3:.1f} ms each")
            total += tried
    tell(f"{total} inputs in all")


def fuzz_targets(folder: Path) -> list[Target]:
    """All targets, each with its own folder below `folder`."""
    found = []
    for module in (fuzz_data, fuzz_files, fuzz_wire, fuzz_checkpoint):
        place = folder / module.__name__.rpartition(".")[2]
        place.mkdir(parents=True)
        found += module.targets(place)
    return found


def wear(rounds: int | None, seed: int) -> None:
    """`rounds` thousand events (200)."""
    with ground(keep=True) as place:
        found = asyncio.run(soak(place, (rounds or 200) * 1000, seed))
    tell(
        f"{found.events} events in {found.seconds:.0f} s, {found.attached} attachments, log {found.log_bytes >> 20} MiB"
    )
    for each in found.memory:
        tell(f"{each} MiB; growth after the first quarter {each.growth():.1f} MiB")
        each.expect_flat()


SUBJECTS: dict[str, Callable[[int | None, int], None]] = {"kills": kill, "instants": leave, "fuzz": feed, "soak": wear}


def main() -> None:
    """Run the stress tests and print the machine."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("subjects", nargs="*", choices=[*SUBJECTS, []], default=[], metavar="|".join(SUBJECTS))
    parser.add_argument("--rounds", type=int, help="kills of each kind; thousands of inputs; thousands of events")
    parser.add_argument("--seed", type=int, help="repeat what a failure names")
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if args.seed is None else args.seed
    print(f"Measured on: {describe()}; seed {seed}", flush=True)
    for subject in args.subjects or SUBJECTS:
        SUBJECTS[subject](args.rounds, seed)


if __name__ == "__main__":
    main()
