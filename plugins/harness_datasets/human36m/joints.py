"""Names of Human3.6M's 32 joints, in the order of its files."""

from __future__ import annotations

_LEG = ("hip", "knee", "ankle", "toe base", "toe tip")
_ARM = ("collar", "shoulder", "elbow", "wrist", "thumb base", "thumb tip", "hand", "hand tip")

#: The order of the files; some joints coincide (the collars with the neck, the spine with the
#: pelvis), so that about half of the places are distinct.
JOINT_NAMES: tuple[str, ...] = (
    "pelvis",
    *(f"right {name}" for name in _LEG),
    *(f"left {name}" for name in _LEG),
    "spine base",
    "spine",
    "neck",
    "head",
    "head top",
    *(f"left {name}" for name in _ARM),
    *(f"right {name}" for name in _ARM),
)

#: Positions of the two ankles.
FEET = (JOINT_NAMES.index("left ankle"), JOINT_NAMES.index("right ankle"))
