"""`harness score` gives the documented figures of real landmark files, which lie elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from commands import InProcess
from trees import shared_data

from harness.registry import registry

Arrays = dict[str, Any]
Scored = Callable[..., dict[str, Any]]


@pytest.fixture
def scored(cli: InProcess, monkeypatch: pytest.MonkeyPatch) -> Scored:
    """The score that the command prints for arrays of predictions and of truth."""
    monkeypatch.delenv("HARNESS_PLUGINS")
    registry.cache_clear()

    def call(metric: str, ours: Arrays, theirs: Arrays, *words: str) -> dict[str, Any]:
        np.savez(cli.folder / "p.npz", **ours)
        np.savez(cli.folder / "t.npz", **theirs)
        files = ("--predictions", "p.npz", "--truth", "t.npz", "--json")
        done = cli("score", "--metric", metric, *files, *words)
        assert done.code == 0, done.err
        score: dict[str, Any] = json.loads(done.out)["scores"][0]
        return score

    return call


def replay(name: str) -> Arrays:
    """The arrays of a file, or a skipped test where it is absent."""
    with np.load(shared_data("replay") / name) as arrays:
        return {key: arrays[key] for key in arrays.files}


def constant(values: np.ndarray, count: int) -> np.ndarray:
    return np.broadcast_to(values, (count, *values.shape))


def known(points: np.ndarray) -> np.ndarray:
    """Points in float64, the missing ones NaN."""
    return np.where(points == -1, np.nan, points.astype(float))


PIXELS = ("--units", "pixels", "--missing", "-1", "--set", "image_size=256")


@pytest.mark.parametrize(
    ("file", "middle", "words", "expected"),
    [
        ("taichi_gt.npz", np.nanmean, (), 683.28),
        ("taichi_gt.npz", np.nanmedian, (), 678.70),
        ("taichi_gt.npz", np.nanmean, ("--set", "distance=euclidean"), 558.63),
        ("vox_gt.npz", np.nanmean, (), 2287.46),
    ],
    ids=["Taichi mean", "Taichi median", "Taichi mean, distances", "VoxCeleb mean"],
)
def test_constant_answer_has_its_known_sum(
    scored: Scored,
    file: str,
    middle: Callable[..., np.ndarray],
    words: tuple[str, ...],
    expected: float,
) -> None:
    arrays = replay(file)
    answer = middle(known(arrays["train_gt"]), axis=0)
    ours = {"test_landmarks": constant(answer, 300)}
    score = scored("taichi_mae", ours, {"test_landmarks": arrays["test_gt"]}, *PIXELS, *words)
    assert score["value"] == pytest.approx(expected, abs=5e-3)  # stated with two decimals
    gaps = np.abs(known(arrays["test_gt"]) - answer)
    terms = np.sqrt((gaps**2).sum(axis=2)) if words else gaps
    assert score["value"] == pytest.approx(np.nanmean(terms, axis=0).sum(), abs=1e-3)
    low, high = score["ci95"]
    assert low < expected < high


def test_keypoints_that_tell_nothing_reach_the_sum_of_the_mean(scored: Scored) -> None:
    """With its bias the regressor answers the mean of each joint over the images that show it."""
    arrays = replay("taichi_gt.npz")
    ours = {
        "regress_keypoints": np.full((5000, 10, 2), 77.0),
        "test_keypoints": np.full((300, 10, 2), 77.0),
    }
    theirs = {"regress_landmarks": arrays["train_gt"], "test_landmarks": arrays["test_gt"]}
    score = scored("taichi_mae", ours, theirs, *PIXELS)
    assert score["value"] == pytest.approx(683.284, abs=1e-3)
    assert score["excluded"]["landmarks: not visible"] == 377
    assert score["also"]["distance=euclidean"] == pytest.approx(558.63, abs=5e-3)


def test_joints_that_tell_themselves_have_no_error(scored: Scored) -> None:
    """Images with all joints alone, so that the keypoints hold what is asked for."""
    arrays = replay("taichi_gt.npz")
    whole = {
        role: arrays[f"{name}_gt"][(arrays[f"{name}_gt"] >= 0).all(axis=(1, 2))]
        for role, name in (("regress", "train"), ("test", "test"))
    }
    ours = {f"{role}_keypoints": 0.5 * points + 20 for role, points in whole.items()}
    theirs = {f"{role}_landmarks": points for role, points in whole.items()}
    assert scored("taichi_mae", ours, theirs, *PIXELS)["value"] == pytest.approx(0, abs=0.01)


@pytest.fixture
def mafl() -> tuple[Arrays, Arrays]:
    """Keypoints of a real model and landmarks of all MAFL, as (x, y) fractions of the crop."""
    arrays = replay("mafl_k10.npz")
    ours, theirs = {}, {}
    for role, name in (("regress", "train"), ("test", "test")):
        ours[f"{role}_keypoints"] = arrays[f"{name}_pred"][..., ::-1] + 0.5
        theirs[f"{role}_landmarks"] = arrays[f"{name}_gt"][..., ::-1] + 0.5
    return ours, theirs


def test_published_error_lies_in_the_interval(scored: Scored, mafl: tuple[Arrays, Arrays]) -> None:
    """The paper printed 3.46 for 10 keypoints on all 1,000 test images."""
    score = scored("inter_ocular_error", *mafl)
    assert score["value"] == pytest.approx(3.4815, abs=1e-3)
    assert score["ci95"] == pytest.approx([3.32, 3.67], abs=0.015)
    assert score["ci95"][0] < 3.46 < score["ci95"][1]
    assert score["also"]["origin=corner"] == pytest.approx(3.5618, abs=1e-3)
    assert score["also"]["bias=true"] == pytest.approx(3.2609, abs=1e-3)
    assert score["n"] == 1000


def test_other_corner_has_its_known_error(scored: Scored, mafl: tuple[Arrays, Arrays]) -> None:
    turned = [{name: 1 - points for name, points in arrays.items()} for arrays in mafl]
    score = scored("inter_ocular_error", *turned, "--set", "origin=corner")
    assert score["value"] == pytest.approx(3.5856, abs=1e-3)


@pytest.mark.parametrize(
    ("pixel", "expected"), [((80, 80), 8.43), ((142.4, 174.4), 8.89)], ids=["squeezed", "aligned"]
)
def test_mean_face_has_its_known_error(
    scored: Scored, mafl: tuple[Arrays, Arrays], pixel: tuple[float, float], expected: float
) -> None:
    """In the squeezed crop, and in pixels of the aligned image, which lie less dense across."""
    truth = {role: points * pixel for role, points in mafl[1].items()}
    answer = constant(truth["regress_landmarks"].mean(axis=0), 1000)
    theirs = {"test_landmarks": truth["test_landmarks"]}
    words = ("--units", "pixels", "--set", "origin=corner")
    score = scored("inter_ocular_error", {"test_landmarks": answer}, theirs, *words)
    assert score["value"] == pytest.approx(expected, abs=5e-3)
