"""AFLW in the prepared release of cropped faces with five landmarks."""
