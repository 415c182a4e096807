from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import ConfigError, DataError, ShapeError, UnknownName
from harness.plain import score_files
from harness.registry import registry

RANDOM = np.random.default_rng(3)
#: A square of 100 pixels; landmarks depend on keypoints, not quite linearly.
KEYPOINTS = {role: RANDOM.uniform(20, 80, (12, 3, 2)) for role in ("regress", "test")}
LANDMARKS = {
    role: np.concatenate([points[:, :2] + 3, np.sqrt(points[:, 1:] * 60)], axis=1)
    for role, points in KEYPOINTS.items()
}


@pytest.fixture
def score(tmp_path: Path) -> Any:
    def call(
        scale: float = 1 / 100,
        *,
        metric: str = "inter_ocular_error",
        drop: str = "",
        ours: dict[str, Any] | None = None,
        theirs: dict[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        mine = {f"{role}_keypoints": scale * p for role, p in KEYPOINTS.items()}
        true = {f"{role}_landmarks": scale * p for role, p in LANDMARKS.items()}
        for arrays, more in ((mine, ours), (true, theirs)):
            arrays.update(more or {})
            arrays.pop(drop, None)
        np.savez(tmp_path / "p.npz", **mine)
        np.savez(tmp_path / "t.npz", **true)
        values = {"settings": {}, "units": "fractions", **options}
        paths = (tmp_path / "p.npz", tmp_path / "t.npz")
        return score_files(metric, *paths, registry(), **values)

    return call


def by_hand(origin: float | None) -> float:
    """The inter-ocular error in pixels by plain least squares; no origin fits an intercept."""

    def rows(points: Any) -> Any:
        flat = points.reshape(len(points), -1) - (origin or 0.0)
        return np.hstack([flat, np.ones((len(flat), 1))]) if origin is None else flat

    weights = np.linalg.lstsq(rows(KEYPOINTS["regress"]), rows(LANDMARKS["regress"]), rcond=None)[0]
    fitted = rows(KEYPOINTS["test"]) @ weights
    found = fitted[:, :8].reshape(-1, 4, 2) + (origin or 0.0)
    truth = LANDMARKS["test"]
    gaps = np.linalg.norm(found - truth, axis=2).mean(1)
    return float(100 * (gaps / np.linalg.norm(truth[:, 0] - truth[:, 1], axis=1)).mean())


CONVENTIONS = [({}, 50.0), ({"origin": "corner"}, 0.0), ({"bias": True}, None)]


@pytest.mark.parametrize(("settings", "origin"), CONVENTIONS, ids=["centre", "corner", "bias"])
def test_fractions_and_pixels_give_the_error_computed_by_hand(
    score: Any, settings: dict[str, Any], origin: float | None
) -> None:
    expected = pytest.approx(by_hand(origin), rel=1e-5)  # arrays pass through float32
    assert score(settings=settings).value == expected
    sized = {**settings, "image_size": 100}
    assert score(1.0, units="pixels", settings=sized).value == expected
    in_file = score(1.0, units="pixels", settings=settings, theirs={"image_size": 100})
    assert in_file.value == expected


def test_corner_and_bias_need_no_image_size_and_leave_out_the_centre(score: Any) -> None:
    for settings, origin in CONVENTIONS[1:]:
        found = score(1.0, units="pixels", settings=settings)
        assert found.value == pytest.approx(by_hand(origin), rel=1e-4)
        assert "origin=centre" not in found.also


def test_centre_in_pixels_needs_the_image_size(score: Any) -> None:
    with pytest.raises(ConfigError, match="image_size=N"):
        score(1.0, units="pixels")
    with pytest.raises(ConfigError, match="image_size"):
        score(1.0, units="pixels", metric="landmark_error", settings={"origin": "corner"})
    for metric in ("bbc_pose_accuracy", "taichi_mae"):  # their values are in pixels of a frame
        with pytest.raises(ConfigError, match=f"{metric} in pixels needs the image size"):
            score(1.0, units="pixels", metric=metric, settings={"bias": True})


def test_oblong_pictures_keep_the_proportions_of_their_pixels(score: Any) -> None:
    """The centre of a 100 x 60 picture is (50, 30), and a pixel is as long in x as in y."""
    shift = np.array([0.0, 20.0])
    ours = {f"{role}_keypoints": p - shift for role, p in KEYPOINTS.items()}
    theirs = {f"{role}_landmarks": p - shift for role, p in LANDMARKS.items()}
    found = score(1.0, units="pixels", settings={"image_size": [100, 60]}, ours=ours, theirs=theirs)
    assert found.value == pytest.approx(by_hand(50.0), rel=1e-5)
    assert "origin=corner" not in found.also


def test_size_that_is_no_size_is_refused(score: Any) -> None:
    for size in ("large", [1, 2, 3], 0):
        with pytest.raises(ConfigError, match="image_size="):
            score(1.0, units="pixels", settings={"image_size": size})


def test_marked_landmarks_are_not_counted(score: Any) -> None:
    marked = LANDMARKS["test"].copy()
    marked[:, 3] = -1
    as_nan = np.where(marked == -1, np.nan, marked)
    options = {"units": "pixels", "settings": {"image_size": 100}}
    found = score(1.0, theirs={"test_landmarks": marked}, missing=-1.0, **options)
    assert found.value == score(1.0, theirs={"test_landmarks": as_nan}, **options).value
    assert found.value != score(1.0, theirs={"test_landmarks": marked}, **options).value
    hidden = np.ones((12, 4), dtype=bool)
    hidden[:, 3] = False
    assert found.value == score(1.0, theirs={"test_visible": hidden}, **options).value


def test_missing_keypoints_are_counted(score: Any) -> None:
    gaps = KEYPOINTS["test"] / 100
    gaps[0, 0] = np.nan
    found = score(ours={"test_keypoints": gaps})
    assert sum(count for reason, count in found.excluded.items() if "keypoints" in reason) == 1
    with pytest.raises(DataError, match="image size"):
        score(
            1.0,
            units="pixels",
            settings={"origin": "corner"},
            ours={"test_keypoints": 100 * gaps},
        )


def test_names_bring_predictions_into_order(score: Any) -> None:
    names = np.array([f"image {index}" for index in range(12)])
    order = np.arange(12)[::-1]
    shuffled = {"test_ids": names[order], "test_keypoints": KEYPOINTS["test"][order] / 100}
    assert score(ours=shuffled, theirs={"test_ids": names}).value == score().value
    assert score(ours=shuffled).value != score().value
    with pytest.raises(DataError, match="no images of this split"):
        score(ours={"test_ids": np.arange(12)}, theirs={"test_ids": names})


def test_named_landmarks_need_no_regressor(score: Any) -> None:
    truth = LANDMARKS["test"] / 100
    found = score(ours={"test_landmarks": truth}, drop="regress_landmarks")
    assert found.value == pytest.approx(0, abs=1e-4)


def test_masks_are_scored_too(score: Any) -> None:
    truth = np.zeros((12, 8, 8), dtype=bool)
    truth[:, :4] = True
    ours = np.zeros((12, 8, 8), dtype=np.uint8)
    ours[:, :2] = 3
    found = score(
        metric="foreground_iou", ours={"test_parts": ours}, theirs={"test_foreground": truth}
    )
    assert found.value == 0.5


def test_metric_without_its_arrays_says_what_is_missing(score: Any) -> None:
    assert "no parts" in score(metric="foreground_iou").missing


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ours": {"test_keypoints": np.zeros((11, 3, 2))}}, "p.npz has 11 images, t.npz has 12"),
        ({"ours": {"test_keypoints": np.zeros((12, 6))}}, r"expected \[N, K, 2\]"),
        ({"ours": {"test_ids": np.arange(3)}}, "differ in their number of images"),
    ],
    ids=["count", "form", "ids"],
)
def test_wrong_forms_are_named(score: Any, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ShapeError, match=sentence):
        score(**changes)


def test_pixels_given_as_fractions_are_noticed(score: Any) -> None:
    with pytest.raises(DataError, match="as fractions of width"):
        score(1.0)


def test_file_without_test_arrays_and_unknown_settings_are_refused(score: Any) -> None:
    with pytest.raises(DataError, match="no array"):
        score(drop="test_keypoints")
    with pytest.raises(UnknownName, match="Did you mean 'left_eye'"):
        score(settings={"left_ey": 0})


MASKS = np.zeros((12, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("side", "array", "kind", "words"),
    [
        ("ours", MASKS.astype(float), ShapeError, r"p\.npz: test_parts has .* type float64"),
        ("ours", MASKS + np.int64(300), DataError, r"p\.npz: test_parts goes from 300 to 300"),
        ("ours", MASKS - np.int64(1), DataError, "goes from -1 to -1"),
        ("ours", MASKS[..., 0], ShapeError, r"has shape \[12, 4\]"),
        ("theirs", np.full((12, 4, 4), "x"), ShapeError, r"t\.npz: test_parts has .* type <U1"),
        ("theirs", np.float32(1), ShapeError, r"t\.npz: .*parts is a single value"),
    ],
)
def test_masks_of_another_form_are_refused(
    score: Any, side: str, array: Any, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        score(**{side: {"test_parts": array}})


def test_visibility_of_another_form_is_refused(score: Any) -> None:
    assert score(theirs={"test_visible": np.ones((12, 4))}).value is not None
    with pytest.raises(ShapeError, match=r"t\.npz: test_visible has shape \[12\].*\[12, 4\]"):
        score(theirs={"test_visible": np.ones(12, bool)})
