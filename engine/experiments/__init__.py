"""Guided experiments: a question, the runs that answer it, and what is to be seen in them. Pure; training is the worker's."""

from __future__ import annotations

from engine.experiments.experiment_files import ArmPlan, Experiment, experiments, find_experiment, of_machine
from engine.experiments.experiment_runs import ExperimentRun, find_experiment_run, is_over, list_experiment_runs
from engine.experiments.measures import MEASURES, Measure

__all__ = [
    "MEASURES",
    "ArmPlan",
    "Experiment",
    "ExperimentRun",
    "Measure",
    "experiments",
    "find_experiment",
    "find_experiment_run",
    "is_over",
    "list_experiment_runs",
    "of_machine",
]
