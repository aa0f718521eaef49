"""What is known of a run, as pure functions of its events."""
