"""Results for the README: trains the presets and prints a table.

python -m benchmarks.figures [PRESET …]
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from benchmarks.machine import describe

PRESETS = ("blog-sgd", "blog-adam", "quick", "fast99")


def train(preset: str) -> dict[str, Any]:
    """Train without the app and return the `finished` event."""
    command = [sys.executable, "-P", "-m", "tui", "train", "--preset", preset, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    finished: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return finished


def row(preset: str, end: dict[str, Any]) -> str:
    """One row of the table."""
    test = end["test"]
    interval = f"{test['low']:.2%} to {test['high']:.2%}"
    return f"| `{preset}` | {end['epochs']} | {test['accuracy']:.2%} | {interval} | {test['wrong']} | {end['seconds']:.0f} s |"


def main() -> None:
    """Train the presets and print each row when it is done."""
    print(f"Measured on: {describe()}\n")
    print("| preset | epochs | test accuracy | 95% interval | errors of 10,000 | training time |")
    print("|---|---|---|---|---|---|")
    for preset in sys.argv[1:] or PRESETS:
        print(row(preset, train(preset)), flush=True)


if __name__ == "__main__":
    main()
