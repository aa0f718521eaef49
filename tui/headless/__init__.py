"""Runs and queries without the app."""
