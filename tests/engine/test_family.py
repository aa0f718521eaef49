"""Runs and their branches as a tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runs.branch_tree import tree


def test_each_branch_stands_under_its_parent() -> None:
    names = ["a", "b", "c", "d", "e", "f"]
    parents = {"c": "a", "d": "a", "e": "c", "f": "gone"}
    assert [before + name for name, before in tree(names, parents)] == [
        "a",
        "├ c",
        "│ └ e",
        "└ d",
        "b",
        "f",
    ]


@pytest.mark.parametrize("parents", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "a"}])
def test_names_that_were_given_again_make_no_circle(parents: dict[str, str]) -> None:
    lines = tree(["a", "b", "c"], parents)
    assert sorted(name for name, _ in lines) == ["a", "b", "c"]


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")))
def test_every_run_is_there_once(parents: dict[str, str]) -> None:
    assert sorted(name for name, _ in tree(list("abcdefgh"), parents)) == list("abcdefgh")


def test_a_long_line_of_branches_is_no_matter() -> None:
    names = [str(n) for n in range(3000)]
    parents = {str(n): str(n - 1) for n in range(1, 3000)}
    assert len(tree(names, parents)) == 3000
