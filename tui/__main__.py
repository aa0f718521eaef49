"""``python -m tui`` is ``mnist-tui``."""

from tui.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
