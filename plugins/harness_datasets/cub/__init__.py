"""CUB-200-2011: birds with masks and fifteen landmarks."""
