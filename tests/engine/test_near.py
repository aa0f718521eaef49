"""Which names what was typed is likely a slip of."""

from __future__ import annotations

import pytest

from engine.help.suggestions import distance, nearest


@pytest.mark.parametrize(
    ("typed", "meant", "count"),
    [
        ("relu", "relu", 0),
        ("rleu", "relu", 1),
        ("rlu", "relu", 1),
        ("reelu", "relu", 1),
        ("rely", "relu", 1),
        ("branch", "batch", 2),
        ("", "relu", 4),
        ("relu", "", 4),
        ("ca", "abc", 3),
    ],
)
def test_letters_left_out_put_in_taken_for_another_or_swapped_are_counted(typed: str, meant: str, count: int) -> None:
    assert distance(typed, meant) == count


def test_more_letters_forgive_more_slips_and_the_nearest_comes_first() -> None:
    assert nearest("dropuot", ["dropout", "drop", "adam"]) == ["dropout"]
    assert nearest("batchnrom", ["batch_norm", "batchnorm"]) == ["batchnorm", "batch_norm"]
    assert nearest("branch", ["batch"]) == []
    assert nearest("adm", ["adam"]) == []
    assert nearest("a" * 5000, ["a" * 4999]) == []
