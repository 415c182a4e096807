"""CelebA-HQ: 30,000 aligned faces in high resolution."""
