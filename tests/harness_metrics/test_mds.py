from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError
from toy_edits import ToyEditing, painted, still, toward

from harness.contract import Evaluation, Measurement
from harness.errors import ConfigError, DataError, ShapeError
from harness_metrics import latent_edits
from harness_metrics.edit_params import MdsParams
from harness_metrics.mds import Mds, MdsGuide

#: Four starts of three attributes, each clear about every one.
CLEAR = np.array([[0.2, 0.8, 0.0], [0.8, 0.2, 0.2], [0.0, 0.0, 1.0], [1.0, 0.8, 0.8]])


def measure(evaluation: Evaluation, metric: type = Mds, **params: object) -> Measurement:
    return metric(MdsParams(**{"samples": 4, "levels": 6, **params})).measure(evaluation)


def careless(latents, wanted, strengths):
    """Takes all other attributes with it, each to its other side."""
    goal = np.where(np.isnan(wanted), latents < 0.5, wanted)
    return toward(latents, goal, strengths)


def broken_for_half(latents, wanted, strengths):
    path = toward(latents, wanted, strengths)
    path[1:, ::2] = np.nan
    return path


@pytest.mark.parametrize("metric", [Mds, MdsGuide])
def test_a_perfect_editor_scores_exactly_1(metric):
    got = measure(ToyEditing(CLEAR).evaluation(), metric)
    assert got.value == 1
    assert got.also == {"mds_cross": 1}
    assert (got.details["hat"], got.details["hat highest accuracy"]) == (1, 1)
    assert got.details["hat best disentanglement"] == 1
    assert got.details["hat others changed at accuracy .5"] == 0
    assert got.details["hat share of starts that show it"] == 0.5
    assert got.details["share of edits pulled back to it"] == 0
    assert got.excluded == {}
    assert got.per_image is None
    assert got.resampled == 4


@pytest.mark.parametrize("metric", [Mds, MdsGuide])
def test_an_editor_that_does_nothing_scores_0(metric):
    got = measure(ToyEditing(CLEAR, edit=still).evaluation(), metric)
    assert got.value == 0
    assert got.also == {"mds_cross": 0}
    assert np.isnan(got.details["smile best strength"])
    assert np.isnan(got.details["smile others changed at accuracy .5"])
    assert np.isnan(got.details["mean others changed at accuracy .5"])


def test_an_editor_that_changes_all_attributes_scores_one_half():
    """All eights and twos move at the same strengths: a curve from (0, 1) to (1, 0)."""
    starts = np.array([[0.2, 0.8, 0.2], [0.8, 0.2, 0.2], [0.2, 0.2, 0.8], [0.8, 0.8, 0.8]])
    got = measure(ToyEditing(starts, edit=careless).evaluation())
    assert got.value == pytest.approx(0.5)
    assert got.details["hat best disentanglement"] == 0
    assert got.details["hat others changed at accuracy .5"] == pytest.approx(0.5)
    assert got.details["mean highest accuracy"] == 1


def test_samples_are_edited_to_the_side_where_they_are_not():
    toy = ToyEditing(CLEAR)
    measure(toy.evaluation(), attributes=["smile"])
    ((starts, wanted, strengths),) = toy.asked
    np.testing.assert_array_equal(starts, CLEAR.astype(np.float32))
    np.testing.assert_array_equal(wanted[:, 1], [0, 1, 1, 0])
    assert np.isnan(wanted[:, [0, 2]]).all()
    assert strengths == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])


def test_half_way_edits_cross_the_middle_without_a_change():
    """From .2 to .6 and from .8 to .4 moves by .4 only."""
    starts = np.array([[0.2, 0.2], [0.8, 0.2], [0.2, 0.8], [0.8, 0.8]])

    def half(latents, wanted, strengths):
        return toward(latents, 0.4 + 0.2 * wanted, strengths)

    got = measure(ToyEditing(starts, edit=half).evaluation())
    assert got.value == 0
    assert got.also == {"mds_cross": 1}
    assert measure(ToyEditing(starts, edit=half).evaluation(), threshold=0.3).value == 1


def test_edits_that_are_not_finite_failed_and_changed_all_others():
    """Half of the samples succeed and half lose everything: the point (.5, .5)."""
    got = measure(ToyEditing(CLEAR, edit=broken_for_half).evaluation(), levels=2)
    assert got.value == pytest.approx(0.5 * (1 + 0.5) / 2)
    assert got.excluded == {"edits: not finite, counted as failed": 6}


def test_edits_beyond_the_longest_are_pulled_back_for_all_editors_alike():
    starts = np.array([[0.2, 0.2], [0.8, 0.2], [0.2, 0.8], [0.8, 0.8]])
    got = measure(ToyEditing(starts, radius=0.3).evaluation())
    assert got.value == 0
    assert got.details["longest edit"] == pytest.approx(0.45)
    assert got.details["share of edits pulled back to it"] == pytest.approx(3 / 6)
    assert measure(ToyEditing(starts, radius=0.3).evaluation(), longest=2).value == 1


def test_the_judge_scores_mds_and_the_guide_mds_guide():
    """An editor that changes only what the guide reads."""
    latents = np.hstack([CLEAR, CLEAR])

    def deceive(latents, wanted, strengths):
        path = np.stack([latents] * len(strengths))
        path[:, :, 3:] = toward(latents[:, 3:], wanted, strengths)
        return path

    toy = ToyEditing(
        latents,
        edit=deceive,
        judge=lambda numbers: numbers[:, :3],
        guide=lambda numbers: numbers[:, 3:6],
    )
    evaluation = toy.evaluation()
    assert measure(evaluation).value == 0
    assert measure(evaluation, MdsGuide).value == 1
    assert measure(evaluation).curve.x_label == "accuracy, by the judge"
    assert measure(evaluation, MdsGuide).curve.y_label == "disentanglement, by the guide"


def test_both_metrics_share_the_edits_of_one_evaluation():
    toy = ToyEditing(CLEAR)
    evaluation = toy.evaluation()
    for metric in (Mds, MdsGuide):
        measure(evaluation, metric)
    measure(evaluation, threshold=0.3)
    assert (len(toy.asked), toy.drawn) == (3, [(40, 0)])
    measure(evaluation, MdsGuide, longest=2)
    assert len(toy.asked) == 6
    measure(toy.evaluation(), seed=4)
    assert len(toy.asked) == 9
    assert toy.drawn[-1] == (40, 4)


def test_starts_on_which_the_oracles_disagree_are_passed_over():
    """The guide sees the first attribute wrongly in the second and third latent."""
    latents = np.vstack([CLEAR, CLEAR])

    def guide(numbers):
        seen = numbers[:, :3].copy()
        odd = (seen[:, 0] == 0.8) | (seen[:, 0] == 0)
        seen[odd, 0] = 1 - seen[odd, 0]
        return seen

    toy = ToyEditing(latents, guide=guide)
    got = measure(toy.evaluation())
    np.testing.assert_array_equal(toy.asked[0][0], latents[[0, 3, 4, 7]].astype(np.float32))
    np.testing.assert_array_equal(toy.asked[1][0], latents[:4].astype(np.float32))
    assert got.excluded == {"starts: judge and guide disagree, next one taken": 4}


def test_no_more_latents_are_looked_at_than_needed():
    toy = ToyEditing(np.vstack([CLEAR] * 5))
    measure(toy.evaluation(), attributes=["hat"], levels=2)
    assert sum(toy.rendered) == 4 + 2 * 4


def test_an_attribute_with_too_few_starts_is_left_out_and_counted():
    latents = np.vstack([CLEAR] * 3)

    def guide(numbers):
        return np.column_stack([1 - numbers[:, 0], numbers[:, 1:3]])

    toy = ToyEditing(latents, guide=guide)
    got = measure(toy.evaluation())
    reason = "attributes: too few starts on which judge and guide agree"
    assert got.value == 1
    assert got.excluded == {reason: 1}
    assert np.isnan(got.details["hat"])
    assert list(got.curve.lines)[:2] == ["smile", "beard"]
    alone = measure(toy.evaluation(), attributes=["hat"])
    assert np.isnan(alone.value)
    assert alone.excluded == {reason: 1}


def test_the_pool_bounds_the_latents_that_are_drawn():
    toy = ToyEditing(np.vstack([CLEAR] * 3))
    measure(toy.evaluation(), pool=2, samples=3)
    assert toy.drawn == [(6, 0)]


def test_a_resample_of_all_positions_is_the_value_and_of_one_that_of_the_sample():
    toy = ToyEditing(CLEAR, edit=broken_for_half)
    got = measure(toy.evaluation())
    assert got.resample(np.arange(4)) == got.value
    assert got.resample(np.array([2, 0, 3, 1])) == got.value
    assert got.resample(np.array([1, 1, 1, 1])) == 1
    assert got.resample(np.array([0, 0, 0, 0])) == 0


def test_the_order_of_attributes_and_test_images_changes_nothing():
    labels = np.array([[0, 1, 0], [1, 0, 1], [1, 1, 0]], np.float32)
    truth = {"ids": ["a", "b", "c"], "images": painted(labels * 0.6), "attributes": labels}
    turned = {name: value[::-1] for name, value in truth.items()}
    toy = ToyEditing(CLEAR, edit=broken_for_half)
    one = measure(toy.evaluation(**truth))
    other = measure(toy.evaluation(**turned), attributes=["beard", "hat", "smile"])
    assert one.value == pytest.approx(other.value, abs=1e-15)
    for name, value in one.details.items():
        assert other.details[name] == pytest.approx(value, nan_ok=True), name


def test_pieces_of_images_change_nothing(monkeypatch):
    toy = ToyEditing(CLEAR, edit=broken_for_half)
    whole = measure(toy.evaluation())
    monkeypatch.setattr(latent_edits, "CHUNK", 5)
    assert measure(toy.evaluation()).details == pytest.approx(whole.details, nan_ok=True)
    assert max(toy.rendered[len(toy.rendered) // 2 :]) <= 5


def test_the_oracles_own_accuracy_is_balanced_over_both_labels():
    """The judge says no to one of three smiles; the guide has never seen one, nor a hat."""
    labels = np.array([[1, 1], [0, 1], [1, 1], [0, 0], [np.nan, 0]], np.float32)
    numbers = np.array([[0.8, 0.8], [0.2, 0.8], [0.8, 0.2], [0.2, 0.2], [0.8, 0.2]])
    toy = ToyEditing(CLEAR[:, :2], guide=lambda numbers: 0.4 * numbers[:, :2])
    got = measure(
        replace(
            toy.evaluation(ids=list("abcde"), images=painted(numbers), attributes=labels),
        ),
        samples=2,
        attributes=["smile"],
    ).details
    assert got["hat balanced accuracy of judge"] == 1
    assert got["smile balanced accuracy of judge"] == pytest.approx((2 / 3 + 1) / 2)
    assert got["mean balanced accuracy of judge"] == pytest.approx((1 + 5 / 6) / 2)
    assert got["smile balanced accuracy of guide"] == 0.5
    assert got["hat balanced accuracy of guide"] == 0.5


def test_an_attribute_with_one_label_in_test_has_no_oracle_accuracy():
    labels = np.array([[1, 1, 0], [1, 0, 1]], np.float32)
    truth = {"ids": ["a", "b"], "images": painted(labels), "attributes": labels}
    got = measure(ToyEditing(CLEAR).evaluation(**truth)).details
    assert np.isnan(got["hat balanced accuracy of guide"])
    assert got["mean balanced accuracy of guide"] == 1


def test_the_curve_has_a_line_an_attribute_as_far_as_it_gets():
    def weak_smiles(latents, wanted, strengths):
        """Half of the samples keep their smile."""
        path = toward(latents, wanted, strengths)
        path[:, :2, 1] = latents[:2, 1]
        return path

    curve = measure(ToyEditing(CLEAR, edit=weak_smiles).evaluation()).curve
    np.testing.assert_array_equal(curve.x, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_array_equal(curve.lines["hat"], [1, 1, 1, 1, 1])
    np.testing.assert_array_equal(curve.lines["smile"], [1, 1, 1, np.nan, np.nan])
    mean = curve.lines["mean, as far as all get"]
    np.testing.assert_array_equal(mean, [1, 1, 1, np.nan, np.nan])


def test_the_metric_of_one_attribute_is_undefined():
    got = measure(ToyEditing(CLEAR[:, :1]).evaluation())
    assert np.isnan(got.value)
    assert got.excluded == {"attributes: no other one that could change": 1}


def test_an_unknown_attribute_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"mds: the dataset has no attribute 'smyle'\. Did"):
        measure(ToyEditing(CLEAR).evaluation(), attributes=["smyle"])
    with pytest.raises(ConfigError, match=r"mds_guide: .* Did you mean 'hat'\?"):
        measure(ToyEditing(CLEAR).evaluation(), MdsGuide, attributes=["hatt"])


def test_another_method_is_refused():
    evaluation = replace(ToyEditing(CLEAR).evaluation(), editing=None)
    with pytest.raises(DataError, match="mds scores editors of latents, and the method is none"):
        measure(evaluation)


def test_oracles_of_keypoints_are_refused():
    with pytest.raises(DataError, match="mds_guide scores edits of conditions 'attributes'"):
        measure(ToyEditing(CLEAR, conditions="keypoints").evaluation(), MdsGuide)


def test_logits_are_refused():
    toy = ToyEditing(CLEAR, judge=lambda numbers: 4 * numbers[:, :3])
    with pytest.raises(DataError, match=r"The judge answers 3\.2 to an image, expected"):
        measure(toy.evaluation())


def test_answers_that_are_no_numbers_are_refused():
    toy = ToyEditing(CLEAR, guide=lambda numbers: numbers[:, :3] * np.nan)
    with pytest.raises(DataError, match="The guide answers nan to an image"):
        measure(toy.evaluation())


def test_oracles_of_other_attributes_are_refused():
    evaluation = ToyEditing(CLEAR).evaluation(attribute_names=("hat", "smile"))
    with pytest.raises(ShapeError, match="The judge answers 3 attributes, and the dataset has 2"):
        measure(evaluation)


@pytest.mark.parametrize(
    "params", [{"samples": 1}, {"levels": 1}, {"longest": 0}, {"threshold": 1}, {"pool": 0}]
)
def test_parameters_out_of_range_are_refused(params):
    with pytest.raises(ValidationError):
        MdsParams(**params)
