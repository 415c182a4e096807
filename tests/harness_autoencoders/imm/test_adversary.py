"""The discriminator of patches, its two losses by hand, and who learns from which."""

import math

import pytest
import torch
from drawn_discs import discs
from killed_run import Killed, fitted_in
from memory_run import MemoryRun
from torch import nn

from harness.vision.perceptual import PerceptualLoss, build_net
from harness_autoencoders.imm.adversary import Adversary, PatchDiscriminator
from harness_autoencoders.imm.method import Imm, Training
from harness_autoencoders.imm.pairs import Pair, Pairs


@pytest.fixture
def adversary(tiny):
    return Adversary(tiny(adversarial_weight=1.0, discriminator_filters=4), 16, MemoryRun())


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(3)
    source, target = torch.rand(2, 4, 3, 16, 16, generator=generator) * 255
    return Pair(source, target, None)


@pytest.fixture
def drawn():
    return torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(4)) * 255


def test_discriminator_has_the_layers_of_pix2pix():
    """4x4 kernels: 6-64, 64-128, 128-256, 256-512 and 512-1; norms behind the middle three."""
    net = PatchDiscriminator(64, 128)
    kernels = 16 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512)
    assert sum(p.numel() for p in net.parameters()) == kernels + 65 + 2 * (128 + 256 + 512)
    convolutions = [layer for layer in net if isinstance(layer, nn.Conv2d)]
    assert [layer.stride[0] for layer in convolutions] == [2, 2, 2, 1, 1]
    assert [layer.bias is None for layer in convolutions] == [False, True, True, True, False]


def test_a_logit_sees_a_patch_of_70_pixels():
    net = PatchDiscriminator(2, 128).double().eval()
    images = torch.rand(1, 6, 128, 128, dtype=torch.float64, requires_grad=True)
    net(images)[0, 0, 7, 7].backward()
    seen = images.grad.abs().sum(dim=(0, 1)) > 0
    assert (int(seen.any(0).sum()), int(seen.any(1).sum())) == (70, 70)


@pytest.mark.parametrize(("size", "side"), [(8, 3), (16, 6), (32, 6), (64, 6), (128, 14)])
def test_small_images_have_patches_too(size, side):
    assert PatchDiscriminator(2, size)(torch.zeros(2, 6, size, size)).shape == (2, 1, side, side)


def test_start_weights_have_the_deviation_of_pix2pix():
    net = PatchDiscriminator(16, 64)
    net.draw_weights(torch.Generator().manual_seed(0))
    kernels = torch.cat([p.detach().flatten() for p in net.parameters() if p.dim() == 4])
    assert kernels.std() == pytest.approx(0.02, rel=0.02)
    scales = torch.cat([m.weight.detach() for m in net if isinstance(m, nn.BatchNorm2d)])
    assert scales.mean() == pytest.approx(1.0, abs=0.01)
    assert all(not m.bias.any() for m in net if getattr(m, "bias", None) is not None)


def test_an_undecided_discriminator_gives_log_two_to_both_sides(adversary, pair, drawn):
    nn.init.zeros_(adversary.discriminator[-1].weight)
    adversary.adam.param_groups[0]["lr"] = 0.0
    loss = adversary.contest(pair, drawn)
    assert float(loss) == pytest.approx(math.log(2), rel=1e-6)
    told = {name: float(value) for curves in adversary.run.curves for name, value in curves.items()}
    assert told == pytest.approx({"discriminator": math.log(2), "adversarial": math.log(2)})


def test_losses_are_those_of_the_logits(adversary, pair, drawn, monkeypatch):
    """Logits 2 and 3 of real patches, -1 of drawn ones, by hand."""
    real, fake = torch.tensor([2.0, 3.0]), torch.tensor([-1.0, -1.0])
    adversary.adam.param_groups[0]["lr"] = 0.0
    weight = adversary.discriminator[-1].bias
    monkeypatch.setattr(
        adversary,
        "_logits",
        lambda pair, images: (real if images is pair.target else fake) + 0.0 * weight,
    )
    loss = adversary.contest(pair, drawn)
    assert float(loss) == pytest.approx(math.log(1 + math.e))
    taught = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-3))) / 2 + math.log(
        1 + math.exp(-1)
    )
    assert float(adversary.run.curves[0]["discriminator"]) == pytest.approx(taught / 2)


def test_discriminator_learns_to_tell_the_two_apart(adversary, pair, drawn):
    adversary.adam.param_groups[0]["lr"] = 2e-3
    for _ in range(40):
        adversary.contest(pair, drawn)
    losses = [float(c["discriminator"]) for c in adversary.run.curves if "discriminator" in c]
    assert losses[-1] < 0.3 * losses[0]


def test_drawn_images_get_a_gradient_and_the_discriminator_none_from_their_loss(
    adversary, pair, drawn
):
    drawn.requires_grad_()
    loss = adversary.contest(pair, drawn)
    before = {n: p.grad.clone() for n, p in adversary.discriminator.named_parameters()}
    loss.backward()
    assert drawn.grad.abs().sum() > 0
    after = dict(adversary.discriminator.named_parameters())
    assert all(torch.equal(after[name].grad, value) for name, value in before.items())
    assert all(p.requires_grad for p in after.values())
    assert all(value.abs().sum() > 0 for value in before.values())


def test_border_without_loss_is_not_seen(adversary, pair, drawn):
    mask = torch.ones(4, 1, 16, 16)
    mask[:, :, :, :4] = 0.0
    masked = Pair(pair.source, pair.target, mask)
    other = drawn.clone()
    other[:, :, :, :4] = 7.0
    adversary.discriminator.eval()
    assert torch.equal(adversary._logits(masked, drawn), adversary._logits(masked, other))
    assert not torch.equal(adversary._logits(pair, drawn), adversary._logits(pair, other))


def test_source_is_seen_beside_the_target(adversary, pair, drawn):
    adversary.discriminator.eval()
    turned = Pair(pair.source.flip(-1), pair.target, None)
    assert not torch.equal(adversary._logits(pair, drawn), adversary._logits(turned, drawn))


def training(tiny, weight):
    config = tiny(adversarial_weight=weight, discriminator_filters=4, loss_scale=3.0)
    run = MemoryRun()
    method = Imm(config, 3, 16)
    loss = PerceptualLoss(build_net("pixels"))
    return Training(config, method.networks, loss, run), Pairs(config, discs(), run)


def test_the_term_is_weighted_and_added_to_the_reconstruction(tiny):
    trained, pairs = training(tiny, 0.25)
    plain, same_pairs = training(tiny, 0.0)
    loss = float(trained.step(0, pairs.draw(0)))
    reconstruction = float(plain.step(0, same_pairs.draw(0)))
    (term,) = (c["adversarial"] for c in trained.run.curves if "adversarial" in c)
    assert loss == pytest.approx(reconstruction + 3.0 * 0.25 * float(term), rel=1e-6)
    assert plain.adversary is None
    assert set(trained.state()) - set(plain.state()) == {"discriminator", "discriminator_adam"}


def test_the_term_moves_the_detector(tiny):
    """After one step from the same start the pose encoder is another one."""
    heads = []
    for weight in (0.0, 10.0):
        trained, pairs = training(tiny, weight)
        trained.step(0, pairs.draw(0))
        heads.append(trained.networks.pose.head.weight.detach())
    assert not torch.equal(*heads)


def test_killed_run_resumes_to_the_same_weights(tiny, tmp_path):
    config = tiny(steps=4, adversarial_weight=0.1, discriminator_filters=4)
    whole = fitted_in(tmp_path / "whole", Imm(config, 3, 16), discs())
    kill_at = ("autoencoder", 2)
    with pytest.raises(Killed):
        fitted_in(tmp_path / "killed", Imm(config, 3, 16), discs(), kill_at=kill_at)
    resumed = fitted_in(tmp_path / "killed", Imm(config, 3, 16), discs())
    assert all(torch.equal(resumed[name], value) for name, value in whole.items())
    assert not any("discriminator" in name for name in whole)
