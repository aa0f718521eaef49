"""Reference implementations, written from public descriptions."""
