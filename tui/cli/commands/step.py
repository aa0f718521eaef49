"""``mnist-tui step [RUN]``."""

from __future__ import annotations

from tui.cli.run_control import command

parser, run = command("step", "Train one batch of a run and pause again.")
