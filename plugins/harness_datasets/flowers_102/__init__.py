"""Oxford Flowers 102: flowers with masks by an automatic method."""
