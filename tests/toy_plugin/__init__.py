"""A plugin for tests of the core: tiny images, a tiny network, metrics that are easy to follow."""
