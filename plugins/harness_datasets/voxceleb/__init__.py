"""VoxCeleb's faces on video, with MAFL beside them for the labels."""
