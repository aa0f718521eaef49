"""``mnist-tui stop [RUN]``."""

from __future__ import annotations

from tui.cli.run_control import command

parser, run = command("stop", "End a run: finish the batch, validate, keep the best weights, test them.")
