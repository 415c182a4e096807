import hashlib

import numpy as np
import pytest

from harness.errors import DataError
from harness_datasets.synthetic_faces.captions import describe
from harness_datasets.synthetic_faces.parts import EYES, HAT, MOUTH, NOSE
from harness_datasets.synthetic_faces.renderer import (
    ATTRIBUTE_NAMES,
    DIFFICULTIES,
    LANDMARK_NAMES,
    PART_NAMES,
    RENDERER_VERSION,
    Faces,
    render_faces,
    render_split,
)

GOLDEN = "fff103fd5e4746fbc8904aa9cc40349dacae7263de33959ebe4ac7b43abb1985"
LANDMARK_PARTS = (EYES, EYES, NOSE, MOUTH, MOUTH)


def render(indices, *, seed=0, size=32, difficulty="mid", **more) -> Faces:
    return render_faces(indices, seed=seed, size=size, difficulty=difficulty, **more)


def assert_same(one: Faces, other: Faces) -> None:
    assert np.array_equal(one.images, other.images)
    assert np.array_equal(one.parts, other.parts)
    assert np.array_equal(one.landmarks, other.landmarks)
    assert np.array_equal(one.attributes, other.attributes)
    assert one.captions == other.captions


def picked(faces: Faces, rows) -> Faces:
    return Faces(
        images=faces.images[rows],
        landmarks=faces.landmarks[rows],
        parts=faces.parts[rows],
        attributes=faces.attributes[rows],
        captions=[faces.captions[row] for row in rows],
    )


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
@pytest.mark.parametrize("size", [16, 32, 61])
def test_a_face_is_the_same_in_any_batch_and_order(difficulty, size):
    together = render(range(300), size=size, difficulty=difficulty)
    order = np.random.default_rng(0).permutation(300)
    assert_same(render(order, size=size, difficulty=difficulty), picked(together, order))
    for index in (0, 17, 299):
        assert_same(render([index], size=size, difficulty=difficulty), picked(together, [index]))


def test_threads_do_not_change_a_face():
    kwargs = {"seed": 4, "size": 32, "difficulty": "wild"}
    threaded = render_split(1100, start=7, workers=3, **kwargs)
    assert_same(threaded, render_faces(range(7, 1107), **kwargs))


def test_bytes_are_those_of_version_2():
    """Machine, numpy and refactoring must not change them; a wanted change raises the version."""
    digest = hashlib.sha256()
    for difficulty in DIFFICULTIES:
        faces = render(range(64), seed=5, size=64, difficulty=difficulty)
        for array in (faces.images, faces.parts, faces.landmarks, faces.attributes):
            digest.update(array.tobytes())
    assert RENDERER_VERSION == 2
    assert digest.hexdigest() == GOLDEN


def test_seeds_indices_and_difficulties_give_different_faces():
    faces = render(range(50))
    assert len({image.tobytes() for image in faces.images}) == 50
    assert not np.array_equal(faces.landmarks, render(range(50), seed=1).landmarks)
    assert not np.array_equal(faces.attributes, render(range(50), difficulty="wild").attributes)


def test_any_integer_is_a_seed():
    one, other = render([0], seed=-1), render([0], seed=2**64 - 1)
    assert_same(one, other)


def test_arrays_have_the_documented_shapes_and_types():
    faces = render([3, 5, 8], size=48)
    assert (faces.images.shape, faces.images.dtype) == ((3, 48, 48, 3), np.uint8)
    assert (faces.landmarks.shape, faces.landmarks.dtype) == ((3, 5, 2), np.float32)
    assert (faces.parts.shape, faces.parts.dtype) == ((3, 48, 48), np.uint8)
    assert (faces.foreground.shape, faces.foreground.dtype) == ((3, 48, 48), np.bool_)
    assert (faces.attributes.shape, faces.attributes.dtype) == ((3, 10), np.float32)
    assert len(faces) == len(faces.captions) == 3
    assert len(LANDMARK_NAMES) == 5
    assert len(PART_NAMES) == 9


def test_no_indices_give_no_faces():
    assert len(render([])) == 0
    assert len(render_split(0, seed=0, size=16, difficulty="mid")) == 0


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_a_face_is_the_same_at_every_size(difficulty):
    small = render(range(40), size=32, difficulty=difficulty)
    large = render(range(40), size=128, difficulty=difficulty)
    assert np.array_equal(small.landmarks, large.landmarks)
    assert small.captions == large.captions
    reduced = large.images.reshape(40, 32, 4, 32, 4, 3).mean(axis=(2, 4))
    assert np.abs(reduced - small.images).mean() < 4
    nearest = large.parts[:, 2::4, 2::4]
    assert (nearest == small.parts).mean() > 0.96


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_landmarks_lie_in_their_parts(difficulty):
    faces = render(range(500), size=256, difficulty=difficulty)
    pixels = np.floor(faces.landmarks * 256).astype(int)
    for landmark, part in enumerate(LANDMARK_PARTS):
        found = faces.parts[np.arange(500), pixels[:, landmark, 1], pixels[:, landmark, 0]] == part
        # a wide open mouth may cover the nose's tip, a hat or hair never an eye
        assert found.mean() == 1 if part == EYES else found.mean() > 0.98


def test_eye_landmark_is_the_centre_of_the_eye_part():
    """The other way round: from the labels back to the point, within half a pixel."""
    faces = render(range(100), size=256, difficulty="aligned")
    axis = (np.arange(256) + 0.5) / 256
    for parts, points in zip(faces.parts, faces.landmarks, strict=True):
        near_left = np.abs(axis - points[0, 0]) < np.abs(axis - points[1, 0])
        left = (parts == EYES) & near_left
        centre = [(left.sum(0) * axis).sum() / left.sum(), (left.sum(1) * axis).sum() / left.sum()]
        assert np.abs(centre - points[0]).max() < 0.5 / 256


def test_left_and_right_are_the_images_sides():
    points = render(range(200), difficulty="wild").landmarks
    assert (points[:, 0, 0] < points[:, 1, 0]).all()
    assert (points[:, 3, 0] < points[:, 4, 0]).all()


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_every_face_shows_its_parts_and_a_foreground(difficulty):
    faces = render(range(200), size=64, difficulty=difficulty)
    assert np.array_equal(faces.foreground, faces.parts != 0)
    assert faces.parts.max() < len(PART_NAMES)
    for part in (0, 1, 2, EYES, NOSE, MOUTH, 6):
        assert (faces.parts == part).any(axis=(1, 2)).all()


def test_foreground_of_mid_is_about_a_third_of_the_image():
    share = render(range(400), size=64).foreground.mean()
    assert 0.28 <= share <= 0.42


def test_poses_spread_more_with_the_difficulty():
    spread = [
        render(range(400), size=16, difficulty=name).landmarks.mean(axis=1).std(axis=0).mean()
        for name in ("aligned", "mid", "wild")
    ]
    assert spread[0] * 2 < spread[1]
    assert spread[1] * 1.5 < spread[2]


def test_heads_stay_within_the_documented_ranges():
    points = render(range(1000), size=16, difficulty="aligned").landmarks
    across = points[:, 1] - points[:, 0]
    assert np.degrees(np.abs(np.arctan2(across[:, 1], across[:, 0]))).max() < 3.5
    wild = render(range(1000), size=16, difficulty="wild").landmarks
    across = wild[:, 1] - wild[:, 0]
    tilt = np.degrees(np.abs(np.arctan2(across[:, 1], across[:, 0])))
    assert 25 < tilt.max() < 33
    assert wild.min() > 0
    assert wild.max() < 1


@pytest.mark.parametrize("size", [24, 64])
def test_windows_draw_what_whole_images_draw(size):
    for difficulty in DIFFICULTIES:
        windowed = render(range(60), size=size, difficulty=difficulty)
        whole = render(range(60), size=size, difficulty=difficulty, windowed=False)
        assert_same(windowed, whole)


@pytest.mark.parametrize("name", ATTRIBUTE_NAMES)
def test_every_attribute_is_visible(name):
    without = render(range(30), size=64, fixed={"hat": False, name: False})
    with_it = render(range(30), size=64, fixed={"hat": False, name: True})
    column = ATTRIBUTE_NAMES.index(name)
    assert (with_it.attributes[:, column] == 1).all()
    assert (without.attributes[:, column] == 0).all()
    others = [place for place in range(10) if place != column]
    assert np.array_equal(with_it.attributes[:, others], without.attributes[:, others])
    change = np.abs(with_it.images.astype(int) - without.images).max(axis=-1)
    assert ((change > 25).sum(axis=(1, 2)) >= 4).mean() > 0.9


def test_attributes_are_neither_rare_nor_constant():
    shares = render(range(2000), size=8).attributes.mean(axis=0)
    assert shares.min() > 0.15
    assert shares.max() < 0.6


def test_hat_part_is_there_when_a_hat_is_worn():
    faces = render(range(300), size=64, difficulty="aligned")
    worn = faces.attributes[:, ATTRIBUTE_NAMES.index("hat")] == 1
    assert np.array_equal((faces.parts == HAT).any(axis=(1, 2)), worn)


def test_glasses_and_beard_leave_the_part_map():
    for name in ("glasses", "beard"):
        without = render(range(50), fixed={name: False})
        assert np.array_equal(render(range(50), fixed={name: True}).parts, without.parts)


@pytest.mark.parametrize(
    ("present", "caption"),
    [
        ([], "a person with short dark hair"),
        (
            ["light_hair", "long_hair", "glasses", "smile"],
            "a person with long light hair, wearing glasses and smiling",
        ),
        (["beard"], "a person with short dark hair and a beard"),
        (
            ["bangs", "thick_brows", "hat", "lipstick", "mouth_open"],
            "a person with short dark hair, bangs and thick brows, "
            "wearing a hat and lipstick and with an open mouth",
        ),
    ],
    ids=["none", "some", "beard", "many"],
)
def test_caption_says_the_attributes(present, caption):
    assert describe({name: name in present for name in ATTRIBUTE_NAMES}) == caption


def test_captions_follow_the_attributes_of_each_face():
    faces = render(range(100), size=8)
    for row, caption in zip(faces.attributes, faces.captions, strict=True):
        assert caption == describe(dict(zip(ATTRIBUTE_NAMES, row == 1, strict=True)))


@pytest.mark.parametrize(
    ("indices", "changed", "message"),
    [
        ([0], {"difficulty": "hard"}, "unknown difficulty 'hard', expected one of aligned, mid"),
        ([0], {"fixed": {"hats": True}}, "unknown attribute 'hats', expected one of light_hair"),
        ([0, -2], {}, "no face -2"),
        ([0], {"size": 4}, "4 px"),
    ],
    ids=["difficulty", "attribute", "index", "size"],
)
def test_wrong_arguments_are_named(indices, changed, message):
    with pytest.raises(DataError, match=message):
        render(indices, **changed)
