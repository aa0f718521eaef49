"""`make bench`: speed of training and app, against references. Prints and saves the tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks import screen, training
from benchmarks.machine import describe
from benchmarks.rows import HEAD, Row

_RESULTS = Path(__file__).parent / "results" / "speed.json"


def main() -> None:
    """Print each row when it is measured, then save all."""
    machine = describe()
    print(f"{machine}\n")
    kept = []
    parts: tuple[tuple[str, Iterator[Row]], ...] = (("Training", training.rows()), ("Screen", screen.rows()))
    for title, rows in parts:
        print(f"\n## {title}\n\n{HEAD}", flush=True)
        for row in rows:
            print(row.line(), flush=True)
            kept.append({"part": title, **asdict(row), "holds": row.holds})
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(json.dumps({"machine": machine, "rows": kept}, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
