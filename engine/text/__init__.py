"""Numbers and prose as people read them; no language of its own, and no screen."""
