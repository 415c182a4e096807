"""Taichi-HD: people on video with eighteen joints and masks."""
