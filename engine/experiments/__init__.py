"""Guided experiments: a question, the runs that answer it, and what is to be seen in them. Pure; training is the worker's."""

from __future__ import annotations

from engine.experiments.experiment_files import ArmPlan, Experiment, experiments, find_experiment, of_machine
from engine.experiments.experiment_runs import Performance, find_performance, is_over, performances
from engine.experiments.measures import MEASURES, Measure

__all__ = [
    "MEASURES",
    "ArmPlan",
    "Experiment",
    "Measure",
    "Performance",
    "experiments",
    "find_experiment",
    "find_performance",
    "is_over",
    "of_machine",
    "performances",
]
