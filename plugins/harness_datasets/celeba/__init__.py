"""CelebA in its official layout, with the MAFL lists."""
