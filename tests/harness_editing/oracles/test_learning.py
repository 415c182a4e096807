"""What oracles learn from: known labels alone, moved with their images, and from one seed."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from drawn_discs import draw_discs
from killed_run import Killed, fitted_in
from memory_run import MemoryRun

from harness.errors import DataError, RecordError, RunError
from harness.training import TrainingRun
from harness.training.images import resize_images
from harness_editing.oracles.supervised import rate_share

KINDS = ("attributes", "keypoints", "captions")


@pytest.fixture
def mixed(truth):
    """The first 40 images, some labels of which are unknown."""
    samples = truth.take(range(40))
    attributes, visible = samples.attributes.copy(), samples.visible.copy()
    attributes[5:, 0] = np.nan
    visible[5:, 0] = False
    captions = [*samples.captions[:5], *(" ",) * 35]
    return dataclasses.replace(samples, attributes=attributes, visible=visible, captions=captions)


def test_cross_entropy_is_the_mean_over_known_attributes(oracle):
    logits = torch.tensor([[0.0, 2.0], [-1.0, 3.0]])
    wanted = torch.tensor([[1.0, math.nan], [0.0, 1.0]])
    terms = [math.log(2), math.log(1 + math.exp(-1)), math.log(1 + math.exp(-3))]
    got = oracle("attributes").loss(logits, wanted)
    assert float(got) == pytest.approx(sum(terms) / 3)


def test_landmark_loss_is_the_mean_distance_along_an_axis_in_quarters_of_the_edge(oracle):
    made = oracle("keypoints")
    outputs = torch.tensor([[0.0, 0.4, -0.8, 1.0]])
    assert made.conditions_of(outputs).tolist() == [pytest.approx([0.5, 0.6, 0.3, 0.75])]
    wanted = torch.tensor([[0.6, 0.6, math.nan, math.nan]])
    assert float(made.loss(outputs, wanted)) == pytest.approx(4 * (0.1 + 0.0) / 2)


def test_caption_loss_is_1_minus_the_cosine_over_known_captions(oracle):
    outputs = torch.tensor([[3.0, 4.0], [1.0, 1.0]])
    wanted = torch.tensor([[1.0, 0.0], [math.nan, math.nan]])
    assert float(oracle("captions").loss(outputs, wanted)) == pytest.approx(0.4)


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_labels_give_no_gradient(oracle, truth, mixed, kind):
    made = oracle(kind)
    wanted = made.targets(mixed)
    outputs = torch.ones_like(wanted).requires_grad_()
    made.loss(outputs, wanted).backward()
    assert torch.equal(outputs.grad[~wanted.isfinite()], torch.zeros(int(wanted.isnan().sum())))
    assert outputs.grad.isfinite().all()
    assert outputs.grad[wanted.isfinite()].ne(0).any()
    everything = made.targets(truth.take(range(40)))
    assert everything.isfinite().all()
    assert torch.equal(everything[wanted.isfinite()], wanted[wanted.isfinite()])
    assert (~wanted.isfinite()).sum() in (35, 70, 35 * 64)


@pytest.mark.parametrize("kind", KINDS)
def test_batch_without_a_known_label_changes_nothing_but_is_no_error(oracle, kind):
    outputs = torch.ones(3, 4).requires_grad_()
    loss = oracle(kind).loss(outputs, torch.full((3, 4), math.nan))
    loss.backward()
    assert loss.item() == 0
    assert not outputs.grad.any()


@pytest.mark.parametrize("kind", KINDS)
def test_partly_unknown_labels_train_to_finite_weights(fitted, mixed, kind):
    state = fitted(kind, samples=mixed, steps=3).state_dict()
    assert all(value.isfinite().all() for value in state.values())


def test_landmarks_move_with_their_image_and_other_targets_stay(oracle):
    wanted = torch.tensor([[0.5, 0.25, math.nan, 1.0]])
    moves = torch.tensor([[0.125, -0.25]])
    moved = oracle("keypoints").moved(wanted, moves)
    assert moved.nan_to_num(-1.0).tolist() == [[0.625, 0.0, -1.0, 0.75]]
    for kind in ("attributes", "captions"):
        assert oracle(kind).moved(wanted, moves) is wanted


def test_hidden_landmarks_count_as_unknown(oracle, truth):
    visible = truth.visible.copy()
    visible[3, 1] = False
    samples = dataclasses.replace(truth, visible=visible)
    unknown = ~oracle("keypoints").targets(samples).isfinite()
    assert unknown.nonzero().tolist() == [[3, 2], [3, 3]]
    without = oracle("keypoints").targets(dataclasses.replace(truth, visible=None))
    assert without.isfinite().all()


def test_labels_are_not_changed(oracle, truth):
    before = truth.landmarks.copy()
    visible = np.zeros_like(truth.visible)
    oracle("keypoints").targets(dataclasses.replace(truth, visible=visible))
    assert np.array_equal(truth.landmarks, before)


@pytest.mark.parametrize(
    ("kind", "label"),
    [("attributes", "attributes"), ("keypoints", "landmarks"), ("captions", "captions")],
)
def test_missing_labels_are_named_before_anything_is_trained(oracle, unused, truth, kind, label):
    run = MemoryRun()
    run.labelled = dataclasses.replace(truth, **{label: None})
    name = oracle(kind).owner
    with pytest.raises(DataError, match=f"^{name} learns from {label}, which the labelled images"):
        oracle(kind).fit(unused, run)
    assert run.loops == []


@pytest.mark.parametrize("none", [True, False], ids=["no role", "an empty one"])
def test_run_without_labelled_images_is_refused(oracle, unused, truth, none):
    run = MemoryRun()
    run.labelled = None if none else truth.take([])
    message = "attribute_oracle needs labelled images: the suite has no split of role 'regress'"
    with pytest.raises(DataError, match=message):
        oracle("attributes").fit(unused, run)


def test_labels_that_are_all_unknown_are_refused(fitted, truth):
    samples = dataclasses.replace(truth, attributes=np.full((400, 3), np.nan, np.float32))
    with pytest.raises(DataError, match="attribute_oracle: not one label of the role 'regress'"):
        fitted("attributes", samples=samples)


def test_asking_before_learning_is_an_error(oracle):
    with pytest.raises(RunError, match="keypoint_oracle knows nothing yet; call fit first"):
        oracle("keypoints").answer(torch.zeros(1, 3, 16, 16))
    with pytest.raises(RunError, match="caption_oracle knows nothing yet"):
        oracle("captions").encode(["a disc"])
    with pytest.raises(RunError, match="attribute_oracle knows nothing yet"):
        oracle("attributes").state_dict()


@pytest.mark.parametrize("kind", KINDS)
def test_state_moves_to_a_fresh_oracle(learned, oracle, kind):
    fresh = oracle(kind)
    before = torch.random.get_rng_state()
    fresh.load_state_dict(learned[kind].state_dict())
    assert torch.equal(torch.random.get_rng_state(), before)
    images = torch.linspace(-1, 1, 3 * 256).reshape(1, 3, 16, 16)
    assert torch.equal(fresh.answer(images), learned[kind].answer(images))
    assert fresh.parameter_count() == learned[kind].parameter_count() > 300_000


def test_state_of_another_network_or_method_is_refused(learned, oracle):
    state = learned["attributes"].state_dict()
    with pytest.raises(RecordError, match="attribute_oracle: the saved network does not fit"):
        oracle("attributes", network="residual").load_state_dict(state)
    message = "attribute_oracle: the saved state has no network.head.bias: it is another's"
    with pytest.raises(RecordError, match=message):
        oracle("attributes").load_state_dict({"landmarks": torch.zeros(2)})


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_learns_the_same_whatever_the_global_seed(fitted, kind):
    states = []
    for seed in (5, 5, 6):
        torch.rand(3)
        states.append(fitted(kind, seed=seed, steps=3).state_dict())
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert any(not torch.equal(value, states[2][name]) for name, value in states[0].items())


def test_global_randomness_is_left_alone(fitted):
    before = torch.random.get_rng_state()
    fitted("attributes", steps=2)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kill_at", [0, 3])
def test_run_killed_at_any_step_resumes_to_the_same_weights(
    oracle, unused, truth, tmp_path, kind, kill_at
):
    def fit(folder, **kill):
        made = oracle(kind, steps=5)
        return fitted_in(tmp_path / folder, made, unused, labelled=truth, **kill)

    whole = fit("whole")
    with pytest.raises(Killed):
        fit("killed", kill_at=("oracle", kill_at))
    resumed = fit("killed")
    assert all(torch.equal(resumed[name], value) for name, value in whole.items())


@pytest.mark.parametrize("kind", KINDS)
def test_untrained_oracle_answers_too(fitted, kind):
    answers = fitted(kind, steps=0).answer(torch.zeros(2, 3, 16, 16))
    assert answers.isfinite().all()


def test_half_precision_trains_and_answers_in_float32(oracle, unused, truth, tmp_path):
    cpu = torch.device("cpu")
    run = TrainingRun(tmp_path, "x", seed=1, device=cpu, precision="bf16", labelled=truth)
    made = oracle("attributes", steps=2)
    made.fit(unused, run)
    assert made.answer(torch.zeros(1, 3, 16, 16)).dtype == torch.float32
    assert all(v.dtype != torch.bfloat16 for v in made.state_dict().values())


def test_images_of_another_size_are_resized(fitted, truth):
    """The harness hands labelled images over at the suite's size."""
    large = dataclasses.replace(truth, images=draw_discs(400, 24, 0)[0])
    small = resize_images(torch.from_numpy(large.images), 16).numpy()
    states = [
        fitted("attributes", samples=samples, steps=2).state_dict()
        for samples in (large, dataclasses.replace(truth, images=small))
    ]
    assert all(torch.equal(states[1][name], value) for name, value in states[0].items())


def test_rate_rises_in_a_line_and_falls_as_a_wave():
    shares = [rate_share(step, 100, 0.25) for step in range(101)]
    assert shares[0] == 0.04
    assert shares[10] == pytest.approx(0.04 + 0.96 * 0.4)
    assert shares[25] == 1.0
    assert shares[50] == pytest.approx(0.75)
    assert shares[100] == pytest.approx(0.0)
    assert rate_share(0, 100, 0.0) == 1.0
