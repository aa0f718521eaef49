"""``mnist-tui stop [RUN]``."""

from __future__ import annotations

from tui.cli.run_control import command

parser, run = command("stop", "Stop a run: finish the batch, validate, and test the best weights.")
