"""Runs without a screen."""
