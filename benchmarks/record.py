"""`make record`: trains the preset `record` with three seeds and saves the results for `make bench`."""

from __future__ import annotations

import json
import statistics

from benchmarks.machine import describe
from benchmarks.training import RECORD, run

SEEDS = (1, 2, 3)


def main() -> None:
    """Print a line after each seed, then save the results."""
    machine, ends = describe(), []
    for seed in SEEDS:
        ends.append(run("--preset", "record", "--seed", str(seed)))
        print(f"seed {seed}: {ends[-1]['test']['accuracy']:.2%} in {ends[-1]['seconds'] / 60:.0f} minutes", flush=True)
    accuracies = [end["test"]["accuracy"] for end in ends]
    seconds = statistics.median(end["seconds"] for end in ends)
    print(
        f"mean {statistics.mean(accuracies):.3%}, deviation {100 * statistics.stdev(accuracies):.3f} points; {machine}"
    )
    kept = {"machine": machine, "seeds": SEEDS, "accuracies": accuracies, "seconds": seconds}
    RECORD.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
