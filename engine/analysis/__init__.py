"""Statistics of predictions and runs. Pure functions on arrays and counts."""
