"""UT Zappos50K: catalogue photos of shoes on white."""
