"""The training engine's contract and client. Nothing here imports torch; that lives in `engine.worker`, a process of its own."""

__version__ = "0.1.0"
