"""Where the data of a run lie, from wherever it is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import make_config
from engine.events import DataIdentity
from engine.runs.run_data import absolute, data_dir_of, with_absolute_folder


def test_places_are_absolute_and_those_of_old_logs_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    assert [absolute(text) for text in ("", "set", "/x/y", "~/m")] == ["", str(tmp_path / "set"), "/x/y", "/home/ada/m"]
    assert with_absolute_folder({"epochs": 1}) == {"epochs": 1}
    assert with_absolute_folder({"data_dir": "set"}) == {"data_dir": str(tmp_path / "set")}
    known = DataIdentity(path="/was/here", digest="d", images="i", labels="l")
    assert data_dir_of(make_config({"data_dir": "set"}), known) == "/was/here"
    assert data_dir_of(make_config({"data_dir": "set"}), None) == "set"
    assert data_dir_of(make_config({"data_dir": "/own"}), known) == "/own"
    assert data_dir_of(make_config({}), known) == ""
