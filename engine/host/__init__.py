"""This machine: which it is, its locks, its libraries, its processes."""
