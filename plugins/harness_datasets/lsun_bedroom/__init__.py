"""LSUN bedroom: three million photos of bedrooms."""
