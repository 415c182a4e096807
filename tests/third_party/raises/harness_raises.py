"""A plugin that cannot be imported."""

raise RuntimeError("no toys on Sundays")
