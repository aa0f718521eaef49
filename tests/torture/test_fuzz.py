"""Some damaged inputs of each kind; ``make torture`` tries more than a hundred thousand."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.torture import fuzz_checkpoint, fuzz_data, fuzz_files, fuzz_wire
from tests.torture.fuzz import nothing_run, run
from tests.torture.ground import ground

SEED = random.SystemRandom().randrange(10**6)


@pytest.mark.timeout(180)
@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's, of what it is given
@pytest.mark.parametrize(
    ("module", "inputs"), [(fuzz_data, 1200), (fuzz_files, 800), (fuzz_wire, 1000), (fuzz_checkpoint, 300)]
)
def test_damaged_input_does_no_harm(module: object, inputs: int) -> None:
    with ground() as place:
        place.home.joinpath("fuzz").mkdir()
        targets = module.targets(place.home / "fuzz")  # type: ignore[attr-defined]
        whole = sum(target.share for target in targets)
        for target in targets:
            count = round(inputs * target.share / whole)
            assert run(target, count, SEED) >= count // 2


def test_what_is_written_or_run_is_seen(tmp_path: Path) -> None:
    """The watch itself: it would notice harm."""
    with pytest.raises(AssertionError, match="write"), nothing_run():
        (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AssertionError, match=r"os\.remove"), nothing_run():
        (tmp_path / "file").unlink()
    with nothing_run(may=("write",)):
        (tmp_path / "file").write_bytes(b"")
