"""What a data set takes is told from its headers, and what there is from the system, before anything is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.dataset import load, memory
from engine.dataset.locate import NpzFile, locate
from engine.errors import MemoryProblem
from tests.kit import TRAIN_IMAGES

MIB = 1 << 20


@pytest.fixture
def system(tmp_path: Path) -> tuple[Path, Path]:
    """A machine with 8 GiB free, whose control groups set no limit: where its /proc and /sys/fs/cgroup are."""
    proc, cgroup = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable:    {8 << 20} kB\n")
    (proc / "self" / "cgroup").write_text("0::/a/b\n")
    (cgroup / "a" / "b").mkdir(parents=True)
    return proc, cgroup


def test_what_is_free_is_the_least_of_the_limits(system: tuple[Path, Path]) -> None:
    proc, cgroup = system
    assert memory.available_memory(*system) == 8 << 30
    for group, most, used in ((cgroup / "a", 900, 100), (cgroup / "a" / "b", 1000, 400)):
        (group / "memory.max").write_text(f"{most * MIB}\n")
        (group / "memory.current").write_text(f"{used * MIB}\n")
    (cgroup / "a" / "b" / "memory.stat").write_text(f"anon 7\ninactive_file {50 * MIB}\n")
    assert memory.available_memory(*system) == 650 * MIB
    (cgroup / "a" / "memory.max").write_text(f"{300 * MIB}\n")
    assert memory.available_memory(*system) == 200 * MIB
    (cgroup / "a" / "memory.max").write_text("max\n")
    (proc / "self" / "cgroup").write_text("5:cpu:/x\n4:memory:/y\n")
    (cgroup / "memory" / "y").mkdir(parents=True)
    (cgroup / "memory" / "y" / "memory.limit_in_bytes").write_text(f"{70 * MIB}")
    (cgroup / "memory" / "y" / "memory.usage_in_bytes").write_text(f"{90 * MIB}")
    assert memory.available_memory(*system) == 0


def test_where_the_system_does_not_tell_nothing_is_refused(tmp_path: Path) -> None:
    assert memory.available_memory(tmp_path, tmp_path) is None


def test_the_size_is_that_of_the_headers(tiny: Path, tmp_path: Path) -> None:
    data = load(tiny)
    images = len(data.train_images) + len(data.validation_images) + len(data.test_images)
    assert memory.size_of(locate(tiny))[0] == images
    np.savez(tmp_path / "some.npz", x_train=np.zeros((20, 28, 28), np.uint8), x_test=np.zeros((5, 28, 28), np.uint8))
    assert memory.size_of(NpzFile(tmp_path / "some.npz"))[0] == 25


def test_a_set_that_does_not_fit_is_refused_before_it_is_read(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count, peak = memory.size_of(locate(tiny))
    monkeypatch.setattr(memory, "available_memory", lambda: peak)
    load(tiny)
    monkeypatch.setattr(memory, "available_memory", lambda: peak - 1)
    with pytest.raises(MemoryProblem, match=rf"tiny.* has {count} images, and reading it takes about .* of memory"):
        load(tiny)
    (tiny / f"{TRAIN_IMAGES}.gz").write_bytes(b"no IDX at all")
    with pytest.raises(Exception, match="is not an IDX file"):  # what is damaged is told as such
        load(tiny)


@pytest.mark.parametrize(("size", "words"), [(3.5 * 2**30, "3.5 GiB"), (20 * MIB, "20 MiB"), (-1, "0 MiB")])
def test_sizes_in_words(size: float, words: str) -> None:
    assert memory.in_words(size) == words
