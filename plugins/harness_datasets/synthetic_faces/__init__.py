"""Faces rendered by code, with exact landmarks, parts, attributes and captions."""
