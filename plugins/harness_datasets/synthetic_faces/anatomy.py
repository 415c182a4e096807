"""Who is in the picture and how the head is held: attributes, pose, skin and hair colour."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness_datasets.synthetic_faces.draws import Draws, Floats, chosen
from harness_datasets.synthetic_faces.frame import Frame, rotation

Flags = NDArray[np.bool_]

ATTRIBUTE_NAMES = (
    "light_hair",
    "long_hair",
    "bangs",
    "hat",
    "glasses",
    "beard",
    "smile",
    "mouth_open",
    "lipstick",
    "thick_brows",
)


@dataclass(frozen=True)
class Difficulty:
    """How much heads differ in pose. Lengths are in half image sides."""

    #: largest distance of the head from its mean place, along each axis
    shift: float
    #: half height of the head, smallest and largest
    scale: tuple[float, float]
    #: largest in-plane rotation
    degrees: float
    #: largest sine of the turn to the side, and of the nod
    yaw: float
    pitch: float


DIFFICULTIES = {
    "aligned": Difficulty(0.05, (0.58, 0.64), 3, 0.20, 0.12),
    "mid": Difficulty(0.17, (0.47, 0.66), 15, 0.36, 0.18),
    "wild": Difficulty(0.33, (0.36, 0.66), 30, 0.50, 0.25),
}

#: mean height of the head's centre: a little above the image's, to leave room for shoulders
MEAN_HEIGHT = 0.0


@dataclass(frozen=True)
class Pose:
    """How the head is held; numbers per face are `[N, 1, 1]`."""

    #: the head: origin at its centre, chin at v = 1
    head: Frame
    #: sine and cosine of the turn to the side
    yaw: Floats
    cos_yaw: Floats
    #: sine and cosine of the nod
    pitch: Floats
    cos_pitch: Floats

    def feature(self, u: Floats, v: Floats, depth: float) -> Frame:
        """The frame of a feature at frontal place (u, v) that lies `depth` in front of the axis."""
        turned_u = u * self.cos_yaw + depth * self.yaw
        turned_v = v * self.cos_pitch + depth * self.pitch
        squeeze = np.clip(self.cos_yaw - u / depth * self.yaw, 0.5, 1.3)
        return self.head.at(turned_u, turned_v, squeeze)


@dataclass(frozen=True)
class Person(Pose):
    """A pose, and what else several layers share."""

    attributes: dict[str, Flags]
    #: RGB, `[N, 3, 1, 1]`
    skin: Floats
    hair: Floats
    #: half width of the head
    width: Floats
    #: from which side the light comes, and how much, in [-1, 1]
    light: Floats


def draw_person(
    indices: NDArray[np.uint64], seed: int, difficulty: str, fixed: Mapping[str, bool]
) -> Person:
    """Draw the shared traits of every face."""
    attributes = draw_attributes(Draws(indices, seed=seed, name=f"{difficulty}/attributes"))
    for name, value in fixed.items():
        attributes[name] = np.full(len(indices), value)
    pose = draw_pose(Draws(indices, seed=seed, name=f"{difficulty}/pose"), DIFFICULTIES[difficulty])
    draws = Draws(indices, seed=seed, name=f"{difficulty}/person")
    return Person(
        **vars(pose),
        attributes=attributes,
        skin=draw_skin(draws),
        hair=draw_hair_colour(draws, attributes["light_hair"]),
        width=draws.uniform(0.67, 0.77),
        light=draws.uniform(-1, 1),
    )


def draw_attributes(draws: Draws) -> dict[str, Flags]:
    """Draw the ten attributes; beards go with short hair and without lipstick."""
    style = draws.chance(0.5)
    lipstick = draws.chance(np.where(style, 0.65, 0.05))
    return {
        "light_hair": draws.chance(0.4),
        "long_hair": draws.chance(np.where(style, 0.8, 0.15)),
        "bangs": draws.chance(0.4),
        "hat": draws.chance(0.2),
        "glasses": draws.chance(0.25),
        "beard": draws.chance(np.where(style | lipstick, 0.0, 0.5)),
        "smile": draws.chance(0.5),
        "mouth_open": draws.chance(0.4),
        "lipstick": lipstick,
        "thick_brows": draws.chance(np.where(style, 0.25, 0.55)),
    }


def draw_pose(draws: Draws, difficulty: Difficulty) -> Pose:
    """Draw place, scale, rotation and turn of the head."""
    shift, degrees = difficulty.shift, difficulty.degrees
    x = draws.uniform(-shift, shift)
    y = draws.uniform(MEAN_HEIGHT - shift, MEAN_HEIGHT + shift)
    scale = draws.uniform(*difficulty.scale)
    half_angle = draws.uniform(-degrees, degrees) * np.float32(np.pi / 360)
    cosine, sine = rotation(half_angle + half_angle * half_angle * half_angle / 3)
    yaw = draws.uniform(-difficulty.yaw, difficulty.yaw)
    pitch = draws.uniform(-difficulty.pitch, difficulty.pitch)
    head = Frame(x, y, scale, np.ones_like(scale), cosine, sine)
    return Pose(
        head=head,
        yaw=yaw,
        cos_yaw=np.sqrt(1 - yaw * yaw),
        pitch=pitch,
        cos_pitch=np.sqrt(1 - pitch * pitch),
    )


def draw_skin(draws: Draws) -> Floats:
    """Draw a skin colour between pale and dark, `[N, 3, 1, 1]`."""
    stops = np.array(
        [[0.97, 0.82, 0.71], [0.90, 0.69, 0.54], [0.72, 0.49, 0.35], [0.42, 0.26, 0.18]], np.float32
    ).reshape(4, 3, 1, 1)
    tone = draws.uniform(0, 2.999, shape=(1, 1, 1))
    lower = np.floor(tone)
    part = tone - lower
    at = lower.reshape(-1).astype(np.intp)
    colour = stops[at] * (1 - part) + stops[at + 1] * part
    return colour * draws.uniform(0.96, 1.03, shape=(3, 1, 1))


def draw_hair_colour(draws: Draws, light: Flags) -> Floats:
    """Draw a dark (black to auburn) or light (blond, red, grey) hair colour, `[N, 3, 1, 1]`."""
    dark = draws.colour((0.00, 0.09), (0.25, 0.65), (0.08, 0.34))
    blond = draws.colour((0.08, 0.13), (0.35, 0.68), (0.74, 0.95))
    grey = draws.colour((0.08, 0.14), (0.03, 0.12), (0.66, 0.88))
    pale = chosen(draws.chance(0.25), grey, blond)
    return chosen(light, pale, dark)
