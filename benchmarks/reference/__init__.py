"""Programs to measure against, written after public descriptions."""
