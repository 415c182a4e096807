"""Presets of which one is wrong."""
