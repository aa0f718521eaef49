"""``mnist-tui step [RUN]``."""

from __future__ import annotations

from tui.commands.steering import command

parser, run = command("step", "Train one batch of a run and pause.")
