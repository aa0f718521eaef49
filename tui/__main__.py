"""``python -m tui`` is ``mnist-tui``."""

from mnist_tui import main

if __name__ == "__main__":
    raise SystemExit(main())
