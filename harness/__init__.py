"""Benchmark and evaluation harness for unsupervised keypoints, parts and image generation."""
