"""Write the data the recorded runs were trained on: the first 1200 training and 200 test images of MNIST."""

from __future__ import annotations

import gzip
import struct
import sys
from pathlib import Path

MNIST = Path(__file__).parents[3] / "data" / "mnist"
COUNTS = {"train": 1200, "t10k": 200}


def make_digits(folder: Path) -> None:
    """Write the four IDX files into a new folder."""
    folder.mkdir()
    for split, count in COUNTS.items():
        for name, header, size in (("images-idx3-ubyte", 16, 28 * 28), ("labels-idx1-ubyte", 8, 1)):
            with gzip.open(MNIST / f"{split}-{name}.gz") as file:
                content = file.read(header + count * size)
            shortened = content[:4] + struct.pack(">I", count) + content[8:]
            (folder / f"{split}-{name}").write_bytes(shortened)


if __name__ == "__main__":
    make_digits(Path(sys.argv[1]))
