"""The trained extractor on images whose labels are a patch's colour and place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.contract import Evaluation, Predicted, Samples
from harness.contract.arrays import Drawn
from harness.errors import DataError
from harness_metrics.features import face_attributes as module
from harness_metrics.features.choice import build_extractor
from harness_metrics.features.face_attributes import (
    FaceNet,
    changed,
    error,
    face_attributes,
    labelled,
    trained,
)
from harness_metrics.frechet_distance import FrechetDistance
from harness_metrics.params import FrechetParams

SIDE = module.SIDE
#: Enough updates to tell the patches apart.
STEPS = 40


def patches(count: int, seed: int) -> Samples:
    """Grey noise with a square that is red or blue (attribute 0) and large or small (1)."""
    random = np.random.default_rng(seed)
    images = random.integers(96, 160, (count, 3, SIDE, SIDE), dtype=np.uint8)
    attributes = random.integers(0, 2, (count, 2)).astype(np.float32)
    centres = random.integers(16, SIDE - 16, (count, 2))
    for image, (blue, large), (x, y) in zip(images, attributes.astype(int), centres, strict=True):
        half = 12 if large else 6
        image[:, y - half : y + half, x - half : x + half] = np.array(
            [[[20]], [[20]], [[230]]] if blue else [[[230]], [[20]], [[20]]]
        )
    return Samples(
        ids=[f"{seed}-{i}" for i in range(count)],
        images=images,
        landmarks=(centres[:, None] / SIDE).astype(np.float32),
        attributes=attributes,
    )


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    test, regress = patches(80, 1), patches(300, 0)
    return Evaluation(
        Predicted(ids=test.ids), test, regress=Predicted(ids=regress.ids), regress_truth=regress
    )


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS", STEPS)


@pytest.fixture(scope="module")
def state(evaluation: Evaluation) -> dict[str, np.ndarray]:
    return dict(trained(labelled(evaluation.regress_truth, "regress"), 0, STEPS))


@pytest.fixture
def known(state: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Training that has been done already; the seeds that are asked for."""
    seeds: list[int] = []

    def remembered(_: object, seed: int, __: int) -> dict[str, np.ndarray]:
        seeds.append(seed)
        return state

    monkeypatch.setattr(module, "trained", remembered)
    return seeds


def test_it_learns_what_the_labels_say(evaluation: Evaluation, known: list[int]) -> None:
    """Far above constant answers, of about 50 %, on images that it has not learned from."""
    extractor = face_attributes(evaluation)
    facts = extractor.facts
    assert facts["extractor: held-out attribute accuracy, %"] > 80
    constant = 100 * (evaluation.test_truth.attributes == 0).mean(axis=0)
    majority = evaluation.regress_truth.attributes.mean(axis=0) > 0.5
    expected = np.where(majority, 100 - constant, constant).mean()
    assert facts["extractor: accuracy of constant answers, %"] == pytest.approx(expected)
    assert facts["extractor: held-out landmark error, % of image edge"] < 15
    assert extractor.features(evaluation.test_truth.images).shape == (80, module.FEATURES)


def test_training_depends_on_the_seed_alone(evaluation: Evaluation) -> None:
    faces = labelled(evaluation.test_truth, "test")
    first = trained(faces, 0, 2)
    torch.rand(7)  # the global random state is another one from here on
    again, other = trained(faces, 0, 2), trained(faces, 1, 2)
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
    assert not np.array_equal(first["body.0.weight"], other["body.0.weight"])


def test_training_leaves_randomness_and_threads_alone(evaluation: Evaluation) -> None:
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    trained(labelled(evaluation.test_truth, "test"), 0, 1)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_it_is_trained_once_for_the_same_labels(
    evaluation: Evaluation, known: list[int], tmp_path: Path
) -> None:
    first, second = face_attributes(evaluation), face_attributes(evaluation)
    assert len(known) == 1
    images = evaluation.test_truth.images[:5]
    np.testing.assert_array_equal(first.features(images), second.features(images))
    assert first.identity == second.identity
    truth = evaluation.regress_truth
    flipped = replace(truth, attributes=1 - truth.attributes)
    face_attributes(replace(evaluation, regress_truth=flipped))
    moved = replace(truth, landmarks=truth.landmarks + 0.01)
    face_attributes(replace(evaluation, regress_truth=moved))
    face_attributes(evaluation, seed=3)
    assert known == [0, 0, 0, 3]
    assert len(list((tmp_path / "cache" / "face_attributes").glob("*.safetensors"))) == 4


def test_every_layer_gets_a_gradient() -> None:
    faces = labelled(patches(8, 0), "regress")
    net = FaceNet(2, 1)
    net.draw(torch.Generator().manual_seed(0))
    for layer in (net.attributes, net.landmarks):
        torch.nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(1))
    torch.autograd.backward(error(net, faces.images.float(), faces.attributes, faces.landmarks))
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_error_by_hand_leaves_out_what_is_unknown() -> None:
    """Start weights say 0 and the middle: log 2 for every known attribute, and the distance."""
    net = FaceNet(2, 2)
    net.draw(torch.Generator().manual_seed(0))
    nan = float("nan")
    attributes = torch.tensor([[1.0, nan], [0.0, 1.0]])
    landmarks = torch.tensor([[[0.6, 0.5], [nan, nan]], [[0.5, 0.5], [0.5, 0.2]]])
    got = error(net, torch.zeros(2, 3, SIDE, SIDE), attributes, landmarks)
    expected = np.log(2) + module.LANDMARKS * (0.1 + 0.3) / 6
    assert float(got.detach()) == pytest.approx(expected, rel=1e-5)


def test_shifted_images_keep_their_landmarks() -> None:
    """The bright pixel is where its landmark says, up to half a pixel."""
    images = np.zeros((30, 3, SIDE, SIDE), np.uint8)
    images[:, :, 20, 40] = 200
    landmarks = np.tile(np.float32([40.5, 20.5]) / SIDE, (30, 1, 1))
    faces = labelled(
        Samples(list("a" * 30), images, landmarks=landmarks, attributes=np.ones((30, 1))), "test"
    )
    shown, places = changed(faces, torch.arange(30), torch.Generator().manual_seed(0))
    found = shown[:, 0].flatten(1).argmax(dim=1)
    pixels = torch.stack([found % SIDE, found // SIDE], dim=1)
    torch.testing.assert_close(places[:, 0] * SIDE - 0.5, pixels.float(), atol=1e-4, rtol=0)
    assert len(pixels.unique(dim=0)) > 10
    assert len(shown.amax(dim=(1, 2, 3)).unique()) > 10


def test_invisible_landmarks_are_unknown() -> None:
    visible = np.ones((8, 1), bool)
    visible[3] = False
    faces = labelled(replace(patches(8, 0), visible=visible), "regress")
    assert faces.landmarks.isfinite().all(dim=(1, 2)).tolist() == visible[:, 0].tolist()


def test_larger_images_are_seen_at_the_same_size(evaluation: Evaluation, known: list[int]) -> None:
    extractor = face_attributes(evaluation)
    images = evaluation.test_truth.images[:4]
    large = images.repeat(2, axis=2).repeat(2, axis=3)
    got, expected = extractor.features(large), extractor.features(images)
    # Nearest enlargement and back is a slight blur: far nearer to itself than to other images.
    apart = np.linalg.norm(got[:, None] - expected[None], axis=2)
    others = apart[~np.eye(4, dtype=bool)]
    assert apart.diagonal().max() < 0.3 * others.min()


def test_distance_grows_with_what_is_wrong(evaluation: Evaluation, known: list[int]) -> None:
    """Real images of another seed, then with a share of them without patch."""
    kept = patches(200, 7).images
    empty = np.random.default_rng(0).integers(96, 160, kept.shape, dtype=np.uint8)

    def distance(share: float) -> float:
        made = np.concatenate([empty[: int(200 * share)], kept[int(200 * share) :]])

        def sample(count: int, seed: int):
            yield Drawn(made[:count], latents={})

        world = replace(evaluation, sample=sample, fit_images=evaluation.regress_truth.images)
        got = FrechetDistance(FrechetParams(count=200)).measure(world)
        assert got.details["extractor: held-out attribute accuracy, %"] > 80
        return got.value

    same, some, most = distance(0), distance(0.3), distance(0.9)
    assert 3 * same < some
    assert 2 * some < most


@pytest.mark.parametrize("role", ["regress", "test"])
def test_suite_without_attributes_has_no_such_extractor(role: str, evaluation: Evaluation) -> None:
    truth = getattr(evaluation, f"{role}_truth")
    without = replace(evaluation, **{f"{role}_truth": replace(truth, attributes=None)})
    with pytest.raises(DataError, match=f"the suite has none in the role '{role}'; choose another"):
        build_extractor("face_attributes", without)
    with pytest.raises(DataError, match="none in the role 'regress'"):
        face_attributes(replace(evaluation, regress_truth=None))
