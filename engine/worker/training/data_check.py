"""A run meets data again: they must be the ones it was trained on, unless it is said that they may be others."""

from __future__ import annotations

import msgspec

from engine.config import TrainConfig
from engine.dataset import Dataset, expect_same
from engine.errors import DataProblem
from engine.events import DataIdentity
from engine.runs.run_data import absolute, data_dir_of
from engine.worker.training.setup import load_data


def meet_data(
    run: str, config: TrainConfig, known: DataIdentity | None, *, data_dir: str = "", other: bool = False
) -> tuple[TrainConfig, Dataset]:
    """The data for `run`, and its configuration with their folder as an absolute path.

    `known` is the set that it was trained on, None where nobody knows: then any will do. `data_dir` is where the data are
    now, empty: where they were. Raises `OtherDataProblem` for another set unless `other`, `DataProblem` where there is none.
    """
    place = absolute(data_dir or data_dir_of(config, known))
    try:
        data = load_data(place)
    except DataProblem as fault:
        if known is None or data_dir:
            raise
        raise DataProblem(
            f"The data that {run} was trained on cannot be read: {fault} (--data-dir DIR says where they are now)"
        ) from fault
    if not other:
        expect_same(run, known, data.identity)
    return msgspec.structs.replace(config, data_dir=place), data
