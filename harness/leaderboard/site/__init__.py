"""Leaderboards as a static site: an index, a page a suite, and a page a row or run."""
