"""Finds a run's data set again and checks that it is the one the run was trained on."""

from __future__ import annotations

import msgspec

from engine.config import TrainConfig
from engine.dataset import Dataset, expect_same
from engine.errors import DataProblem
from engine.events import DataIdentity
from engine.runs.run_data import absolute, data_dir_of
from engine.worker.training.setup import load_data


def find_data(
    run: str, config: TrainConfig, known: DataIdentity | None, *, data_dir: str = "", other: bool = False
) -> tuple[TrainConfig, Dataset]:
    """The configuration with the data set's absolute folder, and the data set of `run`.

    `known` is the data set that it was trained on; None if unknown, which accepts any. `data_dir` is where the data are now;
    empty if they have not moved. Raises `OtherDataProblem` for another data set unless `other`, `DataProblem` for none.
    """
    folder = absolute(data_dir or data_dir_of(config, known))
    try:
        data = load_data(folder)
    except DataProblem as fault:
        if known is None or data_dir:
            raise
        raise DataProblem(
            f"The data that {run} was trained on cannot be read: {fault} (--data-dir DIR says where they are now)"
        ) from fault
    if not other:
        expect_same(run, known, data.identity)
    return msgspec.structs.replace(config, data_dir=folder), data
