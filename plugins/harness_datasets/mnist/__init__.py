"""MNIST: handwritten digits in the idx format."""
