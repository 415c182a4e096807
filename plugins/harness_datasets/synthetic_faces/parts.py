"""The labels of the part maps."""

PART_NAMES = ("background", "hair", "face skin", "eyes", "nose", "mouth", "neck", "clothes", "hat")

BACKGROUND, HAIR, SKIN, EYES, NOSE, MOUTH, NECK, CLOTHES, HAT = range(9)
