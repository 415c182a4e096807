import numpy as np
import pytest
from toy_edits import ToyEditing, painted, still, toward

from harness.contract import Evaluation, Measurement
from harness.errors import DataError, ShapeError
from harness_metrics.caption_edit_similarity import CaptionEditSimilarity
from harness_metrics.edit_params import LatentEditParams

#: Latents are the embedding itself: a unit vector in the quarter plane.
STARTS = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [0.8, 0.6]])
VECTORS = {"right": (1.0, 0.0), "up": (0.0, 1.0), "between": (0.6, 0.8)}
TRUTH = {
    "ids": ["c", "a", "b"],
    "images": painted(np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])),
    "captions": ["right", "up", "between"],
}


def encode(captions):
    return np.array([VECTORS[caption] for caption in captions], np.float32)


def toy(**settings: object) -> ToyEditing:
    given = {"conditions": "embedding", "encode": encode, **settings}
    return ToyEditing(STARTS, **given)


def measure(evaluation: Evaluation, **params: object) -> Measurement:
    given = LatentEditParams(**{"samples": 3, "levels": 5, **params})
    return CaptionEditSimilarity(given).measure(evaluation)


def wanted_of(made: ToyEditing) -> np.ndarray:
    return made.asked[-1][1]


def test_an_editor_that_gets_everywhere_has_cosine_1():
    made = toy()
    got = measure(made.evaluation(**TRUTH))
    before = (STARTS[:3] * wanted_of(made)).sum(axis=1).mean()
    assert got.value == pytest.approx(1, abs=1e-6)
    assert got.also["before editing"] == pytest.approx(before, abs=1e-6)
    assert got.also["by the guide"] == pytest.approx(1, abs=1e-6)
    assert got.details["share of the way"] == pytest.approx(1)
    assert got.details["best strength"] == 1
    assert got.resampled == 3
    assert got.curve.lines["judge"][0] == pytest.approx(before, abs=1e-6)


def test_an_editor_that_does_nothing_keeps_the_cosine():
    got = measure(toy(edit=still).evaluation(**TRUTH))
    assert got.value == pytest.approx(got.also["before editing"])
    assert got.details["share of the way"] == pytest.approx(0, abs=1e-6)


def test_one_image_for_every_caption_is_as_near_to_other_captions():
    def same(latents, wanted, strengths):
        path = still(latents, wanted, strengths)
        path[1:] = (0.6, 0.8)
        return path

    got = measure(toy(edit=same).evaluation(**TRUTH))
    assert got.value == pytest.approx(np.mean([0.6, 0.8, 1]), abs=1e-6)
    assert got.details["with the next sample's caption"] == pytest.approx(got.value)
    best = measure(toy().evaluation(**TRUTH)).details
    assert best["with the next sample's caption"] == pytest.approx(np.mean([0.6, 0.8, 0]), abs=1e-6)


def test_length_of_an_answer_does_not_count():
    got = measure(toy(judge=lambda numbers: 3 * numbers[:, :2]).evaluation(**TRUTH))
    assert got.value == pytest.approx(1, abs=1e-6)


def test_each_caption_is_taken_once_while_there_are_enough():
    made = toy()
    measure(made.evaluation(**TRUTH))
    taken = wanted_of(made)[np.argsort(wanted_of(made)[:, 0])]
    np.testing.assert_allclose(taken, [(0, 1), (0.6, 0.8), (1, 0)], atol=1e-6)
    measure(made.evaluation(**TRUTH), samples=4)
    assert len(wanted_of(made)) == 4


def test_captions_follow_from_the_seed_and_not_from_the_order_of_the_images():
    made = toy()
    turned = {name: value[::-1] for name, value in TRUTH.items()}
    chosen = []
    for truth, seed in ((TRUTH, 0), (turned, 0), (TRUTH, 1), (TRUTH, 2), (TRUTH, 3)):
        measure(made.evaluation(**truth), samples=2, seed=seed)
        chosen.append(wanted_of(made).round(1).tolist())
    assert chosen[0] == chosen[1]
    assert any(chosen[0] != other for other in chosen[2:])


def test_the_oracles_are_measured_by_test_images_and_their_captions():
    """The guide sees every image as the caption 'right'."""
    made = toy(guide=lambda numbers: np.tile([1.0, 0.0], (len(numbers), 1)))
    got = measure(made.evaluation(**TRUTH)).details
    assert got["judge, test images and their captions"] == pytest.approx(1, abs=1e-6)
    assert got["judge, test images and other captions"] == pytest.approx(
        np.mean([0.6, 0.8, 0]), abs=1e-6
    )
    for which in ("their", "other"):
        assert got[f"guide, test images and {which} captions"] == pytest.approx(
            np.mean([1, 0, 0.6]), abs=1e-6
        )


def test_an_edit_that_is_not_finite_counts_as_not_made():
    def broken(latents, wanted, strengths):
        path = toward(latents, wanted, strengths)
        path[1:, 0] = np.nan
        return path

    made = toy(edit=broken)
    got = measure(made.evaluation(**TRUTH))
    kept = float(STARTS[0] @ wanted_of(made)[0])
    assert got.value == pytest.approx((kept + 2) / 3, abs=1e-6)
    assert got.excluded == {"edits: not finite, counted as not made": 4}
    assert got.resample(np.array([0, 0, 0])) == pytest.approx(kept, abs=1e-6)
    assert got.resample(np.arange(3)) == got.value


def test_images_without_captions_are_refused():
    truth = {**TRUTH, "captions": None}
    with pytest.raises(DataError, match="no captions, which caption_edit_similarity needs"):
        measure(toy().evaluation(**truth))


def test_a_judge_that_encodes_no_captions_is_refused():
    with pytest.raises(DataError, match="the judge of this suite encodes none"):
        measure(toy(encode=None).evaluation(**TRUTH))


def test_captions_of_another_length_are_refused():
    made = toy(encode=lambda captions: np.ones((len(captions), 5), np.float32))
    with pytest.raises(ShapeError, match="answer images with 2 numbers, and captions are encoded "):
        measure(made.evaluation(**TRUTH))


def test_answers_that_are_not_finite_are_refused():
    made = toy(guide=lambda numbers: numbers[:, :2] * np.nan)
    with pytest.raises(DataError, match="The guide answers an image with numbers that are not fin"):
        measure(made.evaluation(**TRUTH))


def test_oracles_of_attributes_are_refused():
    with pytest.raises(DataError, match=r"caption_edit_similarity scores .*; score it by mds"):
        measure(ToyEditing(STARTS).evaluation(**TRUTH))
