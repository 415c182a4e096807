"""What oracles say after learning, and that it can be differentiated."""

import numpy as np
import pytest
import torch

from harness.errors import UserError

KINDS = ("attributes", "keypoints", "captions")


def floats(samples, count=None):
    return torch.from_numpy(samples.images[:count]).float() / 127.5 - 1.0


def answers(oracle, samples):
    with torch.no_grad():
        return oracle.answer(floats(samples)).numpy()


@pytest.mark.parametrize(
    ("kind", "conditions", "size"),
    [("attributes", "attributes", 2), ("keypoints", "keypoints", 4), ("captions", "embedding", 64)],
)
def test_answers_have_the_form_of_their_conditions(learned, others, kind, conditions, size):
    got = learned[kind].answer(floats(others))
    assert learned[kind].conditions == conditions
    assert (got.shape, got.dtype) == ((200, size), torch.float32)


@pytest.mark.parametrize("network", ["plain", "residual"])
def test_attributes_of_other_images_are_told(learned, fitted, others, network):
    oracle = learned["attributes"] if network == "plain" else fitted("attributes", network=network)
    got = answers(oracle, others)
    assert got.min() >= 0
    assert got.max() <= 1
    right = (got > 0.5) == (others.attributes > 0.5)
    assert right.mean() > 0.9


def test_landmarks_of_other_images_are_found(learned, others):
    points = answers(learned["keypoints"], others).reshape(-1, 2, 2)
    apart = np.linalg.norm(points - others.landmarks, axis=2)
    by_the_mean = np.linalg.norm(others.landmarks - others.landmarks.mean(axis=0), axis=2)
    assert apart.mean() < 0.3 * by_the_mean.mean()


def test_captions_of_other_images_are_the_nearest(learned, others):
    oracle = learned["captions"]
    got = answers(oracle, others)
    assert np.linalg.norm(got, axis=1) == pytest.approx(np.ones(200), abs=1e-5)
    different = sorted(set(others.captions))
    assert len(different) == 4
    nearest = (got @ oracle.encode(different).numpy().T).argmax(axis=1)
    right = [different[place] == text for place, text in zip(nearest, others.captions, strict=True)]
    assert np.mean(right) > 0.85


def test_captions_are_encoded_to_vectors_of_length_1(learned):
    got = learned["captions"].encode(["a disc", "", "ein Gesicht mit Hut"])
    assert (got.shape, got.dtype) == ((3, 64), torch.float32)
    assert got.norm(dim=1).tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("kind", ["attributes", "keypoints"])
def test_other_oracles_know_no_captions(learned, kind):
    message = f"{kind[:-1]}_oracle answers with {kind} and knows no captions; let a caption_oracle"
    with pytest.raises(UserError, match=message):
        learned[kind].encode(["a disc"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("network", ["plain", "residual"])
def test_gradients_reach_the_images(oracle, truth, kind, network):
    """Against differences along a direction, in float64; the network is drawn, not learned."""
    from harness_editing.oracles.networks import build_network

    made = oracle(kind, network=network)
    with torch.random.fork_rng():
        torch.random.manual_seed(3)
        made.network = build_network(made.settings, 16, 4).double().eval()
        images = floats(truth, 3).double() + 0.01 * torch.randn(3, 3, 16, 16).double()
        direction = torch.randn_like(images)
        weights = torch.randn(3, 4).double()
    images.requires_grad_()
    (gradient,) = torch.autograd.grad((made.answer(images) * weights).sum(), images)
    # So small a step that hardly any of the many ReLUs has its corner in between.
    step = 1e-6
    with torch.no_grad():
        up, down = (made.answer(images + sign * step * direction) for sign in (1, -1))
    expected = float(((up - down) * weights).sum() / (2 * step))
    assert float((gradient * direction).sum()) == pytest.approx(expected, rel=1e-3)
    assert (gradient.flatten(1).norm(dim=1) > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_answers_do_not_depend_on_the_other_images_of_a_batch(learned, others, kind):
    images = floats(others, 8)
    learned[kind].network.train()
    together = learned[kind].answer(images)
    assert torch.allclose(learned[kind].answer(images[3:4]), together[3:4], atol=1e-5)
