from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from toy_plugin.data import ToyDataset
from toy_plugin.options import ToyData
from toy_world import Toy

from harness.contract import Evaluation, Predicted
from harness.errors import AssetMissing, ConfigError, UnknownName
from harness.record import Score
from harness.scoring import resolved_uses, score_evaluation
from harness.suite import MetricUse, load_suite

X = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.9], dtype=np.float32)


def evaluation(**changes: Any) -> Evaluation:
    truth = ToyDataset(None, ToyData()).read("test", range(6), 16)
    points = np.stack([X, X], axis=-1)[:, None].repeat(2, axis=1)
    predicted = Predicted(ids=truth.ids, keypoints=points, part_labels=truth.parts)
    given = {"test": predicted, "test_truth": truth, "regress": predicted, "regress_truth": truth}
    return Evaluation(**{**given, **changes})


def score(toy: Toy, metric: str, made: Evaluation, **params: Any) -> Score:
    return score_evaluation([MetricUse(name=metric, params=params)], made, toy.known).scores[0]


def test_a_score_has_value_unit_direction_and_parameters(toy: Toy) -> None:
    got = score(toy, "toy_spread", evaluation(), scale=2.0)
    assert got.value == pytest.approx(0.8)
    assert (got.unit, got.direction, got.version, got.n) == ("fraction", "lower", 1, 6)
    assert got.params == {"scale": 2.0}
    assert got.missing == ""


def test_other_conventions_and_details_stand_beside_the_value(toy: Toy) -> None:
    got = score(toy, "toy_spread", evaluation(), scale=2.0)
    assert got.also == {"unscaled": pytest.approx(0.4), "nothing": None}
    assert got.details == {"first": pytest.approx(0.1), "nothing": None}


def test_the_interval_holds_the_value_and_shrinks_with_the_scale(toy: Toy) -> None:
    wide = score(toy, "toy_spread", evaluation(), scale=2.0)
    narrow = score(toy, "toy_spread", evaluation(), scale=1.0)
    assert wide.ci95 is not None
    assert narrow.ci95 is not None
    assert wide.ci95[0] < 0.8 < wide.ci95[1]
    assert wide.ci95 == pytest.approx([2 * end for end in narrow.ci95])


def test_the_interval_of_a_seed_is_always_the_same(toy: Toy) -> None:
    uses = [MetricUse(name="toy_spread")]
    first, second, other = (
        score_evaluation(uses, evaluation(), toy.known, seed=seed).scores[0].ci95
        for seed in (1, 1, 2)
    )
    assert first == second != other


def test_images_left_out_are_counted_by_reason(toy: Toy) -> None:
    got = score(toy, "toy_distance", evaluation())
    assert got.n == 5
    assert got.excluded == {"first image": 1}


def test_values_per_image_are_kept_under_the_name_of_the_metric(toy: Toy) -> None:
    uses = [MetricUse(name="toy_spread"), MetricUse(name="toy_pooled")]
    scored = score_evaluation(uses, evaluation(), toy.known)
    scores, per_image = scored.scores, scored.per_image
    assert [s.per_image for s in scores] == ["toy_spread", None]
    np.testing.assert_allclose(per_image.pop("toy_spread"), X, rtol=1e-6)
    assert per_image == {}


def test_a_metric_that_is_no_mean_is_computed_anew_for_its_interval(toy: Toy) -> None:
    got = score(toy, "toy_pooled", evaluation())
    assert got.value == pytest.approx(0.35)
    assert got.n == 6
    assert got.ci95 is not None
    assert 0.1 <= got.ci95[0] < 0.35 < got.ci95[1] <= 0.9


def test_an_undefined_value_is_null_with_a_reason(toy: Toy) -> None:
    got = score(toy, "toy_undefined", evaluation())
    assert (got.value, got.ci95, got.n) == (None, None, 0)
    assert got.missing == "undefined: nothing could be counted"


def without_prediction(**fields: Any) -> Evaluation:
    made = evaluation()
    return replace(made, test=replace(made.test, **fields))


def without_truth(**fields: Any) -> Evaluation:
    made = evaluation()
    return replace(made, test_truth=replace(made.test_truth, **fields))


@pytest.mark.parametrize(
    ("metric", "made", "reason"),
    [
        ("toy_spread", without_prediction(keypoints=None), "the method finds no keypoints"),
        ("toy_overlap", without_prediction(part_labels=None), "the method finds no parts"),
        ("toy_distance", without_truth(landmarks=None), "the dataset has no landmarks"),
        ("toy_overlap", without_truth(foreground=None), "the dataset has no foreground masks"),
        ("toy_labels", without_truth(parts=None), "the dataset has no part labels"),
        ("toy_drawn", evaluation(), "the method generates no images"),
        (
            "toy_drawn",
            evaluation(sample=lambda count, seed: iter(())),
            "the method draws no images from changed latents",
        ),
        (
            "toy_learned",
            evaluation(),
            "the images that the method learned on are not known",
        ),
        (
            "toy_distance",
            evaluation(regress=None, regress_truth=None),
            "the dataset has no labelled images for the regressor",
        ),
    ],
    ids=[
        *("keypoints", "parts", "landmarks", "foreground", "labels"),
        *("samples", "render", "fit images", "regressor"),
    ],
)
def test_a_metric_that_does_not_apply_says_why(
    toy: Toy, metric: str, made: Evaluation, reason: str
) -> None:
    got = score(toy, metric, made)
    assert (got.value, got.n, got.missing) == (None, 0, reason)


def test_named_landmarks_stand_in_for_keypoints_and_need_no_regressor(toy: Toy) -> None:
    made = without_prediction(keypoints=None, landmarks=np.full((6, 2, 2), 0.5, np.float32))
    got = score(toy, "toy_distance", replace(made, regress=None, regress_truth=None))
    assert got.missing == ""
    assert got.value is not None


def test_named_landmarks_are_no_keypoints(toy: Toy) -> None:
    made = without_prediction(keypoints=None, landmarks=np.full((6, 2, 2), 0.5, np.float32))
    assert score(toy, "toy_spread", made).missing == "the method finds no keypoints"


def test_scores_stand_in_the_order_asked_for(toy: Toy) -> None:
    names = ["toy_pooled", "toy_spread", "toy_overlap"]
    uses = [MetricUse(name=n) for n in names]
    scores = score_evaluation(uses, evaluation(), toy.known).scores
    assert [s.metric for s in scores] == names


def test_an_optional_metric_may_miss_weights_and_says_which(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_: object) -> None:
        raise AssetMissing("Get big.pth from its home.")

    monkeypatch.setattr("toy_plugin.metrics.Overlap.measure", measure)
    uses = [MetricUse(name=name) for name in ("toy_overlap", "toy_spread")]
    got = score_evaluation(uses, evaluation(), toy.known, optional={"toy_overlap"})
    assert [s.metric for s in got.scores] == ["toy_spread"]
    assert got.unmeasured == {"toy_overlap": "Get big.pth from its home."}
    with pytest.raises(AssetMissing, match=r"Get big\.pth"):
        score_evaluation(uses, evaluation(), toy.known, optional={"toy_spread"})


def test_parameters_of_a_suite_are_filled_in(toy: Toy) -> None:
    suite = load_suite(toy.known.suites.get(toy.suite()).spec)
    resolved = resolved_uses(suite, toy.known)
    assert [params.model_dump() for _, _, params in resolved] == [{"scale": 1.0}, {}, {}]


def test_two_views_of_one_thing_have_the_same_parameters(toy: Toy) -> None:
    def resolved(**params: dict[str, bool]) -> int:
        toy.suite(metrics=[{"name": f"toy_{k}", "params": v} for k, v in params.items()])
        return len(resolved_uses(load_suite(toy.known.suites.get("toy").spec), toy.known))

    assert resolved(undefined={}, labels={"crash": False}) == 2
    assert resolved(labels={"crash": True}) == 1
    with pytest.raises(ConfigError) as caught:
        resolved(labels={"crash": True}, undefined={})
    assert str(caught.value) == (
        "Suite 'toy': toy_labels and toy_undefined are two views of the same thing and must have "
        "the same parameters; they differ in crash."
    )


@pytest.mark.parametrize(
    ("use", "kind", "words"),
    [
        ({"name": "toy_spraed"}, UnknownName, "'toy_spraed'"),
        ({"name": "toy_spread", "params": {"scael": 1}}, UnknownName, "metric toy_spread: .*scael"),
        ({"name": "toy_spread", "params": {"scale": "x"}}, ConfigError, "metric toy_spread: scale"),
    ],
    ids=["metric", "parameter", "value"],
)
def test_a_wrong_metric_or_parameter_is_named(
    toy: Toy, use: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        score_evaluation([MetricUse(**use)], evaluation(), toy.known)
