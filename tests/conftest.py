"""How all tests are run."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("quiet or busy", deadline=None)  # how long an example takes depends on what else runs
settings.load_profile("quiet or busy")
