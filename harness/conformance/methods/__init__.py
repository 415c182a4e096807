"""Checks of methods."""
