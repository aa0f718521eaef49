"""Data that screens read in addition to the snapshot."""
