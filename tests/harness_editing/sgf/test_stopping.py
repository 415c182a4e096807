"""When what is wanted is reached, by hand for each kind of conditions."""

import math

import pytest
import torch

from harness_editing.sgf.config import SgfConfig
from harness_editing.sgf.stopping import reached

NAN = math.nan


def is_reached(kind, conditions, start, wanted, **changes):
    rows = [torch.tensor([row], dtype=torch.float64) for row in (conditions, start, wanted)]
    (found,) = reached(*rows, kind, SgfConfig(**changes)).tolist()
    return found


@pytest.mark.parametrize(
    ("conditions", "wanted", "expected"),
    [
        ([0.91, 0.9], [1.0, NAN], True),
        ([0.89, 0.1], [1.0, NAN], False),
        ([1.05, 0.1], [1.0, NAN], True),
        ([0.95, 0.15], [1.0, 0.0], False),
        ([0.95, 0.05], [1.0, 0.0], True),
        ([0.3, 0.2], [NAN, NAN], True),
    ],
    ids=["near", "not near", "beyond", "one of two", "both", "nothing asked"],
)
def test_attributes_are_near_each_and_others_may_drift(conditions, wanted, expected):
    assert is_reached("attributes", conditions, [0.1, 0.1], wanted) == expected


@pytest.mark.parametrize(
    ("conditions", "wanted", "expected"),
    [
        ([0.5, 0.515, 0.9, 0.9], [0.5, 0.5, NAN, NAN], True),
        ([0.515, 0.515, 0.9, 0.9], [0.5, 0.5, NAN, NAN], False),
        ([0.53, 0.5, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2], True),
        ([0.55, 0.5, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2], False),
        ([0.51, 0.9, 0.2, 0.2], [0.5, NAN, NAN, NAN], True),
        ([0.3, 0.2, 0.1, 0.1], [NAN] * 4, True),
    ],
    ids=["0.015", "0.021", "mean 0.015", "mean 0.025", "one coordinate", "nothing asked"],
)
def test_keypoints_are_near_on_average(conditions, wanted, expected):
    assert is_reached("keypoints", conditions, [0.1, 0.1, 0.2, 0.2], wanted) == expected


@pytest.mark.parametrize(("degrees", "expected"), [(0, True), (25, True), (26, False), (90, False)])
def test_an_embedding_has_made_nine_tenths_of_its_way(degrees, expected):
    """From 90 degrees to 0: cos 25 = 0.906, cos 26 = 0.899."""
    angle = math.radians(degrees)
    now = [math.cos(angle), math.sin(angle)]
    assert is_reached("embedding", now, [0.0, 1.0], [1.0, 0.0]) == expected


def test_tolerances_are_settings():
    asked = ("attributes", [0.7], [0.1], [1.0])
    assert not is_reached(*asked)
    assert is_reached(*asked, attribute_tolerance=0.31)
    asked = ("keypoints", [0.6, 0.5], [0.1, 0.1], [0.5, 0.5])
    assert not is_reached(*asked)
    assert is_reached(*asked, keypoint_tolerance=0.11)
    half = math.radians(60)
    asked = ("embedding", [math.cos(half), math.sin(half)], [0.0, 1.0], [1.0, 0.0])
    assert not is_reached(*asked)
    assert is_reached(*asked, embedding_share=0.49)
