"""FFHQ: 70,000 aligned faces in high resolution."""
