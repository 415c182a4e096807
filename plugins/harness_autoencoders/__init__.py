"""Autoencoders whose bottleneck is a handful of keypoints, and their siamese forerunner."""
