from __future__ import annotations

import numpy as np
import pytest

from harness.drawing.wanted import Goal, Vocabulary, distance
from harness.errors import ConfigError, RecordError, UnknownName, UserError

FACES = Vocabulary("attributes", 3, ("hat", "beard", "long_hair"))
POINTS = Vocabulary("keypoints", 6)


def encode(captions):
    """A vector whose length is that of the caption."""
    return np.array([[len(caption), 0.0] for caption in captions], np.float32)


CAPTIONS = Vocabulary("embedding", 2, (), encode)


def test_several_texts_are_one_goal():
    goal = FACES.goal(["long_hair = 0", "hat=0.25"])
    np.testing.assert_array_equal(goal.conditions, np.array([0.25, np.nan, 0], np.float32))
    assert goal.asked.tolist() == [True, False, True]
    assert str(goal) == "long_hair = 0, hat=0.25"


def test_keypoints_that_are_not_named_are_not_asked():
    goal = POINTS.goal(["2=0,1", "0=0.25,0.5"])
    np.testing.assert_array_equal(goal.conditions, [0.25, 0.5, np.nan, np.nan, 0, 1])


def test_a_caption_is_wanted_as_it_stands_in_any_language():
    for text in ("hat=1", "3=0.4,0.5", "лицо в шляпе"):
        assert CAPTIONS.goal([text]).conditions.tolist() == [len(text), 0]


@pytest.mark.parametrize(
    ("words", "texts", "error", "message"),
    [
        (FACES, [], UserError, r"Nothing is wanted; the guide answers attributes, so write NAME="),
        (FACES, ["berd=1"], UnknownName, r"Unknown attribute 'berd'\. Did you mean 'beard'\?"),
        (FACES, ["hat"], ConfigError, r"such as hat=1; the attributes are hat, beard, long_hair\."),
        (FACES, ["hat=-0.1"], ConfigError, r"from 0 to 1, got '-0\.1'"),
        (FACES, ["hat=inf"], ConfigError, r"from 0 to 1, got 'inf'"),
        (FACES, ["hat="], ConfigError, r"from 0 to 1, got ''"),
        (FACES, ["hat=1", "hat=1"], ConfigError, "hat is asked twice"),
        (POINTS, ["1=0.5,-0.2"], ConfigError, r"the place \(0\.5, -0\.2\) is outside of the image"),
        (POINTS, ["3=0.5,0.2"], ConfigError, "there is no keypoint 3; the guide answers 0 to 2"),
        (POINTS, ["-1=0.5,0.2"], ConfigError, "write KEYPOINT=X,Y"),
        (POINTS, ["1=0.5,nan"], ConfigError, "write KEYPOINT=X,Y"),
        (POINTS, ["1=0.5,0.2,0.1"], ConfigError, "write KEYPOINT=X,Y"),
        (POINTS, ["1=0,0", "1=1,1"], ConfigError, "1 is asked twice"),
        (CAPTIONS, ["…"], ConfigError, "the caption has no word"),
        (CAPTIONS, ["a", "b"], ConfigError, "'b': a caption says all that is wanted; give one"),
    ],
)
def test_what_cannot_be_wanted_is_refused(words, texts, error, message):
    with pytest.raises(error, match=message):
        words.goal(texts)


def test_names_and_answers_must_be_as_many():
    with pytest.raises(RecordError, match=r"answers 3 attributes and the run names 2; run the"):
        Vocabulary("attributes", 3, ("hat", "beard"))


def test_figures_are_of_what_is_asked_alone():
    answer = np.array([0.123, 0.5, 0.999], np.float32)
    assert FACES.told(FACES.goal(["long_hair=1", "hat=0"]), answer, 1 - answer) == [
        "hat 0.12, judge 0.88",
        "long_hair 1.00, judge 0.00",
    ]


def test_the_distance_is_the_mean_over_the_wanted_keypoints():
    goal = POINTS.goal(["0=0.5,0.5", "2=0.1,0.1"])
    answer = np.array([0.5, 0.6, 0.0, 0.0, 0.4, 0.5], np.float32)
    assert distance(goal, answer) == pytest.approx((0.1 + 0.5) / 2)
    assert POINTS.told(goal, answer, answer) == ["off by 30.0 %, judge 30.0 %"]
    assert POINTS.facts(goal, answer)["2"] == [0.4, 0.5]


def test_captions_are_compared_by_the_cosine():
    goal = CAPTIONS.goal(["hat"])
    assert CAPTIONS.figures(goal, np.array([3.0, 4.0])) == ["0.60"]
    assert CAPTIONS.facts(goal, np.array([3.0, 4.0])) == {"cosine": 0.6}
    assert CAPTIONS.figures(Goal(("",), np.zeros(2, np.float32)), np.array([3.0, 4.0])) == ["0.00"]
