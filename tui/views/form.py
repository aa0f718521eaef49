"""What the form is filled with."""

from __future__ import annotations

import msgspec

from engine.config import HYPERPARAMETERS, TrainConfig, make_config
from engine.fields import Group
from engine.settings import Preset


def with_preset(preset: Preset, current: TrainConfig) -> TrainConfig:
    """The preset's configuration on the machine settings (device, threads, data folder …) that are in force."""
    machine = {name: getattr(current, name) for name, p in HYPERPARAMETERS.items() if p.about.group is Group.MACHINE}
    return make_config(preset.values, msgspec.structs.replace(TrainConfig(), **machine))
