"""What screens read beside the snapshot."""
