"""The chart library."""
